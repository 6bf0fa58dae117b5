/** The deadline of an order: the command that it sends, or the time of the next look. */
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import type { AttendedActor } from '../actors/kind.ts'
import { DriverTable } from '../fleet/driver-table.ts'
import { Roster } from '../fleet/roster.ts'
import { after, driverIds, offerIds, orderId, pharmacyFact, reached } from '../orders/fixtures.ts'
import type { AutoSearch, Order } from '../orders/state.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { dueOrder, type SearchDeps } from './due-order.ts'

/** What the deadline of an order does; a driver who may be asked stands at the pharmacy or not. */
function due(state: Order, { driverNear = false, search = {} as Partial<AutoSearch> } = {}) {
  const env = new VirtualEnv(1)
  const nowMs = env.nowMs()
  const pharmacy = pharmacyFact(0)
  const roster = new Roster(1, 2)
  const table = new DriverTable(3, 4)
  if (driverNear) {
    roster.put({
      driverId: driverIds[0],
      vendorId: pharmacy.vendor_id,
      vehicleType: 'bike',
      status: 'available',
      canTakeMore: true,
    })
    table.place(table.ensure(driverIds[0]), pharmacy.latitude, pharmacy.longitude, nowMs, NaN, NaN)
  }
  const told: unknown[] = []
  const wakes: number[] = []
  const deps = {
    env,
    roster,
    tracking: { table },
    actors: {
      wakeAt: (actorId: string, atMs: number) => {
        t.equal(actorId, orderId)
        wakes.push(atMs - nowMs)
      },
      tell: async (message: { id: string; command: { verb: string } }) =>
        told.push({ id: message.id, ...message.command }),
    },
  } as unknown as SearchDeps
  const searched =
    state.kind === 'accepted' && state.search.kind === 'searching'
      ? {
          ...state,
          search: {
            ...state.search,
            auto: { ...state.search.auto, deadlineMs: nowMs + 600_000, ...moved(search, nowMs) },
          },
        }
      : state
  dueOrder(deps, { actorId: orderId, version: 7, state: searched } as AttendedActor<Order>)
  return { told, wakes }
}
/** Times of a search are given from now on. */
const moved = (search: Partial<AutoSearch>, nowMs: number): Partial<AutoSearch> => ({
  ...search,
  ...(search.deadlineMs !== undefined && { deadlineMs: nowMs + search.deadlineMs }),
  ...(search.unavailable !== undefined && {
    unavailable: search.unavailable.map(one => ({ ...one, atMs: nowMs + one.atMs })),
  }),
})
const nothing = { told: [], wakes: [] }

t.test('a request that nobody has accepted expires, and an offer without an answer too', t => {
  t.match(due(after(reached.broadcast)), { told: [{ id: 'expire:7', verb: 'expire' }], wakes: [] })
  t.match(due(after(reached.offering)), {
    told: [{ id: `offer_expired:${offerIds[0]}`, verb: 'offer_expired', offerId: offerIds[0] }],
    wakes: [],
  })
  t.end()
})

t.test('an order that waits for nothing does nothing', t => {
  for (const name of ['pending', 'accepted', 'exhausted', 'driver_assigned', 'delivered'] as const)
    t.same(due(after(reached[name]), { driverNear: true }), nothing, name)
  t.end()
})

t.test('a search proposes the nearest driver, or looks again after a pause', t => {
  const searching = after(reached.searching)
  t.match(due(searching, { driverNear: true }), {
    told: [{ id: 'propose:7', verb: 'propose_driver', candidate: { driverId: driverIds[0] } }],
    wakes: [],
  })
  t.same(due(searching), { told: [], wakes: [limits.driverSearchRetryMs] })
  t.same(
    due(searching, { search: { deadlineMs: 10 } }),
    { told: [], wakes: [10] },
    'not later than its own deadline',
  )
  t.same(
    due(searching, { driverNear: true, search: { triedDriverIds: [driverIds[0]] } }),
    { told: [], wakes: [limits.driverSearchRetryMs] },
    'a driver who was asked is not asked again',
  )
  for (const [agoMs, asked] of [
    [limits.driverSearchRetryMs - 1, false],
    [limits.driverSearchRetryMs, true],
  ] as const)
    t.equal(
      due(searching, {
        driverNear: true,
        search: { unavailable: [{ driverId: driverIds[0], atMs: -agoMs }] },
      }).told.length === 1,
      asked,
      `a driver who could not take it ${agoMs} ms ago`,
    )
  t.end()
})

t.test('a search ends at its deadline and after its last offer', t => {
  const ends = { told: [{ id: 'end_search:7', verb: 'end_search' }], wakes: [] }
  const searching = after(reached.searching)
  t.match(due(searching, { driverNear: true, search: { deadlineMs: 0 } }), ends)
  t.match(
    due(searching, { driverNear: true, search: { offersMade: limits.offersPerSearchMax } }),
    ends,
  )
  t.equal(
    due(searching, { driverNear: true, search: { offersMade: limits.offersPerSearchMax - 1 } }).told
      .length,
    1,
  )
  t.end()
})
