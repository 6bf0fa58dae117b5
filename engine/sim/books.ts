/** What the simulator keeps of the actors of one kind, folded from what the database committed. */
import type { Push } from '../../protocol/pushes.ts'
import type { StoredEvent } from '../journal/journal.ts'
import type { AnyKind } from '../runtime/kind.ts'
import type { Checker } from './checker.ts'
import type { RowWritten } from './database.ts'

export interface Books {
  readonly kind: string
  /** An event, in the order of the journal. */
  take(stored: StoredEvent): void
  /** A row of the same transaction, after its events. */
  row(row: RowWritten): void
  /** How an actor stood, by version. */
  past(actorId: string): readonly unknown[]
  /** What an event asks to be told when its actor stands as after that many events. */
  pushesOf(stored: StoredEvent, version: number): Push[]
}

/**
 * The books of a kind that has no model of its own here: its events are held against its machine, and its
 * rows against the row that its own fold makes. What that fold gets wrong alike in both is not noticed.
 */
export class PlainBooks implements Books {
  readonly kind: string
  readonly #kind: AnyKind
  readonly #checker: Checker
  readonly #past = new Map<string, { state: unknown; name: string; atMs: number }[]>()

  constructor(checker: Checker, kind: AnyKind) {
    this.#checker = checker
    this.#kind = kind
    this.kind = kind.name
  }

  take({ actorId, version, event, atMs }: StoredEvent): void {
    const { absent, machine, evolve } = this.#kind
    let past = this.#past.get(actorId)
    if (past === undefined)
      this.#past.set(actorId, (past = [{ state: absent, name: machine.nameOf(absent), atMs }]))
    const before = past.at(-1)!
    if (version !== past.length)
      this.#checker.fail('[4]', `version ${version} after ${past.length - 1}`, actorId)
    const to = machine.steps[before.name]?.[event.type]
    if (to === undefined)
      return this.#checker.fail(
        '[4]',
        `${event.type} of a ${this.kind} that is ${before.name}`,
        actorId,
      )
    this.#checker.coverage.take(this.kind, before.name, event.type)
    const state = evolve(before.state, event, atMs)
    const name = machine.nameOf(state)
    if (to !== '' && name !== to)
      this.#checker.fail(
        '[4]',
        `${event.type} of a ${this.kind} made it ${name}, not ${to}`,
        actorId,
      )
    past.push({ state, name, atMs })
  }

  row({ table: tableName, columns }: RowWritten): void {
    const table = this.#kind.tables.find(one => one.name === tableName)!
    const actorId = columns[table.columns[0]!.name]!
    const past = this.#past.get(actorId)
    const version = Number(columns['version'])
    const now = past?.[version]
    if (now === undefined || version !== past!.length - 1)
      return this.#checker.fail('[2]', `a row at version ${version} without its events`, actorId)
    const row = this.#kind.row(now.state, version, now.atMs, columns['version'] === '1')
    const should = table.columns
      .filter(({ type, isFixed }) => type !== 'json' && isFixed !== true)
      .map(({ name, of }) => [name, of(row)] as const)
    this.#checker.same(
      'row',
      Object.fromEntries(should.map(([name]) => [name, columns[name]])),
      Object.fromEntries(
        should.map(([name, value]) => [name, value == null ? null : String(value)]),
      ),
      actorId,
    )
  }

  past(actorId: string): readonly unknown[] {
    return this.#past.get(actorId) ?? []
  }

  pushesOf({ event, atMs, slot, seq, actorId }: StoredEvent, version: number): Push[] {
    const state = this.#past.get(actorId)?.[version]?.state ?? this.#kind.absent
    return this.#kind
      .react(event, state, atMs, { slot, seq })
      .flatMap(effect => (effect.do === 'push' ? [effect.push] : []))
  }
}
