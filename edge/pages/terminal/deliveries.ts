/** The orders of this pharmacy: those under way, and the past ones page by page. */
import { signal } from '@preact/signals'
import { CaduceusError } from '../../../protocol/client/index.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { problemText } from '../base/form.tsx'
import type { PageSession } from '../base/session.ts'
import { openOrders, PastOrders } from '../shared/order-lists.ts'

export class Deliveries {
  readonly views = signal<ReadonlyMap<string, OrderView>>(new Map())
  /** Orders for which the last search found no driver. */
  readonly withoutDriver = signal<ReadonlySet<string>>(new Set())
  /** True when there are no older orders to show. */
  readonly hasAll = signal(true)
  /** The error of the last load, in words. */
  readonly problem = signal('')
  readonly #session: PageSession
  #past: PastOrders | null = null

  constructor(session: PageSession) {
    this.#session = session
  }

  /** Loads every open order of ours, however old, and the latest past ones. */
  load(): Promise<void> {
    return this.#told(
      (async () => {
        const { api } = this.#session
        const path = `/api/vendors/${this.#pharmacyId}/orders`
        for (const view of await openOrders(api, path)) this.show(view)
        this.#past = new PastOrders(api, path)
        await this.more()
      })(),
    )
  }

  /** Reads one order again. */
  refresh(id: string): Promise<void> {
    return this.#told(this.#session.api.getOrder(id).then(view => this.show(view)))
  }

  /** Reads the next page of past orders. */
  async more(): Promise<void> {
    if (this.#past === null) return
    for (const view of await this.#past.more()) this.show(view)
    this.hasAll.value = this.#past.isDone
  }

  /** Shows an order, unless a newer state of it is shown. */
  show(view: OrderView): void {
    // The list also contains requests that we were only asked; an open one has its card above.
    if (view.vendor_id !== this.#pharmacyId) return
    const known = this.views.value.get(view.id)
    if (known !== undefined && known.version > view.version) return
    this.views.value = new Map(this.views.value).set(view.id, view)
    const without = new Set(this.withoutDriver.value)
    if (without.delete(view.id)) this.withoutDriver.value = without
  }

  sayNoDriver(id: string): void {
    this.withoutDriver.value = new Set(this.withoutDriver.value).add(id)
  }

  clear(): void {
    this.views.value = new Map()
    this.problem.value = ''
    this.#past = null
  }

  get #pharmacyId(): string {
    return this.#session.user.value?.vendor_id ?? ''
  }

  async #told(work: Promise<void>): Promise<void> {
    this.problem.value = ''
    try {
      await work
    } catch (error) {
      const isGone = error instanceof CaduceusError && error.code === 'order_not_found'
      if (!isGone) this.problem.value = problemText(error)
    }
  }
}
