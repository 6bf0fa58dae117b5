/**
 * The memory of an idle socket: resident memory of the server with fifty thousand customer sockets
 * (quick: five thousand), minus the same with bare uWebSockets. When the process may not open as
 * many sockets, it uses as many as allowed, and the result says so.
 */
import { bareName, startBareServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { descriptorsMax, descriptorsReserve, startHolders } from '../rigs/holders.ts'
import { residentBytesOf } from '../rigs/processes.ts'
import { ourName } from './stacks/ours.ts'
import { socketLimits } from '../../edge/kernel/limits.ts'

const wanted = { full: 50_000, quick: 5_000 }
const settleMs = 1_000

const measures = {
  bare: {
    name: `${bareName}: resident memory of an idle socket`,
    unit: 'KB/socket',
    better: 'lower',
  },
  ours: {
    name: `${ourName}: resident memory of an idle socket`,
    unit: 'KB/socket',
    better: 'lower',
    baseline: `${bareName}: resident memory of an idle socket`,
  },
  beyond: {
    name: `${ourName}: beyond the bare socket`,
    unit: 'KB/socket',
    better: 'lower',
    goal: { value: 8 },
  },
} as const satisfies Record<string, Measure>

async function open(context: Context): Promise<Round> {
  const server = await context.server()
  const bare = await startBareServer(context)
  const asked = wanted[context.quick ? 'quick' : 'full']
  const most = Math.min(...[...server.pids, ...bare.pids].map(descriptorsMax)) - descriptorsReserve
  const count = Math.min(asked, most)
  const lacking =
    count === asked
      ? ''
      : `; ${asked} need a hard limit of open files (ulimit -Hn) of ${asked + descriptorsReserve}, here it is ${most + descriptorsReserve}`
  if (lacking !== '') context.say(`idle: ${count} sockets${lacking}`)
  const holders = await startHolders(context, count)
  const { customers } = await server.populate({
    customers: Math.ceil(count / socketLimits.perAccountMax),
  })
  const cost = async (
    url: string,
    pids: readonly number[],
    tokens: readonly string[],
  ): Promise<number | null> => {
    const before = residentBytesOf(pids)
    context.progress(`opens ${count} sockets`)
    await holders.open({
      url,
      path: '/ws/customer/',
      count,
      tokens,
      socketsPerToken: socketLimits.perAccountMax,
    })
    await new Promise<void>(resolve => {
      setTimeout(resolve, settleMs)
    })
    const after = residentBytesOf(pids)
    context.check((await holders.closed()) === 0, 'an idle socket was closed')
    await holders.end()
    return before === null || after === null ? null : (after - before) / 1024 / count
  }
  return async () => {
    const bareKb = await cost(bare.url, bare.pids, [])
    const ourKb = await cost(
      server.url,
      server.pids,
      customers.map(({ token }) => token),
    )
    if (bareKb === null || ourKb === null)
      return context.say('idle: no /proc to read the memory from')
    context.sample(measures.bare, { value: bareKb })
    context.sample(measures.ours, { value: ourKb, note: `${count} sockets${lacking}` })
    context.sample(measures.beyond, { value: ourKb - bareKb })
  }
}

export const bench: Bench = {
  name: 'idle',
  group: 'load',
  title: 'memory of idle sockets',
  modes: ['embedded', 'distributed'],
  rounds: { full: 1, quick: 1 },
  open,
}
