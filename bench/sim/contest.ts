/**
 * Competing accepts, by the million: pharmacies race for one request after the other over the real
 * edge, claims and engines, while claims are lost and flushed, replies come late, and engines
 * crash, pause and hand over. A request has at most one winner, the one that the journal names, and
 * nobody else may hear that it won. There are no drivers and no deliveries here, because a whole
 * city would spend most of its time on them.
 *
 * It runs in worlds of `acceptsPerWorld` accepts, each with a seed of its own, because a world
 * keeps everything that happened in it. Rejected: one world that forgets, because the checker would
 * have nothing to compare with.
 */
import type { Violation } from '../../engine/sim/checker.ts'
import type { FaultKind } from '../../engine/sim/faults.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Bug } from './bugs/bug.ts'
import { Caller } from './clients.ts'
import { cityCentre } from './people.ts'
import { heal, startWeather } from './weather.ts'
import { World } from './world.ts'

export interface ContestOptions {
  seed: number
  accepts: number
  bug?: Bug | null
  stopped?: () => boolean
}

export interface ContestResult {
  violation: Violation | null
  /** Accepts with a final answer, and the attempts of all accepts. */
  accepts: number
  tries: number
  /** Requests that a pharmacy accepted, and those that ended without. */
  won: number
  unwon: number
  faults: [FaultKind, number][]
  simulatedHours: number
  cpuSeconds: number
}

/** Accepts of one world. */
const acceptsPerWorld = 50_000
const racersMax = 120
/** Requests that are open at the same time. */
const requestsAtOnce = 8
const triesMax = 40
/** Nobody here has a socket that could drop. */
const without: ReadonlySet<FaultKind> = new Set(['socket drop'])

/**
 * Runs world after world until so many accepts were answered. `told` gets the sums after each
 * world.
 */
export async function contest(
  { seed, accepts, bug = null, stopped = () => false }: ContestOptions,
  told: (sum: ContestResult) => void = () => {},
): Promise<ContestResult> {
  const sum: ContestResult = {
    violation: null,
    accepts: 0,
    tries: 0,
    won: 0,
    unwon: 0,
    faults: [],
    simulatedHours: 0,
    cpuSeconds: 0,
  }
  for (let world = seed; sum.accepts < accepts && sum.violation === null && !stopped(); world++) {
    const one = await race(world, Math.min(acceptsPerWorld, accepts - sum.accepts), bug, stopped)
    sum.violation = one.violation
    for (const key of ['accepts', 'tries', 'won', 'unwon', 'simulatedHours', 'cpuSeconds'] as const)
      sum[key] += one[key]
    sum.faults = one.faults.map(([kind, count], i) => [kind, count + (sum.faults[i]?.[1] ?? 0)])
    told(sum)
  }
  return sum
}

class Over extends Error {}

