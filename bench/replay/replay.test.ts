/**
 * The replay on files that the test writes: the records of the parser, the data, and one whole run
 * of the tool against an embedded server with its exit code and its summary.
 */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { parseRecords, readColumns } from './csv.ts'
import {
  dataFile,
  inventTrips,
  loadPharmacies,
  loadTrips,
  parseBox,
  readTraces,
  surveyTraces,
} from './data.ts'
import { stamper } from './fleet.ts'

/** The records of a text that comes in two pieces. */
async function recordsOf(text: string, cut: number): Promise<string[][]> {
  async function* chunks(): AsyncGenerator<string> {
    yield text.slice(0, cut)
    yield text.slice(cut)
  }
  return collect(parseRecords(chunks()))
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

test('CSV with quotes and line ends gives the same records wherever the text is cut', async t => {
  const text = '\ufeffname,note\r\n"Elm, Row","said ""hi""\nthen left"\nplain,\n\n"","last"'
  const expected = [
    ['name', 'note'],
    ['Elm, Row', 'said "hi"\nthen left'],
    ['plain', ''],
    ['', 'last'],
  ]
  for (let cut = 1; cut < text.length; cut++)
    t.same(await recordsOf(text, cut), expected, `cut at ${cut}`)
  await t.rejects(recordsOf('a,"b', 2), /quote never ends/)
  await t.rejects(recordsOf(`a,"${'x'.repeat(70_000)}`, 2), /longer than/)
})

const pharmacies =
  'ods_code,name,addr1,postcode,phone,lat,lng\nA1,"Elm Row, Pharmacy",,X,1,37.780,-122.410\nA2,Oak,,X,1,37.785,-122.412\nA3,Far,,X,1,38.9,-121.0\nA4,Nowhere,,X,1,,\n'
/** A hundred seconds of two cabs; cab b jumps off the map once and repeats a time once. */
function traces(): string {
  const lines = ['unix_ts,cab_id,lat,lng,occupied']
  for (let second = 0; second < 100; second += 10) {
    lines.push(`${1_000 + second},a,${37.78 + second * 1e-5},-122.41,0`)
    lines.push(`${1_000 + second},b,${second === 50 ? 10 : 37.785},-122.412,1`)
    if (second === 20) lines.push(`${1_000 + second},b,37.785,-122.412,1`)
  }
  return `${lines.join('\n')}\n`
}
const trips =
  'pickup_ts,pickup_lat,pickup_lng,dropoff_ts,dropoff_lat,dropoff_lng,cab_id\n' +
  '1030,37.781,-122.411,1060,37.79,-122.4,a\n1010,37.780,-122.410,1040,37.79,-122.4,b\n1020,37.780,-122.410,1020,37.78,-122.41,b\n5000,37.78,-122.41,5100,37.79,-122.4,a\n'

test('files are read by the names of their columns, within a box and a window, and bad rows are left out', async t => {
  const dir = t.testdir({
    'pharmacies.csv': pharmacies,
    'facilities.csv': 'oshpd_id,name,type,lat,lng\n1,"Clinic, East",x,37.7,-122.4\n',
    'trips.csv': trips,
  })
  const gz = join(dir, 'traces.csv.gz')
  writeFileSync(gz, gzipSync(traces()))

  const all = await loadPharmacies(join(dir, 'pharmacies.csv'), null)
  t.equal(all.pharmacies.length, 3)
  t.equal(all.unplaced, 1, 'an empty coordinate is no coordinate')
  t.same(
    (await loadPharmacies(join(dir, 'pharmacies.csv'), parseBox('38,-122,37,-123'))).pharmacies.map(
      p => p.name,
    ),
    ['Elm Row, Pharmacy', 'Oak'],
  )
  t.same((await loadPharmacies(join(dir, 'facilities.csv'), null)).pharmacies, [
    { name: 'Clinic, East', latitude: 37.7, longitude: -122.4 },
  ])
  t.throws(() => parseBox('1,2,3'), /is not lat1/)
  t.throws(() => parseBox('91,0,0,0'), /is not lat1/)
  t.throws(() => dataFile(join(dir, 'missing.csv')), /no such file/)

  t.same(await surveyTraces(gz, null), {
    firstTs: 1_000,
    lastTs: 1_090,
    points: 21,
    cabs: ['a', 'b'],
  })
  t.equal(
    (await collect(readTraces(gz, 0.5))).at(-1)!.ts,
    1_020,
    'half a minute ends before its thirtieth second',
  )
  const { trips: taken, zeroLength } = await loadTrips(
    join(dir, 'trips.csv'),
    { firstTs: 1_000, lastTs: 1_090 },
    null,
    null,
  )
  t.equal(zeroLength, 1)
  t.same(
    taken.map(trip => [trip.pickupTs, trip.durationSeconds]),
    [
      [1_010, 30],
      [1_030, 30],
    ],
    'by time, inside the window',
  )
  await t.rejects(
    collect(readColumns(join(dir, 'trips.csv'), { x: ['no_such_column'] })),
    /no column no_such_column/,
  )
  t.same(
    inventTrips(all.pharmacies, 5, { firstTs: 0, lastTs: 60 }, 3),
    inventTrips(all.pharmacies, 5, { firstTs: 0, lastTs: 60 }, 3),
    'the same seed, the same trips',
  )
})

test('stamps keep the recorded distances and are never in the future', t => {
  for (const speed of [1, 30, 3_600]) {
    const startMs = 1_760_000_000_000
    const stamp = stamper({ firstTs: 1_000, lastTs: 4_600 }, startMs, speed)
    t.equal(stamp(2_000) - stamp(1_000), 1_000_000)
    for (const ts of [1_000, 2_500, 4_600])
      t.ok(stamp(ts) <= startMs + ((ts - 1_000) * 1_000) / speed, `speed ${speed}, ${ts}`)
  }
  t.end()
})

test('a whole replay against an embedded server', { timeout: 120_000 }, async t => {
  const dir = t.testdir({
    'pharmacies.csv': pharmacies,
    'traces.csv': traces(),
    'trips.csv': trips,
  })
  const file = (name: string): string => join(dir, name)
  const { code, output } = await run([
    '--pharmacies',
    file('pharmacies.csv'),
    '--traces',
    file('traces.csv'),
    '--trips',
    file('trips.csv'),
    '--speed',
    '50',
    '--accept',
    '1',
    '--radius',
    '2',
    '--expires',
    '5',
  ])
  t.equal(code, 0, output)
  t.match(output, /sent 21, acknowledged 21/)
  t.match(output, /accepted 19, late 0, duplicate 1, future 0, impossible 1/)
  t.match(output, /orders by final state +delivered 2/)
  t.match(output, /2 orders with one winner each/)
  t.match(output, /all checks hold/)
})

test('a wrong option is answered with one line', async t => {
  t.same(await run([]), {
    code: 64,
    output: 'replay: --pharmacies FILE is needed; --help says more\n',
  })
  t.match(await run(['--speed', 'fast']), { code: 64, output: /--speed: "fast" is not a number/ })
  t.match(await run(['--help']), { code: 0, output: /--traces FILE/ })
})

function run(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [fileURLToPath(new URL('./main.js', import.meta.url)), ...args],
      { timeout: 110_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, output: `${stdout}${stderr}` })
      },
    )
  })
}
