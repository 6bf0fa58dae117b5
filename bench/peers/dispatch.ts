/**
 * The same work through other stacks: a request to 200 terminals within a radius, and locations
 * from drivers to the trackers of their orders. Caduceus journals every request before it answers,
 * checks permissions and matches by its own index. Socket.IO 4 with its Redis adapter and Redis
 * GEOSEARCH, on two processes, does none of this; neither does Django Channels. One request or
 * location at a time gives the delay of an idle stack; many at a time give its capacity. The delays
 * are open loop, at a rate that the stack can bear.
 *
 * Rejected: each stack's published numbers as a baseline. They are from other machines and clients.
 */
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import type { Latency } from '../harness/latency.ts'
import { Broadcasts } from '../load/stacks/broadcasts.ts'
import { Locations } from '../load/stacks/locations.ts'
import { ourName, startOurs } from '../load/stacks/ours.ts'
import { fieldOf, type Stack } from '../load/stacks/stack.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { channelsMissing, startChannels } from './channels.ts'
import { startSocketIo } from './socketio.ts'

const terminals = 200
const deliveries = 200
/** Terminals that are read at once; all are told (see `Broadcasts.delays`). */
const timedCount = 40

interface Case {
  start: () => Promise<Stack>
  name: string
  /** Most requests under way at once, and most locations of each driver. */
  requests: number
  locations: number
  /** Requests a second in the open loop. */
  requestsPerSecond: number
  locationsPerSecond: number
}
const socketIo = (each: boolean): Case => ({
  start: () => startSocketIo(each),
  name: each ? 'Socket.IO, a publication for each terminal' : 'Socket.IO, one publication for all',
  requests: 8,
  locations: 8,
  requestsPerSecond: 10,
  locationsPerSecond: 1_000,
})
const channels: Case = {
  start: startChannels,
  name: 'Django Channels',
  requests: 2,
  locations: 1,
  requestsPerSecond: 0.5,
  locationsPerSecond: 50,
}

const most = (stack: string, what: string): string => `${stack}: ${what}`
/** `over`: the stack of which ours must be a multiple. */
const measuresOf = (stack: string, over: string | null, times: number) =>
  ({
    deliveries: {
      name: most(stack, over === null ? 'deliveries' : `deliveries, over ${over}`),
      unit: 'deliveries/s',
      better: 'higher',
      ...(over !== null && {
        baseline: most(over, 'deliveries'),
        goal: { ratio: times, ...decision('beside-other-stacks') },
      }),
    },
    last: {
      name: most(
        stack,
        over === null ? 'request → last terminal' : `request → last terminal, over ${over}`,
      ),
      unit: 'ms',
      better: 'lower',
      ...(over !== null && {
        baseline: most(over, 'request → last terminal'),
        goal: { ratio: 0.1, ...decision('beside-other-stacks') },
      }),
    },
    locations: {
      name: most(stack, over === null ? 'locations' : `locations, over ${over}`),
      unit: 'locations/s',
      better: 'higher',
      ...(over !== null && {
        baseline: most(over, 'locations'),
        goal: { ratio: times, ...decision('beside-other-stacks') },
      }),
    },
    delay: {
      name: most(stack, over === null ? 'location → tracker' : `location → tracker, over ${over}`),
      unit: 'ms',
      better: 'lower',
      ...(over !== null && {
        baseline: most(over, 'location → tracker'),
        goal: { ratio: 0.1, ...decision('beside-other-stacks') },
      }),
    },
  }) as const satisfies Record<string, Measure>

interface Driven {
  name: string
  round(): Promise<Measured>
}
interface Measured {
  deliveries: number
  locations: number
  last: Latency
  delay: Latency
}

/** Opens both kinds of sockets on the stack. A round measures all four quantities. */
async function drive(
  context: Context,
  stack: Stack,
  { requests, locations, requestsPerSecond, locationsPerSecond }: Case,
): Promise<Driven> {
  const ms = context.quick ? 1_000 : 1_500
  const broadcasts = await Broadcasts.open(stack, fieldOf(terminals))
  const moving = await Locations.open(stack, deliveries)
  return {
    name: stack.name,
    async round() {
      context.progress(`${stack.name}: broadcasts`)
      const { deliveriesPerSecond, missing } = await broadcasts.throughput(
        ms,
        requests,
        context.signal,
      )
      if (missing > 0) context.say(`${stack.name}: ${missing} deliveries never came`)
      const { last } = await broadcasts.delays(
        requestsPerSecond,
        2 * ms,
        context.signal,
        timedCount,
      )
      context.progress(`${stack.name}: locations`)
      const perSecond = await moving.throughput(ms, locations, context.signal)
      const delay = await moving.delays(locationsPerSecond, ms, context.signal)
      return { deliveries: deliveriesPerSecond, last, locations: perSecond, delay }
    },
  }
}

const openOver =
  (peers: readonly Case[], times: number) =>
  async (context: Context): Promise<Round> => {
    const ours: Case = {
      start: () => startOurs(context),
      name: ourName,
      requests: 16,
      locations: 256,
      requestsPerSecond: 10,
      locationsPerSecond: 1_000,
    }
    const driven: Driven[] = []
    for (const one of [...peers, ours]) {
      context.progress(`starts ${one.name}`)
      const stack = await one.start()
      context.defer(() => stack.stop())
      driven.push(await drive(context, stack, one))
    }
    return async () => {
      for (const { name, round } of driven) {
        const measured = await round()
        const all =
          name === ourName
            ? peers.map(peer => measuresOf(name, peer.name, times))
            : [measuresOf(name, null, times)]
        for (const measures of all) {
          context.sample(measures.deliveries, { value: measured.deliveries })
          context.sample(measures.last, { value: measured.last })
          context.sample(measures.locations, {
            value: measured.locations,
            ...(name === ourName && {
              note: `each was shown, or overtaken by a newer one that was: at most one in ${limits.pushIntervalMs} ms is shown`,
            }),
          })
          context.sample(measures.delay, { value: measured.delay })
        }
      }
    }
  }

export const socketIoBench: Bench = {
  name: 'socketio',
  group: 'peers',
  title: 'the same work through Socket.IO 4, its Redis adapter and GEOSEARCH',
  needs: ['redis'],
  modes: ['embedded', 'distributed'],
  rounds: { full: 2, quick: 1 },
  open: openOver([socketIo(true), socketIo(false)], 10),
}
export const channelsBench: Bench = {
  name: 'channels',
  group: 'peers',
  title: "the same work through Django Channels, the seed document's stack",
  needs: ['redis'],
  modes: ['embedded', 'distributed'],
  rounds: { full: 2, quick: 1 },
  missing: channelsMissing,
  open: openOver([channels], 100),
}
