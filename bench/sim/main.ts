/**
 * `npm run sim`: runs one seed or many, reports violations, and prints a short trace of a failure.
 */
import { parseArgs } from 'node:util'
import { faultKinds, type FaultKind } from '../../engine/sim/faults.ts'
import { kinds } from '../../engine/kinds.ts'
import { Coverage } from '../../engine/sim/machine.ts'
import { bugs } from './bugs/index.ts'
import { contest, type ContestResult } from './contest.ts'
import { simulate, type RunOptions, type RunResult } from './run.ts'
import { shrink } from './shrink.ts'

const help = `npm run sim -- [options]: the whole engine and the edge's command path from one seed, with faults.

  --seed N           which world (1)
  --seeds A..B       one after the other
  --hours H          simulated hours of trouble, before peace (1)
  --without a,b      without these kinds of fault
  --customers N      how many order (by the seed)
  --bug NAME         with a deliberate bug, to see it caught
  --hostile          more goes wrong than the seed would have it
  --no-shrink        a failure as it is, not made smaller
  --contest          only accepts that contend: many pharmacies, one request, one winner; Ctrl-C says what there was
  --accepts N        so many of them (100000)
  --help             this, the kinds of fault and the bugs

The same seed gives the same journal, byte for byte. Exit code 1: a rule was broken.

faults: ${faultKinds.join(', ')}

bugs:
${Object.entries(bugs)
  .map(([name, { about }]) => `  ${name.padEnd(28)}${about}`)
  .join('\n')}`

/** Lines of the trace. */
const traceMax = 60

// The reader of the lines may leave first, as `head` does.
process.stdout.on('error', () => process.exit())
const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string' },
      hours: { type: 'string', default: '1' },
      without: { type: 'string', default: '' },
      customers: { type: 'string' },
      bug: { type: 'string' },
      hostile: { type: 'boolean', default: false },
      contest: { type: 'boolean', default: false },
      accepts: { type: 'string', default: '100000' },
      'no-shrink': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [from, to = from] = (values.seeds ?? values.seed).split('..').map(Number)
  const without = values.without
    .split(',')
    .map(kind => kind.trim())
    .filter(kind => kind !== '')
  const unknown = without.find(kind => !(faultKinds as readonly string[]).includes(kind))
  if (!Number.isInteger(from) || !Number.isInteger(to) || !(Number(values.hours) > 0))
    throw new Error('--seed and --seeds want whole numbers, --hours a number above 0')
  if (!(Number(values.accepts) > 0)) throw new Error('--accepts wants a number above 0')
  if (unknown !== undefined) throw new Error(`there is no fault "${unknown}"; see --help`)
  if (values.bug !== undefined && bugs[values.bug] === undefined)
    throw new Error(`there is no bug "${values.bug}"; see --help`)
  const base: Omit<RunOptions, 'seed'> = {
    hours: Number(values.hours),
    without: new Set(without as FaultKind[]),
    bug: values.bug === undefined ? null : bugs[values.bug]!,
    hostile: values.hostile,
    ...(values.customers !== undefined && { customers: Number(values.customers) }),
  }
  return {
    from: from!,
    to: to!,
    base,
    shrinks: !values['no-shrink'],
    help: values.help,
    bugName: values.bug,
    contests: values.contest,
    accepts: Number(values.accepts),
  }
}

function tellSeed(seed: number, { violation, counts, journalHash }: RunResult): void {
  const {
    orders,
    conversations,
    entries,
    events,
    published,
    republished,
    steps,
    simulatedHours,
    cpuSeconds,
  } = counts
  say(`seed ${seed}: ${violation === null ? 'held' : `BROKEN ${violation.rule} ${violation.what}`}`)
  say(
    [
      `  ${orders} orders, ${conversations} conversations with ${entries} entries`,
      `${events} events (${published} published, ${republished} again)`,
      `${steps} steps; ${simulatedHours.toFixed(2)} h in ${cpuSeconds.toFixed(1)} CPU s; journal ${journalHash.slice(0, 16)}`,
    ].join(', '),
  )
}

