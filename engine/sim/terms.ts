/**
 * Compares the terms of orders with the input of customers and pharmacies: wishes, fees, distances
 * and candidates.
 */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { PharmacyFact } from '../../protocol/dispatch/facts.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import type { Asked, Evidence, Fail, FeeTerms } from './evidence.ts'
import { byRoadKm, crowKm, feeOf, sameKm } from './model/money.ts'
import { candidatesOf, toldFee, wasRequest, type OrderModel } from './model/order.ts'

/** The checks of the events that open, place and accept an order. */
export class Terms {
  readonly #fail: Fail
  readonly #evidence: Evidence

  constructor(evidence: Evidence, fail: Fail) {
    this.#evidence = evidence
    this.#fail = fail
  }

  /** A request has the customer's wishes and quote, and asks all pharmacies within its radius. */
  opened(
    data: Extract<OrderEvent, { type: 'broadcast_opened' }>['data'],
    order: OrderModel,
    atMs: number,
  ): void {
    const asked = this.#evidence.wishOf(order.id)
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
    // The candidates are all pharmacies within the radius, nearest first.
    const asks = new Map(data.candidates.map(one => [one.vendor_id, one.distance_km]))
    for (const pharmacyId of this.#evidence.pharmacyIds()) {
      const known = this.#evidence.known(pharmacyId, atMs)
      const kms = known.map(pharmacy => crowKm(pharmacy, data.dropoff))
      const km = asks.get(pharmacyId)
      if (
        km === undefined &&
        known.every((pharmacy, i) => pharmacy.is_active && kms[i]! < data.radius_km - 1e-6)
      )
        this.#fail(
          '[place]',
          `pharmacy ${pharmacyId} is ${kms[0]} km away and was not asked`,
          order.id,
        )
      if (
        km !== undefined &&
        !known.some(
          (pharmacy, i) => pharmacy.is_active && sameKm(km, kms[i]!) && km <= data.radius_km,
        )
      )
        this.#fail(
          '[place]',
          `pharmacy ${pharmacyId} was asked as ${km} km away, it is ${kms.join(' or ')}`,
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

  /** A direct order has the customer's wishes, its pharmacy, and the quote or the tariff's fee. */
  placed(
    data: Extract<OrderEvent, { type: 'order_placed' }>['data'],
    order: OrderModel,
    atMs: number,
  ): void {
    const asked = this.#evidence.wishOf(order.id)
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
    const pharmacyId = String(body['vendor_id'])
    this.#isPharmacy(data.vendor, pharmacyId, atMs, order)
    const km = byRoadKm(crowKm(data.vendor, data.dropoff))
    const quoted =
      body.fee !== undefined && (body.fee.vendor_id === null || body.fee.vendor_id === pharmacyId)
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
      !this.#isTariff(data.fee.fee_minor, pharmacyId, km, atMs)
    )
      this.#fail('[fee]', `placed at ${JSON.stringify(data.fee)} for ${km} km`, order.id)
  }

  /** The fields that a customer gives are in the event as they were sent. */
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

  /**
   * An acceptance has the pharmacy's words, and a fee that was quoted or follows from the tariff.
   */
  accepted(
    data: Extract<OrderEvent, { type: 'order_accepted' }>['data'],
    before: OrderModel,
    order: OrderModel,
    atMs: number,
  ): void {
    const { vendor, fee_minor, distance_km } = data
    const pharmacyId = vendor.vendor_id
    const acceptances = [
      ...this.#evidence.given(order.id, 'respond'),
      ...this.#evidence.given(order.id, 'accept'),
    ].filter(({ id }) => id === pharmacyId)
    if (!acceptances.some(one => (one.data['text_message'] ?? null) === data.text_message))
      this.#fail(
        '[said]',
        `accepted with "${data.text_message}", which pharmacy ${pharmacyId} did not say`,
        order.id,
      )
    const goodFor = (fee: FeeTerms | null | undefined): boolean =>
      fee != null && (fee.vendor_id === null || fee.vendor_id === pharmacyId)
    const told = toldFee(order)
    const quotes = acceptances
      .map(({ data: { fee } }) => fee as FeeTerms | undefined)
      .filter(goodFor)
    if (wasRequest(order)) {
      this.#isPharmacy(vendor, pharmacyId, atMs, order)
      const km = byRoadKm(
        candidatesOf(order).find(one => one.vendor_id === pharmacyId)?.distance_km ?? Number.NaN,
      )
      const agreed = goodFor(told as FeeTerms | null) ? [told!] : quotes.length > 0 ? quotes : null
      const fits =
        agreed === null
          ? sameKm(distance_km, km) && this.#isTariff(fee_minor, pharmacyId, km, atMs)
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

  /** The pharmacy in an event is as engines may know it at this time. */
  #isPharmacy(fact: PharmacyFact, pharmacyId: string, atMs: number, order: OrderModel): void {
    const is = ({
      name,
      phone,
      latitude,
      longitude,
      address,
      proof_required,
    }: DirectoryPharmacy): boolean =>
      fact.vendor_id === pharmacyId &&
      JSON.stringify([
        fact.name,
        fact.phone,
        fact.latitude,
        fact.longitude,
        fact.address,
        fact.proof_required,
      ]) === JSON.stringify([name, phone, latitude, longitude, address, proof_required])
    if (!this.#evidence.known(pharmacyId, atMs).some(is))
      this.#fail(
        '[place]',
        `pharmacy ${pharmacyId} as ${JSON.stringify(fact)}, which it is not`,
        order.id,
      )
  }

  /**
   * Is this the fee of the pharmacy's tariff? At the border of a rounding step the product's
   * distance may round to the other side, so distances a little shorter and longer count too.
   */
  #isTariff(minor: number, pharmacyId: string, km: number, atMs: number): boolean {
    return this.#evidence
      .known(pharmacyId, atMs)
      .some(({ tariff }) => [km, km - 1e-7, km + 1e-7].some(near => feeOf(tariff, near) === minor))
  }
}
