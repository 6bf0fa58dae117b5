/**
 * Rules about the sources themselves, checked on their text: allowed imports, the use of the clock,
 * headers, lengths of files. A rule that no test checks is soon broken.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import t from 'tap'
import { circles, twoWayFolders } from '../protocol/testing/house/circles.ts'
import { deadExports } from '../protocol/testing/house/exports.ts'
import { danglingIn, danglingMentions } from '../protocol/testing/house/mentions.ts'
import {
  code,
  houses,
  root,
  sources as allSources,
  type Source,
} from '../protocol/testing/house/sources.ts'

const linesMax = 500
const columns = 120
const columnsOverMax = 0.01
const medianMax = 120

const sources = allSources.filter(source => /\.tsx?$/.test(source.path))
const within = (house: string) => sources.filter(source => source.house === house)
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

t.test(
  'the top level has the given folders and files, and nothing else without a dot',
  { skip: existsSync(join(root, '.git')) ? false : 'the sources are no working copy of git' },
  async t => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n')
    const top = new Set(tracked.map(path => path.split('/')[0]!).filter(name => /^[^.]/.test(name)))
    t.strictSame([...top].sort(), [
      'README.md',
      'bench',
      'docker-compose.yml',
      'edge',
      'engine',
      'migrations',
      'package-lock.json',
      'package.json',
      'protocol',
      'tsconfig.json',
    ])
  },
)

t.test('time, randomness and timers come through Env', async t => {
  const banned =
    /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\.env\b/
  const allowed = (path: string): boolean =>
    path === 'engine/alone.ts' || path.startsWith('engine/sim/') || path.endsWith('.test.ts')
  for (const { path, text } of within('engine'))
    if (!allowed(path)) t.notMatch(code(text), banned, path)
})

t.test('imports point down only', async t => {
  const mayImport: Record<string, (source: Source, house: string) => boolean> = {
    protocol: (_source, house) => house === 'protocol',
    engine: (source, house) =>
      house === 'protocol' ||
      house === 'engine' ||
      (house === 'migrations' &&
        (source.path.startsWith('engine/journal/') || source.path === 'engine/alone.ts')),
    // edge/embedded.ts runs edge and engine in one process.
    edge: (source, house) =>
      house === 'protocol' ||
      house === 'edge' ||
      house === 'migrations' ||
      (house === 'engine' && source.path === 'edge/embedded.ts'),
    migrations: (_source, house) => house === 'migrations' || house === 'protocol',
    bench: () => true,
  }
  for (const source of sources) {
    // Tests of code that stores and reports compare it with the engine's own writes.
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
    if (!test && /^engine\/(orders|drivers|appointments)\//.test(path))
      t.same(
        imports.filter(
          imported =>
            !/^(protocol|engine\/((orders|drivers|appointments|saga)\/|actors\/(decision|decision-scope|effects)))/.test(
              imported,
            ) && !/^engine\/(actors\/(kind|packed)|journal\/table)\.ts$/.test(imported),
        ),
        [],
        path,
      )
})

t.test('only the folders of the kinds, their saga and dispatch know a kind by name', async t => {
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
  t.notMatch("by.role === 'driver' || { role: 'driver' }", names, 'a role is not a kind')
  // The simulator computes for itself: its models of orders and drivers are a second implementation
  // of those kinds.
  const own =
    /^engine\/(?:(?:orders|drivers|saga|dispatch)\/|kinds\.ts$|sim\/model\/|sim\/(?:order|driver)-books\.ts$)/
  for (const { path, text, test } of within('engine'))
    if (!test && !own.test(path)) t.notMatch(code(text), names, path)
})

t.test('only adapters import drivers of databases, buses and sockets', async t => {
  const adapters: [RegExp, (path: string) => boolean][] = [
    [/^pg(\/|$)/, path => /^migrations\/(database\/pool|pglite\/stream)\.ts$/.test(path)],
    [/^ioredis$/, path => path === 'protocol/claims/redis.ts' || path === 'edge/rate/redis.ts'],
    [/^@nats-io\//, path => /^protocol\/bus\/(connect|nats|stored|stream)\.ts$/.test(path)],
    [/^uWebSockets\.js$/, path => /^edge\/kernel\/uws\.ts$/.test(path)],
  ]
  for (const { path, house, imports, test } of sources)
    if (!test && house !== 'bench')
      for (const [driver, isAdapter] of adapters)
        t.ok(
          isAdapter(path) || !imports.some(imported => driver.test(imported)),
          `${path}: ${driver.source}`,
        )
})

t.test('only tests and benches start their own servers', async t => {
  for (const { path, house, imports, test } of sources)
    if (!test && house !== 'bench')
      t.same(
        imports.filter(imported => imported.startsWith('protocol/testing/')),
        [],
        path,
      )
})

/**
 * The folder of a page, or one of the folders that all pages share; null for a file that belongs to
 * no page.
 */
const pageOf = (path: string): string | null =>
  path.match(/^edge\/(?:pages\/[^/]+|[^/]+\/page)(?=\/)/)?.[0] ?? null

/** A part of a page lives in the room of its feature; its folder has no page of its own. */
const isPart = (folder: string | null): boolean =>
  folder !== null &&
  !folder.startsWith('edge/pages/') &&
  !existsSync(join(root, folder, 'page.json'))

