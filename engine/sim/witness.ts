/**
 * What people of a simulation did: what they ordered and answered, which commands they gave, what their pharmacies
 * are, and where drivers were. The journal is held against it: an event that nobody asked for, a fee that no tariff
 * makes, a place that is not the pharmacy's, or an arrival of a driver who is elsewhere is found here.
 */
import type { DriverEvent, OrderEvent, VendorFact } from '../../protocol/events.ts'
import type { DirectoryVendor } from '../../protocol/pushes.ts'
import { limits } from '../../protocol/limits.ts'
import { byRoadKm, crowKm, feeOf, sameKm, type Point } from './model/money.ts'
import { candidatesOf, toldFee, wasBroadcast, type OrderModel } from './model/order.ts'
import type { DriverModel } from './model/driver.ts'

interface FeeTerms {
  quote_id: string
  vendor_id: string | null
  fee_minor: number
  distance_km: number
}
/** A customer's order as it was sent. */
export interface Asked {
  verb: 'broadcast' | 'create'
  customerId: string
  body: Record<string, unknown> & { items: unknown[]; fee?: FeeTerms }
}
interface Command {
  verb: string
  role: string
  id: string
  data: Record<string, unknown>
}
/** `genuine`: where the device was, and not what a fault made of it. */
interface Frame extends Point {
  atMs: number
  genuine: boolean
}
interface VendorState {
  fromMs: number
  vendor: DirectoryVendor
}
type Fail = (rule: string, what: string, actorId: string) => void

/** Beyond the fence, for a position that was rounded on its way. */
const fenceSlackKm = 0.005
/** A frame may have been stored by one engine and read by another. */
const frameMemoryMs = 20 * 60_000
/** A pharmacy's change reaches every engine by then, when the database answers. */
const directoryMs = 2 * limits.vendorPollMs

/** Which commands may lie behind an event; those that are not here the engine makes by itself. */
const causes: Partial<Record<OrderEvent['type'] | DriverEvent['type'], readonly string[]>> = {
  broadcast_opened: ['broadcast'],
  order_placed: ['create'],
  response_recorded: ['respond'],
  order_accepted: ['respond', 'accept'],
  order_rejected: ['reject'],
  order_cancelled: ['cancel'],
  tracking_reissued: ['reissue_tracking'],
  driver_assigned: ['accept_offer', 'assign_driver'],
  picked_up: ['pick_up'],
  out_for_delivery: ['out_for_delivery'],
  delivered: ['deliver'],
  delivery_failed: ['fail'],
  return_started: ['return'],
  returned: ['complete_return'],
  driver_registered: ['register'],
  driver_updated: ['update'],
  status_changed: ['set_status'],
  duty_barred: ['set_status'],
  membership_changed: ['register', 'approve_membership', 'end_membership', 'ask_membership'],
}

export class Witness {
  readonly #fail: Fail
  readonly #asked = new Map<string, Asked>()
  readonly #commands = new Map<string, Command[]>()
  readonly #vendors = new Map<string, VendorState[]>()
  readonly #frames = new Map<string, Frame[]>()
  /** From then on engines must know what was changed long enough ago; Infinity while the database may be away. */
  calmSinceMs = Infinity

  constructor(fail: Fail) {
    this.#fail = fail
  }

  asked(orderId: string, asked: Asked): void {
    this.#asked.set(orderId, asked)
  }
  /** Sent, whatever became of it. */
  commanded(actorId: string, command: Command): void {
    const given = this.#commands.get(actorId)
    if (given === undefined) this.#commands.set(actorId, [command])
    else given.push(command)
  }
  vendorIs(vendor: DirectoryVendor, fromMs: number): void {
    const states = this.#vendors.get(vendor.vendor_id) ?? []
    states.push({ fromMs, vendor })
    this.#vendors.set(vendor.vendor_id, states)
  }
  framed(driverId: string, frame: Frame): void {
    let frames = this.#frames.get(driverId)
    if (frames === undefined) this.#frames.set(driverId, (frames = []))
    frames.push(frame)
    if (frame.genuine) while (frames[0]!.atMs < frame.atMs - frameMemoryMs) frames.shift()
  }

