/**
 * The steps of deliveries on their way to the server. A step counts at once on this phone; it is
 * handed in when there is a connection, in order, and once. A step that the server refuses is shown
 * with its reason, because the driver must know that it did not count.
 */
import { signal } from '@preact/signals'
import { CaduceusError, type RestClient } from '../../../protocol/client/index.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { isPassing } from '../base/passing.ts'
import { forgetStep, keepStep, keptSteps, type NewStep, type Step } from './store.ts'

/** A step that the server did not take. */
export interface RefusedStep {
  step: Step
  error: unknown
}

export class Steps {
  readonly waiting = signal<readonly Step[]>([])
  readonly refused = signal<readonly RefusedStep[]>([])
  readonly #api: RestClient
  readonly #onTaken: (order: OrderView) => void
  #accountId: string | null = null
  #work: Promise<void> | null = null

  constructor(api: RestClient, onTaken: (order: OrderView) => void) {
    this.#api = api
    this.#onTaken = onTaken
  }

  /** Reads the steps that an earlier run kept for the account. */
  async open(accountId: string): Promise<void> {
    this.#accountId = accountId
    const steps = await keptSteps(accountId).catch(() => [])
    if (this.#accountId === accountId) this.waiting.value = steps
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

  dismiss(id: string): void {
    this.refused.value = this.refused.value.filter(({ step }) => step.id !== id)
  }

  /** Lets go of the account's steps; the kept ones stay on the phone. */
  close(): void {
    this.#accountId = null
    this.waiting.value = []
    this.refused.value = []
  }

  async #handInAll(): Promise<void> {
    for (;;) {
      const step = this.waiting.value[0]
      if (step === undefined) return
      try {
        this.#onTaken(await this.#send(step))
      } catch (error) {
        if (isPassing(error) || !this.#isOwn(step)) return
        this.refused.value = [...this.refused.value, { step, error }]
      }
      this.waiting.value = this.waiting.value.filter(({ id }) => id !== step.id)
      await forgetStep(step.id).catch(() => undefined)
    }
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
    const { orderId, status, reason, photoUrl, signatureUrl, cashTaken, cashReason, id } = step
    return this.#api.call('PATCH', `/api/orders/${orderId}`, {
      idempotencyKey: id,
      body: {
        status,
        ...(reason !== undefined && { reason }),
        ...(photoUrl !== undefined && { proof_photo_url: photoUrl }),
        ...(signatureUrl !== undefined && { signature_url: signatureUrl }),
        ...(cashTaken !== undefined && { cash_taken: cashTaken }),
        ...(cashReason !== undefined && { cash_reason: cashReason }),
      },
    })
  }
}