/** Prints the events of the actor concerned, and the faults around it. */
function tellTrace({ violation, notes }: RunResult): void {
  const { actorId } = violation!
  const concerns = (note: { who: string; what: string }): boolean =>
    actorId === null ||
    note.what.includes(actorId) ||
    note.who === 'weather' ||
    /crashed|serves|leaves|error/.test(note.what)
  say(
    `  the last of what happened${actorId === null ? '' : ` to ${actorId}`} (seconds since the start):`,
  )
  for (const { atMs, who, what } of notes.filter(concerns).slice(-traceMax))
    say(`  ${(atMs / 1000).toFixed(3).padStart(10)}  ${who.padEnd(12)} ${what}`)
}

/** Ctrl-C ends it and keeps the results so far. */
async function tellContest(seed: number, accepts: number, bug: RunOptions['bug']): Promise<number> {
  let stops = false
  process.once('SIGINT', () => {
    stops = true
  })
  const line = ({
    accepts: done,
    tries,
    won,
    unwon,
    simulatedHours,
    cpuSeconds,
  }: ContestResult): string =>
    `${done} accepts answered (${tries} tries) for ${won + unwon} requests: ${won} with one winner, ${unwon} without; ${simulatedHours.toFixed(2)} h in ${cpuSeconds.toFixed(0)} CPU s, ${Math.round(done / cpuSeconds)} accepts/s`
  const result = await contest({ seed, accepts, bug: bug ?? null, stopped: () => stops }, sum =>
    say(line(sum)),
  )
  say(
    `faults: ${result.faults
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
  )
  say(
    result.violation === null
      ? `no request had two winners; ${line(result)}`
      : `BROKEN ${result.violation.rule} ${result.violation.what}`,
  )
  return result.violation === null ? 0 : 1
}

async function main(): Promise<number> {
  const { from, to, base, shrinks, help: wantsHelp, bugName, contests, accepts } = readOptions()
  if (wantsHelp) {
    say(help)
    return 0
  }
  if (contests) return tellContest(from, accepts, base.bug)
  const coverage = new Coverage()
  const faults = new Map<FaultKind, number>()
  const sums = { hours: 0, cpuSeconds: 0, broken: 0 }
  for (let seed = from; seed <= to; seed++) {
    const options = { ...base, seed }
    const result = await simulate(options)
    tellSeed(seed, result)
    coverage.add(result.coverage)
    for (const [kind, count] of result.faults) faults.set(kind, (faults.get(kind) ?? 0) + count)
    sums.hours += result.counts.simulatedHours
    sums.cpuSeconds += result.counts.cpuSeconds
    if (result.violation === null) continue
    sums.broken++
    if (!shrinks) {
      tellTrace(result)
      continue
    }
    const least = await shrink(options, result, (what, stillFails) => {
      if (stillFails) say(`  still fails ${what}`)
    })
    const { without, customers, hours } = least.options
    say(
      `  after ${least.runs} smaller runs: ${least.result.violation!.rule} ${least.result.violation!.what}`,
    )
    tellTrace(least.result)
    say(
      `  again: npm run sim -- --seed ${seed} --hours ${hours}${without!.size === 0 ? '' : ` --without '${[...without!].join(',')}'`}${base.hostile === true ? ' --hostile' : ''}${customers === undefined ? '' : ` --customers ${customers}`}${bugName === undefined ? '' : ` --bug ${bugName}`}`,
    )
  }
  say(`faults: ${[...faults].map(([kind, count]) => `${kind} ${count}`).join(', ')}`)
  const steps = coverage.steps(kinds)
  const never = steps.filter(([, count]) => count === 0)
  say(
    `steps of the state machines: ${steps.length - never.length} of ${steps.length} taken${never.length === 0 ? '' : `; never: ${never.map(([step]) => step).join('; ')}`}`,
  )
  say(
    `${to - from + 1 - sums.broken} of ${to - from + 1} seeds held; ${sums.hours.toFixed(1)} simulated hours in ${sums.cpuSeconds.toFixed(1)} CPU s: ${Math.round((sums.hours / sums.cpuSeconds) * 3600)} an hour`,
  )
  return sums.broken === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`sim: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
