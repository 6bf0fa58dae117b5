/**
 * Competing accepts on real servers: many pharmacies accept each request at once, over both edges,
 * some of them twice, while the claims are flushed and crash, their replies are lost, and engines
 * are killed. Each order must have exactly one winner, the same one in the answers, the journal,
 * the read model and the published events, and every other pharmacy must be told so.
 *
 * They use HTTP, like any pharmacy. Rejected: the bus. It would be quicker, but would leave out the
 * edge, which asks the claims and handles most of their failures.
 */
import { randomUUID } from 'node:crypto'
import { limits } from '../../protocol/kernel/limits.ts'
import { Chance } from '../../protocol/kernel/chance.ts'
import { startDeployment, type Deployment } from '../../protocol/testing/deployment.ts'
import { inParallel } from '../rigs/parallel.ts'
import { newCustomer, newPharmacy, runTag } from '../rigs/people.ts'
import { ask, newTally, type Asked, type Tally } from './memory/ask.ts'
import { check } from './memory/check.ts'
import type { Fault } from './faults.ts'
import { readLedgerAt } from './memory/ledger.ts'
import { Memory } from './memory/memory.ts'
import { center } from './memory/people.ts'
import { beginFaults } from './plan.ts'
import { readPublished } from './memory/published.ts'

export interface ContestOptions {
  seed: number
  /** Accepts to be answered. */
  accepts: number
  faults: readonly Fault[]
  /** Pharmacies that accept each request. */
  racers?: number
  logsDir?: string
  say(line: string): void
  progress(line: string): void
  interrupted(): boolean
}

export interface ContestOutcome {
  /** Errors; empty when passed. */
  wrong: string[]
  /** Accepts that were answered; those asked twice count twice. */
  accepts: number
  orders: number
  winners: number
  faults: ReadonlyMap<string, number>
  tally: Tally
  /** Duration of the races alone. */
  seconds: number
}

const racersDefault = 20
/** Pharmacies for each racer: more than one, so that each race has other ones. */
const pharmaciesPerRacer = 1.2
const customers = 4
const racesAtOnce = 40
const registrationsAtOnce = 4
/** Time for which a client repeats a request. After that it counts as never answered. */
const patienceMs = 120_000
const askedTwice = 0.1
const askedWithKey = 0.3
/**
 * Time within which all racers of a race accept, ms; a second accept may come up to four times as
 * late.
 */
const pressMs = 15
const atRestMs = 60_000

interface Racer {
  pharmacyId: string
  token: string
}
interface Race {
  orderId: string
  told: Map<Racer, Set<string>>
}

/** Runs the contest. Resolves also when it is interrupted. */
export async function contest(options: ContestOptions): Promise<ContestOutcome> {
  const chance = new Chance(options.seed)
  const memory = new Memory()
  const tally = newTally()
  const racers = options.racers ?? racersDefault
  const deployment = await startDeployment({
    environment: { RATE_LIMIT_WRITE_PER_ACCOUNT: '1000000' },
    ...(options.logsDir !== undefined && { logsDir: options.logsDir }),
  })
  try {
    const people = await gather(deployment, racers)
    options.say(
      `contest: ${people.pharmacies.length} pharmacies, ${racers} of them for each request; faults begin`,
    )
    const races: Race[] = []
    let accepts = 0
    const startMs = performance.now()
    const plan = beginFaults(deployment, options.faults, chance.fork('faults'), options.say)
    await inParallel(Array.from({ length: racesAtOnce }), racesAtOnce, async (_, lane) => {
      const own = chance.fork(`lane ${lane}`)
      while (accepts < options.accepts && !options.interrupted()) {
        const race = await runRace({
          deployment,
          memory,
          tally,
          chance: own,
          ...people,
          racers,
          answered: () => {
            accepts++
          },
        })
        if (race !== null) races.push(race)
        options.progress(
          `contest: ${accepts} of ${options.accepts} accepts · ${races.length} orders · ${[...plan.acting].join(', ') || 'fair'}`,
        )
      }
    })
    await plan.end()
    const seconds = (performance.now() - startMs) / 1_000
    options.say('contest: no more faults; everything must come to rest by itself')
    await deployment.untilHealthy()
    const wrong = [
      ...deployment.members.flatMap(member => member.unasked),
      ...races.flatMap(raceWrong),
      ...(await atRest(deployment, memory)),
    ]
    return {
      wrong,
      accepts,
      orders: races.length,
      winners: races.filter(race => winnersOf(race).length === 1).length,
      faults: plan.counts,
      tally,
      seconds,
    }
  } finally {
    await deployment.stop()
  }
}

async function gather(
  { urls }: Deployment,
  racers: number,
): Promise<{ pharmacies: Racer[]; customers: { id: string; token: string }[] }> {
  const tag = runTag()
  const pharmacies: Racer[] = []
  const asking: { id: string; token: string }[] = []
  await inParallel(
    Array.from({ length: Math.ceil(racers * pharmaciesPerRacer) }),
    registrationsAtOnce,
    async (_, index) => {
      const { recordId, api } = await newPharmacy(
        urls[index % urls.length]!,
        tag,
        index,
        `Pharmacy ${index}`,
        { latitude: center.latitude + index * 0.0005, longitude: center.longitude },
      )
      pharmacies.push({ pharmacyId: recordId, token: await api.accessToken() })
    },
  )
  await inParallel(Array.from({ length: customers }), registrationsAtOnce, async (_, index) => {
    const { id, api } = await newCustomer(urls[index % urls.length]!, tag, index)
    asking.push({ id, token: await api.accessToken() })
  })
  return { pharmacies, customers: asking }
}

