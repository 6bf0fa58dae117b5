/**
 * A driver with an app: goes on and off duty, takes offers, fetches and delivers, and sends
 * positions. The app knows the messages of its socket, and at connection the offer it holds and its
 * orders under way.
 */
import { trackingLimits } from '../../engine/tracking/limits.ts'
import { distanceKm, encodeGeohash } from '../../protocol/river/geo.ts'
import { encodeFrame, FrameReader } from '../../protocol/river/frames.ts'
import { entryHead, LocationBatch } from '../../protocol/river/location-batch.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Answer } from './clients.ts'
import { Connected } from './connection.ts'
import type { Heard, SimEdge, SocketKind } from './edge/edge.ts'
import { cityCentre, isEnded, look, tell } from './people.ts'

type Arguments = ConstructorParameters<typeof Connected> extends [string, ...infer R] ? R : never
type Duty = 'available' | 'on_break' | 'offline'

/** Shared by all edges: emptied before the next edge uses it. */
const batch = new LocationBatch()
const reader = new FrameReader()

export class Driver extends Connected {
  readonly driverId: string
  readonly pharmacyId: string
  readonly capacity: number
  readonly socket: SocketKind
  latitude: number
  longitude: number
  /** Device time of the last genuine frame. */
  lastFrameMs = 0
  /** Time of the last step that no vehicle could have made. The engine does not believe it at once. */
  impossibleAtMs = 0
  #sequence = 0
  #duty: Duty = 'offline'
  #onBreakUntilMs = 0
  /** The membership as last heard; null while a question is under way. */
  #membership: unknown = 'active'
  /**
   * Orders under way as last seen, in the order in which they came; null when the order must be
   * read again.
   */
  readonly carried = new Map<string, OrderView | null>()
  /** Offers of all connections, because each is answered once. */
  readonly #offers = new Set<string>()

  constructor(
    name: string,
    driverId: string,
    pharmacyId: string,
    capacity: number,
    ...rest: Arguments
  ) {
    super(name, ...rest)
    this.driverId = driverId
    this.pharmacyId = pharmacyId
    this.capacity = capacity
    this.socket = { role: 'driver', id: driverId }
    this.latitude = cityCentre.latitude + this.chance.between(-0.02, 0.02)
    this.longitude = cityCentre.longitude + this.chance.between(-0.02, 0.02)
  }

