/**
 * Reconnect storm: ten thousand sockets disconnect and reconnect at once, with their tokens
 * verified, records read and greetings sent. It measures the edge's processor time, because a storm
 * takes it from clients that are still connected. The baseline is the same upgrades at bare
 * uWebSockets.
 */
import { bareName, startBareServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { inParallel, settled } from '../rigs/parallel.ts'
import { cpuSecondsOf } from '../rigs/processes.ts'
import { RawSocket } from '../rigs/raw-socket.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { ourName } from './stacks/ours.ts'
import { fieldOf } from './stacks/stack.ts'

const opensAtOnce = 200

const nameOf = (stack: string): string => `${stack}: 10,000 sockets reconnect`
const measures = {
  bare: { name: nameOf(bareName), unit: 'CPU s', better: 'lower' },
  ours: {
    name: nameOf(ourName),
    unit: 'CPU s',
    better: 'lower',
    baseline: nameOf(bareName),
    goal: { value: 1.5, ...decision('what-a-frame-costs') },
  },
  wall: { name: `${ourName}: until all 10,000 are back`, unit: 's', better: 'lower' },
} as const satisfies Record<string, Measure>

async function open(context: Context): Promise<Round> {
  // The goal is stated for ten thousand sockets. A smaller storm is scaled to it.
  const count = context.quick ? 2_000 : 10_000
  const server = await context.server()
  const bare = await startBareServer(context)
  context.progress(`makes ${count} pharmacies`)
  const { pharmacies } = await server.populate({ pharmacies: fieldOf(count).pharmacies })
  const tokens = pharmacies.map(({ token }) => token)
  return async () => {
    const [bareCpu] = await storm(context, bare.url, bare.pids, tokens)
    const [cpu, seconds] = await storm(context, server.url, server.pids, tokens)
    const scale = 10_000 / count
    if (bareCpu !== null) context.sample(measures.bare, { value: bareCpu * scale })
    if (cpu !== null)
      context.sample(measures.ours, {
        value: cpu * scale,
        cpuSecondsPerUnit: cpu / count,
        note: `${count} sockets`,
      })
    context.sample(measures.wall, { value: seconds * scale })
  }
}

/**
 * Opens, ends and reopens all sockets, and measures the second opening: processor seconds of the
 * server, and seconds.
 */
async function storm(
  context: Context,
  url: string,
  pids: readonly number[],
  tokens: readonly string[],
): Promise<[cpu: number | null, seconds: number]> {
  const connect = async (): Promise<RawSocket[]> => {
    const sockets: RawSocket[] = []
    await inParallel(tokens, opensAtOnce, async token => {
      sockets.push(await RawSocket.open({ url, path: '/ws/pharmacy/', token }))
    })
    return sockets
  }
  const end = (sockets: RawSocket[]): Promise<boolean> => {
    for (const socket of sockets) socket.destroy()
    return settled(() => sockets.every(({ closedWith }) => closedWith !== null), 10_000)
  }
  await end(await connect())
  await calm(pids)
  const before = cpuSecondsOf(pids)
  const startMs = performance.now()
  const sockets = await connect()
  const seconds = (performance.now() - startMs) / 1_000
  // The messages after the greeting belong to it: each terminal asks for its open requests.
  await new Promise<void>(resolve => {
    setTimeout(resolve, 20 * limits.interestDebounceMs)
  })
  const after = cpuSecondsOf(pids)
  context.check(
    sockets.every(({ closedWith }) => closedWith === null),
    'a socket was closed again',
  )
  await end(sockets)
  return [before === null || after === null ? null : after - before, seconds]
}

/** Waits until the server has finished earlier work. */
async function calm(pids: readonly number[]): Promise<void> {
  for (let last = cpuSecondsOf(pids), i = 0; i < 20; i++) {
    await new Promise<void>(resolve => {
      setTimeout(resolve, 250)
    })
    const now = cpuSecondsOf(pids)
    if (now === null || last === null || now - last < 0.03) return
    last = now
  }
}

export const bench: Bench = {
  name: 'reconnect',
  group: 'load',
  title: '10,000 sockets reconnect',
  modes: ['embedded', 'distributed'],
  rounds: { full: 2, quick: 1 },
  open,
}
