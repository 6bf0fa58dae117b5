/**
 * Every query of the table of events uses the upcaster. Otherwise an event of an older release
 * would be shown, counted or sent in an outdated shape. The test reads the text of the sources,
 * because a query without the upcaster works as long as the shapes are equal.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { recorded } from './recorded-events.ts'

function* sourcesOf(folder: string): Generator<string> {
  for (const name of readdirSync(fileURLToPath(assetUrl(`${folder}/`)))) {
    const path = `${folder}/${name}`
    if (statSync(fileURLToPath(assetUrl(path))).isDirectory()) yield* sourcesOf(path)
    else if (name.endsWith('.ts') && !/^fixture|(?:\.test|-suite)\.ts$/.test(name)) yield path
  }
}

const reads = /\b(?:from|join) events\b|(?:selectFrom|innerJoin|leftJoin)\('events/
/** Files that read only numbers and ids, which are the same in every version. */
const ofIdsAlone = ['edge/orders/refusals.ts', 'engine/journal/append.ts']
/**
 * Files that blank a person's fields in stored events and leave each event in its own version. The
 * test of blanking does this with the golden journal of every version.
 */
const ofAnyVersion = ['edge/privacy/erase-appointments.ts', 'edge/privacy/erase-orders.ts']

t.test('every reader of events uses the upcaster', async t => {
  const readers: string[] = []
  for (const folder of ['edge', 'engine', 'bench/torture', 'bench/sim'])
    for (const path of sourcesOf(folder))
      if (reads.test(readFileSync(assetUrl(path), 'utf8'))) readers.push(path)
  t.ok(
    readers.includes('edge/orders/journal-positions.ts') &&
      readers.includes('edge/orders/recorded-events.ts'),
    'the sources were read',
  )
  const bypassing = readers.filter(path => {
    const text = readFileSync(assetUrl(path), 'utf8')
    return !/\b(?:upcast|recorded)\(/.test(text) && !path.startsWith('engine/journal/statements')
  })
  t.same(bypassing.toSorted(), [...ofIdsAlone, ...ofAnyVersion].toSorted())
})

t.test("an event of the first release is read in today's shape", async t => {
  t.match(
    recorded({
      version: 3,
      at: new Date(0),
      type: 'delivered',
      v: 1,
      acted_by: null,
      data: { driver_id: 'd' },
    }),
    {
      version: 3,
      by: null,
      event: {
        type: 'delivered',
        data: { driver_id: 'd', reason: null, flag: null, door_distance_m: null },
      },
    },
  )
  t.match(
    recorded({ version: 1, at: new Date(0), type: 'order_placed', v: 1, acted_by: null, data: {} }),
    { event: { data: { fee: null } } },
  )
  t.match(
    recorded({
      version: 2,
      at: new Date(0),
      type: 'picked_up',
      v: 5,
      acted_by: { role: 'driver', id: 'd' },
      data: {},
    }),
    { by: { role: 'driver', id: 'd' } },
  )
  t.throws(
    () =>
      recorded({ version: 1, at: new Date(0), type: 'picked_up', v: 99, acted_by: null, data: {} }),
    { name: 'UnknownEventVersionError' },
  )
})
