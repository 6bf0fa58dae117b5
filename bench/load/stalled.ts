/**
 * Stalled readers: a tenth of 500 terminals read nothing while requests come. The others must not
 * hear later because of it, the bytes that wait for the stalled ones must stay bounded, and finally
 * these are closed. The delays are compared with those of the same schedule before.
 */
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { residentBytesOf } from '../rigs/processes.ts'
import { Broadcasts } from './stacks/broadcasts.ts'
import { ourStack } from './stacks/ours.ts'
import { fieldOf, type Stack } from './stacks/stack.ts'
import type { RawSocket } from '../rigs/raw-socket.ts'
import { socketLimits } from '../../edge/kernel/limits.ts'

const terminals = 500
const stalledCount = 50
const rate = 40

const measures = {
  before: { name: 'each terminal, everybody reads', unit: 'ms', better: 'lower' },
  beside: {
    name: 'each of the others, a tenth has stopped reading',
    unit: 'ms',
    better: 'lower',
    baseline: 'each terminal, everybody reads',
  },
  memory: {
    name: 'growth of resident memory for a stalled reader',
    unit: 'KB/socket',
    better: 'lower',
    goal: { value: (2 * socketLimits.backpressureBytesMax) / 1024 },
  },
} as const satisfies Record<string, Measure>

async function open(context: Context): Promise<Round> {
  const ms = context.quick ? 1_500 : 4_000
  const server = await context.server()
  let sockets: RawSocket[] = []
  let stalledFrom = terminals
  const stack = ourStack(server)
  context.defer(() => stack.stop())
  // Do not wait for the stalled terminals.
  const watching: Stack = {
    ...stack,
    openTerminals: async (field, arrived) =>
      (sockets = await stack.openTerminals(field, (marker, terminal) => {
        if (terminal < stalledFrom) arrived(marker, terminal)
      })),
  }
  const field = fieldOf(terminals)
  const everybody = await Broadcasts.open(watching, field)
  return async () => {
    stalledFrom = terminals
    field.near = terminals
    const before = await everybody.delays(rate, ms, context.signal)
    const memoryBefore = residentBytesOf(server.pids)
    stalledFrom = terminals - stalledCount
    field.near = stalledFrom
    for (const socket of sockets.slice(stalledFrom)) socket.pause()
    const beside = await everybody.delays(rate, ms, context.signal)
    const memoryAfter = residentBytesOf(server.pids)
    for (const socket of sockets.slice(stalledFrom)) socket.resume()
    context.check(
      before.missing === 0 && beside.missing === 0,
      `${before.missing} and ${beside.missing} deliveries to those who read never came`,
    )
    context.check(
      sockets.slice(0, stalledFrom).every(({ closedWith }) => closedWith === null),
      'a socket that reads was closed',
    )
    context.sample(measures.before, { value: before.each })
    context.sample(measures.beside, {
      value: beside.each,
      note: `${stalledCount} of ${terminals} stalled, ${rate} requests/s`,
    })
    if (memoryBefore !== null && memoryAfter !== null)
      context.sample(measures.memory, {
        value: Math.max(0, memoryAfter - memoryBefore) / 1024 / stalledCount,
      })
  }
}

export const bench: Bench = {
  name: 'stalled',
  group: 'load',
  title: 'readers that stopped reading',
  modes: ['embedded', 'distributed'],
  rounds: { full: 1, quick: 1 },
  open,
}
