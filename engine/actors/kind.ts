/**
 * What a kind of actor is. `engine/kinds.ts` lists the kinds that there are; the runtime, the journal, the
 * gateway and the simulator read everything that they must know of a kind from here, so a new kind is one
 * line in that list and a folder of its own.
 *
 * A `Kind` is pure and the same in every process. An `Attendant` is what one engine does for its actors of
 * a kind: it looks up facts for their commands, keeps lists of them, and acts when their deadlines come.
 */
import type { TSchema } from 'typebox'
import type { CommandEnvelope, CommandOutcome } from '../../protocol/dispatch/commands.ts'
import type { Problem } from '../../protocol/kernel/errors.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { SourceFact } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Decision } from './decision.ts'
import type { ActorCommand, Effect, OlderFactOf } from './effects.ts'
import type { ActorEvent } from '../journal/journal.ts'
import type { Table } from '../journal/table.ts'
import type { TellReply } from './letter.ts'
import type { Words } from './packed.ts'

/**
 * The steps of a kind by the names of its states: which event may follow in a state, and to which state it
 * leads; '' where it leads to one of several. The simulator holds the journal against it.
 */
export interface Machine<State> {
  readonly steps: Readonly<Record<string, Readonly<Record<string, string>>>>
  nameOf(state: State): string
}

/** A command as the wire brings it, to an actor of any kind. */
export type Envelope = Omit<CommandEnvelope, 'actor'> & { actor: string }

/** What the wire takes back. A success has the actor's view under the name of its kind. */
export type KindReply =
  | ({ ok: true; outcome?: CommandOutcome } & Record<string, unknown>)
  | { ok: false; problem: Problem }

export interface Kind<State, Command, Event extends ActorEvent, Row> {
  /** Its name in the journal, in commands and in published events. It is stored: never change it. */
  readonly name: string
  /** Its number in the head of a snapshot, 0 to 255. It is stored: never change it, never use one again. */
  readonly byte: number
  /** The words that its states repeat. */
  readonly words: Words
  /** The tables that keep its public row. */
  readonly tables: readonly Table<Row>[]
  /** Commands from outside, by verb: the schema of their data. */
  readonly commands: Readonly<Record<string, TSchema>>
  /** Verbs that other services on the bus may not use, with the reason that they are told. */
  readonly closedToServices?: Readonly<Record<string, string>>
  readonly machine: Machine<State>
  readonly absent: State
  /** Is this a command that names a new actor? Then the journal need not be read first. */
  creates(command: Command): boolean
  /** Who acts by it. */
  actorOf(command: Command): Principal
  decide(state: State, command: Command, nowMs: number): Decision<Event>
  evolve(state: State, event: Event, atMs: number): State
  /** After the append is durable. `source`: where the event is in its slot. */
  react(event: Event, state: State, atMs: number, source: SourceFact): Effect[]
  /** Soft effects to repeat when an actor comes back to memory. */
  resume(state: State): Effect[]
  /** When to look again, ms since the epoch; null for never. */
  wakeAtMs(state: State): number | null
  /** What the read model keeps of it after its `version`-th event; `isBorn`: no event of it was written before. */
  row(state: State, version: number, atMs: number, isBorn: boolean): Row
  finished(state: State): boolean
  /** Do other parts of the engine keep something of it (open requests, searches, deliveries, the roster)? They see it at recovery. */
  attentive(state: State): boolean
  /** A state from a snapshot of an older release in today's shape. Without it, as it is. */
  restored?(state: State): State
  /** The pharmacy whose services hear of its events; null for none. */
  pharmacyOf?(state: State): string | null
  /** The older name of an event, for listeners who know the older topics; null for none. */
  olderFact?(event: Event, state: State): OlderFactOf | null
  /** Makes what one engine does for this kind; absent for a kind that a saga of the engine attends to. */
  attend?(engine: EngineParts): Attendant<State, Command, Event>
}

/** The runtime treats all kinds alike; `unknown` keeps it honest about not looking inside. */
export type AnyKind = Kind<unknown, unknown, ActorEvent, unknown>

/** An actor of this engine, as its attendant sees it. */
export interface AttendedActor<State = unknown> {
  readonly actorId: string
  readonly slot: number
  readonly kind: { readonly name: string }
  readonly state: State
  readonly version: number
  readonly updatedAtMs: number
}

/** What an engine has for the attendant of a kind. */
export interface EngineParts {
  readonly env: Env
  readonly actors: {
    /** The actor, woken if it sleeps; undefined when it is not in this engine's memory. */
    peek(actorId: string): AttendedActor | undefined
    /** Looks at the actor again at that time. */
    wakeAt(actorId: string, atMs: number): void
    tell(command: ActorCommand): Promise<TellReply>
    ownsActor(actorId: string): boolean
  }
  /** Asks an actor wherever it lives; the answer has its state. Rejects `unavailable` when nobody answers. */
  ask(command: ActorCommand): Promise<TellReply>
  log(level: 'info' | 'warn' | 'error', message: string, detail?: unknown): void
}

export interface Attendant<State, Command, Event> {
  /**
   * The wire's data, which fits its schema, with what the engine looks up for it. Throws or rejects with a
   * `CaduceusError` to refuse; such a refusal is not remembered.
   */
  plan(envelope: Envelope): Command | Promise<Command>
  /** What the caller hears of a success. */
  reply(
    reply: TellReply & { ok: true; state: State },
    command: Command,
    envelope: Envelope,
  ): KindReply | Promise<KindReply>
  /** After a transition, with its events, and at recovery, without any. */
  observe?(actor: AttendedActor<State>, events: readonly Event[]): void
  /** An actor's deadline has come. */
  due?(actor: AttendedActor<State>): void
  /** The actors of the slot are another engine's from now on. */
  lost?(slot: number): void
}
export type AnyAttendant = Attendant<unknown, unknown, ActorEvent>

/** The kinds of a list by their stored names and numbers. Throws at two of one name or one number. */
export class Kinds {
  readonly list: readonly AnyKind[]
  readonly #byName = new Map<string, AnyKind>()
  readonly #byByte: (AnyKind | undefined)[] = []

  constructor(list: readonly AnyKind[]) {
    this.list = list
    for (const kind of list) {
      if (this.#byName.has(kind.name) || this.#byByte[kind.byte] !== undefined)
        throw new Error(`two kinds of actor are called ${kind.name} or have number ${kind.byte}`)
      this.#byName.set(kind.name, kind)
      this.#byByte[kind.byte] = kind
    }
  }

  /** Throws when there is none of that name: a newer release wrote it. */
  named(name: string): AnyKind {
    const kind = this.#byName.get(name)
    if (kind === undefined) throw new Error(`this release knows no kind of actor called ${name}`)
    return kind
  }

  /** Throws when there is none of that number: a newer release wrote it. */
  ofByte(byte: number): AnyKind {
    const kind = this.#byByte[byte]
    if (kind === undefined) throw new Error(`this release knows no kind of actor number ${byte}`)
    return kind
  }

  /** Undefined when there is none of that name. */
  find(name: string): AnyKind | undefined {
    return this.#byName.get(name)
  }
}
