/**
 * The roster compared with a plain map of the same rows, and the memory of an idle driver.
 */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import type { RosterRow } from '../../protocol/drivers/roster.ts'
import { driverStatuses } from '../../protocol/drivers/statuses.ts'
import { DriverTable } from './driver-table.ts'
import { Roster } from './roster.ts'
import { fleetLimits } from './limits.ts'

const uuid = (kind: number, n: number): string =>
  `0190a0b0-${kind.toString().padStart(4, '0')}-7000-8000-${n.toString(16).padStart(12, '0')}`
const rowOf = (driver: number, pharmacy: number, more: Partial<RosterRow> = {}): RosterRow => ({
  driverId: uuid(1, driver),
  vendorId: uuid(2, pharmacy),
  vehicleType: 'bike',
  status: 'available',
  canTakeMore: true,
  ...more,
})
const rows = fc
  .record({
    driver: fc.nat(30),
    pharmacy: fc.nat(4),
    vehicleType: fc.constantFrom('bike', 'car', 'cargo bike'),
    status: fc.constantFrom(...driverStatuses),
    canTakeMore: fc.boolean(),
  })
  .map(({ driver, pharmacy, ...more }) => rowOf(driver, pharmacy, more))
const byId = (some: Iterable<RosterRow>): RosterRow[] =>
  [...some].sort((a, b) => (a.driverId < b.driverId ? -1 : 1))

t.test('the roster gives the same answers as a map of the rows', async t => {
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 200 }), all => {
      const roster = new Roster(1, 2)
      const model = new Map<string, RosterRow>()
      for (const row of all) {
        const before = model.get(row.driverId)
        t.equal(
          roster.put(row),
          before?.status !== row.status || before.canTakeMore !== row.canTakeMore,
          'put says whether the row has news',
        )
        model.set(row.driverId, row)
      }
      t.equal(roster.size, model.size)
      t.same(byId(roster.rows()), byId(model.values()))
      for (const driverId of model.keys()) t.same(roster.get(driverId), model.get(driverId))
      for (let pharmacy = 0; pharmacy <= 4; pharmacy++) {
        const fleet = [...model.values()].filter(row => row.vendorId === uuid(2, pharmacy))
        t.equal(roster.fleetSize(uuid(2, pharmacy)), fleet.length)
        t.same(byId(roster.fleet(uuid(2, pharmacy))), byId(fleet))
        t.same(
          byId(roster.fleet(uuid(2, pharmacy), 'can take more')),
          byId(fleet.filter(row => row.canTakeMore)),
        )
      }
    }),
    { numRuns: 50 },
  )
})

t.test(
  'unusual rows: no UUID, an unknown pharmacy, more types of vehicle than can be kept',
  async t => {
    const roster = new Roster(1, 2)
    t.equal(roster.put(rowOf(1, 1, { driverId: 'no uuid' })), false)
    t.same(
      [
        roster.size,
        roster.get('no uuid'),
        [...roster.fleet(uuid(2, 9))],
        roster.fleetSize(uuid(2, 9)),
      ],
      [0, undefined, [], 0],
    )
    for (let n = 0; n < fleetLimits.vehicleTypesMax + 5; n++)
      roster.put(rowOf(n, 1, { vehicleType: `kind ${n}` }))
    t.equal(roster.get(uuid(1, 10))?.vehicleType, 'kind 10')
    t.equal(
      roster.get(uuid(1, fleetLimits.vehicleTypesMax + 4))?.vehicleType,
      '',
      'the type is not kept',
    )
  },
)

t.test('an idle driver costs an engine at most 128 bytes for position and row', async t => {
  const drivers = 100_000
  const table = new DriverTable(1, 2)
  const roster = new Roster(1, 2)
  for (let n = 0; n < drivers; n++) {
    table.place(table.ensure(uuid(1, n)), (n % 170) - 85, (n % 350) - 175, 1 + n, n % 360, n % 40)
    roster.put(rowOf(n, n % 500))
  }
  const bytes = (table.byteLength + roster.byteLength) / drivers
  t.ok(bytes <= 128, `${bytes.toFixed(1)} B a driver`)
  t.comment(
    `${(table.byteLength / drivers).toFixed(1)} B for the position, ${(roster.byteLength / drivers).toFixed(1)} B for the row`,
  )
})
