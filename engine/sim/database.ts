/**
 * The database of a simulation. Appends come as the statements of the real group commit
 * (`journal/appender.ts`), so lost replies, numbering and fencing go through real code. All other
 * calls go to the memory journal. The faults are latency, lost replies, statements that commit
 * after their client gave up, and outages. Commits and snapshots are durable: recovery reads no
 * further back than the snapshots say, so a lost snapshot would take events with it (J14 in
 * journal/journal.ts). Cursors may be lost from the end backwards when the database restarts, as
 * with `synchronous_commit = off`.
 */
import { Appender, type AppenderEnv } from '../journal/appender.ts'
import { appendPlan, type AppendPlan, type TablePlace } from '../journal/append.ts'
import { eventColumns } from '../journal/columns.ts'
import type { Store } from '../journal/journal.ts'
import { memoryJournal, MemoryStore, type EventRow } from '../journal/memory.ts'
import { statements } from '../journal/statements.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Faults } from './faults.ts'
import { readArray, readDocuments, readNumbers, readTexts } from './literals.ts'
import type { ColumnType, StoredKind } from '../journal/table.ts'
import type { TableRow } from '../journal/memory-table.ts'
import type { SimNode } from './node.ts'
import type { Schedule } from './schedule.ts'

type Pool = ConstructorParameters<typeof Appender>[0]
/** The values of a row by column, as text. Documents and lists are left out. */
export type RowColumns = Record<string, string | null>
/**
 * A row as an append wrote it: `row` has all values, `columns` has the text of those that are no
 * document and no list.
 */
export interface RowWritten {
  kind: string
  table: string
  row: TableRow
  columns: RowColumns
}
/**
 * The writes of one transaction, and their time. `epochs`: the epochs by which its sender wrote, by
 * slot.
 */
export interface Commit {
  events: readonly EventRow[]
  rows: readonly RowWritten[]
  epochs: ReadonlyMap<number, number>
  nowMs: number
}
export type Committed = (commit: Commit) => void

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const behind: ReadonlySet<string> = new Set(['saveCursors', 'savePositions', 'saveBreadcrumbs'])
/** Time for which the operating system may hold a write back, ms. */
const unsyncedMs = 2_000
const lanes = 2

/** One database with the journals of all processes. */
export class SimDatabase {
  readonly store: MemoryStore
  readonly #schedule: Schedule
  readonly #faults: Faults
  readonly #chance: Chance
  readonly #committed: Committed
  /** Planted bugs may set it to false; then the epoch of an append is not compared. */
  fences = true
  readonly #plan: AppendPlan
  /** By table and key, the columns of the newest version. */
  readonly #columns = new Map<string, Map<string, RowColumns>>()
  /** A mistake of the simulator itself; it ends the run. */
  defect: Error | null = null
  /**
   * Slots whose cursor was lost and not stored since. Their owner does not know it, and the next
   * owner repeats events.
   */
  readonly cursorsLost = new Set<number>()
  /** How far its clock is ahead of the true time, ms. */
  skewMs = 0
  /** Bounds for the queue of appends of each process. */
  queue: Pick<AppenderEnv, 'queueEventsMax' | 'batchEventsMax'> = {}
  readonly #away = new Map<SimNode, 'requests' | 'replies'>()
  readonly #slow = new Map<SimNode, number>()
  #down = false
  #behind: { atMs: number; undo: () => void }[] = []

  constructor(
    schedule: Schedule,
    faults: Faults,
    chance: Chance,
    kinds: readonly StoredKind[],
    committed: Committed,
  ) {
    this.store = new MemoryStore(() => Math.floor(schedule.nowMs + this.skewMs), kinds)
    this.#plan = appendPlan(kinds)
    this.#schedule = schedule
    this.#faults = faults
    this.#chance = chance
    this.#committed = committed
  }

  /** The true time. */
  get nowMs(): number {
    return this.#schedule.nowMs
  }

  /** Begins or ends an outage for all processes. */
  setDown(down: boolean): void {
    this.#down = down
  }
  /** Cuts this process off: its requests do not arrive, or the replies to them do not. */
  cutOff(node: SimNode, direction: 'requests' | 'replies'): void {
    this.#away.set(node, direction)
  }
  /** Each message between the database and this process takes `ms` longer. */
  slow(node: SimNode, ms: number): void {
    this.#slow.set(node, ms)
  }
  /** Ends the faults between the database and this process. */
  heal(node: SimNode): void {
    this.#away.delete(node)
    this.#slow.delete(node)
  }

  /**
   * After a crash: takes back the last writes that were not durable, from the end backwards.
   * Returns their number.
   */
  loseUnsynced(): number {
    this.#forgetSynced()
    const keep =
      this.#behind.length === 0
        ? 0
        : this.#faults.die('journal loses unsynced').whole(0, this.#behind.length - 1)
    const lost = this.#behind.splice(keep)
    for (const { undo } of lost.reverse()) undo()
    return lost.length
  }

