/**
 * Strangers attack a running deployment beside honest people: two engines and two edges on real
 * servers under their ordinary limits. Each attack lasts for a phase, and is compared with a calm
 * phase of the same run. No process may end, no acknowledged answer may be lost, no honest socket
 * may be cut, and no honest person may be refused. Waiting times of honest people are reported
 * without a bound, because a bound would measure the machine.
 */
import { Worker } from 'node:worker_threads'
import { openDatabase } from '../../../migrations/database/open.ts'
import { natsBus } from '../../../protocol/bus/nats.ts'
import { realEnv } from '../../../protocol/kernel/env.ts'
import { startDeployment, type Deployment } from '../../../protocol/testing/deployment.ts'
import type { Member } from '../../../protocol/testing/member.ts'
import { PositionsOnBus } from '../../../protocol/testing/positions.ts'
import { shown } from '../../harness/latency.ts'
import { populate, type Population } from '../../rigs/population.ts'
import { residentBytesOf } from '../../rigs/processes.ts'
import { check } from '../memory/check.ts'
import { readLedgerAt } from '../memory/ledger.ts'
import { Memory } from '../memory/memory.ts'
import { center } from '../memory/people.ts'
import { readPublished } from '../memory/published.ts'
import { attackNames, mustMeet, type AttackName, type Targets, type Told } from './attacks.ts'
import { Honest, type Waits } from './honest.ts'

export interface StrangersOptions {
  /** Length of each phase. */
  phaseMs: number
  logsDir?: string
  say(line: string): void
  progress(line: string): void
  interrupted(): boolean
}

export interface Phase {
  name: string
  waits: Waits
  /** Answers to the strangers; null in the calm phase. */
  told: Told | null
  /** Largest memory of each process, MB. */
  megabytes: Record<string, number>
}

export interface StrangersOutcome {
  /** Errors; empty when passed. */
  wrong: string[]
  phases: Phase[]
  orders: number
}

const honestCounts = { customers: 6, staying: 6, coming: 3, drivers: 6 }
const strangeCounts = { customers: 24, pharmacies: 4 }
const memoryEveryMs = 200
const atRestMs = 60_000
/** Time in which attackers wait for their last answers. */
const endMs = 150_000

/** Runs the phases and then the checks. */
export async function strangers(options: StrangersOptions): Promise<StrangersOutcome> {
  const memory = new Memory()
  const deployment = await startDeployment({
    // The ordinary limits are under test here; other deployments of the torture lift them.
    environment: Object.fromEntries(
      Object.entries(ordinaryLimits).map(([name, value]) => [
        `RATE_LIMIT_${name}_PER_ADDRESS`,
        String(value),
      ]),
    ),
    ...(options.logsDir !== undefined && { logsDir: options.logsDir }),
  })
  const ends: (() => unknown)[] = [() => deployment.stop()]
  try {
    const { people, strange } = await gathered(deployment)
    // Nobody knows how many requests the strangers opened.
    for (const { userId } of strange.customers) memory.attempted.set(userId, Infinity)
    const positions = await PositionsOnBus.observe(deployment.servers.nats.url, center)
    ends.push(() => positions.close())
    const honest = await Honest.gather({
      urls: deployment.urls,
      people,
      staying: honestCounts.staying,
      positions,
      memory,
    })
    ends.push(() => honest.close())
    const targets: Targets = {
      urls: deployment.urls,
      customers: strange.customers.map(one => one.token),
      pharmacies: strange.pharmacies.map(one => one.token),
      emails: honest.emails,
      place: center,
    }
    const phases: Phase[] = []
    for (const name of ['calm', ...attackNames] as const) {
      if (options.interrupted()) break
      options.say(`strangers: ${name}`)
      options.progress(`strangers: ${name}, ${(options.phaseMs / 1_000).toFixed(0)} s`)
      phases.push(await phase(name, deployment, targets, () => honest.live(name, options.phaseMs)))
    }
    options.say('strangers: in peace again; everything must come to rest by itself')
    await honest.settle()
    const wrong = [
      ...deployment.members.flatMap(one => one.unasked),
      ...honest.wrong,
      ...phases.flatMap(strangeWrong),
      ...(await atRest(deployment, memory)),
    ]
    return { wrong, phases, orders: memory.orders.size }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

const ordinaryLimits = { AUTH: 1_000, WRITE: 12_000, READ: 30_000, UPLOAD: 1_200, PUBLIC: 6_000 }

/** Makes accounts in bulk: all pharmacies near, honest ones and others. */
async function gathered({
  servers,
  jwtSecret,
}: Deployment): Promise<{ people: Population; strange: Population }> {
  const database = await openDatabase({ url: servers.postgres.url })
  const bus = await natsBus(servers.nats.url, { name: 'strangers' })
  const places = (count: number, east: number) =>
    Array.from({ length: count }, (_, index) => ({
      latitude: center.latitude + index * 1e-3,
      longitude: center.longitude + east,
    }))
  try {
    const parts = { database, bus, jwtSecret, ...realEnv() }
    const { customers, staying, coming, drivers } = honestCounts
    return {
      people: await populate(parts, {
        customers,
        pharmacies: places(staying + coming, 0),
        drivers,
      }),
      strange: await populate(parts, {
        customers: strangeCounts.customers,
        pharmacies: places(strangeCounts.pharmacies, 1e-3),
      }),
    }
  } finally {
    await bus.close()
    await database.close()
  }
}

async function phase(
  name: 'calm' | AttackName,
  deployment: Deployment,
  targets: Targets,
  live: () => Promise<Waits>,
): Promise<Phase> {
  const megabytes: Record<string, number> = {}
  const sample = (): void => {
    for (const one of deployment.members)
      megabytes[one.name] = Math.max(megabytes[one.name] ?? 0, megabytesOf(one))
  }
  sample()
  const sampling = setInterval(sample, memoryEveryMs)
  const attackers = name === 'calm' ? null : new Attackers(name, targets)
  try {
    const waits = await live()
    return { name, waits, told: attackers === null ? null : await attackers.end(), megabytes }
  } finally {
    clearInterval(sampling)
    await attackers?.kill()
  }
}

const megabytesOf = ({ pid }: Member): number =>
  (residentBytesOf(pid === null ? [] : [pid]) ?? 0) / 1e6

/** One attack in its own thread. */
class Attackers {
  readonly #worker: Worker
  readonly #told: Promise<Told>

  constructor(name: AttackName, targets: Targets) {
    this.#worker = new Worker(new URL('./attacker.js', import.meta.url), {
      workerData: { name, targets },
    })
    this.#told = new Promise((resolve, reject) => {
      this.#worker.once('message', resolve)
      this.#worker.once('error', reject)
    })
    this.#told.catch(() => undefined)
  }

  /** Throws when the attackers failed or do not end. */
  async end(): Promise<Told> {
    this.#worker.postMessage('end', [])
    const timer = setTimeout(() => {
      this.#worker.emit('error', new Error('the attackers do not come to their end'))
    }, endMs)
    try {
      return await this.#told
    } finally {
      clearTimeout(timer)
    }
  }

  async kill(): Promise<void> {
    await this.#worker.terminate()
  }
}

