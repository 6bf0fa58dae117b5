/**
 * Documents are right about the repository: they name no missing file and no missing module, each
 * variable of the environment is documented in exactly one place, and the README stays short.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../protocol/kernel/assets.ts'

const root = fileURLToPath(assetUrl('.'))
const houses = ['protocol', 'engine', 'edge', 'bench', 'migrations']
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = [
  'README.md',
  '.github/CONTRIBUTING.md',
  '.github/WHAT-A-CHANGE-TOUCHES.md',
  ...houses.flatMap(house =>
    readdirSync(join(root, house), { recursive: true, encoding: 'utf8' }).map(name =>
      join(house, name),
    ),
  ),
]
const documents = files.filter(path => path.endsWith('.md'))
const records = documents.filter(path => /^engine\/adr\/\d{4}-/.test(path))
const numberOf = (path: string): number => Number(/\/(\d{4})-/.exec(path)![1])

t.test('the README is short, and has the commands to start and to test', async t => {
  const readme = read('README.md')
  t.ok(readme.trimEnd().split('\n').length <= 120)
  for (const command of ['npm ci && npm start', 'npm ci && npm test'])
    t.match(readme, new RegExp(`^${command}\\b`, 'm'), command)
})

t.test('every link leads to a file', async t => {
  for (const document of documents)
    for (const [, link] of read(document).matchAll(/\]\((?!https?:|#)([^)\s#]+)(?:#[^)]*)?\)/g))
      t.ok(existsSync(join(root, dirname(document), link!)), `${document}: ${link}`)
})

t.test('every file that a guide names exists', async t => {
  // A decision record describes its own time, and may name a file that was removed since.
  for (const document of documents.filter(path => !records.includes(path)))
    for (const [, path] of read(document).matchAll(
      /`([\w./-]+\/[\w.-]*\.(?:ts|js|md|json|css|html|conf))`/g,
    )) {
      const places = ['', `${dirname(document)}/`, 'engine/', `${dirname(dirname(document))}/`]
      // A fresh clone has no files of the compiler and of the benches.
      if (/^(dist|data)\/|^bench\/results\//.test(path!)) continue
      t.ok(
        places.some(place => existsSync(join(root, place, path!))),
        `${document}: ${path}`,
      )
    }
})

t.test('every module of the package that a document names exists', async t => {
  for (const document of documents)
    for (const [, module] of read(document).matchAll(/\bcaduceus\/(protocol\/[\w/-]+)/g))
      t.ok(existsSync(join(root, `${module}.ts`)), `${document}: caduceus/${module}`)
})

t.test('each decision record is in the index, and each record that is cited exists', async t => {
  const index = read('engine/adr/README.md')
  for (const record of records)
    t.match(index, `[${numberOf(record)}](${record.split('/').at(-1)})`, record)
  const numbers = new Set(records.map(numberOf))
  for (const path of files.filter(name => /\.(ts|md)$/.test(name)))
    for (const [, number] of read(path).matchAll(/\bADR (\d+)/g))
      t.ok(numbers.has(Number(number)), `${path}: ADR ${number}`)
})

t.test(
  'each variable of the environment is documented once, and each documented variable is read',
  async t => {
    const sources = files.filter(
      path =>
        path.endsWith('.ts') && !/\.test\.ts$|\/testing\/|(^|\/)fixture|\/acceptance\//.test(path),
    )
    // Variables of tools and of the system, and of processes that a bench starts.
    const aside = /^(PATH|HOME|TMPDIR|NODE_\w+|BENCH_PROFILE_DIR)$/
    const text = sources
      .filter(path => !path.startsWith('bench/'))
      .map(read)
      .join('\n')
    const rateNames = ['AUTH', 'WRITE', 'READ', 'UPLOAD', 'PUBLIC', 'SOCKET'].flatMap(kind => [
      `RATE_LIMIT_${kind}_PER_ACCOUNT`,
      `RATE_LIMIT_${kind}_PER_ADDRESS`,
    ])
    const named = new Set([
      ...rateNames,
      'RATE_LIMIT_REGISTRATION_PER_ADDRESS',
      // Read by name: text('X'), flag('X'), integer('X', …), process.env['X'], url('X', …).
      ...[
        ...text.matchAll(
          /(?:\b(?:text|flag|integer|url)|Variable)\(\s*(?:environment,\s*|process\.env,\s*)?'([A-Z][A-Z0-9_]{2,})'/g,
        ),
      ].map(match => match[1]!),
      ...[...text.matchAll(/process\.env\['([A-Z][A-Z0-9_]+)'\]/g)].map(match => match[1]!),
    ])
    const places = new Map<string, string[]>()
    for (const document of documents.filter(path => !records.includes(path)))
      for (const line of read(document)
        .split('\n')
        .filter(row => /^\| `[A-Z]/.test(row)))
        for (const [, name] of line.split('|')[1]!.matchAll(/`([A-Z][A-Z0-9_]{2,})`/g))
          places.set(name!, [...(places.get(name!) ?? []), document])
    t.ok(places.size > 40 && named.size > 40, `${places.size} documented, ${named.size} read`)
    for (const [name, where] of places) {
      t.equal(where.length, 1, `${name} is documented in ${where.join(', ')}`)
      t.ok(new RegExp(`\\b${name}\\b`).test(text) || named.has(name), `${name} is read`)
    }
    for (const name of named) if (!aside.test(name)) t.ok(places.has(name), `${name} is documented`)
  },
)
