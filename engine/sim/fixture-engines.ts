/**
 * Engines of given kinds in the simulator, for tests of a kind: two engines crash and come back over
 * a faulty bus and a faulty database. At a time everything heals.
 */
import type { Bus } from '../../protocol/bus/bus.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'
import { Chance } from '../../protocol/kernel/chance.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { Engine } from '../engine.ts'
import type { AnyKind } from '../actors/kind.ts'
import { Checker } from './checker.ts'
import { ClaimServer } from './claim-server.ts'
import { SimDatabase } from './database.ts'
import { checkingEars } from './ears.ts'
import { Faults } from './faults.ts'
import { Network } from './network.ts'
import { SimNode } from './node.ts'
import { Schedule } from './schedule.ts'

/** The simulated time at which every run begins, ms since the epoch. */
export const startMs = 1_800_000_000_000
export const minute = 60_000
const again: ReadonlySet<string> = new Set(['unavailable', 'moved', 'overloaded', 'timeout'])

class Stop extends Error {}

/** The answer of an actor. */
export interface Told {
  ok: boolean
  problem?: { code: string }
  [kind: string]: unknown
}
/** A command to an actor of a kind. */
export interface Given {
  kind: string
  actorId: string
  verb: string
  by: Principal
  data: object
  id: string
}

/**
 * Starts the engines of a seed. `right`: the kinds as the checker has them. `played`: the kinds as
 * the engines have them.
 */
export function simulatedEngines(
  seed: number,
  right: readonly AnyKind[],
  played: readonly AnyKind[] = right,
) {
  const schedule = new Schedule(startMs)
  const chance = new Chance(seed)
  const faults = new Faults(chance.fork('faults'), new Set(), true)
  const checker = new Checker(right)
  const ears = checkingEars(checker, schedule)
  const network = new Network(schedule, faults, chance.fork('network'), ears)
  const database = new SimDatabase(schedule, faults, chance.fork('database'), right, commit =>
    checker.committed(commit),
  )
  checker.watch(database)
  const claims = new ClaimServer(schedule, faults, chance.fork('claims'), () => {})
  const engines = new Set<SimNode>()
  let incarnations = 0
  let crashes = 0
  const boot = (): void => {
    const name = `engine-${++incarnations}`
    const node = new SimNode(name, schedule, chance.fork(name), faults)
    const engine = new Engine({
      engineId: name,
      env: node.env,
      bus: network.connect(node),
      journal: database.journal(node),
      claims: claims.for(node),
      exclusive: false,
      kinds: played,
      log: () => {},
    })
    engines.add(node)
    const crashed = node.onCrash
    node.onCrash = () => {
      crashed()
      crashes++
      engines.delete(node)
      schedule.after(chance.between(200, 4_000), boot)
    }
    engine.start().catch(() => node.crash())
  }
  boot()
  boot()
  const crashDie = chance.fork('weather')
  const crashOne = (): void => {
    if (faults.healed) return
    if (engines.size > 0) crashDie.pick([...engines]).crash()
    schedule.after(crashDie.between(minute, 4 * minute), crashOne)
  }
  schedule.after(3 * minute, crashOne)

  const client = new SimNode('edge-1', schedule, chance.fork('client'), faults)
  const bus: Bus = network.connect(client)
  const sleep = (ms: number): Promise<void> =>
    new Promise(resolve => {
      schedule.after(ms, resolve)
    })
  /** Sends a command once; null when it is not known whether it happened. */
  const ask = async ({ kind, actorId, verb, by, data, id }: Given): Promise<Told | null> => {
    const body = encodeBody({ id, actor: kind, actor_id: actorId, verb, by, data })
    const reply = await bus.request(ownerSubject(actorId), body, 10_000).then(
      bytes => decodeBody(bytes) as Told,
      () => null,
    )
    return reply === null || (!reply.ok && again.has(reply.problem!.code)) ? null : reply
  }
  /** Sends a command under one id until it is answered. */
  const give = async (given: Given): Promise<Told> => {
    for (;;) {
      const reply = await ask(given)
      if (reply !== null) return reply
      await sleep(chance.between(500, 3_000))
    }
  }
  /** Runs with faults for a time and without them for another one; ends at the first violation. */
  const run = async (faultyMinutes: number, healedMinutes: number): Promise<void> => {
    const each = (): void => {
      if (database.defect !== null) throw database.defect
      if (checker.violations.length > 0) throw new Stop()
    }
    try {
      await schedule.until(startMs + faultyMinutes * minute, each)
      faults.heal()
      for (const node of network.nodes()) network.heal(node)
      await schedule.until(startMs + (faultyMinutes + healedMinutes) * minute, each)
    } catch (error) {
      if (!(error instanceof Stop)) throw error
    }
  }
  return {
    schedule,
    chance,
    faults,
    checker,
    database,
    network,
    bus,
    sleep,
    ask,
    give,
    run,
    crashes: () => crashes,
  }
}
