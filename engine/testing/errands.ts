/**
 * A third kind of actor, made up for tests. An errand is asked for, is passed on to another errand,
 * is reminded when its time has come, and is done. The product does not know this kind, and it goes
 * through every part that an order goes through.
 */
import { Type } from 'typebox'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { emit, reject } from '../actors/decision.ts'
import type { Effect } from '../actors/effects.ts'
import type { Table } from '../journal/table.ts'
import type { AnyKind, Attendant, Kind } from '../actors/kind.ts'
import { wordTable } from '../actors/packed.ts'

export type Errand =
  | { status: 'absent' }
  | {
      status: 'open' | 'done'
      errandId: string
      what: string
      tags: string[]
      dueAtMs: number | null
      reminders: number
      heardOf: string[]
    }

type ErrandCommand =
  | {
      verb: 'ask'
      by: Principal
      errandId: string
      data: { what: string; tags: string[]; due_ms?: number }
    }
  | { verb: 'pass_on'; by: Principal; data: { to: string } }
  | { verb: 'hear'; by: Principal; from: string }
  | { verb: 'remind'; by: Principal }
  | { verb: 'finish'; by: Principal }

export type ErrandEvent =
  | {
      type: 'errand_asked'
      data: { errand_id: string; what: string; tags: string[]; due_at_ms: number | null }
    }
  | { type: 'errand_passed_on'; data: { to: string } }
  | { type: 'errand_heard_of'; data: { from: string } }
  | { type: 'errand_reminded'; data: object }
  | { type: 'errand_finished'; data: object }

interface ErrandRow {
  errand: Extract<Errand, { errandId: string }>
  version: number
  isBorn: boolean
}

const errands: Table<ErrandRow> = {
  name: 'errands',
  columns: [
    { name: 'id', type: 'uuid', isFixed: true, of: ({ errand }) => errand.errandId },
    { name: 'what', type: 'text', isFixed: true, of: ({ errand }) => errand.what },
    { name: 'status', type: 'text', of: ({ errand }) => errand.status },
    { name: 'reminders', type: 'int4', of: ({ errand }) => errand.reminders },
    { name: 'heard_of', type: 'json', of: ({ errand }) => errand.heardOf },
    { name: 'version', type: 'int4', of: ({ version }) => version },
  ],
  lists: [
    {
      name: 'tags',
      type: 'text',
      of: ({ errand, isBorn }) => (isBorn ? errand.tags : null),
      item: tag => tag,
    },
  ],
}
/** A row is written once, for an errand with a time. */
const errandTimes: Table<ErrandRow> = {
  name: 'errand_times',
  columns: [
    { name: 'errand_id', type: 'uuid', isFixed: true, of: ({ errand }) => errand.errandId },
    { name: 'due_at', type: 'timestamptz', isFixed: true, of: ({ errand }) => errand.dueAtMs },
  ],
  takes: ({ errand, isBorn }) => isBorn && errand.dueAtMs !== null,
}

/** Creates the tables, as a migration of such a kind would. */
export async function createErrandTables(pool: {
  query(text: string): Promise<unknown>
}): Promise<void> {
  await pool.query(`create table errands (
    id uuid primary key, what text not null, status text not null, reminders integer not null,
    heard_of json not null, version integer not null, tags text[])`)
  await pool.query(
    `create table errand_times (errand_id uuid primary key, due_at timestamptz not null)`,
  )
}

const Uuid = Type.String({ format: 'uuid' })
const toErrand = (to: string, id: string, command: ErrandCommand) => ({
  kind: 'errand',
  actorId: to,
  id,
  command,
})
const system: Principal = { role: 'system', id: 'errand' }

const attendant: Attendant<Errand, ErrandCommand, ErrandEvent> = {
  plan({ verb, by, actor_id, data }) {
    return { verb, by, errandId: actor_id, data } as ErrandCommand
  },
  reply: ({ state, version }) => ({ ok: true, errand: { ...state, version } }),
}

/** The errands that one engine has observed, and the slots that it lost. */
export interface ErrandNotes {
  seen: Set<string>
  lost: number[]
}

