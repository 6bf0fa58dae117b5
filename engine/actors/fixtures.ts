/**
 * The fixtures that the tests of actors share: an actor that counts, refuses, throws and finishes
 * on command, and a wrapper around the journal that injects faults.
 */
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { emit, reject, type Decision } from './decision.ts'
import type { ActorEvent, Store } from '../journal/journal.ts'
import { memoryJournal, MemoryStore } from '../journal/memory.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { Actors, type Committed } from './actors.ts'
import { engineBounds, type EngineBounds } from './bounds.ts'
import type { Cell } from './cell.ts'
import type { TellReply } from './letter.ts'
import { Kinds, type AnyKind } from './kind.ts'
import { wordTable } from './packed.ts'
import { slots } from '../../protocol/kernel/slots.ts'

/** The commands of a counter. An object sets the counter's deadline. */
export type Count =
  | 'create'
  | 'add'
  | 'addTwo'
  | 'nothing'
  | 'refuse'
  | 'throw'
  | 'finish'
  | { wakeAtMs: number }
interface Counter {
  count: number
  wakeAtMs: number | null
  finished: boolean
}

const event = (what: Count): ActorEvent => ({ type: 'counted', data: { what } })

/** A kind of actor that counts its events. It has no table. */
export const counter = (name: string, byte: number): AnyKind => ({
  name,
  byte,
  words: wordTable(['count', 'wakeAtMs', 'finished']),
  tables: [],
  commands: {},
  machine: { steps: { here: { counted: 'here' } }, nameOf: () => 'here' },
  creates: command => command === 'create',
  actorOf: () => ({ role: 'service', id: 'counting' }),
  absent: { count: 0, wakeAtMs: null, finished: false } satisfies Counter,
  decide(_state, command): Decision<ActorEvent> {
    switch (command as Count) {
      case 'addTwo':
        return emit(event('add'), event('add'))
      case 'nothing':
        return emit()
      case 'refuse':
        return reject('forbidden', 'told to')
      case 'throw':
        throw new Error('a defect')
      default:
        return emit(event(command as Count))
    }
  },
  evolve(state, happened): Counter {
    const before = state as Counter
    const { what } = happened.data as { what: Count }
    if (what === 'finish') return { ...before, finished: true, wakeAtMs: null }
    return typeof what === 'object'
      ? { ...before, wakeAtMs: what.wakeAtMs }
      : { ...before, count: before.count + 1 }
  },
  react: () => [],
  resume: () => [],
  wakeAtMs: state => (state as Counter).wakeAtMs,
  row: () => null,
  finished: state => (state as Counter).finished,
  attentive: state => (state as Counter).count > 0,
})

/** Two kinds that differ only in name and number. */
export const counters = [counter('order', 0), counter('driver', 1)]

/** What happens to a call of the journal. */
export type Verdict = 'pass' | 'failBefore' | 'failAfter' | 'overloaded'
export type Faults = Partial<Record<keyof Store, (nth: number) => Verdict>>

/**
 * A journal whose calls fail as `faults` says for the n-th call of a name, from 0. `failBefore`:
 * the call had no effect. `failAfter`: the call had its effect, and the reply is lost.
 */
export function faulty(journal: Store, faults: Faults): Store {
  const calls = new Map<keyof Store, number>()
  return new Proxy(journal, {
    get(target, name: keyof Store) {
      const call = target[name].bind(target) as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        const nth = calls.get(name) ?? 0
        calls.set(name, nth + 1)
        const verdict = faults[name]?.(nth) ?? 'pass'
        if (verdict === 'overloaded')
          throw Object.assign(new Error('injected'), { code: 'overloaded' })
        if (verdict === 'failBefore') throw new Error('injected')
        const result = await call(...args)
        if (verdict === 'failAfter') throw new Error('injected')
        return result
      }
    },
  })
}

/** A store without an engine, and notes of the events that actors report. */
export interface RuntimeWorld {
  env: VirtualEnv
  store: MemoryStore
  committed: Committed[]
  recovered: string[]
  due: string[]
  fenced: number[]
  logs: string[]
  /** For each row that was made: its version, and whether it is the first row of the actor. */
  rows: [version: number, born: boolean][]
  id(): string
}

/** An empty store on virtual time. */
export function runtimeWorld(seed = 1): RuntimeWorld {
  const env = new VirtualEnv(seed)
  return {
    env,
    store: new MemoryStore(() => env.nowMs(), counters),
    committed: [],
    recovered: [],
    due: [],
    fenced: [],
    logs: [],
    rows: [],
    id: () => uuidV7(env.nowMs(), env.random),
  }
}

/** The actors of one engine that owns all slots. */
export async function actorsOf(
  world: RuntimeWorld,
  engineId = 'e1',
  faults: Faults = {},
  onDue: (cell: Cell) => void = () => {},
  bounds: EngineBounds = engineBounds,
) {
  const journal = faulty(memoryJournal(world.store), faults)
  const noting = (kind: AnyKind): AnyKind => ({
    ...kind,
    row(state, version, atMs, isBorn) {
      world.rows.push([version, isBorn])
      return kind.row(state, version, atMs, isBorn)
    },
  })
  const actors = new Actors({
    env: world.env,
    journal,
    bounds,
    slots,
    kinds: new Kinds(counters.map(noting)),
    committed: what => {
      world.committed.push(what)
    },
    recovered: cell => {
      world.recovered.push(cell.actorId)
    },
    due: cell => {
      world.due.push(cell.actorId)
      onDue(cell)
    },
    fenced: slot => {
      world.fenced.push(slot)
      actors.abandon(slot)
    },
    leaseHolds: () => true,
    log: (level, message, detail) => {
      world.logs.push(`${level} ${message} ${String(detail)}`)
    },
  })
  const adopt = async () => {
    for (const lease of await journal.acquireSlots(
      engineId,
      slots.all,
      limits.slotLeaseMsDefault,
      true,
    ))
      actors.adopt(lease, await journal.loadSlot(lease.slot))
  }
  await adopt()
  let nth = 0
  const tell = (
    actorId: string,
    command: Count,
    commandId = `${engineId}:${++nth}`,
    kind = 'order',
  ) => actors.tell(kind, actorId, commandId, command)
  return {
    actors,
    journal,
    tell,
    adopt,
    slotOf: slots.of,
  }
}

/** The count of an answer, or the code of a refusal. */
export const counted = (reply: TellReply): number | string =>
  reply.ok ? (reply.state as Counter).count : reply.code
