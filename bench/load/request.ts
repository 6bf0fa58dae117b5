/**
 * From a customer's request to the pharmacies' terminals, open loop: requests leave at their intended
 * times however slow the server is, and are timed from then. One pharmacy accepts each request, as in
 * life; otherwise requests would pile up that nobody ever takes.
 */
import { center } from '../city/grid.ts'
import { Latency } from '../common/latency.ts'
import { inParallel, settled } from '../common/parallel.ts'
import { newCustomer, newPharmacy, runTag, type Person } from '../common/people.ts'
import { seededRandom } from '../common/random.ts'
import type { Bench, Context, Measure, Round } from '../common/bench.ts'
import { LoadSocket, member } from './socket.ts'

const pharmaciesCount = 10
const customersCount = 20
const signUpsAtOnce = 6
const goalRate = 500
const warmUp = { rate: 50, seconds: 2 }
/** Requests without an answer at which the generator gives up on a rate: the server is far behind. */
const inFlightMax = 2_000
const drainMs = 10_000

const measuresOf = (rate: number): { terminal: Measure; answer: Measure } => {
  const measure = (what: string): Measure =>
    ({ name: `${rate}/s: request → ${what}`, unit: 'ms', better: 'lower', curve: { name: `request → ${what}`, x: rate, xLabel: 'requests/s' } })
  return { terminal: { ...measure('terminal'), ...(rate === goalRate && { goal: { p50Ms: 3, p99Ms: 10 } }) }, answer: measure('its answer') }
}

async function open(context: Context): Promise<Round> {
  const rates = context.quick ? [50, 500] : [50, 200, 350, goalRate]
  const seconds = context.quick ? 2 : 3
  const { kind, url } = await context.server()
  const world = await populate(url)
  context.defer(() => { for (const socket of world.sockets) socket.close() })
  await atRate(world, warmUp.rate, warmUp.seconds)
  return async () => {
    for (const rate of rates) {
      context.progress(`${rate} requests/s`)
      const result = await atRate(world, rate, seconds)
      const { terminal, answer, sent, missed, refused, behindMs } = result
      const note = `${sent} requests to ${pharmaciesCount} terminals${refused > 0 ? `, ${refused} refused` : ''}${missed > 0 ? `, ${missed} arrivals missing` : ''}, generator at most ${behindMs.toFixed(1)} ms late`
      const measures = measuresOf(rate)
      context.sample(measures.terminal, { value: terminal, note })
      context.sample(measures.answer, { value: answer })
      // More than the machine can do is a measurement; a request that was acknowledged and not heard of is a defect.
      context.check(missed === 0, `${kind}: at ${rate}/s ${missed} arrivals of acknowledged requests are missing`)
      if (result.gaveUp) {
        context.say(`${rate} requests/s are more than this server takes; higher rates are left out`)
        break
      }
    }
  }
}

interface World { url: string; customers: { person: Person; token: string }[]; sockets: LoadSocket[] }

async function populate(url: string): Promise<World> {
  const tag = runTag()
  const random = seededRandom(11)
  const sockets: LoadSocket[] = []
  const customers: World['customers'] = []
  await inParallel(Array.from({ length: pharmaciesCount }), signUpsAtOnce, async (_, index) => {
    const at = { latitude: center.latitude + (random() - 0.5) * 0.01, longitude: center.longitude + (random() - 0.5) * 0.01 }
    const person = await newPharmacy(url, tag, index, `Pharmacy ${index}`, at)
    sockets.push(await LoadSocket.open(url, '/ws/pharmacy/', await person.api.accessToken()))
  })
  await inParallel(Array.from({ length: customersCount }), signUpsAtOnce, async (_, index) => {
    const person = await newCustomer(url, tag, index)
    customers.push({ person, token: await person.api.accessToken() })
  })
  return { url, customers, sockets }
}

let runs = 0

async function atRate(world: World, rate: number, seconds: number) {
  const marker = `run${runs++}-`
  const total = Math.round(rate * seconds)
  const terminal = new Latency()
  const answer = new Latency()
  const heard = new Uint16Array(total)
  const acknowledged = new Uint8Array(total)
  const startMs = performance.now() + 50
  const intendedMs = (index: number): number => startMs + index * 1_000 / rate
  let refused = 0
  let inFlight = 0
  let behindMs = 0
  let gaveUp = false

  for (const [number, socket] of world.sockets.entries())
    socket.onText = text => {
      const notes = member(text, 'notes')
      if (notes === null || !notes.startsWith(marker) || member(text, 'type') !== 'new_request') return
      const index = Number(notes.slice(marker.length))
      heard[index]!++
      terminal.record(performance.now() - intendedMs(index))
      if (index % world.sockets.length === number)
        socket.send(JSON.stringify({ type: 'respond', request_id: member(text, 'request_id'), response_type: 'ACCEPTED' }))
    }

  const post = async (index: number): Promise<void> => {
    inFlight++
    try {
      const { token } = world.customers[index % world.customers.length]!
      const response = await fetch(`${world.url}/api/requests`, {
        method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ ...center, radius_km: 5, quantity: 1, notes: `${marker}${index}`, expires_in_seconds: 60 }), signal: AbortSignal.timeout(drainMs),
      })
      await response.arrayBuffer()
      if (response.status !== 201) { refused++; return }
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
    if (sent < total) await new Promise<void>(resolve => { setTimeout(resolve, Math.max(0, Math.min(2, intendedMs(sent) - performance.now()))) })
  }
  const missing = (): number => acknowledged.reduce((count, yes, index) => count + (yes === 1 ? world.sockets.length - heard[index]! : 0), 0)
  await settled(() => inFlight === 0 && missing() === 0, drainMs, 20)
  return { terminal, answer, sent, missed: missing(), refused, behindMs, gaveUp }
}

export const bench: Bench = { name: 'request', group: 'load', title: 'request → terminal, open loop', modes: ['embedded', 'distributed', 'remote'], open }
