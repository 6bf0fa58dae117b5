/**
 * Orders under way: the arrival by geofence, kilometres, breadcrumbs, and the distance after a
 * restart. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { distanceKm } from '../../protocol/river/geo.ts'
import { destination } from '../../protocol/testing/great-circle.ts'
import { after, driverIds, happened, orderId, reached } from '../orders/fixtures.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { DriverTable, followed } from '../fleet/driver-table.ts'
import { Following } from './following.ts'
import { applyFrame } from './late-data.ts'
import { trackingLimits } from './limits.ts'

const pharmacy = {
  latitude: happened.accepted.data.vendor.latitude,
  longitude: happened.accepted.data.vendor.longitude,
}
const home = {
  latitude: happened.opened.data.dropoff.latitude,
  longitude: happened.opened.data.dropoff.longitude,
}

function world() {
  const table = new DriverTable(1, 2)
  const arrivals: string[] = []
  const following = new Following(table, (order, at) =>
    arrivals.push(`${order.orderId === orderId ? '' : order.orderId}${at}`),
  )
  let atMs = 1_000
  /**
   * A frame of the driver, metres east of a place. A minute passes before it, so no step is too
   * fast.
   */
  const at = (
    place: { latitude: number; longitude: number },
    metres: number,
    ms = 60_000,
    bearingDeg = 90,
  ) => {
    const number = table.ensure(driverIds[0])
    const to = destination(place.latitude, place.longitude, bearingDeg, metres / 1000)
    table.place(number, to.latitude, to.longitude, (atMs += ms), Number.NaN, Number.NaN)
    told(number)
  }
  const told = (number: number) => {
    if (table.flags[number]! & followed)
      following.moved(
        following.stirred(number),
        table.latitude(number),
        table.longitude(number),
        table.atMs(number),
      )
  }
  const observe = (events: readonly OrderEvent[]) => following.observe(after(events))
  return {
    table,
    following,
    arrivals,
    at,
    told,
    observe,
    number: () => table.ensure(driverIds[0]),
    nowMs: () => atMs,
  }
}
const m = trackingLimits.arrivalRadiusM

t.test('the geofence raises an arrival once, on both legs', async t => {
  for (const [name, events, place, leg] of [
    ['pick-up', reached.driver_assigned, pharmacy, 'pickup'],
    ['drop-off', reached.out_for_delivery, home, 'dropoff'],
  ] as const) {
    const w = world()
    w.observe(events)
    w.at(place, 500)
    w.at(place, m + 2)
    t.same(w.arrivals, [], `${name}: just outside`)
    w.at(place, m - 2)
    t.same(w.arrivals, [leg], `${name}: inside`)
    w.at(place, 0)
    w.at(place, 500)
    w.at(place, 0)
    t.same(w.arrivals, [leg], 'once')
  }
})

t.test('the geofence is checked on the way to its place until the arrival', async t => {
  const w = world()
  w.observe(reached.picked_up)
  w.at(home, 0)
  t.same(w.arrivals, [], 'picked up and not out for delivery: the door may be beside the pharmacy')
  w.observe(reached.out_for_delivery)
  t.same(
    w.arrivals,
    ['dropoff'],
    'out for delivery and already there: raised without another frame',
  )
  const again = world()
  again.observe([...reached.driver_assigned, happened.atPickup])
  again.at(pharmacy, 0)
  t.same(again.arrivals, [], 'already recorded')
})

t.test('geofence and breadcrumbs are exact to 5 cm in every direction', async t => {
  for (let bearingDeg = 0; bearingDeg < 360; bearingDeg += 15) {
    const fence = world()
    fence.observe(reached.out_for_delivery)
    fence.at(home, m + 0.05, 60_000, bearingDeg)
    t.same(fence.arrivals, [], `outside at ${bearingDeg}°`)
    fence.at(home, m - 0.05, 60_000, bearingDeg)
    t.same(fence.arrivals, ['dropoff'], `inside at ${bearingDeg}°`)
    const way = world()
    way.observe(reached.picked_up)
    way.at(pharmacy, 0)
    way.at(pharmacy, 19.95, 60_000, bearingDeg)
    t.equal(way.following.takeCrumbs().length, 1, `no crumb at ${bearingDeg}°`)
    way.at(pharmacy, 20.05, 60_000, bearingDeg)
    t.equal(way.following.takeCrumbs().length, 1, `a crumb at ${bearingDeg}°`)
  }
})

t.test('an arrival that did not reach the journal is raised again', async t => {
  const w = world()
  w.observe(reached.driver_assigned)
  w.at(pharmacy, 0)
  w.following.missed(orderId)
  w.at(pharmacy, 1)
  t.same(w.arrivals, ['pickup', 'pickup'])
  w.following.missed('unknown')
})

