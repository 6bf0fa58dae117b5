/**
 * The rules of the house, read from the sources: who may import whom, who may look at the clock, and
 * that every file says why it is there. A rule that is only written down is broken within a month.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../protocol/assets.ts'

const root = fileURLToPath(assetUrl('.'))
const houses = ['protocol', 'engine', 'edge', 'bench', 'migrations'] as const
const linesMax = 1000

interface Source {
  path: string
  house: string
  text: string
  imports: string[]
  test: boolean
}

const sources: Source[] = houses.flatMap(house =>
  readdirSync(join(root, house), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.includes('node_modules'))
    .map(name => {
      const path = join(house, name)
      const text = readFileSync(join(root, path), 'utf8')
      const imports = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(match =>
        match[1]!.startsWith('.') ? normalize(join(dirname(path), match[1]!)) : match[1]!,
      )
      // Fixtures, contract suites and the servers they start are parts of tests.
      return {
        path,
        house,
        text,
        imports,
        test: /\.test\.ts$|(^|\/)fixture[^/]*\.ts$|(^|\/)contract(\.ts$|\/)|\/testing\//.test(path),
      }
    }),
)
const within = (house: string) => sources.filter(source => source.house === house)
/** What matters of a source are not its comments. */
const code = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'])\/\/.*$/gm, '$1')
const houseOf = (imported: string): string => imported.split('/')[0]!

t.test('the sources were found', async t => {
  for (const house of houses) t.ok(within(house).length > 3, house)
  t.ok(
    sources
      .find(source => source.path === 'engine/engine.ts')
      ?.imports.includes('protocol/bus/bus.ts'),
    'and their imports',
  )
})

t.test('time, chance and timers come through Env', async t => {
  const banned =
    /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\.env\b/
  const allowed = (path: string): boolean =>
    path === 'engine/alone.ts' || path.startsWith('engine/sim/') || path.endsWith('.test.ts')
  for (const { path, text } of within('engine'))
    if (!allowed(path)) t.notMatch(code(text), banned, path)
})

t.test('arrows point down only', async t => {
  const mayImport: Record<string, (source: Source, house: string) => boolean> = {
    protocol: (_source, house) => house === 'protocol',
    engine: (source, house) =>
      house === 'protocol' ||
      house === 'engine' ||
      (house === 'migrations' &&
        (source.path.startsWith('engine/journal/') || source.path === 'engine/alone.ts')),
    // One composition root runs both in one process.
    edge: (source, house) =>
      house === 'protocol' ||
      house === 'edge' ||
      house === 'migrations' ||
      (house === 'engine' && source.path === 'edge/embedded.ts'),
    migrations: (_source, house) => house === 'migrations' || house === 'protocol',
    bench: () => true,
  }
  for (const source of sources) {
    // Tests of what stores and reports compare it with what the engine writes.
    const testedWith = source.test && /^(edge|migrations)\//.test(source.path) ? ['engine'] : []
    const wrong = source.imports.filter(
      imported =>
        houses.includes(houseOf(imported) as (typeof houses)[number]) &&
        !testedWith.includes(houseOf(imported)) &&
        !mayImport[source.house]!(source, houseOf(imported)),
    )
    t.same(wrong, [], source.path)
  }
})

t.test('deciders are pure: no I/O, no runtime', async t => {
  for (const { path, imports, test } of within('engine'))
    if (!test && /^engine\/(order|driver)\//.test(path))
      t.same(
        imports.filter(
          imported =>
            !/^(protocol|engine\/(order|driver|decision|effects|saga\/))/.test(imported) &&
            !/^engine\/(runtime\/(kind|packed)|journal\/table)\.ts$/.test(imported),
        ),
        [],
        path,
      )
})

t.test('only the folders of the kinds and their saga know a kind by name', async t => {
  const names =
    /\b(?:kind|kindName|actor)\s*(?::|[!=]==)\s*'(?:order|driver)'|'(?:order|driver)'\s*\|\s*'(?:order|driver)'|\bcase '(?:order|driver)'|\.(?:tell|named|find)\('(?:order|driver)'|\b(?:order|driver)(?:Name|Kind)\b/
  for (const planted of [
    "kind: 'order'",
    'cell.kind.name === orderName',
    "if (stored.kind === 'driver')",
    "actors.tell('order', id)",
    "case 'driver':",
    "type Kind = 'order' | 'driver'",
  ])
    t.match(planted, names, 'the pattern finds it')
  t.notMatch("by.role === 'driver' || { role: 'driver' }", names, 'a role is no kind')
  // The simulator reckons for itself: its models of orders and drivers are a second writing of those kinds.
  const own =
    /^engine\/(?:(?:order|driver|saga|dispatch)\/|kinds\.ts$|sim\/model\/|sim\/(?:order|driver)-books\.ts$)/
  for (const { path, text, test } of within('engine'))
    if (!test && !own.test(path)) t.notMatch(code(text), names, path)
})

t.test('only adapters import drivers of databases, buses and sockets', async t => {
  const adapters: [RegExp, (path: string) => boolean][] = [
    [/^pg(\/|$)/, path => path === 'migrations/database/pool.ts'],
    [/^ioredis$/, path => path === 'protocol/claims/redis.ts' || path === 'edge/rate/redis.ts'],
    [/^@nats-io\//, path => /^protocol\/bus\/(connect|nats|stored|stream)\.ts$/.test(path)],
    [/^uWebSockets\.js$/, path => /^edge\/(http|sockets)\/|^edge\/edge\.ts$/.test(path)],
  ]
  for (const { path, house, imports, test } of sources)
    if (!test && house !== 'bench')
      for (const [driver, isAdapter] of adapters)
        t.ok(
          isAdapter(path) || !imports.some(imported => driver.test(imported)),
          `${path}: ${driver.source}`,
        )
})

t.test('only tests and benches start servers of their own', async t => {
  for (const { path, house, imports, test } of sources)
    if (!test && house !== 'bench')
      t.same(
        imports.filter(imported => imported.startsWith('protocol/testing/')),
        [],
        path,
      )
})

t.test('geo is a leaf', async t => {
  for (const { path, imports, test } of within('engine'))
    if (!test && path.startsWith('engine/geo/'))
      t.same(
        imports.filter(
          imported => imported !== 'protocol/geo.ts' && !imported.startsWith('engine/geo/'),
        ),
        [],
        path,
      )
})

t.test('every file says why it is there, and stays readable', async t => {
  for (const { path, text, test } of sources) {
    if (path.endsWith('.test.ts')) continue
    t.match(text.replace(/^#!.*\n/, ''), /^\/\*\*/, `${path} begins with a header`)
    if (!test)
      t.ok(text.split('\n').length <= linesMax, `${path}: ${text.split('\n').length} lines`)
  }
})
