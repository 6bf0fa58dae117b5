/**
 * What a connected socket costs that does nothing: resident memory of the server with fifty thousand
 * customers' sockets (quick: five thousand), beyond what the same sockets cost bare uWebSockets. More
 * than 28,000 connections need more than one loopback address, and the descriptors need `ulimit -n`.
 */
import { readFileSync } from 'node:fs'
import type { Bench, Context, Measure, Round } from '../common/bench.ts'
import { inParallel } from '../common/parallel.ts'
import { residentBytesOf } from '../common/processes.ts'
import { RawSocket } from '../common/raw-socket.ts'
import { limits } from '../../protocol/limits.ts'
import { bareName, startBareServer } from './stacks/bare.ts'
import { ourName } from './stacks/ours.ts'

const wanted = { full: 50_000, quick: 5_000 }
const opensAtOnce = 200
const socketsPerAddress = 20_000
const settleMs = 1_000
/** Descriptors that the generator needs besides its sockets. */
const descriptorsReserve = 200

const measures = {
  bare: { name: `${bareName}: resident memory of an idle socket`, unit: 'KB/socket', better: 'lower' },
  ours: { name: `${ourName}: resident memory of an idle socket`, unit: 'KB/socket', better: 'lower', baseline: `${bareName}: resident memory of an idle socket` },
  beyond: { name: `${ourName}: beyond the bare socket`, unit: 'KB/socket', better: 'lower', goal: { value: 8 } },
} as const satisfies Record<string, Measure>

async function open(context: Context): Promise<Round> {
  const most = descriptorsMax() - descriptorsReserve
  const count = Math.min(wanted[context.quick ? 'quick' : 'full'], most)
  if (count < wanted[context.quick ? 'quick' : 'full']) context.say(`idle: ${count} sockets only; ulimit -n allows no more`)
  const server = await context.server()
  const bare = await startBareServer(context)
  const { customers } = await server.populate({ customers: Math.ceil(count / limits.socketsPerAccountMax) })
  return async () => {
    const bareKb = await costOf(context, bare.url, [bare.pid], count, () => undefined)
    const ourKb = await costOf(context, server.url, server.pids, count, i => customers[Math.floor(i / limits.socketsPerAccountMax)]!.token)
    if (bareKb === null || ourKb === null) return context.say('idle: no /proc to read the memory from')
    context.sample(measures.bare, { value: bareKb })
    context.sample(measures.ours, { value: ourKb, note: `${count} sockets` })
    context.sample(measures.beyond, { value: ourKb - bareKb })
  }
}

/** Growth of the server's resident memory over these sockets, in KB for each; null where it cannot be read. */
async function costOf(context: Context, url: string, pids: readonly number[], count: number, token: (index: number) => string | undefined): Promise<number | null> {
  const before = residentBytesOf(pids)
  const sockets: RawSocket[] = []
  try {
    await inParallel(Array.from({ length: count }), opensAtOnce, async (_, i) => {
      const bearer = token(i)
      sockets.push(await RawSocket.open({ url, path: '/ws/customer/', localAddress: `127.0.0.${2 + Math.floor(i / socketsPerAddress)}`, ...(bearer !== undefined && { token: bearer }) }))
      if (sockets.length % 5_000 === 0) context.progress(`${sockets.length} sockets`)
    })
    await new Promise<void>(resolve => { setTimeout(resolve, settleMs) })
    const after = residentBytesOf(pids)
    context.check(sockets.every(({ closedWith }) => closedWith === null), 'an idle socket was closed')
    return before === null || after === null ? null : (after - before) / 1024 / count
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

function descriptorsMax(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))![1])
  } catch {
    return 4_096
  }
}

export const bench: Bench = { name: 'idle', group: 'load', title: 'memory of idle sockets', modes: ['embedded', 'distributed'], rounds: { full: 1, quick: 1 }, open }
