/**
 * A pharmacy with its terminal: races for requests, accepts or rejects orders, and finds drivers
 * for them. It knows the messages of its terminal, and the list at connection.
 */
import type { Principal } from '../../protocol/kernel/principal.ts'
import { factsOf, statusTable } from '../../protocol/orders/statuses.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { Connected } from './connection.ts'
import { type Heard, listed, type SocketKind } from './edge/edge.ts'
import { look, quote, tell } from './people.ts'
import { tellDriver } from './pharmacy-drivers.ts'

/**
 * True for one request in eight, which no pharmacy answers in time: it lives until its deadline,
 * through crashes and reconnections.
 */
const isLeftAlone = (requestId: string): boolean =>
  requestId.endsWith('0') || requestId.endsWith('1')

/** A request as the terminal shows it. */
interface Shown {
  expiresAtMs: number
  sinceMs: number
}
type Arguments = ConstructorParameters<typeof Connected> extends [string, ...infer R] ? R : never

export class Pharmacy extends Connected {
  readonly pharmacyId: string
  readonly socket: SocketKind
  readonly driverIds: string[] = []
  /** Requests on the screen now. */
  readonly shown = new Map<string, Shown>()
  /** All requests that this connection has told. */
  readonly heardOf = new Set<string>()
  readonly #busy = new Set<string>()

  constructor(name: string, pharmacyId: string, ...rest: Arguments) {
    super(name, ...rest)
    this.pharmacyId = pharmacyId
    this.socket = { role: 'pharmacy', id: pharmacyId }
  }