/** `notes`: the attendants of this kind note here which errands they observe. */
const errandKind = (
  notes: ErrandNotes = { seen: new Set(), lost: [] },
): Kind<Errand, ErrandCommand, ErrandEvent, ErrandRow> => ({
  name: 'errand',
  byte: 9,
  words: wordTable(['status', 'absent', 'open', 'done', 'errandId', 'what', 'tags', 'dueAtMs']),
  tables: [errands, errandTimes],
  commands: {
    ask: Type.Object({
      what: Type.String({ minLength: 1 }),
      tags: Type.Array(Type.String()),
      due_ms: Type.Optional(Type.Integer()),
    }),
    pass_on: Type.Object({ to: Uuid }),
    finish: Type.Object({}),
  },
  closedToServices: { finish: 'only people finish an errand' },
  machine: {
    steps: {
      absent: { errand_asked: 'open' },
      open: {
        errand_passed_on: 'open',
        errand_heard_of: 'open',
        errand_reminded: 'open',
        errand_finished: 'done',
      },
      done: {},
    },
    nameOf: errand => errand.status,
  },
  absent: { status: 'absent' },
  creates: command => command.verb === 'ask',
  actorOf: command => command.by,
  decide(errand, command, nowMs) {
    if (command.verb === 'ask') {
      const { what, tags, due_ms } = command.data
      const due_at_ms = due_ms === undefined ? null : nowMs + due_ms
      return errand.status === 'absent'
        ? emit({
            type: 'errand_asked',
            data: { errand_id: command.errandId, what, tags, due_at_ms },
          })
        : reject('order_state_conflict', 'this errand was asked for already')
    }
    if (errand.status === 'absent') return reject('not_found', 'no such errand')
    if (command.verb === 'hear')
      return errand.status === 'done' || errand.heardOf.includes(command.from)
        ? emit()
        : emit({ type: 'errand_heard_of', data: { from: command.from } })
    if (errand.status === 'done') return reject('order_state_conflict', 'this errand is done')
    switch (command.verb) {
      case 'pass_on':
        return emit({ type: 'errand_passed_on', data: command.data })
      case 'remind':
        return errand.dueAtMs === null ? emit() : emit({ type: 'errand_reminded', data: {} })
      case 'finish':
        return emit({ type: 'errand_finished', data: {} })
    }
  },
  evolve(errand, event) {
    if (event.type === 'errand_asked') {
      const { errand_id: errandId, what, tags, due_at_ms: dueAtMs } = event.data
      return { status: 'open', errandId, what, tags, dueAtMs, reminders: 0, heardOf: [] }
    }
    if (errand.status === 'absent') return errand
    switch (event.type) {
      case 'errand_heard_of':
        return { ...errand, heardOf: [...errand.heardOf, event.data.from] }
      case 'errand_reminded':
        return { ...errand, reminders: errand.reminders + 1, dueAtMs: null }
      case 'errand_finished':
        return { ...errand, status: 'done', dueAtMs: null }
      default:
        return errand
    }
  },
  react(event, errand, _atMs, { slot, seq }): Effect[] {
    if (errand.status === 'absent') return []
    const { errandId } = errand
    if (event.type === 'errand_passed_on') {
      const command: ErrandCommand = { verb: 'hear', by: system, from: errandId }
      return [{ do: 'command', to: toErrand(event.data.to, `${errandId}:${slot}.${seq}`, command) }]
    }
    return []
  },
  resume: () => [],
  wakeAtMs: errand => (errand.status === 'open' ? errand.dueAtMs : null),
  row(errand, version, _atMs, isBorn) {
    if (errand.status === 'absent') throw new Error('an absent errand has no row')
    return { errand, version, isBorn }
  },
  finished: errand => errand.status === 'done',
  attentive: errand => errand.status === 'open',
  attend: engine => ({
    ...attendant,
    observe: ({ actorId }) => notes.seen.add(actorId),
    due: ({ actorId, version }) =>
      void engine.actors.tell(
        toErrand(actorId, `remind:${version}`, { verb: 'remind', by: system }),
      ),
    lost: slot => notes.lost.push(slot),
  }),
})

/** The kind in the form for lists of kinds. */
export const anyErrand = (notes?: ErrandNotes): AnyKind => errandKind(notes) as AnyKind