  /** The device of this driver said so: that time, that place. */
  wasAt(driverId: string, atMs: number, place: Point): boolean {
    return (this.#frames.get(driverId) ?? []).some(
      frame => frame.atMs === atMs && crowKm(frame, place) < fenceSlackKm,
    )
  }

  #given(actorId: string, verb: string): Command[] {
    return (this.#commands.get(actorId) ?? []).filter(command => command.verb === verb)
  }

  /** An event of an order; `before` and `after` by the simulator's own fold. */
  ofOrder(event: OrderEvent, before: OrderModel | null, after: OrderModel, atMs: number): void {
    const fail = (what: string): void => this.#fail('[said]', `${event.type}: ${what}`, after.id)
    const verbs = causes[event.type]
    if (verbs !== undefined && !verbs.some(verb => this.#given(after.id, verb).length > 0))
      return fail(`nobody asked for it (${verbs.join(', ')})`)
    switch (event.type) {
      case 'broadcast_opened':
        return this.#opened(event.data, after, atMs)
      case 'order_placed':
        return this.#placed(event.data, after, atMs)
      case 'response_recorded': {
        const { vendor_id, text_message } = event.data
        if (
          !this.#given(after.id, 'respond').some(
            ({ id, data }) =>
              id === vendor_id &&
              data['response_type'] === 'REJECTED' &&
              (data['text_message'] ?? null) === text_message,
          )
        )
          fail(`pharmacy ${vendor_id} did not say ${text_message}`)
        return
      }
      case 'order_accepted':
        return this.#accepted(event.data, before!, after, atMs)
      case 'order_cancelled':
        if (
          !this.#given(after.id, 'cancel').some(
            ({ role, data }) =>
              role === event.data.by && (data['reason'] ?? null) === event.data.reason,
          )
        )
          fail(`not by ${event.data.by}`)
        return
      case 'order_rejected':
        if (
          !this.#given(after.id, 'reject').some(
            ({ id, data }) =>
              id === event.data.vendor_id && (data['reason'] ?? null) === event.data.reason,
          )
        )
          fail('in other words')
        return
      case 'offer_made': {
        const { driver_id, mode } = event.data
        if (
          mode === 'assign' &&
          !this.#given(after.id, 'assign_driver').some(
            ({ data }) => data['driver_id'] === driver_id,
          )
        )
          fail(`nobody chose driver ${driver_id}`)
        return
      }
      case 'delivered': {
        const { earnings_minor, driver_id, signature_url } = event.data
        if (earnings_minor !== after.yes!.fee_minor)
          this.#fail(
            '[pay]',
            `delivered for ${earnings_minor}, agreed for ${after.yes!.fee_minor}`,
            after.id,
          )
        if (driver_id !== after.driver!.driver_id)
          fail(`by ${driver_id}, assigned to ${after.driver!.driver_id}`)
        if (
          !this.#given(after.id, 'deliver').some(
            ({ data }) => (data['signature_url'] ?? null) === signature_url,
          )
        )
          fail('with another proof than was sent')
        return this.#driven(event.data.actual_distance_km, after)
      }
      case 'delivery_failed':
        if (!this.#given(after.id, 'fail').some(({ data }) => data['reason'] === event.data.reason))
          fail(`nobody said ${event.data.reason}`)
        return
      case 'arrived_at_pickup':
        return this.#arrived(after, after.vendor!, atMs)
      case 'arrived_at_dropoff':
        return this.#arrived(after, after.wish.dropoff, atMs)
      default:
    }
  }

  /** An event of a driver. `orderOf`: an order by the simulator's own fold. */
  ofDriver(
    event: DriverEvent,
    after: DriverModel,
    orderOf: (orderId: string) => OrderModel | null,
  ): void {
    const fail = (what: string): void => this.#fail('[said]', `${event.type}: ${what}`, after.id)
    const verbs = causes[event.type]
    if (verbs !== undefined && !verbs.some(verb => this.#given(after.id, verb).length > 0))
      return fail(`nobody asked for it (${verbs.join(', ')})`)
    switch (event.type) {
      case 'driver_registered': {
        const { driver_id: _, currency, ...profile } = event.data
        if (currency !== 'USD') fail(`paid in ${currency}, which no engine was told`)
        if (
          !this.#given(after.id, 'register').some(({ data }) =>
            Object.entries(profile).every(([key, value]) => data[key] === value),
          )
        )
          fail(`with a profile that nobody gave: ${JSON.stringify(profile)}`)
        return
      }
      case 'status_changed':
        if (
          !this.#given(after.id, 'set_status').some(
            ({ data }) => data['status'] === event.data.availability,
          )
        )
          fail(`nobody said ${event.data.availability}`)
        return
      case 'offer_held': {
        const order = orderOf(event.data.order_id)
        if (order?.yes == null)
          return fail(`of order ${event.data.order_id}, which no pharmacy has accepted`)
        const { pickup, dropoff, fee_minor, currency, distance_km } = event.data
        const { vendor, distance_km: agreedKm, fee_minor: agreed } = order.yes
        if (!samePlace(pickup, vendor) || !samePlace(dropoff, order.wish.dropoff))
          fail("with places that are not the order's")
        if (fee_minor !== agreed || currency !== 'USD' || distance_km !== agreedKm)
          this.#fail('[pay]', `offered for ${fee_minor}, agreed for ${agreed}`, after.id)
        return
      }
      case 'order_completed': {
        const { order_id, outcome, earnings_minor } = event.data
        const order = orderOf(order_id)
        // The order has parted with this driver, and looks for another one or has it.
        if (
          outcome === 'cancelled' &&
          earnings_minor === 0 &&
          order != null &&
          order.driver?.driver_id !== after.id
        )
          return
        if (order?.state !== outcome)
          return this.#fail(
            '[pay]',
            `order ${order_id} is booked as ${outcome} and is ${order?.state}`,
            after.id,
          )
        const due = outcome === 'delivered' ? order.yes!.fee_minor : 0
        if (earnings_minor !== due)
          this.#fail(
            '[pay]',
            `${earnings_minor} earned by order ${order_id}, which is ${outcome} and pays ${due}`,
            after.id,
          )
        return
      }
      default:
    }
  }

  #opened(
    data: Extract<OrderEvent, { type: 'broadcast_opened' }>['data'],
    order: OrderModel,
    atMs: number,
  ): void {
    const asked = this.#asked.get(order.id)
    if (asked?.verb !== 'broadcast')
      return this.#fail('[said]', 'a request that nobody sent', order.id)
    const { body } = asked
    this.#sameWish(
      data,
      asked,
      {
        latitude: body['latitude'],
        longitude: body['longitude'],
        address: body['delivery_address'] ?? null,
      },
      order,
    )
    if (
      data.radius_km !== body['radius_km'] ||
      data.expires_at_ms !== atMs + Number(body['expires_in_seconds']) * 1000
    )
      this.#fail(
        '[said]',
        'a request of another radius or another deadline than was asked for',
        order.id,
      )
    if (JSON.stringify(data.fee) !== JSON.stringify(body.fee ?? null))
      this.#fail(
        '[fee]',
        `told a fee of ${JSON.stringify(data.fee)}, quoted ${JSON.stringify(body.fee)}`,
        order.id,
      )
    // Who is asked: all within the radius, the nearest first.
    const asks = new Map(data.candidates.map(one => [one.vendor_id, one.distance_km]))
    for (const [vendorId] of this.#vendors) {
      const known = this.#known(vendorId, atMs)
      const kms = known.map(vendor => crowKm(vendor, data.dropoff))
      const km = asks.get(vendorId)
      if (
        km === undefined &&
        known.every((vendor, i) => vendor.is_active && kms[i]! < data.radius_km - 1e-6)
      )
        this.#fail(
          '[place]',
          `pharmacy ${vendorId} is ${kms[0]} km away and was not asked`,
          order.id,
        )
      if (
        km !== undefined &&
        !known.some((vendor, i) => vendor.is_active && sameKm(km, kms[i]!) && km <= data.radius_km)
      )
        this.#fail(
          '[place]',
          `pharmacy ${vendorId} was asked as ${km} km away, it is ${kms.join(' or ')}`,
          order.id,
        )
    }
    if (
      data.candidates.some(
        ({ distance_km }, i) => i > 0 && distance_km < data.candidates[i - 1]!.distance_km,
      )
    )
      this.#fail(
        '[place]',
        'pharmacies that are not asked in the order of their distance',
        order.id,
      )
  }

  #placed(
    data: Extract<OrderEvent, { type: 'order_placed' }>['data'],
    order: OrderModel,
    atMs: number,
  ): void {
    const asked = this.#asked.get(order.id)
    if (asked?.verb !== 'create') return this.#fail('[said]', 'an order that nobody sent', order.id)
    const { body } = asked
    this.#sameWish(
      data,
      asked,
      {
        latitude: body['delivery_latitude'],
        longitude: body['delivery_longitude'],
        address: body['delivery_address'],
      },
      order,
    )
    const vendorId = String(body['vendor_id'])
    this.#isVendor(data.vendor, vendorId, atMs, order)
    const km = byRoadKm(crowKm(data.vendor, data.dropoff))
    const quoted =
      body.fee !== undefined && (body.fee.vendor_id === null || body.fee.vendor_id === vendorId)
        ? body.fee
        : null
    if (quoted !== null) {
      if (
        JSON.stringify(data.fee) !== JSON.stringify(quoted) ||
        data.distance_km !== quoted.distance_km
      )
        this.#fail(
          '[fee]',
          `placed at ${JSON.stringify(data.fee)}, quoted ${JSON.stringify(quoted)}`,
          order.id,
        )
    } else if (
      data.fee === null ||
      !sameKm(data.distance_km, km) ||
      !sameKm(data.fee.distance_km, km) ||
      !this.#isTariff(data.fee.fee_minor, vendorId, km, atMs)
    )
      this.#fail('[fee]', `placed at ${JSON.stringify(data.fee)} for ${km} km`, order.id)
  }

  #sameWish(
    data: OrderModel['wish'],
    { customerId, body }: Asked,
    dropoff: object,
    order: OrderModel,
  ): void {
    const said = {
      customer_id: customerId,
      customer_name: body['customer_name'],
      customer_phone: body['customer_phone'],
      dropoff,
      items: body.items,
      quantity: body['quantity'] ?? null,
      notes: body['notes'] ?? null,
      prescription_url: body['prescription_url'] ?? null,
      currency: 'USD',
    }
    for (const [key, value] of Object.entries(said))
      if (JSON.stringify(data[key as keyof OrderModel['wish']]) !== JSON.stringify(value))
        this.#fail(
          '[said]',
          `${key} is ${JSON.stringify(data[key as keyof OrderModel['wish']])}, asked ${JSON.stringify(value)}`,
          order.id,
        )
  }

  #accepted(
    data: Extract<OrderEvent, { type: 'order_accepted' }>['data'],
    before: OrderModel,
    order: OrderModel,
    atMs: number,
  ): void {
    const { vendor, fee_minor, distance_km } = data
    const vendorId = vendor.vendor_id
    const words = [...this.#given(order.id, 'respond'), ...this.#given(order.id, 'accept')].filter(
      ({ id }) => id === vendorId,
    )
    if (!words.some(one => (one.data['text_message'] ?? null) === data.text_message))
      this.#fail(
        '[said]',
        `accepted with "${data.text_message}", which pharmacy ${vendorId} did not say`,
        order.id,
      )
    const goodFor = (fee: FeeTerms | null | undefined): boolean =>
      fee != null && (fee.vendor_id === null || fee.vendor_id === vendorId)
    const told = toldFee(order)
    const quotes = words.map(({ data: { fee } }) => fee as FeeTerms | undefined).filter(goodFor)
    if (wasBroadcast(order)) {
      this.#isVendor(vendor, vendorId, atMs, order)
      const km = byRoadKm(
        candidatesOf(order).find(one => one.vendor_id === vendorId)?.distance_km ?? Number.NaN,
      )
      const agreed = goodFor(told as FeeTerms | null) ? [told!] : quotes.length > 0 ? quotes : null
      const fits =
        agreed === null
          ? sameKm(distance_km, km) && this.#isTariff(fee_minor, vendorId, km, atMs)
          : agreed.some(one => one!.fee_minor === fee_minor && one!.distance_km === distance_km)
      if (!fits)
        this.#fail(
          '[fee]',
          `accepted for ${fee_minor} and ${distance_km} km, ${agreed === null ? `by tariff for ${km} km` : JSON.stringify(agreed)}`,
          order.id,
        )
      return
    }
    if (JSON.stringify(vendor) !== JSON.stringify(before.vendor))
      this.#fail(
        '[place]',
        'accepted by another pharmacy, or at another place, than it was ordered from',
        order.id,
      )
    const least = [told!.fee_minor, ...quotes.map(one => Math.min(told!.fee_minor, one!.fee_minor))]
    if (!least.includes(fee_minor) || distance_km !== order.wish.distance_km)
      this.#fail(
        '[fee]',
        `accepted for ${fee_minor} and ${distance_km} km, told ${JSON.stringify(told)}`,
        order.id,
      )
  }

  /** The pharmacy as engines may know it: by its changes of the last seconds, or while the database may be away by any. */
  #known(vendorId: string, atMs: number): DirectoryVendor[] {
    const states = this.#vendors.get(vendorId) ?? []
    const sinceMs = atMs - directoryMs > this.calmSinceMs ? atMs - directoryMs : -Infinity
    return states
      .filter((_, i) => (states[i + 1]?.fromMs ?? Infinity) > sinceMs)
      .map(state => state.vendor)
  }

  #isVendor(fact: VendorFact, vendorId: string, atMs: number, order: OrderModel): void {
    const is = ({
      name,
      phone,
      latitude,
      longitude,
      address,
      proof_required,
    }: DirectoryVendor): boolean =>
      fact.vendor_id === vendorId &&
      JSON.stringify([
        fact.name,
        fact.phone,
        fact.latitude,
        fact.longitude,
        fact.address,
        fact.proof_required,
      ]) === JSON.stringify([name, phone, latitude, longitude, address, proof_required])
    if (!this.#known(vendorId, atMs).some(is))
      this.#fail(
        '[place]',
        `pharmacy ${vendorId} as ${JSON.stringify(fact)}, which it is not`,
        order.id,
      )
  }

  /** At the middle of a step the two ways to reckon may part. */
  #isTariff(minor: number, vendorId: string, km: number, atMs: number): boolean {
    return this.#known(vendorId, atMs).some(({ tariff }) =>
      [km, km - 1e-7, km + 1e-7].some(near => feeOf(tariff, near) === minor),
    )
  }

  #arrived(order: OrderModel, place: Point, atMs: number): void {
    const driverId = order.driver!.driver_id
    const near = (this.#frames.get(driverId) ?? []).some(
      frame =>
        frame.atMs > atMs - frameMemoryMs &&
        crowKm(frame, place) * 1000 <= limits.arrivalRadiusM + fenceSlackKm * 1000,
    )
    if (!near) this.#fail('[7]', `driver ${driverId} arrived where the device never was`, order.id)
  }

  /** Nobody has driven further than the device has been. */
  #driven(km: number | null, order: OrderModel): void {
    if (km === null) return
    const all = (this.#frames.get(order.driver!.driver_id) ?? []).filter(
      frame => frame.atMs >= order.at.picked_up! - slackMs,
    )
    const frames = all.filter(frame => frame.genuine)
    // A late frame that is the first of a new engine is believed.
    let pathKm = slackKm + strayKm * (all.length - frames.length)
    for (let i = 1; i < frames.length; i++) pathKm += crowKm(frames[i - 1]!, frames[i]!)
    if (km > pathKm) this.#fail('[said]', `${km} km driven, the device says ${pathKm}`, order.id)
  }
}

const slackMs = 120_000
const slackKm = 0.5
/** There and back. */
const strayKm = 2.5
const samePlace = (
  one: Point & { address: string | null },
  other: Point & { address: string | null },
): boolean =>
  one.latitude === other.latitude &&
  one.longitude === other.longitude &&
  one.address === other.address
