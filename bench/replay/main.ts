/**
 * `npm run replay`: sends recorded data through the real sockets. Pharmacies become accounts and
 * terminals, recorded vehicles become drivers that stream frames, and trips become requests. At the
 * end it checks the results and reports by its exit code.
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
import type { Server } from '../rigs/server.ts'
import { dataFile, loadPharmacies, parseBox } from './data.ts'

const table: OptionTable = {
  pharmacies: { value: 'FILE', help: 'CSV with name, lat, lng (needed)' },
  traces: { value: 'FILE', help: 'CSV with unix_ts, cab_id, lat, lng, by time; may be .gz' },
  trips: { value: 'FILE', help: 'CSV with pickup_ts, pickup_lat, pickup_lng, dropoff_ts' },
  requests: {
    value: 'N',
    number: { min: 0, max: 100_000, whole: true },
    default: 300,
    help: 'requests near pharmacies, when there are no trips',
  },
  speed: {
    value: 'N',
    number: { min: 0.1, max: 10_000 },
    default: 30,
    help: 'recorded seconds a second',
  },
  minutes: {
    value: 'M',
    number: { min: 0.1, max: 100_000 },
    help: 'the first recorded minutes only',
  },
  'limit-trips': {
    value: 'N',
    number: { min: 0, max: 200_000, whole: true },
    help: 'the first trips only',
  },
  box: { value: 'lat1,lng1,lat2,lng2', help: 'pharmacies and trips inside only' },
  radius: {
    value: 'KM',
    number: { min: 1, max: 50 },
    default: 5,
    help: 'how far a request reaches',
  },
  accept: {
    value: 'P',
    number: { min: 0, max: 1 },
    default: 0.3,
    help: 'chance that a pharmacy wants a request',
  },
  expires: {
    value: 'S',
    number: { min: 5, max: 3_600, whole: true },
    default: 15,
    help: 'seconds until a request nobody takes expires',
  },
  settle: {
    value: 'S',
    number: { min: 0, max: 3_600 },
    default: 60,
    help: 'longest wait for deliveries under way at the end',
  },
  seed: {
    value: 'N',
    number: { min: 0, max: 2 ** 31, whole: true },
    default: 1,
    help: 'intentions of the pharmacies',
  },
  url: { value: 'URL', help: 'a server that runs already; otherwise one is started and ended' },
  distributed: {
    help: 'start NATS, Redis, PostgreSQL, an engine and an edge instead of one embedded process',
  },
}
const help = `npm run replay -- --pharmacies FILE [--traces FILE] [--trips FILE] [options]

Replays recorded pharmacies, vehicle positions and trips against Caduceus over its real sockets.
Paths may be relative to the folder that CADUCEUS_DATA names. Exit 1 when a check fails.

${describeOptions(table)}`

async function main(argv: string[]): Promise<number> {
  const options = readOptions(table, argv)
  if (options.help) {
    console.log(help)
    return 0
  }
  const pharmaciesFile = options.text('pharmacies')
  if (pharmaciesFile === null) throw new UsageError('--pharmacies FILE is needed; --help says more')
  const path = (name: string): string | null => {
    const given = options.text(name)
    return given === null ? null : dataFile(given)
  }
  const [traces, trips] = [path('traces'), path('trips')]
  if (trips !== null && traces === null)
    throw new UsageError('--trips needs --traces: they say which hour is replayed')
  const boxText = options.text('box')
  const box = boxText === null ? null : parseBox(boxText)
  const url = options.text('url')
  if (url !== null && (!URL.canParse(url) || options.flag('distributed')))
    throw new UsageError('--url is an http URL, and excludes --distributed')
  const line = new LiveLine()
  const { pharmacies, unplaced } = await loadPharmacies(dataFile(pharmaciesFile), box)
  if (unplaced > 0) line.say(`replay: ${unplaced} pharmacies have no coordinates and are left out`)
  if (pharmacies.length === 0)
    throw new UsageError(`${pharmaciesFile}: no pharmacies${box === null ? '' : ' in the box'}`)

  const load = loadLine()
  let interrupted = false
  process.on('SIGINT', () => {
    interrupted = true
  })
  process.on('SIGTERM', () => {
    interrupted = true
  })
  const number = (name: string): number | null =>
    options.text(name) === null ? null : options.number(name)
  const server = url === null ? await startServer(options.flag('distributed'), line) : null
  try {
    const { replay } = await import('./run.ts')
    const outcome = await replay({
      url: server?.url ?? url!,
      pharmacies,
      traces,
      trips,
      requests: options.number('requests'),
      minutes: number('minutes'),
      limitTrips: number('limit-trips'),
      box,
      line,
      market: {
        speed: options.number('speed'),
        radiusKm: options.number('radius'),
        seed: options.number('seed'),
        acceptChance: options.number('accept'),
        expiresInSeconds: options.number('expires'),
      },
      settleMs: options.number('settle') * 1_000,
      interrupted: () => interrupted,
    })
    const { summarize } = await import('./summary.ts')
    const { lines, wrong } = await summarize(outcome, server !== null)
    console.log(
      [
        ...lines,
        `  measured on            ${machineLine()}`,
        `                         ${load}; at the end ${loadLine()}`,
      ].join('\n'),
    )
    return wrong.length > 0 || interrupted ? 1 : 0
  } finally {
    await server?.stop()
  }
}

async function startServer(distributed: boolean, line: LiveLine): Promise<Server> {
  const startedMs = performance.now()
  const { startDistributedServer, startEmbeddedServer } = await import('../rigs/server.ts')
  const server = await (distributed ? startDistributedServer() : startEmbeddedServer())
  line.say(
    `replay: server (${server.kind}) is up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
  )
  return server
}

await runTool('replay', main)
