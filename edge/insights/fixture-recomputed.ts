/**
 * Observations made a second time, to compare with those of the product: from the events alone, and
 * with the platform's calendar.
 */
import type { Stored } from '../reports/fixture-recomputed.ts'
import type { InsightPharmacy, Observation } from './observations.ts'

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** The observations of each metric, with the local weekday, at any time. */
export function observationsAgain(
  events: readonly Stored[],
  { id, timeZone, promiseMinutes }: InsightPharmacy,
): Record<string, (Observation & { weekday: string })[]> {
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    weekday: 'short',
  })
  const found: ReturnType<typeof observationsAgain> = {
    claim_rate: [],
    request_to_claim: [],
    ready_to_pickup: [],
    click_to_door: [],
    on_time: [],
    offer_acceptance: [],
    returns: [],
    no_shows: [],
  }
  const noted = (
    metric: string,
    at: Date,
    personId: string,
    value: number,
    of: { driverId?: string | null; serviceId?: string },
  ): void => {
    const parts = Object.fromEntries(
      clock.formatToParts(at).map(({ type, value: text }) => [type, text]),
    ) as Record<string, string>
    found[metric]!.push({
      date: `${parts['year']}-${parts['month']}-${parts['day']}`,
      hour: parts['hour']!,
      weekday: String(weekdays.indexOf(parts['weekday']!) + 1),
      personId,
      driverId: of.driverId ?? null,
      serviceId: of.serviceId ?? null,
      value,
    })
  }
  const histories = new Map<string, Stored[]>()
  for (const event of events)
    histories.set(event.actor_id, [...(histories.get(event.actor_id) ?? []), event])
  for (const history of histories.values()) {
    const first = history[0]!
    if (first.type === 'calendar_described') {
      const own = first.data.vendor_id === id
      const customers = new Map<string, string>()
      const received = new Set<string>()
      for (const { type, at, data } of own ? history : []) {
        const one = data.appointment_id
        if (type === 'slot_claimed') customers.set(one, data.customer_id)
        if (type === 'appointment_checked_in') received.add(one)
        const isMissed = type === 'appointment_missed'
        if (isMissed || (type === 'appointment_fulfilled' && received.has(one)))
          noted('no_shows', at, customers.get(one)!, isMissed ? 1 : 0, {
            serviceId: first.actor_id,
          })
      }
      continue
    }
    const isRequest = first.type === 'broadcast_opened'
    const accepted = history.find(({ type }) => type === 'order_accepted')
    const isOurs = isRequest
      ? accepted?.data.vendor.vendor_id === id
      : first.data.vendor.vendor_id === id
    const driverId =
      history.findLast(({ type }) => type === 'driver_assigned')?.data.driver.driver_id ?? null
    const note = (metric: string, at: Date, value: number, driver: string | null = driverId) =>
      noted(metric, at, first.data.customer_id, value, { driverId: driver })
    const minutes = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 60_000
    const candidates: { vendor_id: string }[] = isRequest ? first.data.candidates : []
    if (candidates.some(({ vendor_id }) => vendor_id === id)) {
      const end = history.find(
        ({ type }) => type === 'order_accepted' || type === 'request_expired',
      )
      if (end !== undefined) note('claim_rate', end.at, isOurs ? 1 : 0)
    }
    if (!isOurs) continue
    for (const { type, at, data } of history) {
      if (type === 'order_accepted' && isRequest)
        note('request_to_claim', at, minutes(first.at, at))
      if (type === 'picked_up') note('ready_to_pickup', at, minutes(accepted!.at, at))
      if (type === 'delivered') {
        note('click_to_door', at, minutes(first.at, at))
        note('on_time', at, minutes(accepted!.at, at) <= promiseMinutes ? 1 : 0)
        note('returns', at, 0)
      }
      if (type === 'returned') note('returns', at, 1)
      if (type !== 'offer_made' || data.mode !== 'offer') continue
      const end = history.find(
        one =>
          (one.type === 'driver_assigned' || one.type === 'offer_closed') &&
          one.data.offer_id === data.offer_id,
      )
      if (end?.type === 'driver_assigned') note('offer_acceptance', end.at, 1, data.driver_id)
      else if (end?.data.outcome === 'declined' || end?.data.outcome === 'expired')
        note('offer_acceptance', end.at, 0, data.driver_id)
    }
  }
  return found
}
