/**
 * The actors of the slots that this engine owns. It finds, wakes or loads an actor, gives it one
 * command at a time, writes the decided events to the journal, and only then answers. So each actor
 * has one writer: a command is decided only when the events of the command before it are durable.
 *
 * An actor is awake, asleep or away. One that had no command for a while is packed (`sleep`). Later
 * it leaves memory and stays in the journal only (`leave`), unless this engine must keep a deadline
 * for it. `passivator.ts` decides when.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Decision } from './decision.ts'
import type {
  ActorEvent,
  AppendResult,
  Journal,
  LoadedSlot,
  StoredEvent,
} from '../journal/journal.ts'
import type { SlotLease } from '../journal/leases.ts'
import { inDoubt, moved, noSuch, overloaded, unavailable } from './answers.ts'
import { engineBounds, type EngineBounds } from './bounds.ts'
import { Cell } from './cell.ts'
import type { Letter, TellReply } from './letter.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { Kinds } from './kind.ts'
import { Residents } from './residents.ts'
import { replay, restore } from './revival.ts'
import { encodeSnapshot, snapshotHead, type SnapshotHead } from './snapshot.ts'
import { Timers } from './timers.ts'
import type { Slots } from '../../protocol/kernel/slots.ts'

export interface Committed {
  cell: Cell
  firstSeq: number
  events: readonly ActorEvent[]
  atMs: number
  by: Principal
  command: unknown
}

export interface ActorsDeps {
  env: Env
  journal: Pick<Journal, 'append' | 'loadActor'>
  kinds: Kinds
  slots: Slots
  /** A transition became durable. */
  committed(what: Committed): void
  /** An actor came back to memory, at recovery or on demand. */
  recovered(cell: Cell): void
  /** The deadline of an actor has come. */
  due(cell: Cell): void
  /** The journal refused an append because the slot has a new owner. */
  fenced(slot: number): void
  /** False when another engine may own the slots by now. */
  leaseHolds(): boolean
  /** The bounds of memory; by default those of a deployment. */
  bounds?: EngineBounds
  log(level: 'warn' | 'error', message: string, detail?: unknown): void
}

export class Actors {
  readonly #deps: ActorsDeps
  readonly #bounds: EngineBounds
  readonly #residents: Residents
  readonly #timers: Timers
  readonly dirty = new Set<Cell>()
  #inFlight = 0

