/**
 * The actors in memory, by slot: awake actors as cells, sleeping actors as the bytes of their
 * snapshot. A sleeping actor costs a tenth of a cell and wakes without a read. Its bytes are kept
 * as a string with one byte a character: 16 bytes more than the content, where a Buffer takes about
 * a hundred, and the garbage collector has nothing to follow in it. Ids are kept in the same way,
 * at half their size.
 *
 * Rejected: one map for all slots. When a slot leaves, it would cost a walk over all actors.
 */
import type { Cell } from './cell.ts'
import { snapshotHead, snapshotHeadBytes, type SnapshotHead } from './snapshot.ts'
import type { Slots } from '../../protocol/kernel/slots.ts'

/** Sleeping actors by `keyOf` their id. */
interface Slot {
  epoch: number
  awake: Map<string, Cell>
  asleep: Map<string, string>
}

export class Residents {
  readonly #numbering: Slots
  readonly #slots = new Map<number, Slot>()
  #awake = 0
  #asleep = 0

  constructor(numbering: Slots) {
    this.#numbering = numbering
  }

  get awake(): number {
    return this.#awake
  }
  get asleep(): number {
    return this.#asleep
  }
  epochOf(slot: number): number | undefined {
    return this.#slots.get(slot)?.epoch
  }

  open(slot: number, epoch: number): void {
    const here = this.#slots.get(slot)
    if (here === undefined) this.#slots.set(slot, { epoch, awake: new Map(), asleep: new Map() })
    else here.epoch = epoch
  }

  /** Forgets the slot. The caller dismisses its cells and the ids of its sleeping actors. */
  close(slot: number): { cells: Cell[]; asleepIds: string[] } {
    const here = this.#slots.get(slot)
    if (here === undefined) return { cells: [], asleepIds: [] }
    this.#slots.delete(slot)
    this.#awake -= here.awake.size
    this.#asleep -= here.asleep.size
    return { cells: [...here.awake.values()], asleepIds: Array.from(here.asleep.keys(), idOf) }
  }

  cell(actorId: string): Cell | undefined {
    return this.#of(actorId)?.awake.get(actorId)
  }

  /** The slot must be open. */
  add(cell: Cell): void {
    const { awake } = this.#slots.get(cell.slot)!
    if (!awake.has(cell.actorId)) this.#awake++
    awake.set(cell.actorId, cell)
  }

  /** False when this cell is no longer here: its slot has gone, or came back without it. */
  remove(cell: Cell): boolean {
    const awake = this.#slots.get(cell.slot)?.awake
    if (awake?.get(cell.actorId) !== cell) return false
    awake.delete(cell.actorId)
    this.#awake--
    return true
  }

  putAsleep(slot: number, actorId: string, snapshot: Buffer): void {
    const { asleep } = this.#slots.get(slot)!
    const key = keyOf(actorId)
    if (!asleep.has(key)) this.#asleep++
    asleep.set(key, snapshot.toString('latin1'))
  }

  /** Takes out the snapshot of a sleeping actor; the actor then no longer sleeps. */
  takeAsleep(actorId: string): Buffer | undefined {
    const asleep = this.#of(actorId)?.asleep
    if (asleep === undefined || asleep.size === 0) return undefined
    const key = keyOf(actorId)
    const bytes = asleep.get(key)
    if (bytes === undefined) return undefined
    asleep.delete(key)
    this.#asleep--
    return Buffer.from(bytes, 'latin1')
  }

  isHere(actorId: string): boolean {
    const here = this.#of(actorId)
    return here !== undefined && (here.awake.has(actorId) || here.asleep.has(keyOf(actorId)))
  }

  /**
   * Every actor once, the oldest resident of a slot first. An actor that comes or goes meanwhile
   * may be seen or not.
   */
  *walk(): Generator<Cell | { actorId: string; head: SnapshotHead }> {
    for (const here of this.#slots.values()) {
      yield* here.awake.values()
      for (const [key, bytes] of here.asleep) {
        headBytes.write(bytes.slice(0, snapshotHeadBytes), 'latin1')
        yield { actorId: idOf(key), head: snapshotHead(headBytes)! }
      }
    }
  }

  #of(actorId: string): Slot | undefined {
    return this.#slots.get(this.#numbering.of(actorId))
  }
}

const headBytes = Buffer.alloc(snapshotHeadBytes)

/**
 * Converts a UUID in small letters to 16 characters of one byte each, and back. Actors have no
 * other ids.
 */
const keyOf = (actorId: string): string =>
  Buffer.from(actorId.replaceAll('-', ''), 'hex').toString('latin1')
function idOf(key: string): string {
  const hex = Buffer.from(key, 'latin1').toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
