/**
 * Writes changed actors behind the commands: snapshots of dirty actors, then the seq that they
 * cover, then the cursors of the outbox. No command waits for it; it only shortens the next
 * recovery.
 *
 * Cursors are also written separately, soon after they moved. Otherwise an engine that dies again
 * and again before its first round would repeat the same commands in every life, more of them each
 * time, while receivers recognise a repetition only among recent commands. (Such a loop once paid a
 * driver twice for the same orders.) Finished actors leave memory once their last snapshot is
 * stored.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Journal, Snapshots, StoredSnapshot } from '../journal/journal.ts'
import type { Actors } from './actors.ts'
import { engineBounds, type EngineBounds } from './bounds.ts'
import type { Cell } from './cell.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { Outbox } from './outbox.ts'
import { repeat } from './repeat.ts'

export class Snapshotter {
  readonly #env: Env
  readonly #port: Snapshots & Pick<Journal, 'saveCursors'>
  readonly #actors: Actors
  readonly #outbox: Outbox
  readonly #lastSeq: ReadonlyMap<number, number>
  readonly #bounds: EngineBounds
  readonly #log: (level: 'warn' | 'error', message: string, detail?: unknown) => void
  /** Finished and stored actors whose commands to others are still under way. */
  readonly #leaving = new Set<Cell>()
  #stop: () => void = () => {}
  #cancelCursors: () => void = () => {}
  #endPause: () => void = () => {}
  #stopped = false
  #running: Promise<void> | null = null

  /** `lastSeq`: seq of the last committed event for each owned slot; the engine keeps it. */
  constructor(deps: {
    env: Env
    store: Snapshots & Pick<Journal, 'saveCursors'>
    actors: Actors
    outbox: Outbox
    lastSeq: ReadonlyMap<number, number>
    bounds?: EngineBounds
    log: (level: 'warn' | 'error', message: string, detail?: unknown) => void
  }) {
    this.#env = deps.env
    this.#port = deps.store
    this.#actors = deps.actors
    this.#outbox = deps.outbox
    this.#lastSeq = deps.lastSeq
    this.#bounds = deps.bounds ?? engineBounds
    this.#log = deps.log
    this.#outbox.onMoved = () => this.#saveCursorsSoon()
  }

  start(): void {
    this.#stop = repeat(
      this.#env,
      limits.snapshotIntervalMs,
      () => this.#once(true),
      () => {},
    )
  }

  async stop(): Promise<void> {
    this.#stop()
    this.#stopped = true
    this.#cancelCursors()
    this.#endPause()
    await this.#running
    await this.flush()
  }

  /** One round. A failure is logged, and the next round tries again. */
  async flush(): Promise<void> {
    await this.#once(false)
  }

  async #once(paced: boolean): Promise<void> {
    this.#running ??= this.#round(paced)
      .catch(error => this.#log('warn', 'writing snapshots failed; will try again', error))
      .finally(() => {
        this.#running = null
      })
    await this.#running
  }

  async #round(paced: boolean): Promise<void> {
    if (this.#actors.dirty.size > 0 || this.#leaving.size > 0) await this.#storeDirty(paced)
    await this.#saveCursors()
  }

  async #storeDirty(paced: boolean): Promise<void> {
    const cells = [...this.#actors.dirty]
    const through = new Map(this.#lastSeq)
    const pauseMs = Math.min(
      limits.snapshotPauseMsMax,
      ((limits.snapshotIntervalMs / 2) * this.#bounds.snapshotBatchMax) / cells.length,
    )
    for (let from = 0; from < cells.length;) {
      from = await this.#store(cells, from, through)
      if (paced && from < cells.length) await this.#pause(pauseMs)
    }
    if (through.size > 0 && cells.length > 0) await this.#port.saveSnapshots([], through)
    for (const cell of cells) if (this.#actors.finished(cell)) this.#leaving.add(cell)
    for (const cell of this.#leaving) {
      if (this.#outbox.busy(cell.actorId)) continue
      this.#leaving.delete(cell)
      this.#actors.evict(cell)
    }
  }

  /**
   * Pauses between two batches, so that many batches together do not block appends. Ends at once
   * when the engine stops.
   */
  async #pause(ms: number): Promise<void> {
    if (this.#stopped) return
    await new Promise<void>(resolve => {
      const cancel = this.#env.after(ms, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }

  /**
   * Stores the moved cursors after a delay, which the first move starts and later moves leave alone.
   */
  #saveCursorsSoon(): void {
    if (this.#stopped) return
    this.#cancelCursors()
    this.#cancelCursors = this.#env.after(limits.cursorSaveIntervalMs, () => {
      this.#saveCursors().catch(error =>
        this.#log('warn', 'writing cursors failed; will try again', error),
      )
    })
  }

  async #saveCursors(): Promise<void> {
    const moved = this.#outbox.takeMoved()
    if (moved.size === 0) return
    try {
      await this.#port.saveCursors(moved)
    } catch (error) {
      this.#outbox.putBack(moved)
      throw error
    }
  }

  /**
   * Stores a batch that begins at `from`, and resolves to the start of the next one. Each actor is
   * packed when its batch comes, so no command waits for all of them, and later changes are
   * included. The bytes of a batch are bounded too: a request to a thousand pharmacies is as much
   * work as sixty other orders.
   *
   * An actor can leave memory during the round, because its slot went to another engine or because
   * it is read anew. It has no snapshot of its last events then, so its slot is taken out of
   * `through`. Otherwise the position would move behind these events, and the next engine would not
   * read them.
   */
  async #store(
    cells: readonly Cell[],
    from: number,
    through: Map<number, number>,
  ): Promise<number> {
    const here: Cell[] = []
    const snapshots: StoredSnapshot[] = []
    let next = from
    for (
      let bytes = 0;
      next < cells.length &&
      snapshots.length < this.#bounds.snapshotBatchMax &&
      bytes < this.#bounds.snapshotBatchBytesMax;
      next++
    ) {
      const cell = cells[next]!
      if (cell.phase === 'gone') {
        through.delete(cell.slot)
        continue
      }
      const snapshot = this.#snapshot(cell)
      here.push(cell)
      snapshots.push(snapshot)
      bytes += snapshot.bytes.length
      cell.dirty = false
      this.#actors.dirty.delete(cell)
    }
    try {
      await this.#port.saveSnapshots(snapshots, none)
    } catch (error) {
      for (const cell of here)
        if (cell.phase !== 'gone') {
          cell.dirty = true
          this.#actors.dirty.add(cell)
        }
      throw error
    }
    return next
  }

  #snapshot(cell: Cell): StoredSnapshot {
    return {
      slot: cell.slot,
      kind: cell.kind.name,
      actorId: cell.actorId,
      version: cell.version,
      finished: this.#actors.finished(cell),
      // Copy the bytes: the packer writes the next snapshot over them.
      bytes: Buffer.from(this.#actors.snapshot(cell)),
    }
  }
}

const none: ReadonlyMap<number, number> = new Map()
