/**
 * The people of a simulation and what they do all day: customers order and change their minds,
 * pharmacies race for requests on terminals that lose their connection, drivers drive and send where
 * they are. Each only knows what it was told or has read in a list.
 */
import { encodeGeohash } from '../../protocol/geo.ts'
import { encodeFrame, FrameReader } from '../../protocol/frames.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import { entryHead, LocationBatch } from '../../protocol/location-batch.ts'
import type { OrderView } from '../../protocol/rest/order.ts'
import type { SocketMessage } from '../../protocol/pushes.ts'
import { subjects } from '../../protocol/subjects.ts'
import type { OrderVerb } from '../../protocol/commands.ts'
import type { Principal } from '../../protocol/principal.ts'
import { Caller } from './clients.ts'
import { listed } from './edge.ts'

export const cityCentre = { latitude: 37.77, longitude: -122.42 }
/** How long a terminal's connection lasts, on average. */
const connectionMs = 90_000
const ended: ReadonlySet<string> = new Set(['delivered', 'returned', 'cancelled', 'rejected', 'expired'])

/** Sends a command of one person to an order, until answered. */
const tell = (who: Caller, by: Principal, orderId: string, verb: OrderVerb, data: object) => {
  who.world.checker.witness.commanded(orderId, { verb, role: by.role, id: by.id, data: data as Record<string, unknown> })
  return who.post(verb, { orderId, ...data }, async (edge, { commandId }) => (await edge.commands.order({ id: commandId, actor_id: orderId, verb, by, data })).order,
    order => `${verb} ${order.id}`, orderId)
}

/** What somebody was quoted: a fee, and the kilometres it is for. */
const quote = ({ world, chance }: Caller, vendor_id: string | null) =>
  ({ quote_id: uuidV7(Math.floor(world.schedule.nowMs), chance.random), vendor_id, fee_minor: 5 * chance.whole(60, 200), distance_km: chance.whole(100, 900) / 100 })

export class Customer extends Caller {
  #open = new Map<string, OrderView>()

  async live(thinkMs: number, vendorIds: readonly string[], customerId: string): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.around(thinkMs))
      if (this.world.closing()) return
      void this.#order(vendorIds, customerId)
    }
  }

  async #order(vendorIds: readonly string[], customerId: string): Promise<void> {
    const { chance } = this
    const by: Principal = { role: 'customer', id: customerId }
    const place = { latitude: cityCentre.latitude + chance.between(-0.02, 0.02), longitude: cityCentre.longitude + chance.between(-0.02, 0.02) }
    const person = { customer_id: customerId, customer_name: `${this.name} Of-${this.name}`, customer_phone: `+1415555${this.name.replace(/\D/g, '').padStart(4, '3')}` }
    const items = [{ name: 'aspirin', quantity: chance.whole(1, 5) }]
    const isBroadcast = chance.happens(0.7)
    const words = {
      delivery_address: `${chance.whole(1, 999)} Street of ${this.name}`,
      ...(chance.happens(0.5) && { notes: `ring ${chance.whole(1, 9)} times` }), ...(chance.happens(0.3) && { prescription_url: `/uploads/prescriptions/${chance.whole(1, 1e6)}.jpg` }),
    }
    const body = isBroadcast
      ? { ...place, radius_km: chance.happens(0.03) ? 1 : 10, items, expires_in_seconds: chance.pick([10, 30, 60, 120]), ...words, ...(chance.happens(0.3) && { quantity: chance.whole(1, 9) }) }
      : { vendor_id: chance.pick(vendorIds), delivery_latitude: place.latitude, delivery_longitude: place.longitude, items, ...words }
    // The customer was quoted a fee, by this pharmacy or for any.
    if (chance.happens(0.3)) Object.assign(body, { fee: quote(this, 'vendor_id' in body ? chance.pick([body.vendor_id, null]) : chance.pick([null, null, chance.pick(vendorIds)])) })
    // Some are far out, where there is no pharmacy at all.
    if (isBroadcast && chance.happens(0.03)) Object.assign(body, { latitude: 10, longitude: 10 })
    const verb: OrderVerb = isBroadcast ? 'broadcast' : 'create'
    const { witness } = this.world.checker
    const answer = await this.post(verb, body, async (edge, { commandId, targetId }) => {
      witness.asked(targetId, { verb, customerId, body: { ...person, ...body } })
      witness.commanded(targetId, { verb, role: by.role, id: by.id, data: body })
      return (await edge.commands.order({ id: commandId, actor_id: targetId, verb, by, data: { order_id: targetId, ...person, ...body } })).order
    }, order => order.id)
    if (!answer.ok) return
    const { id } = answer.value
    this.#open.set(id, answer.value)
    await this.#follow(id, by)
    this.#open.delete(id)
  }

  async #follow(id: string, by: Principal): Promise<void> {
    const { chance } = this
    let version = 0
    let cancels = chance.happens(0.15)
    // Somebody who has sent the link to the wrong person, again and again.
    const reissues = chance.happens(0.15)
    for (;;) {
      await this.sleep(chance.around(cancels || reissues ? 20_000 : 60_000))
      const seen = this.world.database.store.orders.get(id)?.view
      if (seen === undefined) return this.world.checker.fail('[2]', `${this.name} was told of an order that no list shows`, id)
      if (seen.version < version) this.world.checker.fail('[4]', `${this.name} saw version ${version} and then ${seen.version}`, id)
      version = seen.version
      if (ended.has(seen.status)) {
        // Who has the link may look for ever, so it can be taken back for ever.
        if (chance.happens(0.15)) await tell(this, by, id, 'reissue_tracking', {})
        return
      }
      if (reissues && chance.happens(0.5)) await tell(this, by, id, 'reissue_tracking', {})
      else if (cancels && !this.world.closing()) {
        cancels = false
        await tell(this, by, id, 'cancel', { reason: 'no longer needed' })
      }
    }
  }
}

