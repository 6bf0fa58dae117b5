/**
 * The next driver of a search compared with a walk over all drivers, in small and large fleets, and
 * each reason for which a driver is not asked.
 */
import assert from 'node:assert/strict'
import t from 'tap'
import { distanceKm } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { RosterRow } from '../../protocol/drivers/roster.ts'
import fc from '../../protocol/testing/properties.ts'
import { travelMinutes, roadKm } from '../../protocol/drivers/travel.ts'
import { DriverTable } from '../fleet/driver-table.ts'
import { nextDriver } from './next-driver.ts'
import { Roster } from '../fleet/roster.ts'

const uuid = (kind: number, n: number): string =>
  `0190a0b0-${kind.toString().padStart(4, '0')}-7000-8000-${n.toString(16).padStart(12, '0')}`
const driverId = (n: number): string => uuid(1, n)
const [ours, theirs] = [uuid(2, 1), uuid(2, 2)] as const
/** The pick-up, and the time before which positions are too old. */
const here = { latitude: 50, longitude: 8 }
const staleBeforeMs = 1_000
const kmPerDegree = 111.195

interface PlacedDriver {
  row: RosterRow
  atMs: number | null
  northKm: number
}

/**
 * A driver of our pharmacy who may be asked, `northKm` north of the pick-up. `atMs` is the time of
 * the position; null for none.
 */
const driver = (
  n: number,
  northKm: number,
  row: Partial<RosterRow> = {},
  atMs: number | null = 2_000,
): PlacedDriver => ({
  row: {
    driverId: driverId(n),
    vendorId: ours,
    vehicleType: 'bike',
    status: 'available',
    canTakeMore: true,
    ...row,
  },
  atMs,
  northKm,
})
/**
 * Returns the search of a pharmacy with these drivers. A large fleet has 1,001 drivers more, and
 * none of them can take an order.
 */
function world(drivers: PlacedDriver[], fleetSize: 'small' | 'large') {
  const roster = new Roster(1, 2)
  const table = new DriverTable(3, 4)
  for (const { row, atMs, northKm } of drivers) {
    roster.put(row)
    if (atMs !== null)
      table.place(
        table.ensure(row.driverId),
        here.latitude + northKm / kmPerDegree,
        here.longitude,
        atMs,
        NaN,
        NaN,
      )
  }
  if (fleetSize === 'large')
    for (let n = 0; n < 1_001; n++) roster.put(driver(100_000 + n, 0, { canTakeMore: false }).row)
  return (triedDriverIds: string[] = []) =>
    nextDriver(roster, table, { pharmacyId: ours, ...here, triedDriverIds, staleBeforeMs })
}

for (const size of ['small', 'large'] as const) {
  t.test(`a ${size} fleet: which driver is asked, and which are not`, async t => {
    const far = limits.driverSearchRadiusKm
    const table: [string, PlacedDriver[], string[], number | null][] = [
      ['no driver, when there is none', [], [], null],
      ['the nearer of two', [driver(1, 2), driver(2, 1)], [], 2],
      ['not one whose position is old', [driver(1, 1, {}, staleBeforeMs - 1), driver(2, 2)], [], 2],
      [
        'one whose position is just not old',
        [driver(1, 1, {}, staleBeforeMs), driver(2, 2)],
        [],
        1,
      ],
      ['not one without a position', [driver(1, 0, {}, null), driver(2, 2)], [], 2],
      ['not one beyond the radius', [driver(1, far + 0.1)], [], null],
      ['one within the radius', [driver(1, far - 0.1)], [], 1],
      ['not one who was asked', [driver(1, 1), driver(2, 2)], [driverId(1)], 2],
      ['no driver, when all were asked', [driver(1, 1)], [driverId(1)], null],
      ['not one who is full', [driver(1, 1, { canTakeMore: false }), driver(2, 2)], [], 2],
      ['not one of another pharmacy', [driver(1, 1, { vendorId: theirs }), driver(2, 2)], [], 2],
      [
        'a car that is farther away and arrives sooner',
        [driver(1, 2), driver(2, 3, { vehicleType: 'car' })],
        [],
        2,
      ],
      [
        'a driver behind twenty old positions',
        [...Array.from({ length: 20 }, (_, n) => driver(10 + n, 0.1, {}, 0.5)), driver(2, 3)],
        [],
        2,
      ],
      [
        'a car behind twenty bikes',
        [
          ...Array.from({ length: 20 }, (_, n) => driver(10 + n, 2)),
          driver(2, 3, { vehicleType: 'car' }),
        ],
        [],
        2,
      ],
    ]
    for (const [title, drivers, tried, expected] of table)
      t.equal(
        world(drivers, size)(tried)?.driverId ?? null,
        expected === null ? null : driverId(expected),
        title,
      )
  })
}

t.test(
  'of two drivers with equal times the one with the lower id is asked, so every engine asks the same one',
  async t => {
    t.equal(world([driver(7, 1), driver(3, 1)], 'small')()?.driverId, driverId(3))
  },
)

t.test(
  'in any small or large fleet the driver is asked who arrives first by a walk over all drivers',
  async () => {
    const anyDriver = fc.record({
      vehicleType: fc.constantFrom('bike', 'scooter', 'car', 'van'),
      canTakeMore: fc.boolean(),
      vendorId: fc.constantFrom(ours, ours, theirs),
      northKm: fc.double({ min: -20, max: 20, noNaN: true }),
      atMs: fc.constantFrom(null, 500, 999, 1_000, 5_000),
      tried: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(anyDriver, { maxLength: 60 }), all => {
        const drivers = all.map(({ northKm, atMs, tried: _, ...row }, n) =>
          driver(n, northKm, row, atMs),
        )
        const tried = all.flatMap((one, n) => (one.tried ? [driverId(n)] : []))
        let soonest = Infinity
        for (const { row, atMs, northKm } of drivers) {
          if (
            !row.canTakeMore ||
            row.vendorId !== ours ||
            atMs === null ||
            atMs < staleBeforeMs ||
            tried.includes(row.driverId)
          )
            continue
          const km = distanceKm(
            here.latitude + northKm / kmPerDegree,
            here.longitude,
            here.latitude,
            here.longitude,
          )
          if (km <= limits.driverSearchRadiusKm)
            soonest = Math.min(soonest, travelMinutes(roadKm(km), row.vehicleType))
        }
        for (const size of ['small', 'large'] as const)
          assert.equal(world(drivers, size)(tried)?.etaMinutes ?? Infinity, soonest, size)
      }),
      { numRuns: 100 },
    )
  },
)
