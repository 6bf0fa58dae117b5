/**
 * The reports made a second time, to compare with the reports of the product: from the events
 * alone, and with the platform's calendar.
 */
import { datesOf, type DateRange } from './calendar.ts'
import type { People } from './fixture-histories.ts'

/** An event as the journal stores it. */
export interface Stored {
  actor_id: string
  at: Date
  type: string
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape depends on the type
  data: any
}

/** The days and the drivers of a report. */
export function recomputed(events: Stored[], { pharmacy, drivers }: People, range: DateRange) {
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone: pharmacy.timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const dayOf = (at: Date) => clock.format(at)
  const inRange = (at: Date) => dayOf(at) >= range.from && dayOf(at) <= range.to
  const days = new Map(
    datesOf(range).map(date => [
      date,
      {
        orders_received: 0,
        orders_accepted: 0,
        orders_rejected: 0,
        orders_cancelled: 0,
        orders_delivered: 0,
        orders_returned: 0,
        delivered_on_time: 0,
        fees: 0,
        km: 0,
        acceptMs: 0,
        deliveryMs: 0,
      },
    ]),
  )
  const people = new Map(
    drivers.map(id => [
      id,
      {
        deliveries: 0,
        delivered_on_time: 0,
        returns: 0,
        earnings: 0,
        km: 0,
        pickupMs: 0,
        deliveryMs: 0,
        offers_made: 0,
        offers_accepted: 0,
        offers_declined: 0,
        offers_expired: 0,
      },
    ]),
  )
  const orders = new Map<string, Stored[]>()
  for (const event of events)
    orders.set(event.actor_id, [...(orders.get(event.actor_id) ?? []), event])
  for (const history of orders.values()) {
    const first = history[0]!
    const find = (type: string) => history.find(event => event.type === type)
    const [accepted, assigned, pickedUp] = [
      find('order_accepted'),
      find('driver_assigned'),
      find('picked_up'),
    ]
    if (first.type === 'broadcast_opened' && accepted === undefined) continue
    for (const { type, at, data } of history) {
      const day = days.get(dayOf(at))
      if (day !== undefined) {
        if (
          type === 'order_placed' ||
          (type === 'order_accepted' && first.type === 'broadcast_opened')
        )
          day.orders_received++
        if (type === 'order_accepted') {
          day.orders_accepted++
          day.acceptMs += at.getTime() - first.at.getTime()
        }
        if (type === 'order_rejected') day.orders_rejected++
        if (type === 'order_cancelled') day.orders_cancelled++
        if (type === 'returned') day.orders_returned++
        if (type === 'delivered') {
          const tookMs = at.getTime() - accepted!.at.getTime()
          day.orders_delivered++
          day.fees += data.earnings_minor
          day.km += data.actual_distance_km ?? 0
          day.deliveryMs += tookMs
          if (tookMs <= pharmacy.promiseMinutes * 60_000) day.delivered_on_time++
        }
      }
      if (!inRange(at)) continue
      const driver = people.get(data.driver_id)
      if (type === 'delivered') {
        driver!.deliveries++
        driver!.earnings += data.earnings_minor
        driver!.km += data.actual_distance_km ?? 0
        driver!.pickupMs += pickedUp!.at.getTime() - assigned!.at.getTime()
        driver!.deliveryMs += at.getTime() - pickedUp!.at.getTime()
        if (at.getTime() - accepted!.at.getTime() <= pharmacy.promiseMinutes * 60_000)
          driver!.delivered_on_time++
      }
      if (type === 'returned') driver!.returns++
      if (type === 'offer_made' && data.mode === 'offer') {
        driver!.offers_made++
        const end = history.find(
          event =>
            (event.type === 'driver_assigned' || event.type === 'offer_closed') &&
            event.data.offer_id === data.offer_id,
        )
        if (end?.type === 'driver_assigned') driver!.offers_accepted++
        if (end?.data.outcome === 'declined') driver!.offers_declined++
        if (end?.data.outcome === 'expired') driver!.offers_expired++
      }
    }
  }
  return { days, people }
}
