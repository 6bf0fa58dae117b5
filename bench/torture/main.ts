/**
 * `npm run torture`: engines and edges as processes on real NATS, Redis and PostgreSQL are killed,
 * paused, cut off and restarted while people order and deliver. At the end everything that was
 * acknowledged must be there. Exit 1 when something is missing.
 *
 * Each kind of torture is imported when it is chosen, so that `--help` and a mistyped option are
 * answered at once.
 */
import { LiveLine } from '../harness/live-line.ts'
import { loadLine, machineLine } from '../harness/machine.ts'
import {
  describeOptions,
  readOptions,
  runTool,
  UsageError,
  type OptionTable,
} from '../harness/options.ts'
import { serviceMissing } from '../../protocol/testing/services.ts'
import { addressesMissing } from './strangers/addresses.ts'

const table: OptionTable = {
  minutes: {
    value: 'M',
    number: { min: 0.05, max: 100_000 },
    default: 5,
    help: 'how long faults strike',
  },
  seed: {
    value: 'N',
    number: { min: 0, max: 2 ** 32 - 1, whole: true },
    help: 'which faults, and what people do; printed, and chosen by the clock unless given',
  },
  customers: {
    value: 'N',
    number: { min: 1, max: 200, whole: true },
    default: 8,
    help: 'customers that order at once',
  },
  embedded: { help: 'torture the one process of npm start instead: SIGKILL, again and again' },
  kills: {
    value: 'N',
    number: { min: 1, max: 100_000, whole: true },
    default: 100,
    help: 'how often, with --embedded',
  },
  contest: {
    help: 'many pharmacies for every request, the claims flushed, crashed and cut, engines killed: one winner each',
  },
  accepts: {
    value: 'N',
    number: { min: 1, max: 10_000_000, whole: true },
    default: 10_000,
    help: 'how many, with --contest',
  },
  storm: { help: 'an edge killed with thousands of sockets, which come back to it' },
  sockets: {
    value: 'N',
    number: { min: 100, max: 15_000, whole: true },
    default: 5_000,
    help: 'how many, with --storm',
  },
  storms: {
    value: 'N',
    number: { min: 1, max: 1_000, whole: true },
    default: 3,
    help: 'how often, with --storm',
  },
  strangers: {
    help: 'strangers attack memory and processor in four ways, honest people beside them',
  },
  seconds: {
    value: 'N',
    number: { min: 2, max: 3_600 },
    default: 60,
    help: 'of each attack, with --strangers',
  },
  logs: { value: 'DIR', help: 'what the engines and edges say, one file each' },
}
const help = `npm run torture -- [options]

Two engines and two edges on real NATS, Redis and PostgreSQL, with a fault proxy before each server.
Processes are killed and paused, connections cut, stalled, slowed and half-opened, servers restarted,
Redis flushed. At the end every acknowledgement is looked up in the journal, the read model and the
published events. With --embedded it is the one process of npm start, killed N times under load; with --contest every
request is accepted by many at once; with --storm an edge is killed with all its sockets; with --strangers nothing is killed, and
strangers attack while honest people are served. Ctrl-C ends the faults early and judges all the same. Exit 1 when something is wrong.

${describeOptions(table)}`

async function main(argv: string[]): Promise<number> {
  const options = readOptions(table, argv)
  if (options.help) {
    console.log(help)
    return 0
  }
  const embedded = options.flag('embedded')
  const missing = embedded
    ? []
    : (['nats', 'redis', 'postgres'] as const).map(serviceMissing).filter(line => line !== null)
  if (missing.length > 0) throw new UsageError(missing.join('; '))
  const seed = options.text('seed') === null ? Date.now() % 2 ** 32 : options.number('seed')
  const line = new LiveLine()
  const load = loadLine()
  let interrupted = false
  const interrupt = (): void => {
    if (interrupted) process.exit(130)
    interrupted = true
    line.say('torture: interrupted; judging what was done (again to leave at once)')
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  line.say(`torture: seed ${seed}`)
  const logsDir = options.text('logs')
  const common = {
    seed,
    customers: options.number('customers'),
    ...(logsDir !== null && { logsDir }),
    say: (text: string) => line.say(text),
    progress: (text: string) => line.show(text),
    interrupted: () => interrupted,
  }
  const [wrong, lines] = await (async (): Promise<[string[], string[]]> => {
    if (options.flag('contest')) {
      const { contest, reportContest } = await import('./contest.ts')
      const { claimFaults, ownerFaults } = await import('./faults.ts')
      const outcome = await contest({
        ...common,
        accepts: options.number('accepts'),
        faults: [...claimFaults, ...ownerFaults],
      })
      return [outcome.wrong, reportContest(outcome)]
    }
    if (options.flag('strangers')) {
      if (addressesMissing !== null) throw new UsageError(addressesMissing)
      const { reportStrangers, strangers } = await import('./strangers/strangers.ts')
      const outcome = await strangers({ ...common, phaseMs: options.number('seconds') * 1_000 })
      return [outcome.wrong, reportStrangers(outcome)]
    }
    if (options.flag('storm')) {
      const { reportStorm, storm } = await import('./storm.ts')
      const outcome = await storm({
        ...common,
        sockets: options.number('sockets'),
        storms: options.number('storms'),
      })
      return [outcome.wrong, reportStorm(outcome)]
    }
    const { killAgainAndAgain } = await import('./embedded.ts')
    const { report, torture } = await import('./run.ts')
    const outcome = embedded
      ? await killAgainAndAgain({ ...common, kills: options.number('kills') })
      : await torture({ ...common, faultsMs: options.number('minutes') * 60_000 })
    return [outcome.wrong, report(outcome)]
  })()
  line.say(
    [
      ...lines,
      `measured on            ${machineLine()}`,
      `                         ${load}; at the end ${loadLine()}`,
      `seed                   ${seed}`,
    ].join('\n'),
  )
  return wrong.length === 0 ? 0 : 1
}

await runTool('torture', main)
