/**
 * Two hundred pharmacies accept the same request in the same moment, again and again: exactly one
 * winner each time, every loser told, nobody left waiting.
 */
import { center } from '../city/grid.ts'
import { Latency } from '../common/latency.ts'
import { inParallel, settled } from '../common/parallel.ts'
import { newCustomer, newPharmacy, runTag, type Person } from '../common/people.ts'
import { seededRandom } from '../common/random.ts'
import type { Bench, Context, Measure, Round } from '../common/bench.ts'
import { LoadSocket, member } from './socket.ts'

const pharmaciesCount = 200
const signUpsAtOnce = 6
/** Longer than any retry of the edge: who has heard nothing by then is left waiting. */
const roundTimeoutMs = 10_000

const measures = {
  winner: { name: 'accept → won', unit: 'ms', better: 'lower', goal: { p99Ms: 10 } },
  loser: { name: 'accept → lost', unit: 'ms', better: 'lower', goal: { p99Ms: 15 } },
  all: { name: 'until all are told', unit: 'ms', better: 'lower' },
} as const satisfies Record<string, Measure>

/** A pharmacy in the race, and what it has heard in this round. */
interface Contender { vendorId: string; socket: LoadSocket; heardRequest: string | null; sentAtMs: number; answer: string | null; toldTaken: boolean }

async function open(context: Context): Promise<Round> {
  const races = context.quick ? 10 : 30
  const { url } = await context.server()
  const tag = runTag()
  const random = seededRandom(7)
  const contenders: Contender[] = []
  await inParallel(Array.from({ length: pharmaciesCount }), signUpsAtOnce, async (_, index) => {
    const at = { latitude: center.latitude + (random() - 0.5) * 0.02, longitude: center.longitude + (random() - 0.5) * 0.02 }
    contenders.push(await contender(url, await newPharmacy(url, tag, index, `Pharmacy ${index}`, at)))
    context.progress(`${contenders.length} of ${pharmaciesCount} pharmacies`)
  })
  context.defer(() => { for (const { socket } of contenders) socket.close() })
  const customer = await newCustomer(url, tag, 0)
  return async () => {
    const [winner, loser, all] = [new Latency(), new Latency(), new Latency()]
    for (let race = 0; race < races; race++) await oneRace(context, race, customer, contenders, winner, loser, all)
    context.sample(measures.winner, { value: winner })
    context.sample(measures.loser, { value: loser })
    context.sample(measures.all, { value: all })
  }
}

async function contender(url: string, person: Person): Promise<Contender> {
  const socket = await LoadSocket.open(url, '/ws/pharmacy/', await person.api.accessToken())
  return { vendorId: person.recordId, socket, heardRequest: null, sentAtMs: 0, answer: null, toldTaken: false }
}

async function oneRace(
  context: Context, race: number, customer: Person, contenders: Contender[], winner: Latency, loser: Latency, all: Latency,
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
  if (pharmacies_notified !== contenders.length) throw new Error(`race ${race}: ${pharmacies_notified} pharmacies were notified and not ${contenders.length}`)
  if (!await settled(() => contenders.every(one => one.heardRequest === request_id), roundTimeoutMs, 2))
    throw new Error(`race ${race}: ${contenders.filter(one => one.heardRequest !== request_id).length} terminals never heard of the request`)

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
  context.check(finished, `race ${race}: ${contenders.filter(one => one.answer === null).length} pharmacies were left waiting`)
  context.check(wins.length === 1, `race ${race}: ${wins.length} winners`)
  context.check(wins.length + losses.length === contenders.length, `race ${race}: other answers than won and lost: ${contenders.map(one => one.answer).filter(a => a !== 'won' && a !== 'lost').slice(0, 3).join(', ')}`)
  const told = await settled(() => contenders.every(one => one.answer !== 'lost' || one.toldTaken), roundTimeoutMs, 1)
  context.check(told, `race ${race}: ${contenders.filter(one => one.answer === 'lost' && !one.toldTaken).length} losers did not hear request_taken`)
  const order = await customer.api.getOrder(request_id)
  context.check(order.vendor_id === wins[0]?.vendorId, `race ${race}: the order belongs to another pharmacy than the one that heard won`)
}

export const bench: Bench = { name: 'accept', group: 'load', title: `${pharmaciesCount} pharmacies accept one request at once`, modes: ['embedded', 'distributed', 'remote'], open }