t.test('a page imports its own files, parts, the shared ones and the protocol', async t => {
  const shared = ['edge/pages/shared', 'edge/pages/map', 'edge/pages/base', 'edge/pages/texts']
  const library = /^(preact|@preact\/signals|uplot|maplibre-gl|pmtiles)(\/|$)/
  const pages = sources.filter(({ path, test }) => !test && pageOf(path) !== null)
  t.ok(pages.length > 30, 'the pages were found')
  for (const { path, imports } of pages) {
    const own = pageOf(path)!
    // Shared files import no page, or they would not be shared, and parts import no other part.
    const allowed = shared.includes(own) ? shared : [own, ...shared]
    const joinsParts = !shared.includes(own) && !isPart(own)
    t.same(
      imports.filter(
        imported =>
          houseOf(imported) !== 'protocol' &&
          !library.test(imported) &&
          !allowed.some(one => pageOf(imported) === one) &&
          !(joinsParts && isPart(pageOf(imported))),
      ),
      [],
      path,
    )
  }
})

t.test('the content of a page has no script, style or listener of its own', async t => {
  const files = readdirSync(join(root, 'edge'), { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.html'),
  )
  t.ok(files.length > 6, 'the files were found')
  for (const file of files) {
    t.match(file, /^(pages\/[^/]+|[^/]+\/page)\/page\.html$/, 'it is beside its page.json')
    const html = readFileSync(join(root, 'edge', file), 'utf8')
    t.notMatch(html, /<script|<style|<link|\s(style|on[a-z]+)=/i, file)
  }
})

t.test('geo is a leaf', async t => {
  for (const { path, imports, test } of within('engine'))
    if (!test && path.startsWith('engine/geo/'))
      t.same(
        imports.filter(
          imported => imported !== 'protocol/river/geo.ts' && !imported.startsWith('engine/geo/'),
        ),
        [],
        path,
      )
})

t.test('every file has a header that says why it exists', async t => {
  for (const { path, text } of sources)
    if (!path.endsWith('.test.ts'))
      t.match(text.replace(/^#!.*\n/, ''), /^\/\*\*/, `${path} begins with a header`)
})

t.test('files and lines stay short', async t => {
  let lines = 0
  let wide = 0
  const lengths: number[] = []
  for (const { path, text } of allSources) {
    const all = text.trimEnd().split('\n')
    lengths.push(all.length)
    lines += all.length
    wide += all.filter(line => line.length > columns).length
    t.ok(all.length <= linesMax, `${path}: ${all.length} lines`)
  }
  const median = lengths.toSorted((a, b) => a - b)[lengths.length >> 1]!
  const longest = Math.max(...lengths)
  t.comment(
    `${lines} lines in ${lengths.length} files, median ${median}, longest ${longest}, ${((wide / lines) * 100).toFixed(2)} % over ${columns} columns`,
  )
  t.ok(wide / lines <= columnsOverMax, `${wide} lines over ${columns} columns`)
  t.ok(median < medianMax, `the median is ${median} lines`)
})

/** A made-up source, which proves that a rule can fail. */
const madeUp = (path: string, text: string, ...imports: string[]): Source => ({
  path,
  house: path.split('/')[0]!,
  text,
  imports,
  test: false,
})

t.test('no circles of files and no folders that import each other', async t => {
  const product = allSources.filter(source => !source.test)
  const found = circles(product)
  const pairs = twoWayFolders(product)
  t.comment(`${found.length} circles, ${pairs.length} two-way pairs of folders`)
  t.same(
    found.map(circle => circle.join(' ')),
    [],
  )
  t.same(pairs, [])

  const three = [
    madeUp('a/x.ts', '', 'b/y.ts'),
    madeUp('b/y.ts', '', 'b/z.ts', 'pg'),
    madeUp('b/z.ts', '', 'a/x.ts'),
    madeUp('a/w.ts', '', 'a/x.ts'),
  ]
  t.same(circles(three), [['a/x.ts', 'b/y.ts', 'b/z.ts']])
  t.same(twoWayFolders(three), ['a <> b'])
  t.same(circles(three.slice(1)), [])
})

t.test('no export that no other file imports', async t => {
  // Constants are exported to be recorded. The client is a package. A main file is started.
  const recorded = Object.assign(
    {},
    ...['protocol', 'engine', 'edge'].map(
      house => JSON.parse(readFileSync(join(root, house, 'constants.json'), 'utf8')) as object,
    ),
  ) as Record<string, Record<string, unknown>>
  const isRead = (path: string, name: string): boolean =>
    path.startsWith('protocol/client/') ||
    path.endsWith('main.ts') ||
    recorded[path]?.[name] !== undefined
  t.same(deadExports(allSources, isRead), [])

  const files = [
    madeUp('a/x.ts', "import { used, type Taken as Other } from './y.ts'\n"),
    madeUp(
      'a/y.ts',
      'export const used = 1\nexport function dead() {}\nexport interface Taken {}\nexport type Unused = 1\nexport interface Deps {}\nexport const twice = (deps: Deps) => deps\nexport { a as b }\n',
    ),
  ]
  t.same(
    deadExports(files, (_path, name) => name === 'twice'),
    ['a/y.ts: dead', 'a/y.ts: Unused', 'a/y.ts: b'],
  )
})

t.test('every file that is mentioned exists', async t => {
  t.same(danglingMentions(), [])

  const gone = 'gone-file'
  t.same(
    danglingIn('engine/x.ts', '/** See engine/engine.ts and `engine.ts`. */\n// orders/state.ts'),
    [],
  )
  t.same(
    danglingIn(
      'engine/x.ts',
      `/** See engine/${gone}.ts and \`${gone}.ts\`. */\nimport 'a/code.ts'`,
    ),
    [`engine/${gone}.ts`, `${gone}.ts`],
  )
  t.same(danglingIn('README.md', 'run docs/gone-page.md'), ['docs/gone-page.md'])
})