async function race(
  seed: number,
  accepts: number,
  bug: Bug | null,
  stopped: () => boolean,
): Promise<ContestResult> {
  const cpu = process.cpuUsage()
  const world = new World({
    seed,
    without,
    bug,
    hostile: true,
    visits: false,
    talks: false,
    notesMax: 0,
  })
  const { schedule, checker, database } = world
  const chance = world.chance.fork('contest')
  const newId = (): string => uuidV7(Math.floor(schedule.nowMs), chance.random)
  const pharmacyIds = Array.from({ length: racersMax }, newId)
  pharmacyIds.forEach((pharmacyId, i) =>
    world.putPharmacy({
      vendor_id: pharmacyId,
      name: `pharmacy ${i}`,
      phone: '1',
      address: null,
      status: 'active',
      is_active: true,
      revision: 1,
      proof_required: false,
      latitude: cityCentre.latitude + chance.between(-0.03, 0.03),
      longitude: cityCentre.longitude + chance.between(-0.03, 0.03),
      dispatch_policy: 'manual',
      time_zone: 'UTC',
      opening_hours: null,
      tariff: null,
    }),
  )
  for (let i = 0; i < 2; i++) {
    world.bootEngine()
    world.bootEdge()
  }
  startWeather(world)

  const caller = new Caller('racer', chance.fork('racers'), world)
  const customer = { role: 'customer', id: newId() } as const
  const counts = { accepts: 0, tries: 0, won: 0, unwon: 0 }
  const accept = async (requestId: string, pharmacyId: string): Promise<string> => {
    const answer = {
      requestId,
      pharmacyId: pharmacyId,
      response_type: 'ACCEPTED' as const,
      commandId: `${pharmacyId}:${requestId}:ACCEPTED`,
    }
    for (let tries = 0; tries < triesMax; tries++) {
      counts.tries++
      if (tries === 0)
        checker.witness.commanded(requestId, {
          verb: 'respond',
          role: 'vendor',
          id: pharmacyId,
          data: { response_type: 'ACCEPTED' },
        })
      const told = await caller.call(async edge => (await edge.respond(answer)).order)
      if (told.ok) return 'won'
      if (!['lost', 'unavailable', 'overloaded', 'internal'].includes(told.code)) return told.code
      await caller.sleep(chance.around(400 * Math.min(tries + 1, 5)))
    }
    return 'unanswered'
  }
  const request = async (): Promise<void> => {
    const body = {
      customer_id: customer.id,
      customer_name: 'Cleo',
      customer_phone: '3',
      ...cityCentre,
      radius_km: 20,
      items: [],
      expires_in_seconds: chance.pick([10, 30, 60]),
    }
    const opened = await caller.post(
      'broadcast',
      body,
      async (edge, { commandId, targetId }) => {
        checker.witness.asked(targetId, { verb: 'broadcast', customerId: customer.id, body })
        checker.witness.commanded(targetId, { verb: 'broadcast', ...customer, data: body })
        return (
          await edge.commands.order({
            id: commandId,
            actor_id: targetId,
            verb: 'broadcast',
            by: customer,
            data: { order_id: targetId, ...body },
          })
        ).order
      },
      order => order.id,
    )
    if (!opened.ok) return
    const { id } = opened.value
    const winners: string[] = []
    await Promise.all(
      pharmacyIds.map(async pharmacyId => {
        await caller.sleep(chance.happens(0.8) ? chance.between(0, 60) : chance.around(1_500))
        const outcome = await accept(id, pharmacyId)
        if (outcome !== 'unanswered') counts.accepts++
        if (outcome === 'won') winners.push(pharmacyId)
        checker.toldRace(id, pharmacyId, outcome)
      }),
    )
    if (winners.length > 1)
      checker.fail('[1]', `${winners.join(' and ')} were told that they won`, id)
    const accepted = database.store.events
      .get(id)!
      .filter(stored => stored.event.type === 'order_accepted').length
    if (accepted > 1) checker.fail('[1]', `accepted ${accepted} times`, id)
    counts[accepted === 1 ? 'won' : 'unwon']++
    checker.witness.commanded(id, { verb: 'cancel', ...customer, data: {} })
    await caller.post(
      'cancel',
      { id },
      async (edge, { commandId }) =>
        (
          await edge.commands.order({
            id: commandId,
            actor_id: id,
            verb: 'cancel',
            by: customer,
            data: {},
          })
        ).order,
      order => order.id,
      id,
    )
  }
  let running = requestsAtOnce
  const racing = Array.from({ length: requestsAtOnce }, async () => {
    while (counts.accepts < accepts && !stopped()) await request()
    running--
  })
  // An exception in a race ends the run; otherwise its promise would be rejected unnoticed.
  for (const one of racing)
    one.catch((error: unknown) => {
      database.defect ??= error as Error
    })
  const each = (): void => {
    if (database.defect !== null) throw database.defect
    if (checker.violations.length > 0 || running === 0) throw new Over()
  }
  try {
    await schedule.until(schedule.nowMs + 24 * 3_600_000, each)
    checker.fail('[live]', 'the races did not end within a day')
  } catch (error) {
    if (!(error instanceof Over)) throw error
  }
  heal(world)
  const used = process.cpuUsage(cpu)
  return {
    ...counts,
    violation: checker.violations[0] ?? null,
    faults: world.faults.counts(),
    simulatedHours: (schedule.nowMs - world.startMs) / 3_600_000,
    cpuSeconds: (used.user + used.system) / 1e6,
  }
}
