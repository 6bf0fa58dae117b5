/**
 * Tells a pharmacy that may not work the reason, and what happens next; a lost connection alone
 * would look like a fault of the network. The page asks for the decision every ten seconds, because
 * no socket stays open that could tell it.
 */
import { signal } from '@preact/signals'
import type { ApprovalMessage } from '../../../protocol/client/index.ts'
import type { PageSession } from '../base/session.ts'
import { say } from '../texts/index.ts'

type Status = ApprovalMessage['status']

/** The decision upon the pharmacy. */
interface Decision {
  status: Exclude<Status, 'active'>
  reason: string | null
}

const lookMs = 10_000

export class Standing {
  /** Null while the pharmacy may work. */
  readonly decision = signal<Decision | null>(null)
  readonly #session: PageSession
  readonly #onActive: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `onActive` is called when the pharmacy may work again. */
  constructor(session: PageSession, onActive: () => void) {
    this.#session = session
    this.#onActive = onActive
  }

  /** Shows the reason from now on. False when the pharmacy may work. */
  async show(): Promise<boolean> {
    clearTimeout(this.#timer)
    const path = `/api/vendors/${this.#session.user.value?.vendor_id}`
    const { status, status_reason: reason } = await this.#session.api.call<{
      status: Status
      status_reason: string | null
    }>('GET', path)
    this.decision.value = status === 'active' ? null : { status, reason }
    if (status === 'active') return false
    this.#wait()
    return true
  }

  hide(): void {
    clearTimeout(this.#timer)
    this.decision.value = null
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#again(), lookMs)
  }

  async #again(): Promise<void> {
    try {
      if (!(await this.show())) this.#onActive()
    } catch {
      // After signing out there is nothing to wait for. Otherwise the server is away for now, and
      // the words stay.
      if (this.decision.value !== null) this.#wait()
    }
  }
}

/** The decision in words. */
export function StandingPanel({ standing }: { standing: Standing }) {
  const decision = standing.decision.value
  if (decision === null) return null
  const { status, reason } = decision
  return (
    <section class="panel" id="standing" aria-live="polite">
      <h2>{say(`standing.${status}`)}</h2>
      <p>{say(`standing.${status}_text`)}</p>
      {reason === null || reason === '' ? null : <p>{say('standing.reason', { reason })}</p>}
    </section>
  )
}

/**
 * The words for a decision while the terminal is open; empty for a decision that changes nothing
 * here.
 */
export function moveNews({ status, reason, moving_to }: ApprovalMessage): string {
  if (status !== 'active') return ''
  if (moving_to !== null) return say('standing.moving')
  return reason === null || reason === '' ? '' : say('standing.decided', { reason })
}
