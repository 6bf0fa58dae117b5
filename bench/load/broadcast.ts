/**
 * A request to a thousand pharmacy terminals, with nobody else connected and among ten thousand
 * sockets. It measures deliveries a second, and the delay to each terminal and to the last one. The
 * baselines are bare uWebSockets, which publishes one message to as many sockets, and a server that
 * does the necessary work: it sends each terminal its own message. The delays are open loop.
 */
import { bareName, necessaryName, startBareServer, startNecessaryServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { cpuSecondsOf } from '../rigs/processes.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { bareStack } from './stacks/bare.ts'
import { Broadcasts } from './stacks/broadcasts.ts'
import { ourName, ourStack } from './stacks/ours.ts'
import { fieldOf, type Field, type Stack } from './stacks/stack.ts'

const near = 1_000
const far = 9_000
const underWay = 16
/** Requests a second of the open loop: twenty thousand deliveries. */
const requestsPerSecond = 20
/**
 * Terminals that are read at once and timed in the open loop. They are few, so that reading them
 * costs little.
 */
const timedCount = 50

const named = (stack: string, what: string): string => `${stack}: ${what}`
const measuresOf = (what: string, goals: boolean) => {
  /** The measures of a baseline, or of ours without what it is compared with. */
  const of = (stack: string) =>
    ({
      rate: { name: named(stack, `deliveries, ${what}`), unit: 'deliveries/s', better: 'higher' },
      ofCpu: {
        name: named(stack, `deliveries of processor time, ${what}`),
        unit: 'deliveries/CPU s',
        better: 'higher',
      },
      last: { name: named(stack, `last terminal, ${what}`), unit: 'ms', better: 'lower' },
    }) as const satisfies Record<string, Measure>
  const [bare, necessary, ours] = [of(bareName), of(necessaryName), of(ourName)]
  const beside = { name: `${ours.rate.name}, beside ${necessaryName}` }
  return {
    bare,
    necessary,
    ours: {
      rate: { ...ours.rate, baseline: bare.rate.name },
      ofCpu: { ...ours.ofCpu, baseline: bare.ofCpu.name },
      last: {
        ...ours.last,
        baseline: bare.last.name,
        ...(goals && { goal: { p99Ms: 5, ...decision('what-a-delivery-costs') } }),
      },
    },
    oursNeeds: {
      ...ours.rate,
      ...beside,
      baseline: necessary.rate.name,
      ...(goals && { goal: { ratio: 0.7, ...decision('what-a-delivery-costs') } }),
    },
    oursEach: { name: named(ourName, `each terminal, ${what}`), unit: 'ms', better: 'lower' },
  } as const satisfies Record<string, Measure | Record<string, Measure>>
}

/**
 * Wait between measurements: the end of earlier requests also costs work, which must not be
 * measured.
 */
const endsMs = limits.requestTtlSecondsMin * 1_000 + 500

/** Opens the terminals of all sides and returns the function that measures them. */
async function beside(
  context: Context,
  { ours, bare, necessary }: Record<'ours' | 'bare' | 'necessary', Stack>,
  field: Field,
  measures: ReturnType<typeof measuresOf>,
): Promise<Round> {
  const ms = context.quick ? 1_000 : 2_000
  const ourBroadcasts = await Broadcasts.open(ours, field)
  const hearing = { ...field, pharmacies: field.pharmacies.slice(0, field.near) }
  const bareBroadcasts = await Broadcasts.open(bare, hearing)
  const necessaryBroadcasts = await Broadcasts.open(necessary, hearing)
  await ourBroadcasts.throughput(500, 4, context.signal)
  await pause(endsMs)
  return async () => {
    for (const [broadcasts, stack, { rate, ofCpu, last }] of [
      [bareBroadcasts, bare, measures.bare],
      [necessaryBroadcasts, necessary, measures.necessary],
      [ourBroadcasts, ours, measures.ours],
    ] as const) {
      const before = cpuSecondsOf(stack.pids())
      const most = await broadcasts.throughput(ms, underWay, context.signal)
      const after = cpuSecondsOf(stack.pids())
      context.check(most.missing === 0, `${stack.name}: ${most.missing} deliveries never came`)
      context.sample(rate, { value: most.deliveriesPerSecond })
      if (stack === ours) context.sample(measures.oursNeeds, { value: most.deliveriesPerSecond })
      if (before !== null && after !== null && after > before)
        context.sample(ofCpu, { value: most.deliveries / (after - before) })
      if (stack === ours) await pause(endsMs)
      const delays = await broadcasts.delays(requestsPerSecond, ms, context.signal, timedCount)
      context.check(
        delays.missing === 0,
        `${stack.name}: ${delays.missing} deliveries never came at ${requestsPerSecond} requests/s`,
      )
      context.sample(last, {
        value: delays.last,
        note: `${requestsPerSecond} requests/s, open loop; ${timedCount} of the terminals timed`,
      })
      if (stack === ours) {
        context.sample(measures.oursEach, { value: delays.each })
        await pause(endsMs)
      }
    }
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

const opener =
  (field: () => Field, what: string, goals: boolean) =>
  async (context: Context): Promise<Round> => {
    const stacks = {
      ours: ourStack(await context.server()),
      bare: bareStack(await startBareServer(context)),
      necessary: bareStack(await startNecessaryServer(context), necessaryName),
    }
    context.defer(() => Promise.all(Object.values(stacks).map(stack => stack.stop())))
    context.progress('opens its terminals')
    return beside(context, stacks, field(), measuresOf(what, goals))
  }

export const bench: Bench = {
  name: 'broadcast',
  group: 'load',
  title: 'one request to 1,000 terminals',
  modes: ['embedded', 'distributed'],
  rounds: { full: 2, quick: 1 },
  open: opener(() => fieldOf(near), '1,000 terminals', true),
}
export const crowdBench: Bench = {
  name: 'broadcast-crowd',
  group: 'load',
  title: 'one request to 1,000 of 10,000 connected terminals',
  modes: ['embedded', 'distributed'],
  rounds: { full: 1, quick: 1 },
  open: opener(() => fieldOf(near, far), '1,000 of 10,000 terminals', false),
}
