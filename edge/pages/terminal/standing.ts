/**
 * Tells a pharmacy that may not work the reason, and what happens next; a lost connection alone
 * would look like a fault of the network. The page asks for the decision every ten seconds, because
 * no socket stays open that could tell it.
 */
import type { ApprovalMessage } from '../../../protocol/client/index.ts'
import { byId, setText } from '../shared/elements.ts'
import type { Session } from '../shared/session.ts'

interface PharmacyStanding {
  status: ApprovalMessage['status']
  status_reason: string | null
}
interface Words {
  title: string
  text: string
}

const lookMs = 10_000

const because = (reason: string | null): string =>
  reason === null || reason === '' ? '' : ` The reason that was given: ${reason}`

/** Null for a pharmacy that may work. */
function wordsFor({ status, status_reason }: PharmacyStanding): Words | null {
  switch (status) {
    case 'active':
      return null
    case 'pending':
      return {
        title: 'Your pharmacy waits for a decision',
        text: 'An administrator decides whether it may work here. Nothing is to be done: this page opens by itself when it was approved, and you get an e-mail.',
      }
    case 'rejected':
      return {
        title: 'Your pharmacy was not approved',
        text: `An administrator decided that it does not work here.${because(status_reason)} If that is put right, ask the administrator to decide again; a new registration is not needed.`,
      }
    case 'suspended':
      return {
        title: 'Your pharmacy is suspended',
        text:
          `It hears of no requests. Orders that were not picked up were cancelled and their customers told; what is on its way is brought to its end.${because(status_reason)} ` +
          'Ask the administrator; this page opens by itself when the suspension ends.',
      }
  }
}

export class Standing {
  readonly #session: Session
  readonly #onActive: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `onActive` is called when the pharmacy may work again. */
  constructor(session: Session, onActive: () => void) {
    this.#session = session
    this.#onActive = onActive
  }

  /** Shows the reason from now on. False when the pharmacy may work. */
  async show(): Promise<boolean> {
    this.hide()
    const path = `/api/vendors/${this.#session.pharmacyId}`
    const words = wordsFor(await this.#session.api.call<PharmacyStanding>('GET', path))
    if (words === null) return false
    setText(byId('standing-title'), words.title)
    setText(byId('standing-text'), words.text)
    this.#wait()
    return true
  }

  hide(): void {
    clearTimeout(this.#timer)
    byId('standing').hidden = true
  }

  #wait(): void {
    byId('standing').hidden = false
    this.#timer = setTimeout(() => void this.#again(), lookMs)
  }

  async #again(): Promise<void> {
    try {
      if (!(await this.show())) this.#onActive()
    } catch {
      // After signing out there is nothing to wait for. Otherwise the server is away for now, and
      // the words stay.
      if (this.#session.isSignedIn) this.#wait()
    }
  }
}

/**
 * The words for a decision while the terminal is open; empty for a decision that changes nothing
 * here.
 */
export function moveNews({ status, reason, moving_to }: ApprovalMessage): string {
  if (status !== 'active') return ''
  if (moving_to !== null)
    return 'Your move waits for an administrator; until then the pharmacy stays at its old place.'
  return reason === null || reason === ''
    ? ''
    : `An administrator decided upon your pharmacy or its move. ${because(reason).trim()}`
}
