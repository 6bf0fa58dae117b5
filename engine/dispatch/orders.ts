/**
 * The work of one engine for its orders: it looks up facts for their commands, keeps lists of the
 * open ones, and acts when their deadlines come.
 */
import type { OrderReply } from '../../protocol/dispatch/commands.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Allowance } from '../allowance/allowance.ts'
import type { OpenRequests } from '../pharmacies/open-requests.ts'
import type { SearchingOrders } from './searching-orders.ts'
import type { OrderCommand } from '../orders/commands.ts'
import type { ProvingCommand } from '../orders/proof.ts'
import { planOrder, type OrderFacts } from '../orders/plan.ts'
import type { Order } from '../orders/state.ts'
import { view } from '../orders/view.ts'
import { uploadsOfReport } from './proofs.ts'
import type { Attendant, AttendedActor, Envelope, KindReply } from '../actors/kind.ts'
import type { TellReply } from '../actors/letter.ts'
import type { Tracking } from '../tracking/tracking.ts'
import type { Assignments } from './assignments.ts'
import { dueOrder, type SearchDeps } from './due-order.ts'
import { askHolder, type HoldsDeps } from './holds.ts'
import type { Slots } from '../../protocol/kernel/slots.ts'

export interface OrdersDeps {
  facts: OrderFacts
  open: OpenRequests
  searching: SearchingOrders
  allowance: Allowance
  slots: Slots
  tracking: Tracking
  assignments: Assignments
  holds: HoldsDeps
  search: SearchDeps
  /** Infinity: requests are not counted. */
  openRequestsPerCustomerMax: number
  /** Asks the owner of the customer's slot. */
  mayOpen(customerId: string, orderId: string): Promise<boolean>
}

export class OrdersOfEngine implements Attendant<Order, OrderCommand, OrderEvent> {
  readonly #deps: OrdersDeps

  constructor(deps: OrdersDeps) {
    this.#deps = deps
  }

  plan(envelope: Envelope): OrderCommand | Promise<OrderCommand> {
    const command = planOrder(envelope, this.#deps.facts)
    switch (command.verb) {
      case 'broadcast':
        return this.#deps.openRequestsPerCustomerMax === Infinity
          ? command
          : this.#counted(command, envelope)
      case 'accept_offer':
        return this.#withHolder(command, envelope)
      case 'deliver':
        return this.#withUploads(command, envelope)
      case 'pick_up':
      case 'complete_return':
        return command.data.proof_photo_url === undefined
          ? command
          : this.#withUploads(command, envelope)
      default:
        return command
    }
  }

  async #counted(
    command: Extract<OrderCommand, { verb: 'broadcast' }>,
    { actor_id }: Envelope,
  ): Promise<OrderCommand> {
    if (await this.#deps.mayOpen(command.data.customer_id, actor_id)) return command
    throw new CaduceusError(
      'too_many_open_requests',
      `${this.#deps.openRequestsPerCustomerMax} requests of this customer are open; cancel one, or wait until one is taken or has expired`,
    )
  }

  async #withHolder(
    command: Extract<OrderCommand, { verb: 'accept_offer' }>,
    { actor_id }: Envelope,
  ): Promise<OrderCommand> {
    const holder = await askHolder(this.#deps.holds, actor_id, command.data.offer_id)
    // This is not a refusal of the order, because that would be remembered.
    if (holder === 'not yet')
      throw new CaduceusError('unavailable', 'the driver does not hold this offer yet; try again')
    if (holder === 'no member')
      throw new CaduceusError('driver_not_member', 'you do not belong to this pharmacy any more')
    return { ...command, driver: holder }
  }

  async #withUploads(command: ProvingCommand, { actor_id, by }: Envelope): Promise<OrderCommand> {
    const uploads = await uploadsOfReport(
      this.#deps.holds.journal,
      actor_id,
      by,
      command.data,
    ).catch(() => {
      throw new CaduceusError('unavailable', 'the proof cannot be looked up now; try again')
    })
    return { ...command, uploads }
  }

  reply(
    reply: TellReply & { ok: true; state: Order },
    command: OrderCommand,
    { actor_id }: Envelope,
  ): KindReply | Promise<KindReply> {
    if (command.verb !== 'assign_driver') return orderReply(reply, command)
    return this.#deps.assignments
      .settled(actor_id, command.data.driver_id, reply)
      .then(settled =>
        settled.ok
          ? orderReply({ ...settled, state: settled.state as Order }, command)
          : { ok: false, problem: { code: settled.code, detail: settled.detail } },
      )
  }

  observe(cell: AttendedActor<Order>, events: readonly OrderEvent[]): void {
    const { open, searching, allowance, tracking, assignments } = this.#deps
    open.observe(cell.state)
    searching.observe(cell.state)
    allowance.observe(cell.state)
    tracking.observe(cell.state)
    assignments.observe(cell, events)
  }

  due(cell: AttendedActor<Order>): void {
    dueOrder(this.#deps.search, cell)
  }

  lost(slot: number): void {
    const { open, searching, tracking, allowance, slots } = this.#deps
    const ofSlot = (orderId: string): boolean => slots.of(orderId) === slot
    for (const part of [open, searching, tracking.following])
      for (const orderId of [...part.orderIds()].filter(ofSlot)) part.drop(orderId)
    allowance.drop(slot)
  }
}

function orderReply(
  { state: order, version, updatedAtMs }: TellReply & { ok: true; state: Order },
  command: OrderCommand,
): OrderReply {
  if (order.kind === 'absent')
    return { ok: false, problem: { code: 'order_not_found', detail: 'no such order' } }
  const outcome =
    command.verb === 'respond'
      ? {
          response:
            command.data.response_type === 'ACCEPTED' ? ('won' as const) : ('recorded' as const),
        }
      : order.kind === 'accepted' && order.search.kind === 'offering'
        ? { offer_id: order.search.offer.offerId }
        : {}
  return { ok: true, order: view(order, version, updatedAtMs), outcome }
}
