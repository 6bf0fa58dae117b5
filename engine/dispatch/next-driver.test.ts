/**
 * Compares the next driver with a walk over all drivers, in small and large fleets, and checks each
 * reason not to be asked.
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

interface Person {
  row: RosterRow
  atMs: number | null
  northKm: number
}

/** A driver of our pharmacy who may be asked, `northKm` north of the pick-up. */
const person = (
  n: number,
  northKm: number,
  row: Partial<RosterRow> = {},
  atMs: number | null = 2_000,
): Person => ({
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
/** A large fleet has as many more drivers of our pharmacy, and none of them can take more. */
function world(people: Person[], fleetSize: 'small' | 'large') {
  const roster = new Roster(1, 2)
  const table = new DriverTable(3, 4)
  for (const { row, atMs, northKm } of people) {
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
    for (let n = 0; n < 1_001; n++) roster.put(person(100_000 + n, 0, { canTakeMore: false }).row)
  return (triedDriverIds: string[] = []) =>
    nextDriver(roster, table, { pharmacyId: ours, ...here, triedDriverIds, staleBeforeMs })
}

for (const size of ['small', 'large'] as const) {
  t.test(`a ${size} fleet: who is asked, and who is not`, async t => {
    const far = limits.driverSearchRadiusKm
    const table: [string, Person[], string[], number | null][] = [
      ['nobody', [], [], null],
      ['the nearer of two', [person(1, 2), person(2, 1)], [], 2],
      ['not one whose position is old', [person(1, 1, {}, staleBeforeMs - 1), person(2, 2)], [], 2],
      [
        'one whose position is just not old',
        [person(1, 1, {}, staleBeforeMs), person(2, 2)],
        [],
        1,
      ],
      ['not one without a position', [person(1, 0, {}, null), person(2, 2)], [], 2],
      ['not one beyond the radius', [person(1, far + 0.1)], [], null],
      ['one within the radius', [person(1, far - 0.1)], [], 1],
      ['not one who was asked', [person(1, 1), person(2, 2)], [driverId(1)], 2],
      ['nobody when all were asked', [person(1, 1)], [driverId(1)], null],
      ['not one who is full', [person(1, 1, { canTakeMore: false }), person(2, 2)], [], 2],
      ['not one of another pharmacy', [person(1, 1, { vendorId: theirs }), person(2, 2)], [], 2],
      [
        'a car that is further and sooner',
        [person(1, 2), person(2, 3, { vehicleType: 'car' })],
        [],
        2,
      ],
      [
        'behind twenty old positions',
        [...Array.from({ length: 20 }, (_, n) => person(10 + n, 0.1, {}, 0.5)), person(2, 3)],
        [],
        2,
      ],
      [
        'a car behind twenty bikes',
        [
          ...Array.from({ length: 20 }, (_, n) => person(10 + n, 2)),
          person(2, 3, { vehicleType: 'car' }),
        ],
        [],
        2,
      ],
    ]
    for (const [title, people, tried, expected] of table)
      t.equal(
        world(people, size)(tried)?.driverId ?? null,
        expected === null ? null : driverId(expected),
        title,
      )
  })
}

t.test(
  'of two drivers with equal times the lower id is asked, so that every engine asks the same one',
  async t => {
    t.equal(world([person(7, 1), person(3, 1)], 'small')()?.driverId, driverId(3))
  },
)

t.test(
  'in any world, small and large fleets ask the driver that a walk over all drivers finds',
  async () => {
    const someone = fc.record({
      vehicleType: fc.constantFrom('bike', 'scooter', 'car', 'van'),
      canTakeMore: fc.boolean(),
      vendorId: fc.constantFrom(ours, ours, theirs),
      northKm: fc.double({ min: -20, max: 20, noNaN: true }),
      atMs: fc.constantFrom(null, 500, 999, 1_000, 5_000),
      tried: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(someone, { maxLength: 60 }), all => {
        const people = all.map(({ northKm, atMs, tried: _, ...row }, n) =>
          person(n, northKm, row, atMs),
        )
        const tried = all.flatMap((one, n) => (one.tried ? [driverId(n)] : []))
        let soonest = Infinity
        for (const { row, atMs, northKm } of people) {
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
          assert.equal(world(people, size)(tried)?.etaMinutes ?? Infinity, soonest, size)
      }),
      { numRuns: 100 },
    )
  },
)
