/**
 * From a customer's request to the pharmacies' terminals, in the open loop: requests leave at their
 * intended times, however slow the server is, and are timed from then. One pharmacy accepts each
 * request, as in practice; otherwise requests would pile up. The baseline is bare uWebSockets,
 * which publishes as many posts to as many sockets: the least cost of HTTP in and sockets out.
 */
import { bareName, startBareServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { Latency } from '../harness/latency.ts'
import { inParallel, settled } from '../rigs/parallel.ts'
import { newCustomer, newPharmacy, runTag } from '../rigs/people.ts'
import { cpuSecondsOf } from '../rigs/processes.ts'
import { RawHttp } from '../rigs/raw-http.ts'
import { RawSocket, memberOf } from '../rigs/raw-socket.ts'
import type { Server } from '../rigs/server.ts'
import { bareStack } from './stacks/bare.ts'
import { Broadcasts } from './stacks/broadcasts.ts'
import { fieldCenter, fieldOf } from './stacks/stack.ts'

const pharmaciesCount = 10
const customersCount = 20
const signUpsAtOnce = 6
const goalRate = 500
/**
 * A thousand requests. With fewer, a third of the measurement would be the compiler's work on new
 * code.
 */
const warmUp = { rate: 200, seconds: 5 }
/**
 * Requests without an answer at which the generator gives up on a rate, because the server is far
 * behind.
 */
const inFlightMax = 2_000
const drainMs = 10_000

const bareOf = (rate: number): string => `${bareName}, ${rate}/s: request → terminal`
const measuresOf = (rate: number): { bare: Measure; terminal: Measure; answer: Measure } => {
  const measure = (name: string, curve: string): Measure => ({
    name,
    unit: 'ms',
    better: 'lower',
    curve: { name: curve, x: rate, xLabel: 'requests/s' },
  })
  return {
    bare: measure(bareOf(rate), `${bareName}: request → terminal`),
    terminal: {
      ...measure(`${rate}/s: request → terminal`, 'request → terminal'),
      baseline: bareOf(rate),
      ...(rate === goalRate && {
        goal: { p50Ms: 3, p99Ms: 10, ...decision('what-a-command-costs') },
      }),
    },
    answer: measure(`${rate}/s: request → its answer`, 'request → its answer'),
  }
}

async function open(context: Context): Promise<Round> {
  const rates = context.quick ? [50, goalRate] : [50, 200, goalRate]
  const seconds = 2
  const server = await context.server()
  const world = await openWorld(context, server)
  const bare = bareStack(await startBareServer(context))
  context.defer(() => bare.stop())
  const bareBroadcasts = await Broadcasts.open(bare, fieldOf(pharmaciesCount))
  await atRate(world, warmUp.rate, warmUp.seconds)
  return async () => {
    for (const rate of rates) {
      context.progress(`${rate} requests/s`)
      const measures = measuresOf(rate)
      const { each } = await bareBroadcasts.delays(rate, seconds * 1_000, context.signal)
      context.sample(measures.bare, { value: each })
      const before = cpuSecondsOf(server.pids)
      const { terminal, answer, sent, missed, repeated, refused, behindMs, gaveUp } = await atRate(
        world,
        rate,
        seconds,
      )
      const after = cpuSecondsOf(server.pids)
      const note = `${sent} requests to ${pharmaciesCount} terminals${refused > 0 ? `, ${refused} refused` : ''}${missed > 0 ? `, ${missed} arrivals missing` : ''}${repeated > 0 ? `, ${repeated} heard again` : ''}, generator at most ${behindMs.toFixed(1)} ms late`
      context.sample(measures.terminal, {
        value: terminal,
        note,
        ...(before !== null && after !== null && { cpuSecondsPerUnit: (after - before) / sent }),
      })
      context.sample(measures.answer, { value: answer })
      // More than the machine can do is a valid measurement. An acknowledged request that no
      // terminal heard is a defect.
      context.check(
        missed === 0,
        `${server.kind}: at ${rate}/s ${missed} arrivals of acknowledged requests are missing`,
      )
      if (gaveUp) {
        context.say(`${rate} requests/s are more than this server takes; higher rates are left out`)
        break
      }
    }
  }
}

interface World {
  http: RawHttp
  customers: string[]
  terminals: RawSocket[]
  hear: (terminal: number, text: Buffer) => void
}

async function openWorld(context: Context, server: Server): Promise<World> {
  const people =
    context.mode === 'remote'
      ? await signUp(context, server.url)
      : await server.populate({
          customers: customersCount,
          pharmacies: fieldOf(pharmaciesCount).pharmacies,
        })
  const world: World = {
    http: new RawHttp(server.url),
    customers: people.customers.map(({ token }) => token),
    terminals: [],
    hear: () => undefined,
  }
  context.defer(() => {
    for (const socket of world.terminals) socket.destroy()
    world.http.close()
  })
  for (const [terminal, { token }] of people.pharmacies.entries())
    world.terminals.push(
      await RawSocket.open({
        url: server.url,
        path: '/ws/pharmacy/',
        token,
        onText: (_, text) => world.hear(terminal, text),
      }),
    )
  return world
}

async function signUp(
  context: Context,
  url: string,
): Promise<Record<'customers' | 'pharmacies', { token: string }[]>> {
  const tag = runTag()
  const [customers, pharmacies]: { token: string }[][] = [[], []]
  await inParallel(fieldOf(pharmaciesCount).pharmacies, signUpsAtOnce, async (place, index) => {
    pharmacies.push({
      token: await (
        await newPharmacy(url, tag, index, `Pharmacy ${index}`, place)
      ).api.accessToken(),
    })
  })
  await inParallel(Array.from({ length: customersCount }), signUpsAtOnce, async (_, index) => {
    customers.push({ token: await (await newCustomer(url, tag, index)).api.accessToken() })
    context.progress(`${customers.length} customers`)
  })
  return { customers, pharmacies }
}

let runs = 0

async function atRate(world: World, rate: number, seconds: number) {
  const { http, customers, terminals } = world
  const marker = `run${runs++}-`
  const total = Math.round(rate * seconds)
  const terminal = new Latency()
  const answer = new Latency()
  const heard = new Uint16Array(total)
  const acknowledged = new Uint8Array(total)
  await http.prepare(Math.min(50, rate))
  const startMs = performance.now() + 50
  const intendedMs = (index: number): number => startMs + (index * 1_000) / rate
  let refused = 0
  let inFlight = 0
  let behindMs = 0
  let gaveUp = false

  world.hear = (number, text) => {
    // A pharmacy is told the items before it accepts, and not the notes.
    const item = memberOf(text, 'name')
    if (item === null || !item.startsWith(marker) || memberOf(text, 'type') !== 'new_request')
      return
    const index = Number(item.slice(marker.length))
    heard[index]!++
    terminal.record(performance.now() - intendedMs(index))
    if (index % terminals.length === number)
      terminals[number]!.sendText(
        `{"type":"respond","request_id":"${memberOf(text, 'request_id')}","response_type":"ACCEPTED"}`,
      )
  }

  const post = async (index: number): Promise<void> => {
    inFlight++
    try {
      const { status } = await http.post(
        '/api/requests',
        customers[index % customers.length]!,
        JSON.stringify({
          ...fieldCenter,
          radius_km: 10,
          quantity: 1,
          items: [{ name: `${marker}${index}`, quantity: 1 }],
          expires_in_seconds: 60,
        }),
      )
      if (status !== 201) {
        refused++
        return
      }
      acknowledged[index] = 1
      answer.record(performance.now() - intendedMs(index))
    } catch {
      refused++
    } finally {
      inFlight--
    }
  }

  let sent = 0
  while (sent < total && !gaveUp) {
    const nowMs = performance.now()
    while (sent < total && intendedMs(sent) <= nowMs) {
      behindMs = Math.max(behindMs, nowMs - intendedMs(sent))
      void post(sent++)
    }
    gaveUp = inFlight > inFlightMax
    if (sent < total)
      await new Promise<void>(resolve => {
        setTimeout(resolve, Math.max(0, Math.min(2, intendedMs(sent) - performance.now())))
      })
  }
  const missing = (): number =>
    acknowledged.reduce(
      (count, yes, index) =>
        count + (yes === 1 ? Math.max(0, terminals.length - heard[index]!) : 0),
      0,
    )
  await settled(() => inFlight === 0 && missing() === 0, drainMs, 20)
  const repeated = heard.reduce((count, times) => count + Math.max(0, times - terminals.length), 0)
  return { terminal, answer, sent, missed: missing(), repeated, refused, behindMs, gaveUp }
}

export const bench: Bench = {
  name: 'request',
  group: 'load',
  title: 'request → terminal, open loop',
  modes: ['embedded', 'distributed', 'remote'],
  open,
}