function strangeWrong({ name, told }: Phase): string[] {
  if (told === null) return []
  const missing = mustMeet[name as AttackName].filter(one => told[one] === undefined)
  return [
    ...(told['500'] === undefined ? [] : [`${name}: strangers met ${told['500']} internal errors`]),
    ...missing.map(one => `${name}: no stranger was answered ${one}, but ${JSON.stringify(told)}`),
  ]
}

async function atRest({ servers }: Deployment, memory: Memory): Promise<string[]> {
  for (const giveUpMs = performance.now() + atRestMs; ;) {
    const found = check(
      memory,
      await readLedgerAt(servers.postgres.url),
      await readPublished(servers.nats.url),
      Date.now() - 5_000,
    )
    if (found.length === 0 || performance.now() >= giveUpMs) return found
    await new Promise<void>(resolve => {
      setTimeout(resolve, 1_000)
    })
  }
}

/** The outcome as lines of text. */
export function reportStrangers({ wrong, phases, orders }: StrangersOutcome): string[] {
  const calm = phases[0]
  const kinds = [
    ['HTTP answers', ({ answers }: Waits) => answers],
    ['request to terminal', ({ heard }: Waits) => heard.latency],
    ['sign-ins', ({ signIns }: Waits) => signIns],
    ['coming terminals', ({ greetings }: Waits) => greetings],
  ] as const
  return [
    `honest requests        ${orders} answered`,
    ...phases.flatMap(({ name, waits, told, megabytes }) => [
      `${name}${
        told === null
          ? ''
          : `: strangers were answered ${Object.entries(told)
              .map(([what, count]) => `${what} ${count}`)
              .join(', ')}`
      }`,
      ...kinds.map(([kind, of]) => {
        const [latency, before] = [of(waits), of(calm!.waits)]
        const beside = (percent: number): string =>
          `p${percent} ${shown(latency.percentile(percent))} ms ` +
          `(× ${(latency.percentile(percent) / before.percentile(percent)).toFixed(1)})`
        return `  ${kind.padEnd(20)} ${beside(50)}  ${beside(99)}  n ${latency.count}`
      }),
      `  ${'memory at most'.padEnd(20)} ${Object.entries(megabytes)
        .map(([member, most]) => `${member} ${most.toFixed(0)} MB`)
        .join(', ')}`,
    ]),
    ...wrong.slice(0, 100).map(line => `WRONG  ${line}`),
    wrong.length === 0
      ? 'no process ended, nothing acknowledged is lost, no honest socket was cut and nobody honest was refused'
      : `${wrong.length} things are wrong`,
  ]
}
