/**
 * One simulation: hours of faults, a few minutes without faults, and then a time without new
 * orders, in which all work that was begun must end. Safety is checked after every step.
 */
import { createHash } from 'node:crypto'
import type { FaultKind } from '../../engine/sim/faults.ts'
import type { Coverage } from '../../engine/sim/machine.ts'
import type { Violation } from '../../engine/sim/checker.ts'
import type { Bug } from './bugs/bug.ts'
import { unfinished } from './liveness.ts'
import { PinWatch } from './pins.ts'
import { heal, startWeather } from './weather.ts'
import { World } from './world.ts'

export interface RunOptions {
  seed: number
  hours: number
  without?: ReadonlySet<FaultKind>
  bug?: Bug | null
  customers?: number
  /** More faults than the seed alone would give. */
  hostile?: boolean
  /** Lines kept for the trace of a failure. */
  notesMax?: number
}

export interface RunResult {
  violation: Violation | null
  /** Hash of the whole journal, in the order of its commits. */
  journalHash: string
  faults: [FaultKind, number][]
  coverage: Coverage
  counts: {
    orders: number
    conversations: number
    entries: number
    events: number
    published: number
    republished: number
    steps: number
    simulatedHours: number
    cpuSeconds: number
  }
  /** The last lines before the end, oldest first: ms since the start, actor, event. */
  notes: readonly { atMs: number; who: string; what: string }[]
}

/**
 * Time after the faults in which people go on while nothing fails, and terminals must hear of
 * everything.
 */
const calmMs = 3 * 60_000
/** Time after that for all work to end: a search of ten minutes, and the delivery. */
const peaceMs = 25 * 60_000
const lookMs = 30_000

/** Runs one simulation until its end or its first violation. */
export async function simulate(options: RunOptions): Promise<RunResult> {
  const cpu = process.cpuUsage()
  const world = new World({
    seed: options.seed,
    without: options.without ?? new Set(),
    bug: options.bug ?? null,
    notesMax: options.notesMax ?? 2_000,
    ...(options.customers !== undefined && { customers: options.customers }),
    hostile: options.hostile ?? false,
    // The seeds of the other bugs were found without them.
    visits: options.bug == null || options.bug.visits === true,
    talks: options.bug == null || options.bug.talks === true,
  })
  const { schedule, checker } = world
  const pins = new PinWatch(world)
  const each = (): void => {
    pins.look()
    if (world.database.defect !== null) throw world.database.defect
    if (checker.violations.length > 0) throw new Stop()
  }
  world.populate()
  startWeather(world)
  try {
    await schedule.until(world.startMs + options.hours * 3_600_000, each)
    heal(world)
    await schedule.until(world.calmSinceMs + calmMs, each)
    world.close()
    const peaceEndsMs = schedule.nowMs + peaceMs
    let left = ['the first look']
    while (left.length > 0 && schedule.nowMs < peaceEndsMs) {
      await schedule.until(schedule.nowMs + lookMs, each)
      left = unfinished(world)
    }
    for (const what of left)
      checker.fail('[live]', what, /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(what)?.[0] ?? null)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
  }
  const used = process.cpuUsage(cpu)
  return {
    violation: checker.violations[0] ?? null,
    journalHash: journalHash(world),
    faults: world.faults.counts(),
    coverage: checker.coverage,
    counts: {
      orders: checker.orders.size,
      conversations: world.talk.talks.size,
      entries: [...world.talk.talks.values()].reduce((sum, one) => sum + one.entries.length, 0),
      events: checker.events,
      published: checker.published,
      republished: checker.republished,
      steps: schedule.steps,
      simulatedHours: (schedule.nowMs - world.startMs) / 3_600_000,
      cpuSeconds: (used.user + used.system) / 1e6,
    },
    notes: world.notes,
  }
}

class Stop extends Error {}

function journalHash(world: World): string {
  const hash = createHash('sha256')
  for (const [number, slot] of [...world.database.store.slots].sort(([a], [b]) => a - b))
    hash.update(JSON.stringify([number, slot.epoch, slot.events]))
  return hash.digest('hex')
}