interface RaceContext {
  deployment: Deployment
  memory: Memory
  tally: Tally
  chance: Chance
  pharmacies: readonly Racer[]
  customers: readonly { id: string; token: string }[]
  racers: number
  answered(): void
}

/**
 * One request and its accepts. Null when the customer got no answer to the request; then nobody
 * races for it.
 */
async function runRace(context: RaceContext): Promise<Race | null> {
  const { deployment, memory, tally, chance } = context
  const asking = () => ({
    urls: deployment.urls,
    chance,
    tally,
    untilMs: performance.now() + patienceMs,
  })
  const customer = chance.pick(context.customers)
  const opens: Asked = {
    method: 'POST',
    path: '/api/requests',
    token: customer.token,
    key: randomUUID(),
    body: {
      latitude: center.latitude,
      longitude: center.longitude,
      radius_km: 5,
      quantity: 1,
      expires_in_seconds: limits.requestTtlSecondsMax,
    },
  }
  memory.attempting(customer.id)
  const opened = await ask(asking(), opens)
  if (opened?.status !== 201) {
    memory.contradictions.push(
      `a request was answered ${opened?.status ?? 'by nobody'} ${opened?.code ?? ''}`,
    )
    return null
  }
  const orderId = opened.body['request_id'] as string
  memory.created(orderId, customer.id, opens, 'broadcast')
  const race: Race = { orderId, told: new Map() }
  const accept = async (
    racer: Racer,
    key: string | undefined,
    pressedMs: number,
  ): Promise<void> => {
    await new Promise<void>(resolve => {
      setTimeout(resolve, pressedMs)
    })
    const answer = await ask(asking(), {
      method: 'POST',
      path: `/api/requests/${orderId}/responses`,
      token: racer.token,
      body: { response_type: 'ACCEPTED' },
      ...(key !== undefined && { key }),
    })
    if (answer === null) return
    context.answered()
    race.told.get(racer)!.add(answer.status === 201 ? 'won' : answer.code!)
    if (answer.status === 201) memory.won(orderId, racer.pharmacyId)
    else if (answer.code === 'request_already_assigned')
      memory.note(orderId, known => known.losers.add(racer.pharmacyId))
  }
  const pressing: Promise<void>[] = []
  const waiting = [...context.pharmacies]
  for (let i = 0; i < context.racers; i++) {
    const racer = waiting.splice(chance.whole(0, waiting.length - 1), 1)[0]!
    race.told.set(racer, new Set())
    const key = chance.happens(askedWithKey) ? randomUUID() : undefined
    pressing.push(accept(racer, key, chance.between(0, pressMs)))
    if (chance.happens(askedTwice))
      pressing.push(accept(racer, key, chance.between(0, 4 * pressMs)))
  }
  await Promise.all(pressing)
  return race
}

const winnersOf = ({ told }: Race): Racer[] =>
  [...told].filter(([, answers]) => answers.has('won')).map(([racer]) => racer)

/**
 * Errors of one race: it must have one winner, all others must have lost, and two accepts of one
 * pharmacy must get the same answer.
 */
function raceWrong(race: Race): string[] {
  const wrong: string[] = []
  const winners = winnersOf(race)
  if (winners.length !== 1)
    wrong.push(`[1] ${race.orderId}: ${winners.length} pharmacies were told that they won`)
  for (const [{ pharmacyId }, answers] of race.told) {
    if (answers.size === 0) wrong.push(`${race.orderId}: ${pharmacyId} was never told`)
    else if (
      answers.size > 1 ||
      ![...answers].every(one => one === 'won' || one === 'request_already_assigned')
    )
      wrong.push(`${race.orderId}: ${pharmacyId} was told ${[...answers].join(' and ')}`)
  }
  return wrong
}

/**
 * Compares journal, read model and published events with the answers, when the consequences of the
 * commits have ended.
 */
async function atRest({ servers }: Deployment, memory: Memory): Promise<string[]> {
  for (const giveUpMs = performance.now() + atRestMs; ;) {
    const found = check(
      memory,
      await readLedgerAt(servers.postgres.url),
      await readPublished(servers.nats.url),
      Date.now(),
    )
    if (found.length === 0 || performance.now() >= giveUpMs) return found
    await new Promise<void>(resolve => {
      setTimeout(resolve, 1_000)
    })
  }
}

/** The outcome as lines of text. */
export function reportContest({
  wrong,
  accepts,
  orders,
  winners,
  faults,
  tally,
  seconds,
}: ContestOutcome): string[] {
  return [
    `faults                 ${
      [...faults]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, count]) => `${name} ${count}`)
        .join(', ') || 'none'
    }`,
    `accepts answered       ${accepts} for ${orders} orders in ${seconds.toFixed(0)} s; orders with exactly one winner: ${winners}`,
    `requests               ${tally.attempts} attempts: ${tally.answered} answered, ${tally.unavailable} told to come again, ${tally.unanswered} without an answer, ${tally.internal.length} internal errors; the slowest took ${(tally.slowestMs / 1_000).toFixed(1)} s`,
    ...wrong.slice(0, 100).map(line => `WRONG  ${line}`),
    ...tally.internal.map(line => `internal  ${line}`),
    wrong.length === 0
      ? 'one winner for every order, in what was told, journal, read model and published events'
      : `${wrong.length} things are wrong`,
  ]
}
