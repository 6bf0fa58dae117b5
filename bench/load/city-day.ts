/**
 * A city's day on one server: customers ask, drivers send, trackers watch. Each part runs in the
 * open loop with the schedule of its own bench, so that the mutual cost shows.
 */
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { cpuSecondsOf } from '../rigs/processes.ts'
import { Broadcasts } from './stacks/broadcasts.ts'
import { Locations } from './stacks/locations.ts'
import { ourStack } from './stacks/ours.ts'
import { fieldOf } from './stacks/stack.ts'

const terminals = 100
const requestsPerSecond = 50

const measures = {
  alone: { name: 'request → terminal, nothing else going on', unit: 'ms', better: 'lower' },
  request: {
    name: 'request → terminal, while drivers drive',
    unit: 'ms',
    better: 'lower',
    baseline: 'request → terminal, nothing else going on',
  },
  location: { name: 'location → tracker, while customers ask', unit: 'ms', better: 'lower' },
  cpu: { name: 'processors used by the server', unit: 'processors', better: 'lower' },
} as const satisfies Record<string, Measure>

async function open(context: Context): Promise<Round> {
  const drivers = context.quick ? 100 : 500
  const ms = context.quick ? 2_000 : 4_000
  const server = await context.server()
  const stack = ourStack(server)
  context.defer(() => stack.stop())
  context.progress(`makes ${drivers} deliveries`)
  const asking = await Broadcasts.open(stack, fieldOf(terminals))
  const driving = await Locations.open(stack, drivers)
  return async () => {
    const alone = await asking.delays(requestsPerSecond, ms / 2, context.signal)
    const before = cpuSecondsOf(server.pids)
    const startMs = performance.now()
    const [requests, locations] = await Promise.all([
      asking.delays(requestsPerSecond, ms, context.signal),
      driving.delays(drivers, ms, context.signal),
    ])
    const after = cpuSecondsOf(server.pids)
    const seconds = (performance.now() - startMs) / 1_000
    context.check(
      alone.missing === 0 && requests.missing === 0,
      `${alone.missing + requests.missing} deliveries never came`,
    )
    context.sample(measures.alone, {
      value: alone.each,
      note: `${requestsPerSecond} requests/s to ${terminals} terminals`,
    })
    context.sample(measures.request, {
      value: requests.each,
      note: `beside ${drivers} drivers with a location and a tracker a second each`,
    })
    context.sample(measures.location, { value: locations })
    if (before !== null && after !== null)
      context.sample(measures.cpu, { value: (after - before) / seconds })
  }
}

export const bench: Bench = {
  name: 'city-day',
  group: 'load',
  title: 'requests, drivers and trackers at once',
  modes: ['embedded', 'distributed'],
  rounds: { full: 2, quick: 1 },
  open,
}