  get #by(): Principal {
    return { role: 'vendor', id: this.pharmacyId }
  }

  protected greeted(): void {
    this.shown.clear()
    this.heardOf.clear()
    for (const order of listed(
      this.world.database,
      one =>
        one.vendor_id === this.pharmacyId &&
        (one.status === 'pending' || statusTable[one.status].seeksDriver),
    ))
      this.#tendSoon(order.id)
    for (const driverId of this.driverIds)
      if (this.world.database.columnsOf('drivers').get(driverId)?.['membership'] === 'pending')
        this.#approveSoon(driverId)
  }

  /** Approves a former driver who asks to join again. */
  #approveSoon(driverId: string): void {
    void this.sleep(this.chance.around(20_000)).then(() =>
      tellDriver(this, driverId, 'approve_membership', {}),
    )
  }

  protected told(message: Heard): void {
    const requestId = String(message['request_id'])
    const orderId = String(message['order_id'])
    switch (message.type) {
      case 'new_request':
        return this.#show(requestId, message)
      case 'request_taken':
      case 'request_expired':
      case 'request_cancelled':
        return void this.shown.delete(requestId)
      case 'new_order':
      case 'driver_search_ended':
        return this.#tendSoon(orderId)
      case 'status':
        if (factsOf(message['status'])?.seeksDriver === true) this.#tendSoon(orderId)
        return
      case 'driver_membership':
        if (message['membership'] === 'pending') this.#approveSoon(String(message['driver_id']))
    }
  }

  #show(requestId: string, message: Heard): void {
    const { checker, schedule } = this.world
    // One connection must show each request only once, whatever happened to it since.
    if (this.heardOf.has(requestId))
      checker.fail(
        '[9]',
        `${this.name} was told of ${requestId} twice on one connection`,
        requestId,
      )
    this.heardOf.add(requestId)
    this.shown.set(requestId, {
      expiresAtMs: Date.parse(String(message['expires_at'])),
      sinceMs: schedule.nowMs,
    })
    void this.#consider(requestId)
  }

  async #consider(requestId: string): Promise<void> {
    const { chance } = this
    if (this.#busy.has(requestId)) return
    this.#busy.add(requestId)
    const wish = chance.random()
    if (isLeftAlone(requestId))
      await this.sleep(
        Math.max(0, this.shown.get(requestId)!.expiresAtMs - this.world.schedule.nowMs) +
          chance.around(5_000),
      )
    else await this.sleep(chance.happens(0.3) ? chance.between(0, 30) : chance.around(8_000))
    if (wish < 0.1) return
    if (wish < 0.2) await this.sleep(this.chance.around(60_000))
    const response_type = wish < 0.35 ? ('REJECTED' as const) : ('ACCEPTED' as const)
    const words = {
      requestId,
      pharmacyId: this.pharmacyId,
      response_type,
      ...(chance.happens(0.3) && { text_message: 'in ten minutes' }),
      ...(chance.happens(0.2) && { fee: quote(this, this.pharmacyId) }),
    }
    this.world.checker.witness.commanded(requestId, {
      verb: 'respond',
      role: 'vendor',
      id: this.pharmacyId,
      data: words,
    })
    const answer = chance.happens(0.5)
      ? // As the terminal's socket does it: the same answer is the same command, however often it is repeated.
        await this.#insist(() =>
          this.call(
            async edge =>
              (
                await edge.respond({
                  ...words,
                  commandId: `${this.pharmacyId}:${requestId}:${response_type}`,
                })
              ).order,
          ),
        )
      : await this.post(
          'respond',
          words,
          async (edge, { commandId }) => (await edge.respond({ ...words, commandId })).order,
          order => `won ${order.id}`,
          requestId,
        )
    if (response_type === 'ACCEPTED')
      this.world.checker.toldRace(requestId, this.pharmacyId, answer.ok ? 'won' : answer.code)
    if (answer.ok) this.world.checker.toldOrder(answer.value, `${this.name} ${response_type}`)
    this.world.note(this.name, `${response_type} ${requestId} -> ${answer.ok ? 'ok' : answer.code}`)
    if (answer.ok || answer.code !== 'lost') this.shown.delete(requestId)
  }

  async #insist<T>(once: () => Promise<{ ok: true; value: T } | { ok: false; code: string }>) {
    for (let tries = 0; ; tries++) {
      const answer = await once()
      if (answer.ok || tries > 12 || !['lost', 'unavailable', 'overloaded'].includes(answer.code))
        return answer
      await this.sleep(this.chance.around(1_500))
    }
  }

  /** Checks an order repeatedly until nothing is left to do for it. */
  #tendSoon(orderId: string): void {
    if (this.#busy.has(`tend ${orderId}`)) return
    this.#busy.add(`tend ${orderId}`)
    void this.#tend(orderId).finally(() => this.#busy.delete(`tend ${orderId}`))
  }

  async #tend(orderId: string): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.between(3_000, 12_000))
      const order = await look(this, orderId)
      if (order === null || order.vendor_id !== this.pharmacyId || !this.#awaits(order)) return
      await this.#do(order)
    }
  }

  /**
   * True when the pharmacy has something to do: it must answer, or find a driver. A search under
   * way reports its end; a driver chosen by hand may drop the order without a message.
   */
  #awaits({ status, driver_search }: OrderView): boolean {
    return (
      status === 'pending' ||
      (statusTable[status].seeksDriver && driver_search.state !== 'searching')
    )
  }

  async #do(order: OrderView): Promise<void> {
    const { chance } = this
    if (order.status === 'pending') {
      const words = chance.happens(0.3)
        ? { fee: quote(this, this.pharmacyId), text_message: 'soon' }
        : {}
      await (chance.happens(0.8) || this.world.closing()
        ? tell(this, this.#by, order.id, 'accept', words)
        : tell(this, this.#by, order.id, 'reject', { reason: 'out of stock' }))
      return
    }
    const { state } = order.driver_search
    if (state !== 'idle' && state !== 'exhausted') return
    // Sometimes no driver is free for long, and the pharmacy gives up.
    if (chance.happens(state === 'exhausted' ? 0.5 : 0.05))
      await tell(this, this.#by, order.id, 'cancel', { reason: 'no driver' })
    else if (chance.happens(0.4))
      await tell(this, this.#by, order.id, 'assign_driver', {
        driver_id: chance.pick(this.driverIds),
      })
    else
      await tell(
        this,
        this.#by,
        order.id,
        'find_driver',
        chance.happens(0.5) ? { offer_seconds: 10, search_seconds: 60 } : {},
      )
  }
}
