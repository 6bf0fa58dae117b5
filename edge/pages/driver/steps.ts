/**
 * The steps of deliveries on their way to the server. A step counts at once on this phone; it is
 * handed in when there is a connection, in order, and once. A step that the server refuses is shown
 * with its reason until the driver dismisses it, because the driver must know that it did not count.
 */
import { signal } from '@preact/signals'
import { CaduceusError, type RestClient } from '../../../protocol/client/index.ts'
import type { Stage } from '../../../protocol/custody/policies.ts'
import type { OrderStatus } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { isPassing } from '../base/passing.ts'
import { randomName } from '../shared/forms.ts'
import { forgetStep, keepStep, keptSteps, type NewStep, type Refusal, type Step } from './store.ts'

/** A step that the server did not take. */
export interface RefusedStep {
  step: Step
  error: unknown
}

export class Steps {
  readonly waiting = signal<readonly Step[]>([])
  /** Added to the phone's clock, ms; null until the server has greeted. */
  clockCorrectionMs: number | null = null
  readonly refused = signal<readonly RefusedStep[]>([])
  readonly #api: RestClient
  readonly #onTaken: (order: OrderView) => void
  readonly #onRefused: (orderId: string) => void
  /** The last time at which a step of an order was handed in, ms. */
  readonly #handedInAtMs = new Map<string, number>()
  #accountId: string | null = null
  #work: Promise<void> | null = null
  #isUnderWay = false
  #again: ReturnType<typeof setTimeout> | undefined

  constructor(
    api: RestClient,
    onTaken: (order: OrderView) => void,
    onRefused: (orderId: string) => void,
  ) {
    this.#api = api
    this.#onTaken = onTaken
    this.#onRefused = onRefused
  }

  /** Reads the steps that an earlier run kept for the account. */
  async open(accountId: string): Promise<void> {
    this.#accountId = accountId
    const steps = await keptSteps(accountId).catch(() => [])
    if (this.#accountId !== accountId) return
    this.waiting.value = steps
      .filter(({ refused }) => refused === undefined)
      .map(step => ({ ...step, waited: true }))
    this.refused.value = steps.flatMap(step =>
      step.refused === undefined ? [] : [{ step, error: errorOf(step.refused) }],
    )
  }

  /** Until `rest`, what failed in passing is tried again after a while. */
  begin(): void {
    this.#isUnderWay = true
  }
  rest(): void {
    this.#isUnderWay = false
    clearTimeout(this.#again)
  }

  /** The last step of an order that is not handed in yet. */
  lastOf(orderId: string): Step | undefined {
    return this.waiting.value.findLast(step => step.orderId === orderId)
  }

  /** Keeps a step, and hands it in when there is a connection. */
  async add(done: NewStep): Promise<void> {
    if (this.#accountId === null) throw new CaduceusError('unauthenticated')
    const step = { ...done, accountId: this.#accountId }
    await keepStep(step).catch(() => undefined)
    this.waiting.value = [...this.waiting.value, step]
    await this.handIn()
  }

  /** Hands in everything that waits. Stops, and keeps the rest, when there is no connection. */
  handIn(): Promise<void> {
    this.#work ??= this.#handInAll().finally(() => {
      this.#work = null
    })
    return this.#work
  }

  /** Forgets a refused step. */
  async dismiss(id: string): Promise<void> {
    this.refused.value = this.refused.value.filter(({ step }) => step.id !== id)
    await forgetStep(id).catch(() => undefined)
  }

  /** Lets go of the account's steps; the kept ones stay on the phone. */
  close(): void {
    this.rest()
    this.#accountId = null
    this.waiting.value = []
    this.refused.value = []
    this.#handedInAtMs.clear()
  }

  async #handInAll(): Promise<void> {
    for (;;) {
      const step = this.waiting.value[0]
      if (step === undefined) return
      try {
        this.#onTaken(await this.#send(step))
      } catch (error) {
        if (!this.#isOwn(step)) return
        if (isPassing(error)) {
          step.waited = true
          await keepStep(step).catch(() => undefined)
          this.#tryLater()
          return
        }
        const kept = refusedStep(step, error)
        this.refused.value = [...this.refused.value, { step: kept, error }]
        this.#dropWaiting(step)
        this.#onRefused(step.orderId)
        await keepStep(kept).catch(() => undefined)
        continue
      }
      this.#dropWaiting(step)
      await forgetStep(step.id).catch(() => undefined)
    }
  }

  /** The server may have been busy while the connection stayed, so nothing else would try again. */
  #tryLater(): void {
    clearTimeout(this.#again)
    if (this.#isUnderWay) this.#again = setTimeout(() => void this.handIn(), againMs)
  }

  #dropWaiting(step: Step): void {
    this.waiting.value = this.waiting.value.filter(({ id }) => id !== step.id)
  }

  #isOwn({ accountId }: Step): boolean {
    return accountId === this.#accountId
  }

  /** Throws when the account has left meanwhile: nobody else hands in its step. */
  async #keepUpload(step: Step): Promise<void> {
    if (!this.#isOwn(step)) throw new CaduceusError('unauthenticated')
    await keepStep(step).catch(() => undefined)
  }

  async #send(step: Step): Promise<OrderView> {
    if (step.photo !== undefined && step.photoUrl === undefined) {
      step.photoUrl = (await this.#api.uploadFile('proof', step.photo)).url
      await this.#keepUpload(step)
    }
    if (step.signature !== undefined && step.signatureUrl === undefined) {
      step.signatureUrl = (await this.#api.uploadFile('signature', step.signature)).url
      await this.#keepUpload(step)
    }
    const { orderId, id, scan, trouble } = step
    const path = `/api/orders/${orderId}`
    if (scan !== undefined)
      return this.#api.call('POST', `${path}/custody/scans`, {
        idempotencyKey: id,
        body: { code: scan },
      })
    if (trouble !== undefined)
      return this.#api.call('POST', `${path}/custody/breaks`, {
        idempotencyKey: id,
        body: trouble,
      })
    // Uploads try again for long, so a tunnel may end within one try.
    if (Date.now() - step.atMs > promptMs) step.waited = true
    const stage = stageOf[step.status]
    const isReport = stage !== undefined && (step.evidence !== undefined || step.waited === true)
    const answer = await (isReport
      ? this.#api.call<OrderView>('POST', `${path}/custody/handover`, {
          // The first try may have arrived without its time, so this is another request.
          idempotencyKey: step.waited === true ? `${id}-late` : id,
          body: { stage, ...step.evidence, ...textsOf(step), ...(await this.#timeOf(step)) },
        })
      : this.#api.call<OrderView>('PATCH', path, {
          idempotencyKey: id,
          body: { status: step.status, ...textsOf(step) },
        }))
    this.#handedInAtMs.set(orderId, Date.now())
    return answer
  }

  /**
   * When a step that waited happened. A return has no time when the failed delivery before it was
   * handed in later than that, because the server's return begins then.
   */
  async #timeOf(step: Step): Promise<{ happened_at?: string }> {
    const isOlder = step.atMs < (this.#handedInAtMs.get(step.orderId) ?? 0)
    if (step.waited !== true || (step.status === 'returned' && isOlder)) return {}
    if (step.happenedAt === undefined) {
      // The clock of the phone is not known to be right before the server has greeted.
      if (this.clockCorrectionMs === null) throw new CaduceusError('unavailable')
      // A clock that was put back meanwhile would date the step in the future.
      const atMs = Math.min(step.atMs, Date.now())
      step.happenedAt = new Date(atMs + this.clockCorrectionMs).toISOString()
      await this.#keepUpload(step)
    }
    return { happened_at: step.happenedAt }
  }
}

