/**
 * One replay against a running server: sign-ups, then the recorded hour, then a wait for open
 * deliveries.
 */
import { LiveLine } from '../harness/live-line.ts'
import { shown } from '../harness/latency.ts'
import { inParallel, settled } from '../rigs/parallel.ts'
import { newCustomer, newDriver, newPharmacy, runTag, type Person } from '../rigs/people.ts'
import {
  loadTrips,
  inventTrips,
  readTraces,
  surveyTraces,
  type Box,
  type PharmacyRow,
  type TraceSurvey,
  type TripRow,
} from './data.ts'
import { Cab, stamper } from './fleet.ts'
import { Market, type MarketOptions } from './market.ts'
import { frameCounters, type Outcome } from './summary.ts'

export interface ReplayPlan {
  url: string
  pharmacies: PharmacyRow[]
  traces: string | null
  trips: string | null
  /** Number of requests to invent when no trips are given. */
  requests: number
  minutes: number | null
  limitTrips: number | null
  box: Box | null
  market: MarketOptions
  line: LiveLine
  /** Longest wait for deliveries after the last position. */
  settleMs: number
  /** Becomes true when the user ends the run; the results so far are then summed up. */
  interrupted(): boolean
}

const customersCount = 40
/** Sign-ups under way at once. Hashing uses the server's cores, and more would only wait. */
const signUpsAtOnce = 6
const terminalsTimeoutMs = 30_000
/** Acknowledgements come at most once a second. */
const lastAckMs = 1_500
/** Minutes of invented trips when there are no traces. */
const inventedMinutes = 10

/**
 * Signs everybody up, plays traces and trips at the given speed, waits for the orders under way,
 * and resolves to what there was.
 */