  /** The journal of one process. */
  journal(node: SimNode): Store {
    const inner = memoryJournal(this.store)
    const budget = { eventsHeld: 0 }
    const pool = {
      query: ({ name, values }: { name: string; values: unknown[] }) => {
        // Copy the bytes, as a database's client does: they belong to the appender, and the
        // statement may come late.
        const sent = values.map(value => (Buffer.isBuffer(value) ? Buffer.from(value) : value))
        return this.call(node, () => this.#statement(name, sent), true)
      },
    } as unknown as Pool
    const appenders = Array.from(
      { length: lanes },
      () =>
        new Appender(pool, this.#plan, { after: node.env.after, ...this.queue }, silent, budget),
    )
    const faulty: Record<string, unknown> = {}
    for (const [name, method] of Object.entries(inner) as [
      string,
      (...args: unknown[]) => Promise<unknown>,
    ][])
      faulty[name] = (...args: unknown[]) =>
        this.call(node, () => {
          if (behind.has(name)) this.#writtenBehind(name, args)
          return method(...args)
        })
    return {
      ...(faulty as unknown as Store),
      append: request => appenders[request.slot % lanes]!.append(request),
    }
  }

  /**
   * A call from a process to the database and back. `mayLinger`: the connection may break while the
   * statement waits in the server. The server then carries it out later.
   */
  call<T>(node: SimNode, work: () => T | Promise<T>, mayLinger = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const faults = this.#faults
      const latencyMs = (): number => {
        const ms = this.#chance.between(0.2, 1.5) + (this.#slow.get(node) ?? 0)
        return faults.happens('journal slow', 0.004)
          ? ms + faults.die('journal slow').around(700)
          : ms
      }
      const back = (settle: () => void): void => {
        this.#schedule.after(latencyMs(), () => node.enter(settle))
      }
      const broken = (): void =>
        back(() =>
          reject(
            Object.assign(new Error('connection to the database lost'), { code: 'ECONNRESET' }),
          ),
        )
      if (node.diesHere()) return
      this.#schedule.after(latencyMs(), () => {
        if (this.#down || this.#away.get(node) === 'requests') return broken()
        if (faults.happens('journal fails before', 0.002)) return broken()
        if (mayLinger && faults.happens('journal commits late', 0.002)) {
          this.#schedule.after(faults.die('journal commits late').between(1, 1_500), () => {
            if (!this.#down) carryOut(work).catch(() => {})
          })
          return broken()
        }
        carryOut(work).then(
          result => {
            if (node.diesHere()) return
            if (this.#away.has(node) || faults.happens('journal fails after', 0.003))
              return broken()
            back(() => resolve(result))
          },
          error => back(() => reject(error as Error)),
        )
      })
    })
  }

  /**
   * A refusal is an answer of the database. Any other error here is a mistake of the simulator and
   * must not look like a lost connection.
   */
  #statement(name: string, values: unknown[]): { rows: unknown[] } {
    try {
      return this.#execute(name, values)
    } catch (error) {
      if ((error as { code?: string }).code === undefined) this.defect ??= error as Error
      throw error
    }
  }

  #execute(name: string, values: unknown[]): { rows: unknown[] } {
    const places = this.#plan.placesOf(name)
    if (places !== undefined) return { rows: [this.#append(values, places)] }
    switch (name) {
      case statements.findWritten.name:
        return { rows: [{ found: this.#findWritten(values) }] }
      case statements.actorVersion.name:
        return { rows: [{ version: this.store.events.get(String(values[0]))?.length ?? 0 }] }
      case statements.lastSeqs.name:
        return {
          rows: readNumbers(values[0]).map(slot => ({
            slot,
            last_seq: this.store.slot(slot).events.length,
          })),
        }
      default:
        throw new Error(`the simulated database does not know the statement ${name}`)
    }
  }

  /** The append's statement. Names are those of its SQL. */
  #append(values: unknown[], places: readonly TablePlace[]) {
    const { store } = this
    const [slots, epochs, continued, versions] = [
      readNumbers(values[0]),
      readNumbers(values[1]),
      readTexts(values[2]),
      readNumbers(values[3]),
    ]
    const held = slots.filter((slot, i) => !this.fences || store.slot(slot).epoch === epochs[i])
    const gaps = continued.filter(
      (actorId, i) => (store.events.get(actorId)?.length ?? 0) < versions[i]!,
    )
    const answer = {
      committed: held.length === values.at(-2) && gaps.length === 0,
      held_slots: held,
      gap_actor_ids: gaps,
    }
    if (!answer.committed) return answer
    const events = eventsOf(values)
    const last = new Map<number, number>()
    for (const { actorId, version, slot, seq } of events) {
      const taken = seq <= (store.slots.get(slot)?.events.length ?? 0)
      if (taken || version <= (store.events.get(actorId)?.length ?? 0))
        throw Object.assign(new Error('duplicate key value violates unique constraint'), {
          code: '23505',
        })
      last.set(slot, seq)
    }
    for (const event of events) {
      store.slot(event.slot).events.push(event)
      store.events.set(event.actorId, [...(store.events.get(event.actorId) ?? []), event])
    }
    this.#committed({
      events,
      rows: places.flatMap(place => this.#write(values, place)),
      epochs: new Map(slots.map((slot, i) => [slot, epochs[i]!])),
      nowMs: this.#schedule.nowMs,
    })
    return answer
  }

  #write(
    values: unknown[],
    { kind, table, columnsAt, spansAt, listsAt }: TablePlace,
  ): RowWritten[] {
    const columns = table.columns.map(({ name, type }, i) => ({
      name,
      type,
      texts: readArray(values[columnsAt + i]),
    }))
    const lists = (table.lists ?? []).map(({ name, type }, i) => ({
      name,
      from: readNumbers(values[spansAt + 2 * i]),
      to: readNumbers(values[spansAt + 2 * i + 1]),
      all: readArray(values[listsAt + i]).map(text => valueOf(type, text)),
    }))
    const stored = this.store.table(table.name)
    const newest = this.#newest(table.name)
    return columns[0]!.texts.map((key, i) => {
      const row: Record<string, unknown> = {}
      for (const { name, type, texts } of columns) row[name] = valueOf(type, texts[i]!)
      for (const { name, from, to, all } of lists)
        row[name] = from[i]! > 0 ? all.slice(from[i]! - 1, to[i]) : null
      const texts = Object.fromEntries(
        columns.filter(({ type }) => type !== 'json').map(one => [one.name, one.texts[i]!]),
      )
      const before = newest.get(key!)
      if (before === undefined || Number(before['version']) < Number(texts['version']))
        newest.set(key!, texts)
      stored.put(row)
      return { kind, table: table.name, row, columns: texts }
    })
  }

  #newest(table: string): Map<string, RowColumns> {
    let newest = this.#columns.get(table)
    if (newest === undefined) this.#columns.set(table, (newest = new Map()))
    return newest
  }

  /** The columns of a table's newest rows, by their keys. */
  columnsOf(table: string): ReadonlyMap<string, RowColumns> {
    return this.#newest(table)
  }

  #findWritten(values: unknown[]): number {
    const [actorIds, versions, slots, seqs, commandIds, types, ats, data] = [
      readTexts(values[0]),
      readNumbers(values[1]),
      readNumbers(values[2]),
      readNumbers(values[3]),
      readArray(values[4]),
      readTexts(values[5]),
      readNumbers(values[6]),
      readTexts(values[7]),
    ]
    return actorIds.filter((actorId, i) => {
      const stored = this.store.events.get(actorId)?.[versions[i]! - 1]
      return (
        stored !== undefined &&
        stored.slot === slots[i] &&
        stored.seq === seqs[i] &&
        stored.commandId === commandIds[i] &&
        stored.event.type === types[i] &&
        stored.atMs === ats[i] &&
        JSON.stringify(stored.event.data) === data[i]
      )
    }).length
  }

  #forgetSynced(): void {
    while (this.#behind.length > 0 && this.#behind[0]!.atMs < this.#schedule.nowMs - unsyncedMs)
      this.#behind.shift()
  }

  /** Remembers how to take the call back. Only cursors can be taken back. */
  #writtenBehind(name: string, args: readonly unknown[]): void {
    const { store } = this
    const undo: (() => void)[] = []
    if (name === 'saveCursors')
      for (const number of (args[0] as ReadonlyMap<number, number>).keys()) {
        const slot = store.slot(number)
        const { cursorSeq } = slot
        this.cursorsLost.delete(number)
        undo.push(() => {
          slot.cursorSeq = cursorSeq
          this.cursorsLost.add(number)
        })
      }
    this.#forgetSynced()
    this.#behind.push({
      atMs: this.#schedule.nowMs,
      undo: () => {
        for (const one of undo.reverse()) one()
      },
    })
  }
}