  constructor(deps: ActorsDeps) {
    this.#deps = deps
    this.#bounds = deps.bounds ?? engineBounds
    this.#residents = new Residents(deps.slots)
    this.#timers = new Timers(deps.env, key => {
      // Look again later unless a transition says otherwise. A wake that is refused or lost must
      // not be the last one.
      if (!this.#residents.isHere(key)) return
      this.#timers.set(key, deps.env.nowMs() + limits.wakeRetryMs)
      try {
        const cell = this.peek(key)
        if (cell !== undefined) deps.due(cell)
      } catch (error) {
        deps.log('error', `the deadline of ${key} failed; it is looked at again`, error)
      }
    })
  }

  get size(): number {
    return this.#residents.awake + this.#residents.asleep
  }
  get asleep(): number {
    return this.#residents.asleep
  }
  get inFlight(): number {
    return this.#inFlight
  }
  owns(slot: number): boolean {
    return this.#residents.epochOf(slot) !== undefined
  }
  ownsActor(actorId: string): boolean {
    return this.owns(this.#deps.slots.of(actorId))
  }
  /** The actor, woken if it sleeps. Undefined when it is not in memory. */
  peek(actorId: string): Cell | undefined {
    return this.#residents.cell(actorId) ?? this.#rouse(actorId)
  }
  residents(): ReturnType<Residents['walk']> {
    return this.#residents.walk()
  }

  /**
   * Takes a slot into service; call it before the slot's subject is answered. Returns the actors
   * that other parts of the engine keep something of, and all that are awake. Actors with events
   * after their snapshot are awake afterwards.
   */
  adopt(lease: SlotLease, loaded: LoadedSlot): Cell[] {
    this.#residents.open(lease.slot, lease.epoch)
    const attentive: Cell[] = []
    const awake = new Map<string, Cell>()
    const eventful = new Set(loaded.events.map(stored => stored.actorId))
    for (const snapshot of loaded.snapshots) {
      const head = snapshotHead(snapshot.bytes)
      const cell = (): Cell =>
        restore(
          new Cell(this.#deps.kinds.named(snapshot.kind), snapshot.actorId, snapshot.slot),
          snapshot,
        )
      if (head === null || snapshot.finished || eventful.has(snapshot.actorId)) {
        awake.set(snapshot.actorId, cell())
        continue
      }
      this.#residents.putAsleep(
        snapshot.slot,
        snapshot.actorId,
        Buffer.from(snapshot.bytes.buffer, snapshot.bytes.byteOffset, snapshot.bytes.length),
      )
      if (head.wakeAtMs !== null) this.#timers.set(snapshot.actorId, head.wakeAtMs)
      if (!head.attentive) continue
      const sleeper = cell()
      attentive.push(sleeper)
      this.#deps.recovered(sleeper)
    }
    for (const stored of loaded.events) {
      let cell = awake.get(stored.actorId)
      if (cell === undefined)
        awake.set(
          stored.actorId,
          (cell = new Cell(this.#deps.kinds.named(stored.kind), stored.actorId, stored.slot)),
        )
      this.#replay(cell, stored)
    }
    for (const cell of awake.values()) {
      this.#residents.add(cell)
      this.#ready(cell)
      attentive.push(cell)
    }
    return attentive
  }

  /**
   * Lets a slot go. Every waiting command is answered `moved`, so its sender asks the new owner.
   */
  abandon(slot: number): void {
    const { cells, asleepIds } = this.#residents.close(slot)
    for (const actorId of asleepIds) this.#timers.clear(actorId)
    for (const cell of cells) {
      cell.phase = 'gone'
      for (const letter of cell.takeAll()) this.#answer(letter, moved)
      this.dirty.delete(cell)
      this.#timers.clear(cell.actorId)
    }
  }

  /** Answers after the events are durable. Never rejects. */
  tell(kindName: string, actorId: string, commandId: string, command: unknown): Promise<TellReply> {
    return new Promise(resolve => {
      const slot = this.#deps.slots.of(actorId)
      if (!this.owns(slot)) return resolve(moved)
      if (this.#inFlight >= this.#bounds.commandsInFlightMax) return resolve(overloaded)
      let cell = this.peek(actorId)
      if (cell === undefined) {
        if (
          this.size >= this.#bounds.liveActorsMax ||
          this.#residents.awake >= this.#bounds.awakeActorsMax
        )
          return resolve(overloaded)
        const kind = this.#deps.kinds.find(kindName)
        if (kind === undefined) return resolve(noSuch(kindName))
        cell = new Cell(kind, actorId, slot)
        this.#residents.add(cell)
        // A creating command nearly always names a new id, so skip the read. If the actor exists,
        // the append notices it at no cost.
        if (kind.creates(command)) {
          cell.unread = true
          cell.phase = 'idle'
        } else void this.#load(cell, false)
      }
      if (cell.kind.name !== kindName) return resolve(noSuch(kindName))
      cell.touchedAtMs = this.#deps.env.nowMs()
      if (!cell.post({ commandId, command, reply: resolve }, this.#bounds.mailboxDepthMax))
        return resolve(overloaded)
      this.#inFlight++
      this.#run(cell)
    })
  }

  /**
   * Looks at the actor again at that time, for example to put off a search. Does nothing for an
   * actor that is not in memory.
   */
  wakeAt(actorId: string, atMs: number): void {
    if (this.#residents.isHere(actorId)) this.#timers.set(actorId, atMs)
  }

  /** Takes a finished, stored and idle actor out of memory. */
  evict(cell: Cell): void {
    if (cell.phase === 'idle' && cell.waiting === 0 && !cell.dirty) this.#forget(cell)
  }

  /** Packs an actor that is stored and idle. False for any other actor. The deadline is kept. */
  sleep(cell: Cell): boolean {
    if (
      cell.phase !== 'idle' ||
      cell.waiting > 0 ||
      cell.dirty ||
      cell.version === 0 ||
      this.finished(cell)
    )
      return false
    if (!this.#residents.remove(cell)) return false
    this.#residents.putAsleep(cell.slot, cell.actorId, this.snapshot(cell))
    return true
  }

  /**
   * Takes a sleeping actor out of memory. False when it has a deadline, because nothing else would
   * keep it.
   */
  leave(actorId: string, { wakeAtMs }: SnapshotHead): boolean {
    return wakeAtMs === null && this.#residents.takeAsleep(actorId) !== undefined
  }

  finished(cell: Cell): boolean {
    return cell.kind.finished(cell.state)
  }

  /** The bytes are valid until the next call. */
  snapshot(cell: Cell): Buffer {
    const { kind, state } = cell
    return encodeSnapshot(cell.actorId, cell, kind, {
      version: cell.version,
      wakeAtMs: kind.wakeAtMs(state),
      attentive: kind.attentive(state),
    })
  }

  stop(): void {
    this.#timers.stop()
  }

  /** `living`: the actor was in memory before, with deadlines that nothing else would keep. */
  async #load(cell: Cell, living: boolean): Promise<void> {
    try {
      const loaded = await this.#deps.journal.loadActor(cell.actorId)
      if (phaseOf(cell) === 'gone') return
      const { name } = cell.kind
      const stored = loaded.snapshot ?? loaded.events[0]
      if (stored !== undefined && (stored.kind !== name || stored.slot !== cell.slot)) {
        // The caller used the id of another kind, for example an order's id for a driver, or of an
        // actor in a slot of other engines. Answer at once: it is not a defect, and another try
        // would not help.
        for (const letter of cell.takeAll()) this.#answer(letter, noSuch(name))
        return this.#forget(cell)
      }
      cell.version = 0
      cell.state = cell.kind.absent
      cell.acceptedIds = []
      if (loaded.snapshot !== null) restore(cell, loaded.snapshot)
      for (const stored of loaded.events) this.#replay(cell, stored)
      this.#ready(cell)
      this.#run(cell)
    } catch (error) {
      this.#deps.log('error', `loading ${cell.kind.name} ${cell.actorId} failed`, error)
      for (const letter of cell.takeAll()) this.#answer(letter, unavailable)
      if (!living) this.#forget(cell)
      else
        this.#deps.env.after(limits.wakeRetryMs, () => {
          if (phaseOf(cell) === 'loading') void this.#load(cell, living)
        })
    }
  }

  #rouse(actorId: string): Cell | undefined {
    const bytes = this.#residents.takeAsleep(actorId)
    if (bytes === undefined) return undefined
    const { kindByte, version } = snapshotHead(bytes)!
    const kind = this.#deps.kinds.ofByte(kindByte)
    const cell = restore(new Cell(kind, actorId, this.#deps.slots.of(actorId)), {
      bytes,
      version,
    })
    cell.touchedAtMs = this.#deps.env.nowMs()
    cell.phase = 'idle'
    this.#residents.add(cell)
    return cell
  }

  #replay(cell: Cell, stored: StoredEvent): void {
    if (!replay(cell, stored)) return
    cell.dirty = true
    this.dirty.add(cell)
  }

  #ready(cell: Cell): void {
    cell.phase = 'idle'
    cell.touchedAtMs = this.#deps.env.nowMs()
    if (cell.version === 0) return
    this.#schedule(cell)
    // A finished actor comes back for open work or for a late command. The snapshotter takes it out
    // of memory again.
    if (cell.kind.finished(cell.state)) this.dirty.add(cell)
    this.#deps.recovered(cell)
  }

  #schedule(cell: Cell): void {
    const atMs = cell.kind.wakeAtMs(cell.state)
    if (atMs === null) this.#timers.clear(cell.actorId)
    else this.#timers.set(cell.actorId, atMs)
  }

  #run(cell: Cell): void {
    while (cell.phase === 'idle') {
      const letter = cell.take()
      if (letter === undefined) break
      this.#handle(cell, letter)
    }
    // A cell for an unknown id must not stay: strangers may send any number of such ids.
    if (cell.phase === 'idle' && cell.version === 0 && cell.waiting === 0) this.#forget(cell)
  }

  #handle(cell: Cell, letter: Letter): void {
    // The state in memory may be old by now. A refusal decided from it would be wrong, and no
    // append would notice it.
    if (!this.#deps.leaseHolds()) return this.#answer(letter, inDoubt)
    const earlier = cell.recall(letter.commandId)
    if (earlier !== undefined) return this.#answer(letter, earlier)
    const { kind } = cell
    const { command } = letter
    const atMs = this.#deps.env.nowMs()
    let decision: Decision<ActorEvent>
    let next = cell.state
    let row: unknown = null
    try {
      decision = kind.decide(cell.state, command, atMs)
      if (decision.ok) {
        for (const event of decision.events) next = kind.evolve(next, event, atMs)
        const version = cell.version + decision.events.length
        if (version > cell.version) row = kind.row(next, version, atMs, cell.version === 0, command)
      }
    } catch (error) {
      this.#deps.log('error', `deciding for ${cell.kind.name} ${cell.actorId} failed`, error)
      return this.#answer(letter, {
        ok: false,
        code: 'internal',
        detail: 'the command could not be decided',
      })
    }
    // The actor was assumed to be new. The append checks that for events; any other answer needs
    // the state from the journal.
    if (cell.unread && (!decision.ok || decision.events.length === 0))
      return this.#read(cell, letter)
    if (!decision.ok) {
      if (kind.forgetsRefusals !== true) cell.rememberRefused(letter.commandId, decision)
      return this.#answer(letter, decision)
    }
    const { events } = decision
    if (events.length === 0) return this.#answer(letter, cell.success())
    cell.phase = 'persisting'
    const by = kind.actorOf(command)
    this.#deps.journal
      .append({
        slot: cell.slot,
        epoch: this.#residents.epochOf(cell.slot)!,
        kind: kind.name,
        actorId: cell.actorId,
        fromVersion: cell.version,
        atMs,
        commandId: letter.commandId,
        by,
        events,
        row,
      })
      .then(
        result =>
          this.#guard(cell, () => this.#persisted(cell, letter, result, next, events, atMs, by)),
        error => this.#guard(cell, () => this.#unpersisted(cell, letter, error)),
      )
  }

  /** The actor was assumed to be new and may exist. Read it, then take the same command again. */
  #read(cell: Cell, letter: Letter): void {
    cell.unread = false
    cell.putBack(letter)
    cell.phase = 'loading'
    void this.#load(cell, false)
  }

  #persisted(
    cell: Cell,
    letter: Letter,
    result: AppendResult,
    next: unknown,
    events: readonly ActorEvent[],
    atMs: number,
    by: Principal,
  ): void {
    if (result.outcome === 'fenced') {
      this.#answer(letter, moved)
      if (cell.phase !== 'gone') this.#deps.fenced(cell.slot)
      return
    }
    if (result.outcome === 'conflict' && cell.unread && cell.phase !== 'gone')
      return this.#read(cell, letter)
    if (result.outcome === 'conflict') {
      // A second writer caused this. The journal is right, so the state in memory is wrong.
      this.#deps.log('error', `version conflict on ${cell.kind.name} ${cell.actorId}; reloading`)
      this.#answer(letter, moved)
      if (cell.phase === 'gone') return
      cell.phase = 'loading'
      void this.#load(cell, cell.version > 0)
      return
    }
    cell.unread = false
    cell.version += events.length
    cell.state = next
    cell.updatedAtMs = atMs
    cell.rememberAccepted(letter.commandId)
    this.#answer(letter, cell.success())
    if (cell.phase === 'gone') return
    cell.phase = 'idle'
    cell.dirty = true
    this.dirty.add(cell)
    this.#schedule(cell)
    this.#guard(cell, () =>
      this.#deps.committed({
        cell,
        firstSeq: result.firstSeq,
        events,
        atMs,
        by,
        command: letter.command,
      }),
    )
    this.#run(cell)
  }

  #unpersisted(cell: Cell, letter: Letter, error: unknown): void {
    const refused = (error as { code?: string }).code === 'overloaded'
    if (!refused)
      this.#deps.log('error', `append for ${cell.kind.name} ${cell.actorId} failed`, error)
    this.#answer(letter, refused ? overloaded : unavailable)
    if (cell.phase === 'gone') return
    if (refused) {
      cell.phase = 'idle'
      this.#run(cell)
    } else {
      cell.phase = 'loading'
      void this.#load(cell, cell.version > 0)
    }
  }

  #answer(letter: Letter, reply: TellReply): void {
    this.#inFlight--
    letter.reply(reply)
  }

  #guard(cell: Cell, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#deps.log('error', `after a transition of ${cell.kind.name} ${cell.actorId}`, error)
    }
  }

  #forget(cell: Cell): void {
    this.dirty.delete(cell)
    // A late answer to a cell of an earlier ownership must not touch its successor.
    if (this.#residents.remove(cell)) this.#timers.clear(cell.actorId)
  }
}

/**
 * Reads the phase again after an await. Otherwise the compiler keeps the narrowing from before the
 * await.
 */
const phaseOf = (cell: Cell): Cell['phase'] => cell.phase