/** At night nobody answers in time: such requests live until their deadline, through crashes and reconnections. */
const isLeftAlone = (requestId: string): boolean => requestId.endsWith('0') || requestId.endsWith('1')

/** Of whichever edge sends: emptied before the next one begins. */
const batch = new LocationBatch()
const reader = new FrameReader()

/** What a terminal shows of a request. */
interface Shown { expiresAtMs: number; sinceMs: number }

export class Pharmacy extends Caller {
  readonly vendorId: string
  readonly driverIds: string[] = []
  /** On the screen now. */
  readonly shown = new Map<string, Shown>()
  /** Ever told of on this connection. */
  readonly heardOf = new Set<string>()
  connectedSinceMs = Infinity
  #drop: () => void = () => {}
  readonly #busy = new Set<string>()

  constructor(name: string, vendorId: string, ...rest: ConstructorParameters<typeof Caller> extends [string, ...infer R] ? R : never) {
    super(name, ...rest)
    this.vendorId = vendorId
  }

  get #by(): Principal { return { role: 'vendor', id: this.vendorId } }

  /** The terminal on the counter: connects, and connects again. */
  async watch(): Promise<void> {
    for (;;) {
      const edges = this.world.edges()
      if (edges.length === 0) { await this.sleep(500); continue }
      const edge = this.chance.pick(edges)
      await new Promise<void>(closed => {
        edge.node.enter(() => {
          this.connectedSinceMs = this.world.schedule.nowMs
          // A new connection begins with an empty screen, as the page does.
          this.shown.clear()
          this.heardOf.clear()
          this.#drop = edge.open([], this.vendorId, {
            heard: message => this.#heard(message),
            closed: () => { this.connectedSinceMs = Infinity; closed() },
          }, run => { this.world.schedule.after(this.chance.between(1, 30), run) })
        })
        // Connections come and go in the best of times.
        this.world.schedule.after(this.chance.around(connectionMs), () => closed())
        if (!edge.node.alive || edge.node.paused) this.world.schedule.after(2_000, closed)
      })
      this.#drop()
      await this.sleep(limits.clientReconnectMsMin * this.chance.between(0.5, 4))
    }
  }

  dropConnection(): void { this.#drop() }

  #heard(message: SocketMessage): void {
    const requestId = String(message['request_id'])
    if (message.type === 'new_request') {
      this.heardOf.add(requestId)
      if (this.shown.has(requestId)) this.world.checker.fail('[9]', `${this.name} was shown ${requestId} twice on one connection`, requestId)
      this.shown.set(requestId, { expiresAtMs: Date.parse(String(message['expires_at'])), sinceMs: this.world.schedule.nowMs })
      void this.#consider(requestId)
    } else if (['request_taken', 'request_expired', 'request_cancelled'].includes(message.type)) this.shown.delete(requestId)
  }

  async #consider(requestId: string): Promise<void> {
    const { chance } = this
    if (this.#busy.has(requestId)) return
    this.#busy.add(requestId)
    const wish = chance.random()
    if (isLeftAlone(requestId)) await this.sleep(Math.max(0, this.shown.get(requestId)!.expiresAtMs - this.world.schedule.nowMs) + chance.around(5_000))
    else await this.sleep(chance.happens(0.3) ? chance.between(0, 30) : chance.around(8_000))
    if (wish < 0.1) return
    if (wish < 0.2) await this.sleep(this.chance.around(60_000))
    const response_type = wish < 0.35 ? 'REJECTED' as const : 'ACCEPTED' as const
    const words = { requestId, vendorId: this.vendorId, response_type, ...(chance.happens(0.3) && { text_message: 'in ten minutes' }), ...(chance.happens(0.2) && { fee: quote(this, this.vendorId) }) }
    this.world.checker.witness.commanded(requestId, { verb: 'respond', role: 'vendor', id: this.vendorId, data: words })
    const answer = chance.happens(0.5)
      // As the terminal's socket does it: the same answer is the same command, however often it is repeated.
      ? await this.#insist(() => this.call(async edge => (await edge.respond({ ...words, commandId: `${this.vendorId}:${requestId}:${response_type}` })).order))
      : await this.post('respond', words, async (edge, { commandId }) => (await edge.respond({ ...words, commandId })).order, order => `won ${order.id}`, requestId)
    if (response_type === 'ACCEPTED') this.world.checker.toldRace(requestId, this.vendorId, answer.ok ? 'won' : answer.code)
    if (answer.ok) this.world.checker.toldOrder(answer.value, `${this.name} ${response_type}`)
    this.world.note(this.name, `${response_type} ${requestId} -> ${answer.ok ? 'ok' : answer.code}`)
    if (answer.ok || answer.code !== 'lost') this.shown.delete(requestId)
  }

  async #insist<T>(once: () => Promise<{ ok: true; value: T } | { ok: false; code: string }>) {
    for (let tries = 0; ; tries++) {
      const answer = await once()
      if (answer.ok || tries > 12 || !['lost', 'unavailable', 'overloaded'].includes(answer.code)) return answer
      await this.sleep(this.chance.around(1_500))
    }
  }

  /** What the pharmacy does about its orders: it reads the list, and gives each what it needs. */
  async tend(): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.between(8_000, 15_000))
      for (const order of listed(this.world.database, view => view.vendor_id === this.vendorId && (view.status === 'pending' || view.status === 'accepted'))) {
        if (this.#busy.has(`tend ${order.id}`)) continue
        this.#busy.add(`tend ${order.id}`)
        void this.#tend(order).finally(() => this.#busy.delete(`tend ${order.id}`))
      }
    }
  }

  async #tend(order: OrderView): Promise<void> {
    const { chance } = this
    await this.sleep(chance.around(3_000))
    if (order.status === 'pending')
      await (chance.happens(0.8) || this.world.closing() ? tell(this, this.#by, order.id, 'accept', chance.happens(0.3) ? { fee: quote(this, this.vendorId), text_message: 'soon' } : {}) : tell(this, this.#by, order.id, 'reject', { reason: 'out of stock' }))
    else if (order.driver_search.state === 'idle' || order.driver_search.state === 'exhausted') {
      // Once in a while nobody is free for long, and the pharmacy gives up.
      if (chance.happens(order.driver_search.state === 'exhausted' ? 0.5 : 0.05)) await tell(this, this.#by, order.id, 'cancel', { reason: 'no driver' })
      else if (chance.happens(0.4)) await tell(this, this.#by, order.id, 'assign_driver', { driver_id: chance.pick(this.driverIds) })
      else await tell(this, this.#by, order.id, 'find_driver', chance.happens(0.5) ? { offer_seconds: 10, search_seconds: 60 } : {})
    }
  }
}

export class Courier extends Caller {
  readonly driverId: string
  readonly vendorId: string
  readonly capacity: number
  latitude: number
  longitude: number
  /** The device's clock says when; the last genuine stamp. */
  lastFrameMs = 0
  #sequence = 0
  readonly #busy = new Set<string>()
  #onBreakUntilMs = 0

  constructor(name: string, driverId: string, vendorId: string, capacity: number, ...rest: ConstructorParameters<typeof Caller> extends [string, ...infer R] ? R : never) {
    super(name, ...rest)
    this.driverId = driverId
    this.vendorId = vendorId
    this.capacity = capacity
    this.latitude = cityCentre.latitude + this.chance.between(-0.02, 0.02)
    this.longitude = cityCentre.longitude + this.chance.between(-0.02, 0.02)
  }

  get #by(): Principal { return { role: 'driver', id: this.driverId } }

  async live(): Promise<void> {
    for (let registered = false; !registered;) {
      const profile = {
        vendor_id: this.vendorId, full_name: `${this.name} Van-${this.name}`, phone: `+1415666${this.name.replace(/\D/g, '').padStart(4, '2')}`,
        vehicle_type: 'scooter', capacity: this.capacity,
      }
      this.world.checker.witness.commanded(this.driverId, { verb: 'register', role: 'system', id: 'office', data: profile })
      registered = (await this.post('register', profile, async (edge, { commandId }) =>
        (await edge.commands.driver({ id: commandId, actor_id: this.driverId, verb: 'register', by: { role: 'system', id: 'office' }, data: profile })).driver, () => 'registered', this.driverId)).ok
    }
    await this.#setStatus('available')
    void this.#work()
    void this.#travel()
  }

  #setStatus(status: 'available' | 'on_break' | 'offline') {
    this.world.checker.witness.commanded(this.driverId, { verb: 'set_status', role: 'driver', id: this.driverId, data: { status } })
    return this.post('set_status', { status }, async (edge, { commandId }) =>
      (await edge.commands.driver({ id: commandId, actor_id: this.driverId, verb: 'set_status', by: this.#by, data: { status } })).driver, () => status, this.driverId)
  }

  async #work(): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.between(3_000, 7_000))
      const nowMs = this.world.schedule.nowMs
      const row = this.world.database.drivers.get(this.driverId)
      const status = row?.['status']
      if (row !== undefined && status !== 'available' && status !== 'busy' && nowMs >= this.#onBreakUntilMs) await this.#setStatus('available')
      else if (!this.world.closing() && this.chance.happens(0.004)) await this.#rest()
      // Whoever accepted while going off duty is on the way and off duty, until a tap on the wrong or the right button.
      else if (status === 'busy' && this.chance.happens(0.03)) await this.#setStatus(this.chance.pick(['available', 'on_break', 'offline']))
      for (const order of listed(this.world.database, view => view.driver_search.offer?.driver_id === this.driverId || (view.driver_id === this.driverId && !ended.has(view.status))))
        this.#once(`${order.id} ${order.driver_search.offer?.offer_id ?? order.status}`, () => this.#act(order))
    }
  }

  async #rest(): Promise<void> {
    this.#onBreakUntilMs = this.world.schedule.nowMs + this.chance.around(120_000)
    await this.#setStatus(this.chance.pick(['on_break', 'offline']))
  }

  #once(task: string, run: () => Promise<unknown>): void {
    if (this.#busy.has(task)) return
    this.#busy.add(task)
    void run().finally(() => this.#busy.delete(task))
  }

  async #act(order: OrderView): Promise<void> {
    const { chance } = this
    const calm = this.world.closing()
    const offer = order.driver_search.offer
    if (offer !== null) {
      const wish = calm ? 0 : chance.random()
      await this.sleep(chance.around(4_000))
      // Two buttons at once.
      if (wish < 0.1) void this.#rest()
      if (wish < 0.7) await tell(this, this.#by, order.id, 'accept_offer', { offer_id: offer.offer_id })
      else if (wish < 0.85) await tell(this, this.#by, order.id, 'decline_offer', { offer_id: offer.offer_id })
      else if (wish < 0.92) await Promise.all([this.#rest(), chance.happens(0.5) && this.#setStatus(chance.pick(['available', 'on_break', 'offline']))])
      else await this.sleep(60_000)
      return
    }
    await this.sleep(chance.around(30_000))
    const fails = !calm && chance.happens(0.1)
    switch (order.status) {
      case 'driver_assigned': return void await tell(this, this.#by, order.id, 'pick_up', {})
      case 'picked_up': return void await (fails ? tell(this, this.#by, order.id, 'fail', { reason: 'broken bottle' }) : tell(this, this.#by, order.id, 'out_for_delivery', {}))
      case 'out_for_delivery': return void await (fails ? tell(this, this.#by, order.id, 'fail', { reason: 'nobody at home' }) : tell(this, this.#by, order.id, 'deliver', { signature_url: 's' }))
      case 'failed': return void await tell(this, this.#by, order.id, 'return', {})
      case 'returning': return void await tell(this, this.#by, order.id, 'complete_return', {})
      default: return
    }
  }

  /** Drives towards what comes next, and says where it is. */
  async #travel(): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.between(4_000, 6_000))
      const order = listed(this.world.database, view => view.driver_id === this.driverId && !ended.has(view.status))[0]
      const target = order === undefined ? null : order.status === 'driver_assigned' && order.pickup_latitude !== null && order.pickup_longitude !== null
        ? { latitude: order.pickup_latitude, longitude: order.pickup_longitude } : { latitude: order.delivery_latitude, longitude: order.delivery_longitude }
      if (target !== null) {
        this.latitude += (target.latitude - this.latitude) * 0.3
        this.longitude += (target.longitude - this.longitude) * 0.3
      }
      const nowMs = Math.floor(this.world.schedule.nowMs)
      this.lastFrameMs = nowMs
      this.#send(nowMs, this.latitude, this.longitude)
      const { faults } = this.world
      if (faults.happens('frame duplicate', 0.02)) this.#send(nowMs, this.latitude, this.longitude, true, 0)
      if (faults.happens('frame late', 0.02)) this.#send(nowMs - Math.floor(this.chance.between(10_000, 600_000)), this.latitude + 0.01, this.longitude, false)
      if (faults.happens('frame future', 0.01)) this.#send(nowMs + 3_600_000, this.latitude, this.longitude + 0.01, false)
      if (faults.happens('frame jump', 0.01)) this.#send(nowMs + 1, this.latitude + 3, this.longitude, false)
    }
  }

  #send(atMs: number, latitude: number, longitude: number, genuine = true, step = 1): void {
    const edges = this.world.edges()
    if (edges.length === 0) return
    const edge = this.chance.pick(edges)
    this.#sequence += step
    this.world.checker.witness.framed(this.driverId, { atMs, latitude, longitude, genuine })
    const frame = encodeFrame({ seq: this.#sequence, timestampMs: atMs, latitude, longitude, headingDeg: null, speedMps: null, accuracyM: null })
    this.world.schedule.after(this.chance.between(5, 60), () => edge.node.enter(() => {
      batch.append(entryHead(this.driverId), reader, 0, reader.read(frame, Infinity))
      edge.bus.publish(subjects.location(encodeGeohash(latitude, longitude, 3)), batch.take())
    }))
  }
}