const carryOut = async <T>(work: () => T | Promise<T>): Promise<T> => work()

/** Where the columns of events begin among the parameters of an append (`journal/append.ts`). */
const eventsAt = 4

function valueOf(type: ColumnType, text: string | null): unknown {
  if (text === null) return null
  switch (type) {
    case 'json':
      return JSON.parse(text) as unknown
    case 'text':
    case 'uuid':
      return text
    default:
      return Number(text)
  }
}

function eventsOf(values: unknown[]): EventRow[] {
  const of = (name: string): unknown =>
    values[eventsAt + eventColumns.findIndex(column => column.name === name)]
  const [actorIds, versions, slots, seqs, kinds, ats, types, commandIds, by, data] = [
    readTexts(of('actor_id')),
    readNumbers(of('version')),
    readNumbers(of('slot')),
    readNumbers(of('seq')),
    readTexts(of('kind')),
    readNumbers(of('at')),
    readTexts(of('type')),
    readArray(of('command_id')),
    readDocuments(of('acted_by')),
    readDocuments(of('data')),
  ]
  return actorIds.map((actorId, i) => ({
    slot: slots[i]!,
    seq: seqs[i]!,
    kind: kinds[i]!,
    actorId,
    version: versions[i]!,
    atMs: ats[i]!,
    commandId: commandIds[i]!,
    by: by[i] as EventRow['by'],
    v: Number(values.at(-1)),
    event: { type: types[i], data: data[i] } as EventRow['event'],
  }))
}