export async function replay(plan: ReplayPlan): Promise<Outcome> {
  const { line, market: options } = plan
  const survey = plan.traces === null ? null : await surveyTraces(plan.traces, plan.minutes)
  const window = survey ?? { firstTs: 0, lastTs: (plan.minutes ?? inventedMinutes) * 60 }
  const { trips, zeroLength } =
    plan.trips === null
      ? { trips: inventTrips(plan.pharmacies, plan.requests, window, options.seed), zeroLength: 0 }
      : await loadTrips(plan.trips, window, plan.box, plan.limitTrips)
  line.say(
    `replay: ${plan.pharmacies.length} pharmacies, ${survey?.cabs.length ?? 0} vehicles with ${survey?.points ?? 0} positions, ${trips.length} trips` +
      `${zeroLength > 0 ? ` (${zeroLength} of zero length left out)` : ''}, ${((window.lastTs - window.firstTs) / 60).toFixed(0)} minutes at speed ${options.speed}`,
  )

  const market = new Market(options)
  const before = await frameCounters(plan.url)
  const startedMs = performance.now()
  const { customers, cabs } = await signUp(plan, market, survey)
  line.say(
    `replay: everybody is signed in and connected after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
  )

  const runStartedMs = performance.now()
  const progress = setInterval(() => line.show(progressLine(market, cabs, runStartedMs)), 250)
  let asked: Promise<unknown>[] = []
  try {
    const clock = new Clock(window, options.speed)
    const stamp = stamper(window, Date.now(), options.speed)
    const sending =
      plan.traces === null ? Promise.resolve() : sendTraces(plan, plan.traces, cabs, clock, stamp)
    asked = await askTrips(plan, market, trips, customers, clock)
    await sending
    await Promise.all(asked)
    await settled(() => plan.interrupted() || market.unfinished === 0, plan.settleMs, 100)
    await settled(
      () => plan.interrupted() || [...cabs.values()].every(cab => cab.acknowledged >= cab.sent),
      lastAckMs * 2,
    )
  } finally {
    clearInterval(progress)
  }
  line.say(progressLine(market, cabs, runStartedMs))
  const after = await frameCounters(plan.url)
  market.stop()
  for (const cab of cabs.values()) cab.close()
  return {
    market,
    cabs: [...cabs.values()],
    trips: trips.length,
    zeroLength,
    before,
    after,
    pharmacies: plan.pharmacies,
    customers,
    runSeconds: (performance.now() - runStartedMs) / 1000,
  }
}

async function signUp(
  plan: ReplayPlan,
  market: Market,
  survey: TraceSurvey | null,
): Promise<{ customers: Person[]; cabs: Map<string, Cab> }> {
  const { url, line } = plan
  const tag = runTag()
  const names = survey?.cabs ?? []
  const total = plan.pharmacies.length + customersCount + names.length
  let done = 0
  const step = (): void => {
    done++
    line.show(`signing up: ${done} of ${total}`)
  }
  const pharmacyIds: string[] = []
  await inParallel(plan.pharmacies, signUpsAtOnce, async (row, index) => {
    if (plan.interrupted()) throw new Error('interrupted')
    const person = await newPharmacy(url, tag, index, row.name, row)
    pharmacyIds[index] = person.recordId
    market.addPharmacy(person, index)
    step()
  })
  const customers: Person[] = []
  await inParallel(Array.from({ length: customersCount }), signUpsAtOnce, async (_, index) => {
    customers[index] = await newCustomer(url, tag, index)
    step()
  })
  const cabs = new Map<string, Cab>()
  await inParallel(names, signUpsAtOnce, async (name, index) => {
    if (plan.interrupted()) throw new Error('interrupted')
    const pharmacyId = pharmacyIds[index % pharmacyIds.length]!
    const cab = new Cab(
      await newDriver(url, tag, index, pharmacyId, {
        vehicle_type: 'car',
        name: `Cab ${name}`.slice(0, 100),
      }),
    )
    cabs.set(name, cab)
    await cab.goToWork()
    market.addCab(pharmacyId, cab)
    step()
  })
  if (!(await settled(() => market.terminalsOpen === plan.pharmacies.length, terminalsTimeoutMs)))
    throw new Error(
      `only ${market.terminalsOpen} of ${plan.pharmacies.length} terminals are connected`,
    )
  return { customers, cabs }
}

/** Converts recorded time to time of this run. */
class Clock {
  readonly #startMs = performance.now()
  readonly #firstTs: number
  readonly #speed: number
  constructor(window: { firstTs: number }, speed: number) {
    this.#firstTs = window.firstTs
    this.#speed = speed
  }

  /** Resolves when the recorded moment is due, or at once when it has passed. */
  async until(ts: number): Promise<void> {
    const waitMs = this.#startMs + ((ts - this.#firstTs) * 1_000) / this.#speed - performance.now()
    if (waitMs > 1)
      await new Promise<void>(resolve => {
        setTimeout(resolve, waitMs)
      })
  }
}

async function sendTraces(
  plan: ReplayPlan,
  path: string,
  cabs: Map<string, Cab>,
  clock: Clock,
  stamp: (ts: number) => number,
): Promise<void> {
  for await (const point of readTraces(path, plan.minutes)) {
    await clock.until(point.ts)
    if (plan.interrupted()) return
    cabs.get(point.cab)!.send(point, stamp(point.ts))
  }
}

/**
 * Open loop: a slow server does not make customers wait for each other. Resolves when the last
 * customer has ordered.
 */
async function askTrips(
  plan: ReplayPlan,
  market: Market,
  trips: TripRow[],
  customers: Person[],
  clock: Clock,
): Promise<Promise<unknown>[]> {
  const asked: Promise<unknown>[] = []
  for (const [index, trip] of trips.entries()) {
    await clock.until(trip.pickupTs)
    if (plan.interrupted()) break
    asked.push(market.ask(trip, index, customers[index % customers.length]!))
  }
  return asked
}

function progressLine(market: Market, cabs: Map<string, Cab>, startedMs: number): string {
  let sent = 0
  for (const cab of cabs.values()) sent += cab.sent
  const { requestToTerminal } = market
  return (
    `${((performance.now() - startedMs) / 1000).toFixed(0)} s · frames ${sent} · requests ${market.asks.size} · won ${market.wonCount} · delivered ${market.deliveredCount}` +
    ` · request→terminal p50 ${shown(requestToTerminal.percentile(50))} p99 ${shown(requestToTerminal.percentile(99))} ms${market.lastTrouble === '' ? '' : ` · last trouble: ${market.lastTrouble.slice(0, 80)}`}`
  )
}
