/**
 * From a customer's request to the pharmacies' terminals, open loop: requests leave at their intended
 * times however slow the server is, and are timed from then. One pharmacy accepts each request, as in
 * life; otherwise requests would pile up that nobody ever takes.
 */
import { center } from '../city/grid.ts'
import { Latency } from '../common/latency.ts'
import { inParallel, settled } from '../common/parallel.ts'
import { newCustomer, newPharmacy, runTag, type Person } from '../common/people.ts'
import { startDistributedServer, startEmbeddedServer, type Server } from '../common/server.ts'
import { seededRandom } from '../micro/suite.ts'
import { serviceMissing } from '../services.ts'
import type { LoadBench, LoadContext } from './bench.ts'
import { LoadSocket, member } from './socket.ts'

const pharmaciesCount = 10
const customersCount = 20
const signUpsAtOnce = 6
const warmUp = { rate: 50, seconds: 2 }
/** Requests without an answer at which the generator gives up on a rate: the server is far behind. */
const inFlightMax = 2_000
const drainMs = 10_000

async function run(context: LoadContext): Promise<void> {
  await against(context, await startEmbeddedServer({ benchAllowed: true }))
  const missing = (['nats', 'redis', 'postgres'] as const).map(serviceMissing).filter(line => line !== null)
  if (missing.length > 0) context.say(`skipped on services: ${missing.join('; ')}`)
  else await against(context, await startDistributedServer({ benchAllowed: true }))
}

async function against(context: LoadContext, server: Server): Promise<void> {
  const rates = context.quick ? [50, 200, 500] : [50, 100, 200, 300, 400, 500]
  const seconds = context.quick ? 3 : 10
  try {
    context.say(server.kind)
    const world = await populate(server.url)
    await atRate(world, warmUp.rate, warmUp.seconds)
    for (const rate of rates) {
      const result = await atRate(world, rate, seconds)
      const { terminal, answer, sent, missed, refused, behindMs } = result
      const note = `${sent} requests to ${pharmaciesCount} terminals${refused > 0 ? `, ${refused} refused` : ''}${missed > 0 ? `, ${missed} arrivals missing` : ''}, generator at most ${behindMs.toFixed(1)} ms late`
      context.row({ bench: 'request', case: `${rate}/s: request → terminal`, latency: terminal, note })
      context.row({ bench: 'request', case: `${rate}/s: request → its answer`, latency: answer })
      // More than the machine can do is a measurement; a request that was acknowledged and not heard of is a defect.
      context.check(missed === 0, `${server.kind}: at ${rate}/s ${missed} arrivals of acknowledged requests are missing`)
      if (result.gaveUp) {
        context.say(`${rate} requests/s are more than this server takes; higher rates are left out`)
        break
      }
    }
    for (const socket of world.sockets) socket.close()
  } finally {
    await server.stop()
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

export const bench: LoadBench = { name: 'request', title: 'request → terminal, open loop', run }
