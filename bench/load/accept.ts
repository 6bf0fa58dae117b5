/**
 * Two hundred pharmacies accept the same request in the same moment, again and again: exactly one
 * winner each time, every loser told, nobody left waiting. Embedded, and on Redis, NATS and PostgreSQL
 * where their binaries are.
 */
import { center } from '../city/grid.ts'
import { Latency } from '../common/latency.ts'
import { inParallel, settled } from '../common/parallel.ts'
import { newCustomer, newPharmacy, runTag, type Person } from '../common/people.ts'
import { startDistributedServer, startEmbeddedServer, type Server } from '../common/server.ts'
import { seededRandom } from '../micro/suite.ts'
import { serviceMissing } from '../services.ts'
import { LoadSocket, member } from './socket.ts'
import type { LoadBench, LoadContext } from './bench.ts'

const pharmaciesCount = 200
const signUpsAtOnce = 6
/** Longer than any retry of the edge: who has heard nothing by then is left waiting. */
const roundTimeoutMs = 10_000

async function run(context: LoadContext): Promise<void> {
  const rounds = context.quick ? 20 : 100
  context.say(`${pharmaciesCount} pharmacies accept the same request at once, ${rounds} times`)
  await against(context, await startEmbeddedServer({ benchAllowed: true }), rounds)
  const missing = (['nats', 'redis', 'postgres'] as const).map(serviceMissing).filter(line => line !== null)
  if (missing.length > 0) context.say(`skipped on services: ${missing.join('; ')}`)
  else await against(context, await startDistributedServer({ benchAllowed: true }), rounds)
}

/** A pharmacy in the race, and what it has heard in this round. */
interface Contender { vendorId: string; socket: LoadSocket; heardRequest: string | null; sentAtMs: number; answer: string | null; toldTaken: boolean }

async function against(context: LoadContext, server: Server, rounds: number): Promise<void> {
  try {
    const tag = runTag()
    const random = seededRandom(7)
    const contenders: Contender[] = []
    await inParallel(Array.from({ length: pharmaciesCount }), signUpsAtOnce, async (_, index) => {
      const at = { latitude: center.latitude + (random() - 0.5) * 0.02, longitude: center.longitude + (random() - 0.5) * 0.02 }
      contenders.push(await contender(server.url, await newPharmacy(server.url, tag, index, `Pharmacy ${index}`, at)))
    })
    const customer = await newCustomer(server.url, tag, 0)
    const [winner, loser, all] = [new Latency(), new Latency(), new Latency()]
    for (let round = 0; round < rounds; round++) await oneRound(context, round, customer, contenders, winner, loser, all)
    context.say(`${server.kind}: ${rounds} rounds, one winner and ${pharmaciesCount - 1} losers told in each`)
    context.row({ bench: 'accept', case: `${server.kind}: accept → won`, latency: winner })
    context.row({ bench: 'accept', case: `${server.kind}: accept → lost`, latency: loser })
    context.row({ bench: 'accept', case: `${server.kind}: until all are told`, latency: all })
    for (const { socket } of contenders) socket.close()
  } finally {
    await server.stop()
  }
}

async function contender(url: string, person: Person): Promise<Contender> {
  const socket = await LoadSocket.open(url, '/ws/pharmacy/', await person.api.accessToken())
  return { vendorId: person.recordId, socket, heardRequest: null, sentAtMs: 0, answer: null, toldTaken: false }
}

async function oneRound(
  context: LoadContext, round: number, customer: Person, contenders: Contender[], winner: Latency, loser: Latency, all: Latency,
): Promise<void> {
  for (const one of contenders) {
    one.heardRequest = one.answer = null
    one.toldTaken = false
    one.socket.onText = text => {
      switch (member(text, 'type')) {
        case 'new_request': one.heardRequest = member(text, 'request_id'); break
        case 'request_taken': if (member(text, 'request_id') === one.heardRequest) one.toldTaken = true; break
        case 'response_result':
          if (member(text, 'request_id') !== one.heardRequest) break
          one.answer = member(text, 'outcome')
          if (one.answer === 'won') winner.record(performance.now() - one.sentAtMs)
          if (one.answer === 'lost') loser.record(performance.now() - one.sentAtMs)
          break
        default: break
      }
    }
  }
  const { request_id, pharmacies_notified } = await customer.api.createRequest({ ...center, radius_km: 5, quantity: 1 })
  if (pharmacies_notified !== contenders.length) throw new Error(`round ${round}: ${pharmacies_notified} pharmacies were notified and not ${contenders.length}`)
  if (!await settled(() => contenders.every(one => one.heardRequest === request_id), roundTimeoutMs, 2))
    throw new Error(`round ${round}: ${contenders.filter(one => one.heardRequest !== request_id).length} terminals never heard of the request`)

  const firstSentMs = performance.now()
  const text = JSON.stringify({ type: 'respond', request_id, response_type: 'ACCEPTED' })
  for (const one of contenders) {
    one.sentAtMs = performance.now()
    one.socket.send(text)
  }
  const finished = await settled(() => contenders.every(one => one.answer !== null), roundTimeoutMs, 1)
  all.record(performance.now() - firstSentMs)
  const wins = contenders.filter(one => one.answer === 'won')
  const losses = contenders.filter(one => one.answer === 'lost')
  context.check(finished, `round ${round}: ${contenders.filter(one => one.answer === null).length} pharmacies were left waiting`)
  context.check(wins.length === 1, `round ${round}: ${wins.length} winners`)
  context.check(wins.length + losses.length === contenders.length, `round ${round}: other answers than won and lost: ${contenders.map(one => one.answer).filter(a => a !== 'won' && a !== 'lost').slice(0, 3).join(', ')}`)
  const told = await settled(() => contenders.every(one => one.answer !== 'lost' || one.toldTaken), roundTimeoutMs, 1)
  context.check(told, `round ${round}: ${contenders.filter(one => one.answer === 'lost' && !one.toldTaken).length} losers did not hear request_taken`)
  const order = await customer.api.getOrder(request_id)
  context.check(order.vendor_id === wins[0]?.vendorId, `round ${round}: the order belongs to another pharmacy than the one that heard won`)
}

export const bench: LoadBench = { name: 'accept', title: 'accept race', run }
