/**
 * Every regular expression that a text from outside can meet takes work in proportion to that text:
 * the literals of the code, the patterns of the API document, and the formats behind it. A detector
 * reads each expression and tells how its work grows, so the answer is a property of the expression
 * and no measurement.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'acorn'
import { simple } from 'acorn-walk'
import { checkSync } from 'recheck'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { eachSchema } from './schemas.ts'
import { allRows } from './rows.ts'

// The same on every machine: the detector's other forms are binaries that may be absent.
process.env['RECHECK_SYNC_BACKEND'] = 'pure'

/** No clock: the detector's work is bounded by its own counts, and the same on every machine. */
const unhurried = {
  timeout: null,
  attackTimeout: null,
  incubationTimeout: null,
  recallTimeout: null,
  seedingTimeout: null,
  randomSeed: 1,
} as const

/**
 * Null for a pattern whose work is at most linear; otherwise how it grows, or why that is not
 * known.
 */
function growth(source: string, flags: string): string | null {
  const verdict = checkSync(source, flags, unhurried)
  return verdict.status === 'safe'
    ? null
    : verdict.status === 'vulnerable'
      ? verdict.complexity.summary
      : 'unknown'
}

interface Pattern {
  where: string
  source: string
  flags: string
}

function patternsOf(file: string, path: string): Pattern[] {
  const found: Pattern[] = []
  simple(parse(readFileSync(path, 'utf8'), { ecmaVersion: 'latest', sourceType: 'module' }), {
    Literal(node) {
      const { regex } = node as { regex?: { pattern: string; flags: string } }
      if (regex !== undefined)
        found.push({ where: file, source: regex.pattern, flags: regex.flags })
    },
  })
  return found
}

t.test('the detector finds expressions whose work is more than linear', async t => {
  for (const [source, flags] of [
    ['^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$', ''],
    ['\\0+$', ''],
    ['[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+', 'g'],
    ['^(a+)+$', 'u'],
  ] as const)
    t.type(growth(source, flags), 'string', source)
})

t.test('the regular expressions of the code are linear', async t => {
  const root = fileURLToPath(assetUrl('.'))
  const folders: [folder: string, extension: string][] = [
    ['dist/edge', '.js'],
    ['dist/protocol', '.js'],
    ['dist/migrations', '.js'],
  ]
  const patterns = folders.flatMap(([folder, extension]) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(
        name =>
          name.endsWith(extension) &&
          !/\.test\.js$|(^|\/)(acceptance|testing|fixture|suite)|-suite\.js$/.test(name),
      )
      .flatMap(name => patternsOf(`${folder}/${name}`, join(root, folder, name))),
  )
  t.ok(patterns.length > 60, `${patterns.length} were found`)
  const seen = new Map(patterns.map(pattern => [`${pattern.flags} ${pattern.source}`, pattern]))
  t.same(
    [...seen.values()]
      .map(pattern => ({ ...pattern, work: growth(pattern.source, pattern.flags) }))
      .filter(({ work }) => work !== null),
    [],
  )
})

t.test('the patterns of the API are linear, and each has a sentence for people', async t => {
  const patterns = new Map<string, { sentence: unknown; where: string }>()
  for (const row of allRows())
    for (const [part, schema] of Object.entries({
      params: row.params,
      query: row.query,
      body: row.body,
      fields: row.multipart?.fields,
    }))
      if (schema !== undefined)
        eachSchema(schema, one => {
          if (one.pattern !== undefined)
            patterns.set(one.pattern, {
              sentence: one['x-rule'],
              where: `${row.operationId} ${part}`,
            })
          for (const pattern of Object.keys(one.patternProperties ?? {}))
            patterns.set(pattern, { sentence: 'of names', where: `${row.operationId} ${part}` })
        })
  t.ok(patterns.size > 8, `${patterns.size} were found`)
  for (const [source, { sentence, where }] of patterns) {
    t.equal(growth(source, 'u'), null, `${where}: ${source}`)
    t.type(sentence, 'string', `${where}: ${source} says its rule in words`)
  }
})
