/**
 * Throughput against connections: as many location frames as the server takes, one in each message,
 * from a hundred to ten thousand sockets. The baseline is a bare uWebSockets sink with as many
 * sockets. With more sockets each read finds fewer frames, so that both pay a system call for
 * nearly every frame.
 */
import { startBareServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { center } from '../city/grid.ts'
import { bareTarget, measure, noteOf, ourTarget } from './fill.ts'

const ladder = { full: [100, 1_000, 5_000, 10_000], quick: [100, 1_000] }
const shape = { framesPerMessage: 1, messagesPerWrite: 1 }

const measuresOf = (connections: number) => {
  const one = (what: string, unit: string, curve: string): Measure => ({
    name: `${connections} connections: ${what}`,
    unit,
    better: 'higher',
    curve: { name: curve, x: connections, xLabel: 'connections' },
  })
  const [bare, bareCpu] = [
    one('bare sink', 'frames/s', 'bare sink'),
    one('bare sink, of CPU', 'frames/CPU s', 'bare sink'),
  ]
  return {
    bare,
    bareCpu,
    ours: { ...one('edge and engine', 'frames/s', 'edge and engine'), baseline: bare.name },
    oursCpu: {
      ...one('edge and engine, of CPU', 'frames/CPU s', 'edge and engine'),
      baseline: bareCpu.name,
    },
  }
}

async function open(context: Context): Promise<Round> {
  const counts = ladder[context.quick ? 'quick' : 'full']
  const times = { warmUpMs: 500, measuredMs: context.quick ? 700 : 1_200 }
  const server = await context.server()
  const bare = bareTarget(await startBareServer(context), shape)
  const ours = ourTarget(server)
  context.progress(`makes ${counts.at(-1)!} drivers`)
  const { drivers } = await server.populate({ pharmacies: [center], drivers: counts.at(-1)! })
  return async () => {
    for (const connections of counts) {
      context.progress(`${connections} connections`)
      const tokens = drivers.slice(0, connections).map(({ token }) => token)
      const [sink, real] = [
        await measure(bare, tokens, shape, times),
        await measure(ours, tokens, shape, times),
      ]
      const measures = measuresOf(connections)
      context.sample(measures.bare, { value: sink.framesPerSecond, note: noteOf(sink) })
      context.sample(measures.ours, {
        value: real.framesPerSecond,
        generatorShare: real.framesPerSecond / sink.framesPerSecond,
        note: noteOf(real),
      })
      if (sink.framesPerCpuSecond !== null && real.framesPerCpuSecond !== null) {
        context.sample(measures.bareCpu, { value: sink.framesPerCpuSecond })
        context.sample(measures.oursCpu, { value: real.framesPerCpuSecond })
      }
      context.check(
        real.report.closed === 0,
        `${real.report.closed} of ${connections} sockets were closed by the server`,
      )
      context.check(
        (real.counters['accepted'] ?? 0) > 0,
        `no frame was accepted of ${connections} connections`,
      )
    }
  }
}

export const bench: Bench = {
  name: 'connections',
  group: 'load',
  title: 'frames a second against connections',
  modes: ['embedded', 'distributed'],
  rounds: { full: 2, quick: 1 },
  open,
}
