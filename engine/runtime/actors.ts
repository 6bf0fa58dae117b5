/**
 * The actors of the slots this engine owns: finds or loads them, hands them their commands one at a
 * time, journals what they decide, and only then answers. One writer per actor by construction:
 * a command is decided when the events of the one before are durable, and never otherwise.
 */
import { limits } from '../../protocol/limits.ts'
import { slotOf } from '../../protocol/ids.ts'
import type { DriverEvent, OrderEvent } from '../../protocol/events.ts'
import type { Decision } from '../decision.ts'
import type { ActorKind, AppendResult, Journal, LoadedSlot, SlotLease, StoredEvent } from '../journal/journal.ts'
import type { Behaviour } from './behaviours.ts'
import { Cell, type Letter, type TellReply } from './cell.ts'
import type { Env } from '../../protocol/env.ts'
import { decodeSnapshot } from './snapshot.ts'
import { Timers } from './timers.ts'

type Event = OrderEvent | DriverEvent
/** The runtime treats both kinds alike; `unknown` keeps it honest about not looking inside. */
export type AnyBehaviour = Behaviour<unknown, unknown, Event>

export interface Committed { cell: Cell; firstSeq: number; events: readonly Event[]; atMs: number; commandId: string | null }

export interface ActorsDeps {
  env: Env
  journal: Journal
  behaviours: Record<ActorKind, AnyBehaviour>
  /** A transition became durable. */
  committed(what: Committed): void
  /** An actor came back to memory at recovery or on demand. */
  recovered(cell: Cell): void
  /** An actor's deadline has come. */
  due(cell: Cell): void
  /** An append was refused because the slot has a new owner. */
  fenced(slot: number): void
  log(level: 'warn' | 'error', message: string, detail?: unknown): void
}

export class Actors {
  readonly #deps: ActorsDeps
  readonly #cells = new Map<string, Cell>()
  readonly #epochs = new Map<number, number>()
  readonly #timers: Timers
  readonly dirty = new Set<Cell>()
  #inFlight = 0

