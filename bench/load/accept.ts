/**
 * Accept races: 2, 50 and 500 pharmacies accept the same request at the same moment, again and
 * again. Each race must have exactly one winner, tell every loser and leave no pharmacy waiting.
 * Latencies begin when each accept is handed to its socket. The baseline is bare uWebSockets, which
 * answers as many messages sent in the same way.
 */
import { bareName, startBareServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { Latency } from '../harness/latency.ts'
import { inParallel, settled } from '../rigs/parallel.ts'
import { newCustomer, newPharmacy, runTag } from '../rigs/people.ts'
import { RawHttp } from '../rigs/raw-http.ts'
import { RawSocket, memberOf } from '../rigs/raw-socket.ts'
import type { Server } from '../rigs/server.ts'
import { fieldCenter, fieldOf } from './stacks/stack.ts'

const sizes = [2, 50, 500] as const
/** Sizes against a deployment elsewhere, whose accounts are made over HTTP. */
const sizesRemote = [2, 50] as const
const signUpsAtOnce = 6
const opensAtOnce = 64
/**
 * Longer than any retry of the edge. A pharmacy without an answer by then counts as left waiting.
 */
const raceTimeoutMs = 10_000

const bareOf = (size: number): string => `${size} racers: ${bareName}, message → answer`
const measuresOf = (size: number) =>
  ({
    bare: { name: bareOf(size), unit: 'ms', better: 'lower' },
    winner: {
      name: `${size} racers: accept → won`,
      unit: 'ms',
      better: 'lower',
      baseline: bareOf(size),
      ...(size === 500 && { goal: { p99Ms: 10, ...decision('what-a-delivery-costs') } }),
    },
    loser: {
      name: `${size} racers: accept → lost`,
      unit: 'ms',
      better: 'lower',
      baseline: bareOf(size),
      ...(size === 500 && { goal: { p99Ms: 15, ...decision('what-a-delivery-costs') } }),
    },
    all: { name: `${size} racers: until all are told`, unit: 'ms', better: 'lower' },
  }) as const satisfies Record<string, Measure>

/** A pharmacy in the race, and the messages that it has received in it. */
interface Racer {
  pharmacyId: string
  socket: RawSocket
  heard: string | null
  sentMs: number
  answer: string | null
  answeredMs: number
  toldTaken: boolean
}

async function open(context: Context): Promise<Round> {
  const races = context.quick ? 10 : 20
  const server = await context.server()
  const people = context.mode === 'remote' ? await signUp(context, server) : await populate(server)
  const http = new RawHttp(server.url)
  const racers: Racer[] = []
  const bareRaces = await openBare(context, people.pharmacies.length)
  context.defer(() => {
    for (const { socket } of racers) socket.destroy()
    http.close()
  })
  let requestId = ''
  let unanswered = 0
  let done: () => void = () => undefined
  await inParallel(people.pharmacies, opensAtOnce, async ({ pharmacyId, token }, index) => {
    const hear = (_: RawSocket, text: Buffer): void => {
      const racer = racers[index]
      if (racer === undefined) return
      const [type, id] = [memberOf(text, 'type'), memberOf(text, 'request_id')]
      // This usually comes before the answer that tells the customer the id of the request.
      if (type === 'new_request') racer.heard = id
      if (id !== requestId) return
      switch (type) {
        case 'request_taken':
          racer.toldTaken = true
          break
        case 'response_result':
          racer.answer = memberOf(text, 'outcome')
          racer.answeredMs = performance.now()
          if (--unanswered === 0) done()
          break
        default:
          break
      }
    }
    const socket = await RawSocket.open({
      url: server.url,
      path: '/ws/pharmacy/',
      token,
      onText: hear,
    })
    racers[index] = {
      pharmacyId,
      socket,
      heard: null,
      sentMs: 0,
      answer: null,
      answeredMs: 0,
      toldTaken: false,
    }
  })

  const race = async (
    size: number,
    into: { winner: Latency; loser: Latency; all: Latency },
  ): Promise<void> => {
    const running = racers.slice(0, size)
    for (const racer of racers) Object.assign(racer, { answer: null, toldTaken: false })
    const { status, body } = await http.post(
      '/api/requests',
      people.customer,
      JSON.stringify({ ...fieldCenter, radius_km: 10, quantity: 1 }),
    )
    if (status !== 201) throw new Error(`a request was answered ${status} ${body}`)
    const opened = JSON.parse(body) as { request_id: string }
    requestId = opened.request_id
    const asked = await settled(
      () => racers.every(({ heard }) => heard === requestId),
      raceTimeoutMs,
      1,
    )
    context.check(asked, 'a terminal never heard of the request')
    const answered = new Promise<void>(resolve => {
      done = resolve
    })
    unanswered = size
    const text = JSON.stringify({
      type: 'respond',
      request_id: requestId,
      response_type: 'ACCEPTED',
    })
    const firstMs = performance.now()
    for (const racer of running) {
      racer.sentMs = performance.now()
      racer.socket.sendText(text)
    }
    await Promise.race([answered, settled(() => false, raceTimeoutMs, 100)])
    const wins = running.filter(({ answer }) => answer === 'won')
    const losses = running.filter(({ answer }) => answer === 'lost')
    const waiting = running.filter(({ answer }) => answer === null).length
    context.check(waiting === 0, `${size} racers: ${waiting} pharmacies were left waiting`)
    context.check(wins.length === 1, `${size} racers: ${wins.length} winners`)
    context.check(
      wins.length + losses.length + waiting === size,
      `${size} racers: other answers than won and lost`,
    )
    for (const { sentMs, answeredMs } of wins) into.winner.record(answeredMs - sentMs)
    for (const { sentMs, answeredMs } of losses) into.loser.record(answeredMs - sentMs)
    into.all.record(Math.max(...running.map(({ answeredMs }) => answeredMs)) - firstMs)
    const told = await settled(() => losses.every(({ toldTaken }) => toldTaken), raceTimeoutMs, 2)
    context.check(told, `${size} racers: not every loser heard request_taken`)
  }

  return async () => {
    for (const size of sizes.filter(size => size <= racers.length)) {
      context.progress(`${size} racers`)
      const into = { winner: new Latency(), loser: new Latency(), all: new Latency() }
      for (let i = 0; i < races && !context.signal.aborted; i++) await race(size, into)
      const measures = measuresOf(size)
      context.sample(measures.bare, { value: await bareRaces(size, races) })
      context.sample(measures.winner, { value: into.winner })
      context.sample(measures.loser, { value: into.loser })
      context.sample(measures.all, { value: into.all })
    }
  }
}

/** Sends as many messages at the same moment to bare uWebSockets, each with its answer. */
async function openBare(
  context: Context,
  count: number,
): Promise<(size: number, races: number) => Promise<Latency>> {
  const { url } = await startBareServer(context)
  const sockets: RawSocket[] = []
  context.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  const sentMs = new Float64Array(count)
  let latency = new Latency()
  let waiting = 0
  await inParallel(Array.from({ length: count }), opensAtOnce, async (_, index) => {
    sockets[index] = await RawSocket.open({
      url,
      path: '/ws/driver',
      onText: (_socket, text) => {
        if (text[9] !== pong) return
        latency.record(performance.now() - sentMs[index]!)
        waiting--
      },
    })
  })
  return async (size, races) => {
    latency = new Latency()
    for (let race = 0; race < races; race++) {
      waiting = size
      for (let index = 0; index < size; index++) {
        sentMs[index] = performance.now()
        sockets[index]!.sendText('{"type":"ping"}')
      }
      context.check(
        await settled(() => waiting === 0, raceTimeoutMs, 1),
        `${bareName}: ${waiting} messages were not answered`,
      )
    }
    return latency
  }
}
/** The letter in `{"type":"pong"`. */
const pong = 0x70

interface People {
  customer: string
  pharmacies: { pharmacyId: string; token: string }[]
}

async function populate(server: Server): Promise<People> {
  const { customers, pharmacies } = await server.populate({
    customers: 1,
    pharmacies: fieldOf(sizes.at(-1)!).pharmacies,
  })
  return { customer: customers[0]!.token, pharmacies }
}

async function signUp(context: Context, { url }: Server): Promise<People> {
  const tag = runTag()
  const pharmacies: People['pharmacies'] = []
  await inParallel(fieldOf(sizesRemote.at(-1)!).pharmacies, signUpsAtOnce, async (place, index) => {
    const { recordId, api } = await newPharmacy(url, tag, index, `Pharmacy ${index}`, place)
    pharmacies.push({ pharmacyId: recordId, token: await api.accessToken() })
    context.progress(`${pharmacies.length} pharmacies`)
  })
  return { customer: await (await newCustomer(url, tag, 0)).api.accessToken(), pharmacies }
}

export const bench: Bench = {
  name: 'accept',
  group: 'load',
  title: '2, 50 and 500 pharmacies accept one request at once',
  modes: ['embedded', 'distributed', 'remote'],
  open,
}
