/**
 * A copy of the project in a temporary folder, compiled with all mutants in it, where tests run.
 * Its sources are the real ones, so that tests that read sources find them unchanged.
 */
import { execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Imports } from './imports.ts'
import { instrument, isProduct, type Mutant } from './mutants.ts'

export interface Workshop {
  readonly folder: string
  readonly mutants: readonly Mutant[]
  /** The test files, as paths of the project. */
  readonly tests: readonly string[]
  readonly imports: Imports
  remove(): void
}

/**
 * Copies the files that git tracks, as they are in the working tree. Throws when they do not
 * compile.
 */
export async function openWorkshop(root: string): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-mutants-'))
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter(path => path !== '')
  for (const path of tracked) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const products = tracked
    .filter(isProduct)
    .map(path => ({ path, text: readFileSync(join(folder, path), 'utf8') }))
  const instrumented = await instrument(products)
  for (const { path, text } of instrumented.sources) writeFileSync(join(folder, path), text)
  // The gate checks types. Here the check would only reject what mutants do to them.
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['--noCheck', '--incremental', 'false'], {
    cwd: folder,
    stdio: 'inherit',
  })
  for (const { path, text } of products) writeFileSync(join(folder, path), text)
  const tests = tracked.filter(path => path.endsWith('.test.ts'))
  const imports = new Imports(
    new Map(
      tracked
        .filter(path => textual.test(path))
        .map(path => [path, readFileSync(join(folder, path), 'utf8')]),
    ),
  )
  return openFolder(folder, instrumented.mutants, tests, imports)
}

/** A folder in which the mutants are already compiled. */
export function openFolder(
  folder: string,
  mutants: readonly Mutant[],
  tests: readonly string[],
  imports: Imports,
): Workshop {
  writeFileSync(
    join(folder, hookFile),
    hook(mutants.reduce((most, { id }) => Math.max(most, id + 1), 0)),
  )
  return {
    folder,
    mutants,
    tests,
    imports,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const textual = /\.(ts|js|json|lua|sql|html|css|md|yml|yaml)$/
const hookFile = 'mutants-hook.mjs'

/**
 * Loaded into every process of a test. It passes the mutant on to child processes with their own
 * environment, and reports the passed mutants, also every second, because some processes are
 * killed.
 */
const hook = (mutants: number): string => `import { ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
const names = ['NODE_OPTIONS', 'ACTIVE_MUTANT', 'MUTANT_COVERAGE_FOLDER']
const { spawn } = ChildProcess.prototype
ChildProcess.prototype.spawn = function (options) {
  for (const name of names)
    if (process.env[name] !== undefined && !options.envPairs?.some(pair => pair.startsWith(name + '='))) options.envPairs?.push(name + '=' + process.env[name])
  return spawn.call(this, options)
}
if (process.env.MUTANT_COVERAGE_FOLDER !== undefined) {
  const passed = globalThis.passedMutants = new Uint8Array(${mutants})
  const told = new Uint8Array(${mutants})
  const file = process.env.MUTANT_COVERAGE_FOLDER + '/' + process.pid + '-' + Math.random().toString(36).slice(2)
  const tell = () => {
    let line = ''
    for (let id = 0; id < passed.length; id++) if (passed[id] > told[id]) { told[id] = 1; line += id + ' ' }
    if (line !== '') try { appendFileSync(file, line) } catch {}
  }
  setInterval(tell, 1_000).unref()
  process.on('exit', tell)
}
`

export interface TestRun {
  passed: boolean
  tookMs: number
  timedOut: boolean
}

/** Runs one test file in its own process group. The whole group is ended when the time is over. */
export function runTest(
  { folder }: Pick<Workshop, 'folder'>,
  test: string,
  environment: Record<string, string>,
  timeoutMs: number,
): Promise<TestRun> {
  return new Promise(resolve => {
    const startedMs = performance.now()
    const child = spawn(process.execPath, [`dist/${test.replace(/\.ts$/, '.js')}`], {
      cwd: folder,
      detached: true,
      // The only time limit is the one here: with the limit of a test file, a slow one would fail.
      stdio: 'ignore',
      env: {
        ...process.env,
        REQUIRE_SERVICES: '1',
        TAP_TIMEOUT: '3600',
        NODE_OPTIONS: `--import file://${folder}/${hookFile}`,
        ...environment,
      },
    })
    let timedOut = false
    const end = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        /* it has ended */
      }
    }
    const timer = setTimeout(() => {
      timedOut = true
      end()
    }, timeoutMs)
    child.once('exit', code => {
      clearTimeout(timer)
      // End processes that the test left behind, because they must not fill the machine.
      end()
      resolve({ passed: code === 0 && !timedOut, tookMs: performance.now() - startedMs, timedOut })
    })
  })
}