  get #by(): Principal {
    return { role: 'driver', id: this.driverId }
  }

  async live(): Promise<void> {
    const profile = {
      vendor_id: this.pharmacyId,
      full_name: `${this.name} Van-${this.name}`,
      phone: `+1415666${this.name.replace(/\D/g, '').padStart(4, '2')}`,
      vehicle_type: 'scooter',
      capacity: this.capacity,
    }
    this.world.checker.witness.commanded(this.driverId, {
      verb: 'register',
      role: 'system',
      id: 'office',
      data: profile,
    })
    for (let registered = false; !registered;)
      registered = (
        await this.post(
          'register',
          profile,
          async (edge, { commandId }) =>
            (
              await edge.commands.driver({
                id: commandId,
                actor_id: this.driverId,
                verb: 'register',
                by: { role: 'system', id: 'office' },
                data: profile,
              })
            ).driver,
          () => 'registered',
          this.driverId,
        )
      ).ok
    await this.#setStatus('available')
    void this.stayConnected()
    void this.#keepHours()
    void this.#travel()
  }

  protected greeted(edge: SimEdge): void {
    edge.greetDriver(this.driverId).then(
      ({ duty, membership, offered, underWay }) => {
        this.#belongs(membership)
        if (duty === 'available' || duty === 'on_break' || duty === 'offline') this.#duty = duty
        if (offered !== null) this.#offered(offered.driver_search.offer!.offer_id, offered.id)
        for (const order of underWay) this.#carry(order.id, order)
      },
      () => this.dropConnection(),
    )
  }

  protected told(message: Heard): void {
    const orderId = String(message['order_id'])
    if (message.type === 'offer') this.#offered(String(message['offer_id']), orderId)
    else if (message.type === 'assigned') this.#carry(orderId, null)
    else if (message.type === 'assignment_ended' && this.carried.has(orderId))
      this.carried.set(orderId, null)
    else if (message.type === 'membership') this.#belongs(message['membership'])
    else if (message.type === 'driver_status') this.#duty = message['status'] as Duty
  }

  async #setStatus(status: Duty): Promise<void> {
    this.world.checker.witness.commanded(this.driverId, {
      verb: 'set_status',
      role: 'driver',
      id: this.driverId,
      data: { status },
    })
    const answer = await this.post(
      'set_status',
      { status },
      async (edge, { commandId }) =>
        (
          await edge.commands.driver({
            id: commandId,
            actor_id: this.driverId,
            verb: 'set_status',
            by: this.#by,
            data: { status },
          })
        ).driver,
      () => status,
      this.driverId,
    )
    if (answer.ok) this.#duty = status
  }

  /** A driver whose membership ended asks to join again. */
  #belongs(membership: unknown): void {
    const before = this.#membership
    this.#membership = membership
    if (membership !== 'active') this.#duty = 'offline'
    if (membership !== 'ended' || before === 'ended') return
    void this.sleep(this.chance.around(30_000)).then(() => {
      this.#membership = null
      this.world.checker.witness.commanded(this.driverId, {
        verb: 'ask_membership',
        role: 'driver',
        id: this.driverId,
        data: {},
      })
      return this.post(
        'ask_membership',
        {},
        async (edge, { commandId }) =>
          (
            await edge.commands.driver({
              id: commandId,
              actor_id: this.driverId,
              verb: 'ask_membership',
              by: this.#by,
              data: {},
            })
          ).driver,
        () => 'asked',
        this.driverId,
      )
    })
  }

  async #keepHours(): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.between(3_000, 7_000))
      if (this.#membership !== 'active') continue
      if (this.#duty !== 'available' && this.world.schedule.nowMs >= this.#onBreakUntilMs)
        await this.#setStatus('available')
      else if (!this.world.closing() && this.chance.happens(0.004)) await this.#rest()
      // A driver who accepted while going off duty is under way and off duty, until a later tap
      // changes it.
      else if (this.carried.size > 0 && this.chance.happens(0.03))
        await this.#setStatus(this.chance.pick(['available', 'on_break', 'offline']))
    }
  }

  async #rest(): Promise<void> {
    this.#onBreakUntilMs = this.world.schedule.nowMs + this.chance.around(120_000)
    await this.#setStatus(this.chance.pick(['on_break', 'offline']))
  }

  #offered(offerId: string, orderId: string): void {
    if (this.#offers.has(offerId)) return
    this.#offers.add(offerId)
    void this.#answer(offerId, orderId)
  }

  async #answer(offer_id: string, orderId: string): Promise<void> {
    const { chance } = this
    const wish = chance.random()
    await this.sleep(chance.around(4_000))
    const closing = this.world.closing()
    // Taps two buttons at once.
    if (!closing && wish < 0.1) void this.#rest()
    if (closing || wish < 0.7) {
      const answer = await tell(this, this.#by, orderId, 'accept_offer', { offer_id })
      if (answer.ok && answer.value.driver_id === this.driverId) this.#carry(orderId, answer.value)
    } else if (wish < 0.85) await tell(this, this.#by, orderId, 'decline_offer', { offer_id })
    else if (wish < 0.92)
      await Promise.all([
        this.#rest(),
        chance.happens(0.5) && this.#setStatus(chance.pick(['available', 'on_break', 'offline'])),
      ])
  }

  /** Carries an order to its end, step by step, guided by each answer. */
  #carry(orderId: string, known: OrderView | null): void {
    if (this.carried.has(orderId)) return
    this.carried.set(orderId, known)
    void this.#bring(orderId).finally(() => this.carried.delete(orderId))
  }

  async #bring(orderId: string): Promise<void> {
    for (;;) {
      const order = this.carried.get(orderId) ?? (await look(this, orderId))
      if (order === null || isEnded(order) || order.driver_id !== this.driverId) return
      this.carried.set(orderId, order)
      await this.sleep(this.chance.around(30_000))
      const answer = await this.#step(order)
      // Refused: another party changed the order, so the app reads it.
      this.carried.set(orderId, answer.ok ? answer.value : null)
    }
  }

  #step({ id, status }: OrderView): Promise<Answer<OrderView>> {
    const fails = !this.world.closing() && this.chance.happens(0.1)
    switch (status) {
      case 'driver_assigned':
        return tell(this, this.#by, id, 'pick_up', {})
      case 'picked_up':
        return fails
          ? tell(this, this.#by, id, 'fail', { reason: 'broken bottle' })
          : tell(this, this.#by, id, 'out_for_delivery', {})
      case 'out_for_delivery':
        return fails
          ? tell(this, this.#by, id, 'fail', { reason: 'nobody at home' })
          : tell(this, this.#by, id, 'deliver', { signature_url: this.#signed() })
      case 'failed':
        return tell(this, this.#by, id, 'return', {})
      default:
        return tell(this, this.#by, id, 'complete_return', {})
    }
  }

  /** Drives towards the next stop and sends positions. */
  async #travel(): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.between(4_000, 6_000))
      const order = [...this.carried.values()].find(one => one !== null)
      const target =
        order === undefined || order === null
          ? null
          : order.status === 'driver_assigned' &&
              order.pickup_latitude !== null &&
              order.pickup_longitude !== null
            ? { latitude: order.pickup_latitude, longitude: order.pickup_longitude }
            : { latitude: order.delivery_latitude, longitude: order.delivery_longitude }
      const nowMs = Math.floor(this.world.schedule.nowMs)
      if (target !== null) {
        const [latitude, longitude] = [
          this.latitude + (target.latitude - this.latitude) * 0.3,
          this.longitude + (target.longitude - this.longitude) * 0.3,
        ]
        const km = distanceKm(this.latitude, this.longitude, latitude, longitude)
        if (km * 1_000_000 > trackingLimits.impossibleSpeedMps * (nowMs - this.lastFrameMs))
          this.impossibleAtMs = nowMs
        Object.assign(this, { latitude, longitude })
      }
      this.lastFrameMs = nowMs
      this.#send(nowMs, this.latitude, this.longitude)
      const { faults } = this.world
      if (faults.happens('frame duplicate', 0.02))
        this.#send(nowMs, this.latitude, this.longitude, true, 0)
      if (faults.happens('frame late', 0.02))
        this.#send(
          nowMs - Math.floor(this.chance.between(10_000, 600_000)),
          this.latitude + 0.01,
          this.longitude,
          false,
        )
      if (faults.happens('frame future', 0.01))
        this.#send(nowMs + 3_600_000, this.latitude, this.longitude + 0.01, false)
      if (faults.happens('frame jump', 0.01))
        this.#send(nowMs + 1, this.latitude + 3, this.longitude, false)
    }
  }

  /** Uploads a signature. An upload asks the database and no engine. */
  #signed(): string {
    const { database, schedule } = this.world
    const id = uuidV7(Math.floor(schedule.nowMs), () => this.chance.random())
    database.store.uploads.set(id, {
      id,
      kind: 'signature',
      ownerId: this.driverId,
      driverId: this.driverId,
      pharmacyId: null,
      orderId: null,
      atMs: Math.floor(schedule.nowMs),
    })
    return uploadUrl(id)
  }

  #send(atMs: number, latitude: number, longitude: number, genuine = true, step = 1): void {
    const edges = this.world.edges()
    if (edges.length === 0) return
    const edge = this.chance.pick(edges)
    this.#sequence += step
    this.world.checker.witness.framed(this.driverId, { atMs, latitude, longitude, genuine })
    const frame = encodeFrame({
      seq: this.#sequence,
      timestampMs: atMs,
      latitude,
      longitude,
      headingDeg: null,
      speedMps: null,
      accuracyM: null,
    })
    this.world.schedule.after(this.chance.between(5, 60), () =>
      edge.node.enter(() => {
        batch.append(entryHead(this.driverId), reader, 0, reader.read(frame, Infinity))
        edge.bus.publish(subjects.location(encodeGeohash(latitude, longitude, 3)), batch.take())
      }),
    )
  }
}
