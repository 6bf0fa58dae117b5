/**
 * Statuses are listed in their tables and nowhere else. A second list would compile, and would be
 * wrong without notice when a status is added. The test reads the sources, also the scripts of
 * pages.
 *
 * Two statuses in one statement are a list when they are alternatives: of a union, an array, an
 * `||`, a row of `case`s or an SQL `in`. Each exception below says why it is not a copy of a
 * table's column.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../kernel/assets.ts'
import { commandSchemas } from '../dispatch/commands.ts'
import { orderEvents } from '../dispatch/order-events.ts'
import { pharmacyStatuses } from '../pharmacies/statuses.ts'
import { OrderView } from './view.ts'
import { orderStatuses, statusTable, statusesWith, type StatusFacts } from './statuses.ts'

/**
 * Only statuses that have no other meaning. Left out are words such as expired and pending, which
 * offers and invitations have too.
 */
const ordersOwn = [
  'driver_assigned',
  'picked_up',
  'out_for_delivery',
  'returning',
  'returned',
  'delivered',
]
const driversOwn = ['offline', 'available', 'on_break', 'busy']
const between = String.raw`'\s*(?:,|\|\||\||:\s*case|&&)?\s*(?:Type\.Literal\(|case\s+|[\w.]+\s*(?:===|!==)\s*|\|\s*)?\s*\)?,?\s*(?:Type\.Literal\()?'`
const listOf = (words: readonly string[]): RegExp =>
  new RegExp(`'(${words.join('|')})${between}(?!\\1')(${words.join('|')})'`, 'g')

/** By path, why its literals are no copy of a table's column. */
const exceptions: Readonly<Record<string, string>> = {
  'protocol/orders/statuses.ts': 'the table',
  'protocol/drivers/statuses.ts': 'the table',
  'protocol/pharmacies/statuses.ts': 'the table',
  'engine/actors/packed-words-2.ts': 'words on disk, in the order of their numbers there',
  'engine/orders/words.ts': 'words on disk, in the order of their numbers there',
  'engine/drivers/words.ts': 'words on disk, in the order of their numbers there',
  'engine/orders/machine.ts': 'the transitions, written a second time for the simulator',
  'engine/drivers/machine.ts': 'the transitions, written a second time for the simulator',
  'edge/orders/timeline.ts': 'names of events, of which some are called as statuses are',
  'edge/custody/steps.ts': 'names of steps of custody, of which some are called as statuses are',
  'edge/approval/letters.ts': 'decisions about a pharmacy, each with a letter of its own',
}
const folders = ['protocol', 'engine', 'edge', 'migrations', 'bench']
const isTest = (path: string): boolean =>
  /\.test\.ts$|(^|\/)(fixture|[^/]*suite)[^/]*\.ts$|^migrations\/(steps\/)?\d|\/(acceptance|testing|examples|sim|torture|golden)\//.test(
    path,
  )
const sources = folders.flatMap(folder =>
  readdirSync(fileURLToPath(assetUrl(folder)), { recursive: true, encoding: 'utf8' })
    .map(name => `${folder}/${name}`)
    .filter(path => /\.(ts|js)$/.test(path) && !isTest(path) && !path.includes('node_modules')),
)

t.test('there is no list of statuses outside its table', async t => {
  t.ok(sources.length > 300, 'the sources were found')
  const found: string[] = []
  for (const path of sources) {
    const text = readFileSync(assetUrl(path), 'utf8')
    for (const words of [ordersOwn, driversOwn, pharmacyStatuses.filter(one => one !== 'pending')])
      for (const [match] of text.matchAll(listOf(words)))
        if (!(path in exceptions)) found.push(`${path}: ${match.replaceAll(/\s+/g, ' ')}`)
  }
  t.same(found, [])
})

t.test('the scan finds each form of a list', async t => {
  for (const list of [
    `['picked_up', 'delivered']`,
    `'picked_up' | 'delivered'`,
    `Type.Union([Type.Literal('picked_up'), Type.Literal('delivered')])`,
    `status in ('picked_up','delivered')`,
    `view.status === 'picked_up' || view.status === 'delivered'`,
    `case 'picked_up':\n    case 'delivered':`,
    `  | 'picked_up'\n  | 'delivered'`,
  ])
    t.match(list, listOf(ordersOwn), list)
  t.notMatch(`{ status: 'picked_up', event: 'delivered' }`, listOf(ordersOwn))
})

t.test('the events, fields and verbs that the table names exist', async t => {
  const events = new Set<string>()
  for (const status of orderStatuses) {
    const facts: StatusFacts = statusTable[status]
    t.ok(facts.events.length > 0, `${status}: an event leads to it`)
    for (const event of facts.events) {
      t.ok(event in orderEvents, event)
      t.notOk(events.has(event), `${event} leads to one status`)
      events.add(event)
    }
    if (facts.reachedAt !== null) t.ok(facts.reachedAt in OrderView.properties, facts.reachedAt)
    if (facts.verb !== null) t.ok(facts.verb in commandSchemas.order, facts.verb)
  }
})

t.test('the facts of each status agree with each other', async t => {
  for (const status of orderStatuses) {
    const facts: StatusFacts = statusTable[status]
    t.notOk(
      facts.ended && (facts.underWay || facts.cancellable),
      `${status}: a status that ended is not under way and not cancellable`,
    )
    t.ok(!facts.carried || facts.underWay, `${status}: carried goods are under way`)
    t.ok(
      facts.heading === null || facts.underWay,
      `${status}: only an order under way has a place to go`,
    )
    t.ok(
      facts.heading !== 'pickup' || !facts.carried,
      `${status}: carried goods do not go to the pick-up`,
    )
    t.notOk(facts.carried && facts.cancellable, `${status}: carried goods are not cancelled`)
    t.ok(facts.label.length > 0 && facts.headline.length > 0, `${status} has its texts`)
  }
  t.same(statusesWith('ended', true).length + statusesWith('ended', false).length, 12)
})