t.test('[7] a late frame raises no arrival', async t => {
  const w = world()
  w.observe(reached.driver_assigned)
  w.at(pharmacy, 500)
  applyFrame(
    w.table,
    w.number(),
    w.nowMs() + 1,
    1,
    w.nowMs() - 500,
    pharmacy.latitude,
    pharmacy.longitude,
    0,
    0,
  )
  w.told(w.number())
  t.same(w.arrivals, [])
})

t.test('following begins and ends with the delivery', async t => {
  const w = world()
  w.observe(reached.accepted)
  t.equal(w.following.size, 0)
  w.observe(reached.driver_assigned)
  t.match(w.following.get(orderId), { leg: 'pickup', driverId: driverIds[0] })
  t.equal(w.table.flags[w.number()]! & followed, followed)
  w.observe(reached.picked_up)
  t.match(w.following.get(orderId), { leg: 'dropoff', ...home })
  for (const end of [reached.delivered, reached.cancelledAssigned, reached.failed]) {
    w.observe(reached.driver_assigned)
    w.at(pharmacy, 500)
    w.observe(end)
    t.equal(w.following.size, 0)
    t.equal(w.following.news.size, 0)
    t.equal(
      w.table.flags[w.number()]! & followed,
      0,
      "the driver's frames are not followed any more",
    )
  }
  w.observe([])
  w.following.drop('unknown')
})

t.test('two orders of one driver are both followed, until both are dropped', async t => {
  const w = world()
  const other = after(reached.driver_assigned)
  if (other.kind !== 'driver_assigned') return t.fail('not assigned')
  w.observe(reached.driver_assigned)
  w.following.observe({ ...other, core: { ...other.core, orderId: 'second:' } })
  w.at(pharmacy, 0)
  t.same(w.arrivals.sort(), ['pickup', 'second:pickup'])
  t.equal(w.following.news.size, 2)
  w.following.drop(orderId)
  t.equal(w.table.flags[w.number()]! & followed, followed, 'the other is still followed')
  w.following.drop('second:')
  t.equal(w.table.flags[w.number()]! & followed, 0)
})

t.test('an order with another driver does not follow the first one any more', async t => {
  const w = world()
  w.observe(reached.driver_assigned)
  const order = after(reached.driver_assigned)
  if (order.kind !== 'driver_assigned') return t.fail('not assigned')
  w.following.observe({
    ...order,
    delivery: { ...order.delivery, driver: { ...order.delivery.driver, driver_id: driverIds[1] } },
  })
  t.equal(w.following.size, 1)
  t.equal(w.table.flags[w.number()]! & followed, 0)
})

t.test('kilometres since pick-up, from crumbs at least 20 m apart', async t => {
  const w = world()
  w.observe(reached.driver_assigned)
  w.at(pharmacy, 5_000)
  t.equal(w.following.drivenKm(orderId), null, 'the way to the pharmacy is not the delivery')
  t.equal(w.following.drivenKm('unknown'), null)
  w.observe(reached.picked_up)
  for (const metres of [0, 100, 110, 115, 200, 1_200]) w.at(pharmacy, metres)
  t.ok(
    Math.abs(w.following.drivenKm(orderId)! - 1.2) < 0.001,
    `${w.following.drivenKm(orderId)} km`,
  )
  const crumbs = w.following.takeCrumbs()
  t.equal(crumbs.length, 4, 'steps below 20 m leave no breadcrumb')
  t.match(crumbs[0], { orderId, driverId: driverIds[0] })
  t.same(w.following.takeCrumbs(), [])
})

t.test('after a restart the distance continues where the breadcrumbs end', async t => {
  const before = world()
  before.observe(reached.picked_up)
  for (const metres of [0, 500, 1_000]) before.at(pharmacy, metres)
  const crumbs = before.following.takeCrumbs()

  const quiet = world()
  quiet.observe(reached.picked_up)
  quiet.following.restore(crumbs)
  t.ok(Math.abs(quiet.following.drivenKm(orderId)! - 1) < 0.001)
  quiet.at(pharmacy, 1_500, 10 * 60_000)
  t.ok(Math.abs(quiet.following.drivenKm(orderId)! - 1.5) < 0.001)

  const busy = world()
  busy.observe(reached.picked_up)
  busy.at(pharmacy, 1_200, 10 * 60_000)
  busy.at(pharmacy, 1_500)
  busy.following.restore(crumbs)
  t.ok(
    Math.abs(busy.following.drivenKm(orderId)! - 1.5) < 0.001,
    'frames came while the breadcrumbs were read',
  )
  busy.following.restore([{ ...crumbs[0]!, orderId: 'unknown' }])
  t.equal(busy.following.size, 1)
})

t.test('pharmacy and door are far enough apart for the tests above', async t => {
  t.ok(distanceKm(pharmacy.latitude, pharmacy.longitude, home.latitude, home.longitude) > 1)
})
