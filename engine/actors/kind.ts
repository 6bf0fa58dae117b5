/**
 * The definition of a kind of actor. `engine/kinds.ts` lists the kinds. The runtime, the journal,
 * the gateway and the simulator read all knowledge of a kind from here, so a new kind is one line
 * in that list and its own folder.
 *
 * A `Kind` is pure and the same in every process. An `Attendant` is the work that one engine does
 * for its actors of a kind: it looks up facts for their commands, keeps lists of the actors, and
 * acts when their deadlines come.
 */
import type { TSchema } from 'typebox'
import type { CommandEnvelope, CommandOutcome } from '../../protocol/dispatch/commands.ts'
import type { Problem } from '../../protocol/kernel/errors.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { SourceFact } from '../../protocol/dispatch/facts.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Decision } from './decision.ts'
import type { ActorCommand, Effect, OlderFactOf } from './effects.ts'
import type { ActorEvent } from '../journal/journal.ts'
import type { Table } from '../journal/table.ts'
import type { TellReply } from './letter.ts'
import type { Words } from './packed.ts'

/**
 * The steps of a kind by the names of its states: the events that may follow in a state, and the
 * state that each leads to. The value is '' where an event leads to one of several states. The
 * simulator checks the journal against it.
 */
export interface Machine<State> {
  readonly steps: Readonly<Record<string, Readonly<Record<string, string>>>>
  nameOf(state: State): string
}

/** A command as it comes from the wire, to an actor of any kind. */
export type Envelope = Omit<CommandEnvelope, 'actor'> & { actor: string }

/** The answer for the wire. A success has the actor's view under the name of its kind. */
export type KindReply =
  | ({ ok: true; outcome?: CommandOutcome } & Record<string, unknown>)
  | { ok: false; problem: Problem }

export interface Kind<State, Command, Event extends ActorEvent, Row> {
  /** Name in the journal, in commands and in published events. It is stored: never change it. */
  readonly name: string
  /**
   * Number in the head of a snapshot, 0 to 255. It is stored: never change it, and never use it
   * again for another kind.
   */
  readonly byte: number
  /** The words that its states repeat. */
  readonly words: Words
  /** The tables that keep its public row. */
  readonly tables: readonly Table<Row>[]
  /** Commands from outside, by verb: the schema of their data. */
  readonly commands: Readonly<Record<string, TSchema>>
  /** Verbs that other services on the bus may not use, with the reason that a service is told. */
  readonly closedToServices?: Readonly<Record<string, string>>
  readonly machine: Machine<State>
  readonly absent: State
  /** Does this command name a new actor? Then the journal need not be read first. */
  creates(command: Command): boolean
  /** The person or service that acts by the command. */
  actorOf(command: Command): Principal
  decide(state: State, command: Command, nowMs: number): Decision<Event>
  evolve(state: State, event: Event, atMs: number): State
  /**
   * The effects of an event, after the append is durable. `source`: the place of the event in its
   * slot. `command`: the command of the event, with what is not in the event; absent when the event
   * comes from the journal.
   */
  react(event: Event, state: State, atMs: number, source: SourceFact, command?: Command): Effect[]
  /** Soft effects to repeat when an actor comes back to memory. */
  resume(state: State): Effect[]
  /** Time of the next look, ms since the epoch; null for never. */
  wakeAtMs(state: State): number | null
  /**
   * The row of the read model after the event with this version. `isBorn`: it has no earlier event.
   * `command`: the command of the event; absent when the row is made again from the journal.
   */
  row(state: State, version: number, atMs: number, isBorn: boolean, command?: Command): Row
  finished(state: State): boolean
  /**
   * True for a kind whose refusals are not remembered with the ids of their commands: the same
   * command may be taken later. Its commands are harmless when they come twice.
   */
  forgetsRefusals?: true
  /**
   * Do other parts of the engine keep something of it (open requests, searches, deliveries, the
   * roster)? Then they see it at recovery.
   */
  attentive(state: State): boolean
  /**
   * Converts a state from a snapshot of an older release to the shape of today. Without it the
   * state is used as it is.
   */
  restored?(state: State): State
  /** The pharmacy whose services hear of its events; null for none. */
  pharmacyOf?(state: State): string | null
  /**
   * The record that an event is about, for its subject; null or absent: the actor. For a kind whose
   * actor keeps many records.
   */
  aboutOf?(event: Event): string | null
  /** The older name of an event, for listeners to the older topics; null for none. */
  olderFact?(event: Event, state: State): OlderFactOf | null
  /** Makes the attendant of this kind. Absent for a kind that a saga of the engine attends to. */
  attend?(engine: EngineParts): Attendant<State, Command, Event>
}

/**
 * The runtime treats all kinds alike. With `unknown` the compiler stops it from looking inside a
 * state.
 */
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

/** The services of an engine that an attendant may use. */
export interface EngineParts {
  readonly env: Env
  readonly actors: {
    /** The actor, woken if it sleeps. Undefined when it is not in this engine's memory. */
    peek(actorId: string): AttendedActor | undefined
    /** Looks at the actor again at that time. */
    wakeAt(actorId: string, atMs: number): void
    tell(command: ActorCommand): Promise<TellReply>
    ownsActor(actorId: string): boolean
  }
  /**
   * Asks an actor wherever it lives; the answer has its state. Rejects `unavailable` when no engine
   * answers.
   */
  ask(command: ActorCommand): Promise<TellReply>
  log(level: 'info' | 'warn' | 'error', message: string, detail?: unknown): void
}

export interface Attendant<State, Command, Event> {
  /**
   * Completes the wire's data, which fits its schema, with the facts that the engine looks up.
   * Throws or rejects with a `CaduceusError` to refuse; such a refusal is not remembered.
   */
  plan(envelope: Envelope): Command | Promise<Command>
  /** The caller's answer to a success. */
  reply(
    reply: TellReply & { ok: true; state: State },
    command: Command,
    envelope: Envelope,
  ): KindReply | Promise<KindReply>
  /** Called after a transition with its events, and at recovery without any. */
  observe?(actor: AttendedActor<State>, events: readonly Event[]): void
  /** Called when the deadline of an actor has come. */
  due?(actor: AttendedActor<State>): void
  /** Called when another engine owns the actors of the slot from now on. */
  lost?(slot: number): void
}
export type AnyAttendant = Attendant<unknown, unknown, ActorEvent>

/**
 * The kinds of a list by their stored names and numbers. Throws when two share a name or a number.
 */
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

  /** Throws when no kind has the name: a newer release wrote it. */
  named(name: string): AnyKind {
    const kind = this.#byName.get(name)
    if (kind === undefined) throw new Error(`this release knows no kind of actor called ${name}`)
    return kind
  }

  /** Throws when no kind has the number: a newer release wrote it. */
  ofByte(byte: number): AnyKind {
    const kind = this.#byByte[byte]
    if (kind === undefined) throw new Error(`this release knows no kind of actor number ${byte}`)
    return kind
  }

  /** Undefined when no kind has the name. */
  find(name: string): AnyKind | undefined {
    return this.#byName.get(name)
  }
}
