/**
 * A run of the suite: runs the benches in order, and stores and shows each result as it ends, also
 * when Ctrl-C ends the run early.
 */
import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Bench, Mode } from './bench.ts'
import { expectation } from './expectation.ts'
import { roundsOf, runBench, SharedServices } from './harness.ts'
import { LiveLine } from './live-line.ts'
import { loadAverage, loadLine, machineLine, thisMachine } from './machine.ts'
import { UsageError } from './options.ts'
import { remoteServer } from './remote.ts'
import {
  newRun,
  resultsFolder,
  ResultsFile,
  runId,
  storedRuns,
  type BenchRecord,
  type StoredRun,
} from './results.ts'
import { summarize } from './summary.ts'
import { benchLines, clock, Progress } from './terminal.ts'

export interface SuiteOptions {
  /** True when no bench was left out by name. */
  everything: boolean
  quick: boolean
  mode: Mode
  url: string | null
  tokens: readonly string[]
  rounds: number | null
  check: boolean
  profile: boolean
  json: boolean
  resultsFolder: string
}

/**
 * Runs the benches. Resolves to the exit code: 130 when interrupted, 1 when a check failed, a bench
 * threw, or with `check` a goal was missed, else 0. Throws UsageError when the deployment may not
 * be loaded.
 */
export async function runSuite(benches: readonly Bench[], options: SuiteOptions): Promise<number> {
  // Ask before anything begins, so that a refusal comes at once.
  if (options.url !== null) await remoteServer(options.url)
  const tokens = byRole(options.tokens)
  const machine = thisMachine()
  const at = new Date()
  const id = runId(
    options.quick ? 'quick' : options.everything ? 'full' : 'part',
    at,
    machine.commit,
  )
  const run = newRun({
    id,
    at: at.toISOString(),
    machine,
    mode: options.mode,
    loadAverage: loadAverage(),
    settings: {
      quick: options.quick,
      benches: benches.map(bench => bench.name),
      rounds: options.rounds,
      url: options.url,
    },
  })
  const file = new ResultsFile(run, options.resultsFolder)
  const profileDir = options.profile ? join(options.resultsFolder, 'profiles', id) : null
  if (profileDir !== null) mkdirSync(profileDir, { recursive: true })

  const interrupt = new AbortController()
  const onSignal = (): void => {
    // After a second Ctrl-C, do not wait for closing.
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort(new Error('interrupted'))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // Work that was cut off may fail after its listener is gone.
  process.on('unhandledRejection', error => {
    if (!interrupt.signal.aborted) throw error
  })

  const live = new LiveLine(options.json ? process.stderr : process.stdout)
  live.say(machineLine())
  live.say(loadLine())
  const expected = expectation(benches, pastRuns(options.resultsFolder), options)
  live.say(
    `about ${clock(expected.total)} minutes, ${expected.guessed === 0 ? 'as long as it took before' : `of which ${expected.guessed} of ${benches.length} benches are a guess`}`,
  )
  const progress = new Progress(Math.max(1, expected.total))
  const services = new SharedServices()
  const records: BenchRecord[] = []
  let secondsBefore = 0
  for (const [at, bench] of benches.entries()) {
    if (interrupt.signal.aborted) break
    const record = await runBench(bench, {
      ...options,
      tokens,
      profileDir,
      services,
      signal: interrupt.signal,
      say: text => {
        live.clear()
        live.say(`  ${text}`)
      },
      progress: (name, text, round) => {
        // Opening counts as a round.
        progress.reach(
          secondsBefore + (expected.seconds[at]! * round) / (1 + roundsOf(bench, options)),
        )
        live.show(progress.text(`${name}: ${text}`))
      },
    })
    secondsBefore += expected.seconds[at]!
    progress.reach(secondsBefore)
    records.push(record)
    file.add(record)
    live.clear()
    for (const line of ['', ...benchLines(record)]) live.say(line)
  }
  await services.stop().catch((error: unknown) => live.say(`closing services: ${String(error)}`))
  if (options.json) for (const record of [run, ...records]) console.log(JSON.stringify(record))
  return conclude(records, {
    interrupted: interrupt.signal.aborted,
    check: options.check,
    path: file.path,
    say: text => live.say(text),
  })
}

/** Runs that are stored with the sources, then runs of `folder`; none when they cannot be read. */
function pastRuns(folder: string): StoredRun[] {
  try {
    return [
      ...storedRuns(),
      ...(resolve(folder) === resolve(resultsFolder) ? [] : storedRuns(folder)),
    ]
  } catch {
    return []
  }
}

/** Says the conclusion of a run, and returns the exit code. */
function conclude(
  records: readonly BenchRecord[],
  {
    interrupted,
    check,
    path,
    say,
  }: { interrupted: boolean; check: boolean; path: string; say(text: string): void },
): number {
  const bad = records.filter(record => record.broken.length > 0 || record.error !== undefined)
  const goals = records.flatMap(record =>
    record.measures.flatMap(measure =>
      summarize(measure).goals.map(goal => ({ ...goal, name: `${record.name}: ${measure.name}` })),
    ),
  )
  const missed = goals.filter(goal => !goal.met)
  say('')
  if (interrupted) say('interrupted; what was measured until then is above')
  if (bad.length > 0)
    say(`something that must hold does not, in ${bad.map(record => record.name).join(', ')}`)
  if (goals.length > 0)
    say(
      `${goals.length - missed.length} of ${goals.length} goals met${missed.length === 0 ? '' : '; not:'}`,
    )
  for (const { name, text, why } of missed)
    say(`  ${name}: ${text}${why === undefined ? '' : `; why: ${why}`}`)
  say(`${loadLine()} at the end; kept in ${relative(process.cwd(), path)}`)
  if (interrupted) return 130
  return bad.length > 0 || (check && missed.length > 0) ? 1 : 0
}

/** Access tokens by the role that they were issued for. */
function byRole(tokens: readonly string[]): Map<string, string[]> {
  const roles = new Map<string, string[]>()
  for (const token of tokens) {
    let role: unknown
    try {
      role = (
        JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as {
          role?: unknown
        }
      ).role
    } catch {
      // The error is thrown below.
    }
    if (typeof role !== 'string')
      throw new UsageError('--token: this is not an access token of a Caduceus account')
    roles.set(role, [...(roles.get(role) ?? []), token])
  }
  return roles
}
