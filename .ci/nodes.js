/**
 * `npm run nodes`: the tests on the other versions of Node that people have, beside the one in use.
 * On Node 22 the acceptance suite runs; on 24 too where uWebSockets.js loads, and otherwise every
 * test that does not need it. Which tests need it is read from the imports, so the list cannot grow
 * old.
 *
 * The runtimes come from npm, pinned by the integrity in `.ci/nodes/package-lock.json`.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const help = `Usage: npm run nodes [-- --quick]

Runs the acceptance suite on Node 22, and on Node 24 every test that can run there.
--quick  a part of it that takes about a minute, as .ci/run does

Exit: 0 all passed, 1 a test failed, 2 wrong usage.`

const root = fileURLToPath(new URL('..', import.meta.url))
const runtimes = join(root, '.ci/nodes')
const atOnce = 2
const testTimeoutMs = 900_000
/** The file through which everything reaches uWebSockets.js. */
const libraryFile = join(root, 'dist/edge/kernel/uws.js')
const quick = {
  acceptance: /\/(embedded|proof|order-size)\.test\.js$/,
  others: /\/dist\/(protocol|engine\/(orders|drivers|geo|actors|fleet|tracking))\//,
}

const compiled = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.js'))
  .map(name => join(root, 'dist', name))
  .sort()

const args = process.argv.slice(2)
if (args.includes('--help')) console.log(help)
else if (args.some(argument => argument !== '--quick')) {
  console.error(
    `nodes: "${args.find(argument => argument !== '--quick')}" is not expected; --help says more`,
  )
  process.exitCode = 2
} else if (process.platform !== 'linux' || process.arch !== 'x64')
  console.log('nodes: the runtimes are for Linux on x64; nothing was run')
else process.exitCode = await main(args.includes('--quick'))

async function main(isQuick) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], {
    cwd: runtimes,
    stdio: 'inherit',
  })
  const all = compiled.filter(name => name.endsWith('.test.js'))
  const acceptance = all.filter(
    file => file.includes('/edge/acceptance/') && (!isQuick || quick.acceptance.test(file)),
  )
  let failed = await runAll(22, acceptance)
  const line = whyLibraryFails(24)
  if (line !== null) console.log(`Node 24: ${line}`)
  const needs = reaches(libraryFile)
  const others =
    line === null && !isQuick
      ? all
      : all.filter(file => !needs(file) && (!isQuick || quick.others.test(file)))
  failed += await runAll(24, line === null && isQuick ? [...others, ...acceptance] : others, line)
  return failed === 0 ? 0 : 1
}

function nodeOf(major) {
  return join(runtimes, `node_modules/node-${major}/bin/node`)
}

/** The line with which a server ends on this Node; null when uWebSockets.js loads. */
function whyLibraryFails(major) {
  const { status, stderr } = spawnSync(
    nodeOf(major),
    [
      '-e',
      `import(${JSON.stringify(libraryFile)}).catch(error => { console.error(error.message); process.exit(1) })`,
    ],
    { encoding: 'utf8' },
  )
  return status === 0 ? null : stderr.trim()
}

/**
 * Runs the files, some at once, and resolves to how many failed. A file whose output has
 * `libraryLine` needs uWebSockets.js in a way that its imports do not show; it is counted apart.
 */
async function runAll(major, files, libraryLine = null) {
  const version = execFileSync(nodeOf(major), ['--version'], { encoding: 'utf8' }).trim()
  const startedMs = performance.now()
  const waiting = [...files]
  let failed = 0
  let needy = 0
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { passed, output } = await runOne(major, file)
      if (passed) continue
      if (libraryLine !== null && output.includes(libraryLine)) {
        needy++
        continue
      }
      failed++
      console.log(`not ok on ${version}: ${file.slice(root.length)}\n${failure(output)}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  console.log(
    `${version}: ${files.length - needy - failed} of ${files.length - needy} test files passed in ${Math.round((performance.now() - startedMs) / 1000)} s` +
      (needy > 0 ? `; ${needy} more ended with the line above` : ''),
  )
  return failed
}

function runOne(major, file) {
  // A folder of its own, because tests may leave something in the current one.
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-nodes-'))
  return new Promise(resolve => {
    execFile(
      nodeOf(major),
      ['--enable-source-maps', file],
      {
        cwd: folder,
        env: { ...process.env, TAP_TIMEOUT: '300' },
        timeout: testTimeoutMs,
        maxBuffer: 1 << 28,
      },
      (error, stdout, stderr) => {
        rmSync(folder, { recursive: true, force: true })
        resolve({ passed: error === null, output: stdout + stderr })
      },
    )
  })
}

/** What failed of a test's output, or its end. */
function failure(output) {
  const lines = output.split('\n')
  const first = lines.findIndex(text => /^\s*not ok/.test(text))
  return (first < 0 ? lines.slice(-20) : lines.slice(first, first + 25)).join('\n')
}

/**
 * Whether a compiled file imports the target, or starts or names a file that does, over any number
 * of steps.
 */
function reaches(target) {
  const named = new Map()
  return file => {
    const seen = new Set([file])
    // Files that are added on the way are visited too.
    for (const path of seen) {
      if (path === target) return true
      if (!named.has(path)) named.set(path, filesNamedIn(path))
      for (const next of named.get(path)) seen.add(next)
    }
    return false
  }
}

/** A part of a name that is computed, as in `dist/${role}/main.js`, stands for any text. */
function filesNamedIn(file) {
  const names = [
    ...readFileSync(file, 'utf8').matchAll(/['"`]((?:[\w@./-]|\$\{[^}]+\})+\.js)['"`]/g),
  ].map(match => match[1])
  return names
    .flatMap(name => [join(dirname(file), name), join(root, name), join(root, 'dist', name)])
    .filter(path => path.startsWith(join(root, 'dist')))
    .flatMap(path => {
      if (!path.includes('${')) return existsSync(path) ? [path] : []
      const like = new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\$\{[^}]+\}/g, '[^/]+')}$`)
      return compiled.filter(one => like.test(one))
    })
}
