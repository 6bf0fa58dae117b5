/**
 * A copy of the project in a temporary folder, compiled with all mutants in it, where tests run. The
 * sources there are the real ones: tests that read sources find them as they are.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { instrument, isProduct, type Mutant } from './mutants.ts'

export interface Workshop {
  readonly folder: string
  readonly mutants: readonly Mutant[]
  /** Compiled test files, as paths from the folder. */
  readonly tests: readonly string[]
  remove(): void
}

/** Copies what git tracks, as it stands in the working tree; throws when it does not compile. */
export async function openWorkshop(root: string): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-mutants-'))
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(path => path !== '')
  for (const path of tracked) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const products = tracked.filter(isProduct).map(path => ({ path, text: readFileSync(join(folder, path), 'utf8') }))
  const instrumented = await instrument(products)
  for (const { path, text } of instrumented.sources) writeFileSync(join(folder, path), text)
  // Types are checked by the gate; here they would only reject what mutants make of them.
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['--noCheck', '--incremental', 'false'], { cwd: folder, stdio: 'inherit' })
  for (const { path, text } of products) writeFileSync(join(folder, path), text)
  writeFileSync(join(folder, 'coverage-hook.mjs'), coverageHook)
  const tests = tracked.filter(path => path.endsWith('.test.ts')).map(path => `dist/${path.replace(/\.ts$/, '.js')}`)
  return { folder, mutants: instrumented.mutants, tests, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Loaded into every process of a test: says at its end which mutants it passed. */
const coverageHook = `import { writeFileSync } from 'node:fs'
globalThis.passedMutants = new Set()
process.on('exit', () => {
  const name = process.pid + '-' + Math.random().toString(36).slice(2)
  writeFileSync(process.env.MUTANT_COVERAGE_FOLDER + '/' + name, [...passedMutants].join(' '))
})
`

export interface TestRun { passed: boolean; tookMs: number; timedOut: boolean }

/** Runs one test file in a process group of its own, which is ended as a whole when the time is over. */
export function runTest(folder: string, test: string, environment: Record<string, string>, timeoutMs: number): Promise<TestRun> {
  return new Promise(resolve => {
    const startedMs = performance.now()
    const child = spawn(process.execPath, [test], {
      cwd: folder, detached: true, stdio: 'ignore', // The only limit is the one here: a file's own would call a slow one failed.
      env: { ...process.env, REQUIRE_SERVICES: '1', TAP_TIMEOUT: '3600', ...environment },
    })
    let timedOut = false
    const end = (): void => { try { process.kill(-child.pid!, 'SIGKILL') } catch { /* it has ended */ } }
    const timer = setTimeout(() => { timedOut = true; end() }, timeoutMs)
    child.once('exit', code => {
      clearTimeout(timer)
      // What the test started and left behind must not fill the machine.
      end()
      resolve({ passed: code === 0 && !timedOut, tookMs: performance.now() - startedMs, timedOut })
    })
  })
}
