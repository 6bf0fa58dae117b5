/** The table of drivers: numbers, values through growth, and what a forgotten driver leaves. */
import t from 'tap'
import { DriverTable, followed, suspected, watched } from './driver-table.ts'
import { fleetLimits } from './limits.ts'

const idOf = (n: number): string => `0190a5a0-1234-7abc-8def-${n.toString(16).padStart(12, '0')}`

t.test('a driver without a frame has a number and no position', async t => {
  const table = new DriverTable(1, 2)
  t.equal(table.ensure('no uuid'), -1)
  t.equal(table.find(idOf(1)), -1, 'find gives no number to a new id')
  const number = table.ensure(idOf(1))
  t.equal(table.ensure(idOf(1).toUpperCase()), number, 'in capital letters too')
  t.equal(table.find(idOf(1)), number)
  t.equal(table.idOf(number), idOf(1))
  t.equal(table.hasPosition(number), false)
  t.equal(table.index.has(number), false)
})

t.test('a position is in table and index, and an impossible place is refused', async t => {
  const table = new DriverTable(1, 2)
  const number = table.ensure(idOf(1))
  table.place(number, 1.5, 2.5, 1_000, 90.126, Number.NaN)
  t.same(
    [
      table.latitude(number),
      table.longitude(number),
      table.atMs(number),
      table.headingDeg(number),
      table.speedMps(number),
    ],
    [1.5, 2.5, 1_000, 90.13, null],
  )
  t.equal(table.index.latitudeOf(number), 1.5)
  table.place(number, 3, 4, 2_000, Number.NaN, 5)
  t.same(
    [
      table.latitude(number),
      table.index.longitudeOf(number),
      table.headingDeg(number),
      table.speedMps(number),
    ],
    [3, 4, null, 5],
  )
  table.place(number, 91, 4, 3_000, 1, 1)
  t.same([table.latitude(number), table.atMs(number)], [3, 2_000], 'a latitude of 91 moves nothing')
})

t.test('a forgotten driver leaves no value to the next driver with the same number', async t => {
  const table = new DriverTable(1, 2)
  const number = table.ensure(idOf(1))
  table.place(number, 1.5, 2.5, 1_000, 90, 5)
  table.seq[number] = 7
  table.windowLow[number] = 7
  table.setSuspect(number, {
    latitude: 1,
    longitude: 2,
    atMs: 3,
    count: 2,
    firstAtMs: 0,
    firstHeardMs: 0,
  })
  table.setQuickStart(number, { latitude: 1, longitude: 2, atMs: 3 })
  table.flags[number] = watched
  table.forget(number)
  t.same(
    [table.find(idOf(1)), table.idOf(number), table.hasPosition(number), table.index.size],
    [-1, '', false, 0],
  )
  t.equal(table.ensure(idOf(2)), number, 'the number is used again')
  t.same(
    [
      table.hasPosition(number),
      table.seq[number],
      table.windowLow[number],
      table.suspect(number),
      table.quickStart(number),
      table.flags[number],
    ],
    [false, 0, 0, undefined, undefined, 0],
  )
})

t.test('growth keeps every value', async t => {
  const table = new DriverTable(1, 2)
  const drivers = 100_000
  for (let n = 0; n < drivers; n++) {
    const number = table.ensure(idOf(n))
    if (number !== n) t.fail(`number ${number} of driver ${n}`)
    table.place(number, (n % 170) - 85, (n % 350) - 175, 1 + n, n % 360, n % 40)
    table.seq[number] = n
    table.windowLow[number] = n ^ 0xffff
    table.windowHigh[number] = n
    table.flags[number] = n % 2 === 0 ? followed : watched
  }
  for (let n = 0; n < drivers; n += 7) {
    const row = [
      table.latitude(n),
      table.longitude(n),
      table.atMs(n),
      table.headingDeg(n),
      table.speedMps(n),
      table.seq[n],
      table.windowLow[n],
      table.windowHigh[n],
      table.flags[n],
      table.index.latitudeOf(n),
    ]
    const wanted = [
      (n % 170) - 85,
      (n % 350) - 175,
      1 + n,
      n % 360,
      n % 40,
      n,
      n ^ 0xffff,
      n,
      n % 2 === 0 ? followed : watched,
      (n % 170) - 85,
    ]
    if (row.some((value, i) => value !== wanted[i])) t.same(row, wanted, `driver ${n}`)
  }
})

t.test('the number of suspects is bounded, and the oldest one is dropped', async t => {
  const table = new DriverTable(1, 2)
  for (let number = 0; number <= fleetLimits.suspectsMax; number++) {
    table.ensure(idOf(number))
    table.setSuspect(number, {
      latitude: 1,
      longitude: 2,
      atMs: number,
      count: 1,
      firstAtMs: 0,
      firstHeardMs: 0,
    })
  }
  t.same([table.suspect(0), table.flags[0]], [undefined, 0])
  t.same([table.suspect(1)?.atMs, table.flags[1]], [1, suspected])
  t.equal(table.suspect(fleetLimits.suspectsMax)?.atMs, fleetLimits.suspectsMax)
})