  constructor(deps: ActorsDeps) {
    this.#deps = deps
    this.#timers = new Timers(deps.env, key => {
      const cell = this.#cells.get(key)
      if (cell === undefined) return
      // Looked at again until a transition says otherwise: a refused or lost wake must not be the last.
      this.#timers.set(key, deps.env.nowMs() + limits.wakeRetryMs)
      this.#guard(cell, () => deps.due(cell))
    })
  }

  get size(): number { return this.#cells.size }
  get inFlight(): number { return this.#inFlight }
  owns(slot: number): boolean { return this.#epochs.has(slot) }
  ownsActor(actorId: string): boolean { return this.owns(slotOf(actorId, limits.slotCount)) }
  peek(actorId: string): Cell | undefined { return this.#cells.get(actorId) }
  cells(): IterableIterator<Cell> { return this.#cells.values() }

  /** Takes a slot into service. Call before its subject is answered. */
  adopt(lease: SlotLease, loaded: LoadedSlot): void {
    this.#epochs.set(lease.slot, lease.epoch)
    for (const snapshot of loaded.snapshots) {
      const cell = new Cell(snapshot.kind, snapshot.actorId, snapshot.slot, this.#behaviour(snapshot.kind).absent)
      const body = decodeSnapshot(snapshot.bytes)
      cell.state = body.state
      cell.acceptedIds = body.acceptedIds
      cell.version = snapshot.version
      cell.updatedAtMs = body.updatedAtMs
      this.#cells.set(cell.actorId, cell)
    }
    for (const stored of loaded.events) {
      let cell = this.#cells.get(stored.actorId)
      if (cell === undefined) this.#cells.set(stored.actorId, cell = new Cell(stored.kind, stored.actorId, stored.slot, this.#behaviour(stored.kind).absent))
      this.#replay(cell, stored)
    }
    for (const cell of this.#cells.values())
      if (cell.slot === lease.slot) this.#ready(cell)
  }

  /** Lets a slot go: everything waiting is told to ask the new owner. */
  abandon(slot: number): void {
    this.#epochs.delete(slot)
    for (const cell of this.#cells.values()) {
      if (cell.slot !== slot) continue
      cell.phase = 'gone'
      for (const letter of cell.takeAll()) this.#answer(letter, moved)
      this.#forget(cell)
    }
  }

  /** The answer comes after the events are durable. Never rejects. */
  tell(kind: ActorKind, actorId: string, commandId: string, command: unknown): Promise<TellReply> {
    return new Promise(resolve => {
      const slot = slotOf(actorId, limits.slotCount)
      if (!this.#epochs.has(slot)) return resolve(moved)
      if (this.#inFlight >= limits.commandsInFlightMax) return resolve(overloaded)
      let cell = this.#cells.get(actorId)
      if (cell === undefined) {
        if (this.#cells.size >= limits.liveActorsMax) return resolve(overloaded)
        cell = new Cell(kind, actorId, slot, this.#behaviour(kind).absent)
        this.#cells.set(actorId, cell)
        // What a creating command names is new, nearly always: the append finds out if it is not, for nothing.
        if (this.#behaviour(kind).creates(command)) {
          cell.unread = true
          cell.phase = 'idle'
        } else void this.#load(cell, false)
      }
      if (cell.kind !== kind) return resolve(noSuch(kind))
      if (!cell.post({ commandId, command, reply: resolve })) return resolve(overloaded)
      this.#inFlight++
      this.#run(cell)
    })
  }

  /** Looks at the actor again at that time; used to put off a search. */
  wakeAt(cell: Cell, atMs: number): void {
    if (cell.phase !== 'gone') this.#timers.set(cell.actorId, atMs)
  }

  /** Takes finished, stored and idle actors out of memory. */
  evict(cell: Cell): void {
    if (cell.phase === 'idle' && cell.waiting === 0 && !cell.dirty) this.#forget(cell)
  }

  finished(cell: Cell): boolean { return this.#behaviour(cell.kind).finished(cell.state) }

  stop(): void { this.#timers.stop() }

  #behaviour(kind: ActorKind): AnyBehaviour { return this.#deps.behaviours[kind] }

  /** `living`: it was in memory before, with deadlines that nobody else would keep. */
  async #load(cell: Cell, living: boolean): Promise<void> {
    try {
      const loaded = await this.#deps.journal.loadActor(cell.slot, cell.actorId)
      if (phaseOf(cell) === 'gone') return
      if ((loaded.snapshot?.kind ?? loaded.events[0]?.kind ?? cell.kind) !== cell.kind) {
        // Somebody took an order's id for a driver's: an answer, not a defect, and not worth another try.
        for (const letter of cell.takeAll()) this.#answer(letter, noSuch(cell.kind))
        return this.#forget(cell)
      }
      cell.version = 0
      cell.state = this.#behaviour(cell.kind).absent
      cell.acceptedIds = []
      if (loaded.snapshot !== null) {
        const body = decodeSnapshot(loaded.snapshot.bytes)
        cell.state = body.state
        cell.acceptedIds = body.acceptedIds
        cell.version = loaded.snapshot.version
        cell.updatedAtMs = body.updatedAtMs
      }
      for (const stored of loaded.events) this.#replay(cell, stored)
      this.#ready(cell)
      this.#run(cell)
    } catch (error) {
      this.#deps.log('error', `loading ${cell.kind} ${cell.actorId} failed`, error)
      for (const letter of cell.takeAll()) this.#answer(letter, unavailable)
      if (!living) this.#forget(cell)
      else this.#deps.env.after(limits.wakeRetryMs, () => { if (phaseOf(cell) === 'loading') void this.#load(cell, living) })
    }
  }

  #replay(cell: Cell, stored: StoredEvent): void {
    if (stored.kind !== cell.kind) throw new Error(`actor ${stored.actorId} has events of a ${stored.kind}`)
    if (stored.version <= cell.version) return
    cell.state = this.#behaviour(cell.kind).evolve(cell.state, stored.event, stored.atMs)
    cell.version = stored.version
    cell.updatedAtMs = stored.atMs
    cell.dirty = true
    this.dirty.add(cell)
    if (stored.commandId !== null && cell.acceptedIds.at(-1) !== stored.commandId) cell.rememberAccepted(stored.commandId)
  }

  #ready(cell: Cell): void {
    cell.phase = 'idle'
    if (cell.version === 0) return
    this.#schedule(cell)
    // A finished one came only because something of it was not done; the snapshotter sees it out again.
    if (this.#behaviour(cell.kind).finished(cell.state)) this.dirty.add(cell)
    this.#deps.recovered(cell)
  }

  #schedule(cell: Cell): void {
    const atMs = this.#behaviour(cell.kind).wakeAtMs(cell.state)
    if (atMs === null) this.#timers.clear(cell.actorId)
    else this.#timers.set(cell.actorId, atMs)
  }

  #run(cell: Cell): void {
    while (cell.phase === 'idle') {
      const letter = cell.take()
      if (letter === undefined) break
      this.#handle(cell, letter)
    }
    // An id that led nowhere must not stay: strangers may ask for as many as they like.
    if (cell.phase === 'idle' && cell.version === 0 && cell.waiting === 0) this.#forget(cell)
  }

  #handle(cell: Cell, letter: Letter): void {
    const earlier = cell.recall(letter.commandId)
    if (earlier !== undefined) return this.#answer(letter, earlier)
    const behaviour = this.#behaviour(cell.kind)
    const atMs = this.#deps.env.nowMs()
    let decision: Decision<Event>
    let next = cell.state
    try {
      decision = behaviour.decide(cell.state, letter.command, atMs)
      if (decision.ok) for (const event of decision.events) next = behaviour.evolve(next, event, atMs)
    } catch (error) {
      this.#deps.log('error', `deciding for ${cell.kind} ${cell.actorId} failed`, error)
      return this.#answer(letter, { ok: false, code: 'internal', detail: 'the command could not be decided' })
    }
    // Only events that the journal takes can be trusted to an assumption; any other answer needs the facts.
    if (cell.unread && (!decision.ok || decision.events.length === 0)) return this.#read(cell, letter)
    if (!decision.ok) {
      cell.rememberRefused(letter.commandId, decision)
      return this.#answer(letter, decision)
    }
    const { events } = decision
    if (events.length === 0) return this.#answer(letter, cell.success())
    cell.phase = 'persisting'
    const version = cell.version + events.length
    this.#deps.journal.append({
      slot: cell.slot, epoch: this.#epochs.get(cell.slot)!, kind: cell.kind, actorId: cell.actorId,
      fromVersion: cell.version, atMs, commandId: letter.commandId, events, row: behaviour.row(next, version, atMs),
    }).then(
      result => this.#persisted(cell, letter, result, next, events, atMs),
      error => this.#unpersisted(cell, letter, error),
    )
  }

  /** It was assumed to be new and may not be: read it, then take the same command again. */
  #read(cell: Cell, letter: Letter): void {
    cell.unread = false
    cell.putBack(letter)
    cell.phase = 'loading'
    void this.#load(cell, false)
  }

  #persisted(cell: Cell, letter: Letter, result: AppendResult, next: unknown, events: readonly Event[], atMs: number): void {
    if (result.outcome === 'fenced') {
      this.#answer(letter, moved)
      if (cell.phase !== 'gone') this.#deps.fenced(cell.slot)
      return
    }
    if (result.outcome === 'conflict' && cell.unread && cell.phase !== 'gone') return this.#read(cell, letter)
    if (result.outcome === 'conflict') {
      // Only a second writer could cause it. Memory is wrong then, the journal is right.
      this.#deps.log('error', `version conflict on ${cell.kind} ${cell.actorId}; reloading`)
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
    this.#guard(cell, () => this.#deps.committed({ cell, firstSeq: result.firstSeq, events, atMs, commandId: letter.commandId }))
    this.#run(cell)
  }

  #unpersisted(cell: Cell, letter: Letter, error: unknown): void {
    const refused = (error as { code?: string }).code === 'overloaded'
    if (!refused) this.#deps.log('error', `append for ${cell.kind} ${cell.actorId} failed`, error)
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
    try { run() } catch (error) { this.#deps.log('error', `after a transition of ${cell.kind} ${cell.actorId}`, error) }
  }

  #forget(cell: Cell): void {
    this.dirty.delete(cell)
    // A late answer to a cell of an earlier ownership must not touch its successor.
    if (this.#cells.get(cell.actorId) !== cell) return
    this.#cells.delete(cell.actorId)
    this.#timers.clear(cell.actorId)
  }
}

/** Read anew after an await: the compiler would otherwise keep the narrowing from before it. */
const phaseOf = (cell: Cell): Cell['phase'] => cell.phase

const moved: TellReply = { ok: false, code: 'moved', detail: 'another engine owns this actor' }
const noSuch = (kind: ActorKind): TellReply => ({ ok: false, code: `${kind}_not_found`, detail: `no such ${kind}` })
const overloaded: TellReply = { ok: false, code: 'overloaded', detail: 'the engine has more commands than it can take; try again shortly' }
const unavailable: TellReply = { ok: false, code: 'unavailable', detail: 'the journal cannot be reached; try again' }