/** What stays of a refused step: all but the code of the customer, which nobody needs any more. */
function refusedStep(step: Step, error: unknown): Step {
  const { pin: _pin, qr: _qr, ...evidence } = step.evidence ?? {}
  const isTold = error instanceof CaduceusError
  return {
    ...step,
    ...(step.evidence !== undefined && { evidence }),
    refused: {
      message: error instanceof Error ? error.message : String(error),
      ...(isTold && { code: error.code }),
      ...(isTold && error.fields !== undefined && { fields: error.fields }),
    },
  }
}

const errorOf = ({ code, message, fields }: Refusal): Error =>
  code === undefined ? new Error(message) : new CaduceusError(code, message, fields)

const keyCharacters = 32
/** Pause before another try after an error that passes, ms. */
const againMs = 15_000
/** A step that is handed in within this time has happened now, ms. */
const promptMs = 10_000

/** A step that is done now. */
export const newStep = (
  orderId: string,
  status: OrderStatus,
  more: Partial<NewStep> = {},
): NewStep => ({ id: randomName(keyCharacters), orderId, status, atMs: Date.now(), ...more })

const stageOf: Partial<Record<OrderStatus, Stage>> = {
  picked_up: 'pickup',
  delivered: 'handover',
  returned: 'return',
}

const textsOf = ({ reason, photoUrl, signatureUrl, cashTaken, cashReason }: Step): object => ({
  ...(reason !== undefined && { reason }),
  ...(photoUrl !== undefined && { proof_photo_url: photoUrl }),
  ...(signatureUrl !== undefined && { signature_url: signatureUrl }),
  ...(cashTaken !== undefined && { cash_taken: cashTaken }),
  ...(cashReason !== undefined && { cash_reason: cashReason }),
})
