/**
 * One torture run: people order and deliver during faults. Then the system must come to rest and is
 * checked.
 */
import { Chance } from '../../protocol/kernel/chance.ts'
import { newTally, type Tally } from './memory/ask.ts'
import { startDeployment } from '../../protocol/testing/deployment.ts'
import { faults } from './faults.ts'
import { Memory } from './memory/memory.ts'
import { gatherPeople } from './memory/people.ts'
import { beginFaults } from './plan.ts'
import { settle } from './settle.ts'
import { customerLife } from './stories.ts'

export interface RunOptions {
  seed: number
  /** Time in which faults begin, ms; start, settling and checks are added to it. */
  faultsMs: number
  customers?: number
  pharmacies?: number
  driversEach?: number
  logsDir?: string
  say(line: string): void
  /** Called a few times a second. */
  progress(line: string): void
  interrupted(): boolean
}

export interface Outcome {
  /** Errors; empty when the run has passed. */
  wrong: string[]
  faults: ReadonlyMap<string, number>
  orders: number
  acknowledgements: number
  wins: number
  deliveries: number
  tally: Tally
  /** Number of times that an engine was fenced and wrote nothing. */
  fenced: number
}

const progressEveryMs = 500
/**
 * Time from the end of the faults to the end of the stories, so that some of them end without
 * faults.
 */
const afterglowMs = 3_000

/** Runs the torture and then the checks. */
export async function torture(options: RunOptions): Promise<Outcome> {
  const chance = new Chance(options.seed)
  const memory = new Memory()
  const tally = newTally()
  const deployment = await startDeployment(
    options.logsDir === undefined ? {} : { logsDir: options.logsDir },
  )
  let closePeople = (): void => undefined
  try {
    const fencedCounts = deployment.engines.map(engine => engine.count(/writes nothing to it/))
    const { urls } = deployment
    const people = await gatherPeople({
      urls,
      chance: chance.fork('people'),
      memory,
      tally,
      pharmacies: options.pharmacies ?? 5,
      driversEach: options.driversEach ?? 2,
      customers: options.customers ?? 8,
    })
    closePeople = () => people.close()
    options.say(
      `torture: ${people.customers.length} customers, ${people.pharmacies.length} pharmacies, ${people.drivers.length} drivers; faults begin`,
    )
    const startMs = performance.now()
    let endMs = startMs + options.faultsMs + afterglowMs
    const context = { urls, people, memory, tally, endMs: () => endMs }
    const plan = beginFaults(deployment, faults, chance.fork('faults'), options.say)
    const lives = people.customers.map((customer, index) =>
      customerLife({ ...context, chance: chance.fork(`customer ${index}`) }, customer),
    )
    while (performance.now() - startMs < options.faultsMs && !options.interrupted()) {
      options.progress(
        `torture: ${seconds(performance.now() - startMs)} of ${seconds(options.faultsMs)} s · orders ${memory.orders.size} · acknowledged ${memory.acknowledgements} · delivered ${delivered(memory)} · ${[...plan.acting].join(', ') || 'fair'}`,
      )
      await new Promise<void>(resolve => {
        setTimeout(resolve, progressEveryMs)
      })
    }
    if (options.interrupted()) endMs = 0
    await plan.end()
    await Promise.all(lives)
    options.say('torture: no more faults; everything must come to rest by itself')
    const wrong = await settle({ deployment, people, memory, tally, chance, say: options.say })
    return {
      wrong,
      faults: plan.counts,
      orders: memory.orders.size,
      acknowledgements: memory.acknowledgements,
      tally,
      wins: [...memory.orders.values()].filter(order => order.winner !== null).length,
      deliveries: delivered(memory),
      fenced: fencedCounts.reduce((sum, count) => sum + count(), 0),
    }
  } finally {
    closePeople()
    await deployment.stop()
  }
}

/** Number of orders whose delivery was acknowledged. */
export const delivered = (memory: Memory): number =>
  [...memory.orders.values()].filter(order => order.steps.includes('delivered')).length
const seconds = (ms: number): string => (ms / 1_000).toFixed(0)

/** The outcome as lines of text. */
export function report(outcome: Outcome): string[] {
  const { tally } = outcome
  return [
    `faults                 ${
      [...outcome.faults]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, count]) => `${name} ${count}`)
        .join(', ') || 'none'
    }`,
    `orders acknowledged    ${outcome.orders}, won ${outcome.wins}, delivered ${outcome.deliveries}; ${outcome.acknowledgements} acknowledgements remembered`,
    `requests               ${tally.attempts} attempts: ${tally.answered} answered, ${tally.unavailable} told to come again, ${tally.unanswered} without an answer, ${tally.internal.length} internal errors`,
    `slots lost to a fence  ${outcome.fenced}`,
    ...outcome.wrong.map(line => `WRONG  ${line}`),
    ...tally.internal.map(line => `internal  ${line}`),
    outcome.wrong.length === 0
      ? 'every acknowledgement was found again, and nothing contradicts another'
      : `${outcome.wrong.length} things are wrong`,
  ]
}
