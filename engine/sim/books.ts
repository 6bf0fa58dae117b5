/** The simulator's books for a kind of actor that has no model here. */
import type { Push } from '../../protocol/dispatch/pushes.ts'
import type { StoredEvent } from '../journal/journal.ts'
import type { AnyKind } from '../actors/kind.ts'
import type { RowWritten } from './database.ts'
import type { Books, Findings } from './findings.ts'

/**
 * The books of a kind that has no model here. Its events are checked against its machine, and its
 * rows against the rows that its own fold makes again. An error in the fold itself is not noticed.
 */
export class PlainBooks implements Books {
  readonly kind: string
  readonly #kind: AnyKind
  readonly #findings: Findings
  readonly #past = new Map<string, { state: unknown; name: string; atMs: number }[]>()

  constructor(findings: Findings, kind: AnyKind) {
    this.#findings = findings
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
      this.#findings.fail('[4]', `version ${version} after ${past.length - 1}`, actorId)
    const to = machine.steps[before.name]?.[event.type]
    if (to === undefined)
      return this.#findings.fail(
        '[4]',
        `${event.type} of a ${this.kind} that is ${before.name}`,
        actorId,
      )
    this.#findings.coverage.take(this.kind, before.name, event.type)
    const state = evolve(before.state, event, atMs)
    const name = machine.nameOf(state)
    if (to !== '' && name !== to)
      this.#findings.fail(
        '[4]',
        `${event.type} of a ${this.kind} made it ${name}, not ${to}`,
        actorId,
      )
    past.push({ state, name, atMs })
  }

  row({ table: tableName, columns }: RowWritten): void {
    const table = this.#kind.tables.find(one => one.name === tableName)!
    const actorId = columns[table.actorColumn ?? table.columns[0]!.name]!
    const past = this.#past.get(actorId)
    // A table that never changes its rows has no version.
    const version = Number(columns['version'] ?? (past?.length ?? 0) - 1)
    const now = past?.[version]
    if (now === undefined || version !== past!.length - 1)
      return this.#findings.fail('[2]', `a row at version ${version} without its events`, actorId)
    const row = this.#kind.row(now.state, version, now.atMs, version === 1)
    const should = table.columns
      .filter(
        ({ type, isFixed, fromCommand }) =>
          type !== 'json' && isFixed !== true && fromCommand !== true,
      )
      .map(({ name, of }) => [name, of(row)] as const)
    this.#findings.same(
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
