/**
 * What follows commits, per slot and in order: events are published, commands to other actors are
 * delivered until answered. The cursor is the last seq below which all of that is done; after a
 * crash the next owner repeats from there. At least once, in order, marked by id (invariant 6).
 *
 * Handed to the bus is not published: what was on its way when a connection ends is gone without a word.
 * So an event counts as published when a round trip behind it was answered, and what was not is published
 * again. The last second before a disconnection is published again in any case, because a server that
 * crashes answers round trips before its stream has written what came in front of them.
 *
 * Commands of one actor are delivered one after the other (a hold before its release); those of
 * different actors do not wait for each other.
 *
 * A receiver that fails at a command every time would hold the cursor for ever, and with it all that
 * comes after a restart. After some tries the command is parked: a row that says what was not done, a
 * line in the log, a number in the metrics; and for the sender it is a refusal.
 *
 * Where there is an event stream, the bus's round trip brings the stream's word too, for as long as the
 * stream answers (protocol/bus/stored.ts). Rejected: waiting for it without end. A stream that is full
 * would then stop the engine, and the stream is a convenience.
 */
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { encodeBody } from '../../protocol/bus/codec.ts'
import { messageIdBytesMax, type Bus } from '../../protocol/bus/bus.ts'
import { eventVersion, type PublishedEvent } from '../../protocol/dispatch/events.ts'
import type { OlderMessage } from '../../protocol/dispatch/older-topics.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { ofService, subjects } from '../../protocol/bus/subjects.ts'
import type { ActorCommand, Effect, OlderFactOf } from './effects.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { ActorEvent, ParkedCommand } from '../journal/journal.ts'
import type { TellReply } from './letter.ts'
import type { Env } from '../../protocol/kernel/env.ts'

const retryMsMin = 50
const retryMsMax = 2_000

export interface OutboxDeps {
  env: Env
  bus: Bus
  /** Local or through the bus; `moved` and `unavailable` are tried again, `internal` only so often. */
  deliver(command: ActorCommand): Promise<TellReply>
  /** Stores what was given up; tried until it is stored. */
  park(parked: ParkedCommand): Promise<void>
  soft(effect: Exclude<Effect, { do: 'command' }>): void
  log(level: 'error', message: string, detail?: unknown): void
}

export interface OutboxEntry {
  slot: number
  seq: number
  /** The kind's name. */
  kind: string
  actorId: string
  version: number
  atMs: number
  /** Who acted; null where nobody knows any more. */
  by: Principal | null
  event: ActorEvent
  /** What it is called by those who know the older topics; null when they have no name for it. */
  older?: OlderFactOf | null
  /** Services that hear of it under their own subjects. */
  hearers?: readonly string[]
  effects: Effect[]
}

interface SlotBox {
  readonly slot: number
  /** In seq order; the head leaves when it is published and its commands are answered. */
  pending: { entry: OutboxEntry; commandsLeft: number }[]
  /** How many of them, from the head, the bus was given. */
  handedCount: number
  /** How many of those have reached it: what waits for a command is not looked at again. */
  publishedCount: number
  /** Published lately, oldest first: what a crashed server may have forgotten. */
  recent: { entry: OutboxEntry; publishedAtMs: number }[]
  cursorSeq: number
}

export class Outbox {
  readonly #deps: OutboxDeps
  readonly #slots = new Map<number, SlotBox>()
  readonly #chains = new Map<string, Promise<void>>()
  /** Slots whose cursor moved since it was last taken. */
  readonly #moved = new Set<number>()
  #stopped = false
  /** Commands given up by this process. */
  parked = 0
  /** Events and their older names that are too large for the bus: they are in the journal, and nobody hears of them. */
  unpublished = 0
  readonly #seldom: Seldom
  /** A round trip is on its way. */
  #confirming = false
  /** Disconnections so far: a round trip across one says nothing. */
  #breaks = 0
  /** When the connection was last found broken. */
  #brokenAtMs = Infinity

  constructor(deps: OutboxDeps) {
    this.#deps = deps
    this.#seldom = new Seldom(
      (line, detail) => deps.log('error', line, detail),
      () => deps.env.nowMs(),
    )
    deps.bus.onStatus(connected => {
      if (!connected) {
        this.#breaks++
        this.#brokenAtMs = deps.env.nowMs()
      }
      for (const box of this.#slots.values()) {
        // What is not known to have arrived goes again when the connection is back.
        box.handedCount = box.publishedCount
        if (connected) this.#again(box)
      }
    })
  }

  open(slot: number, cursorSeq: number): void {
    this.#slots.set(slot, {
      slot,
      pending: [],
      handedCount: 0,
      publishedCount: 0,
      recent: [],
      cursorSeq,
    })
  }
  close(slot: number): void {
    this.#slots.delete(slot)
    this.#moved.delete(slot)
  }
  stop(): void {
    this.#stopped = true
  }

  /** Entries whose publication or commands are still under way. */
  get pending(): number {
    let count = 0
    for (const box of this.#slots.values()) count += box.pending.length
    return count
  }

  /** Does anything of this actor still wait? Such an actor must not leave memory. */
  busy(actorId: string): boolean {
    return this.#chains.has(actorId)
  }

  /** A cursor moved; called for the first of several. */
  onMoved: () => void = () => {}

  /** The cursors that moved since the last call, by slot. */
  takeMoved(): Map<number, number> {
    const cursors = new Map<number, number>()
    for (const slot of this.#moved) cursors.set(slot, this.#slots.get(slot)!.cursorSeq)
    this.#moved.clear()
    return cursors
  }

  /** They could not be stored: the next call has them again. */
  putBack(cursors: ReadonlyMap<number, number>): void {
    for (const slot of cursors.keys()) if (this.#slots.has(slot)) this.#move(slot)
  }

  #move(slot: number): void {
    this.#moved.add(slot)
    if (this.#moved.size === 1) this.onMoved()
  }

  /** In seq order per slot. */
  add(entry: OutboxEntry): void {
    const box = this.#slots.get(entry.slot)
    if (box === undefined) return
    const commands = entry.effects.filter(effect => effect.do === 'command')
    const item = { entry, commandsLeft: commands.length }
    box.pending.push(item)
    this.#publish(box)
    for (const effect of entry.effects) if (effect.do !== 'command') this.#deps.soft(effect)
    // The entry stays for as long as the bus may be doubted, and views of the order must not stay with it.
    entry.effects = []
    for (const effect of commands)
      this.#enqueue(entry.actorId, async () => {
        // Not answered: the slot has gone, and the cursor must stay below for the next owner.
        if (!(await this.#deliver(effect, entry))) return
        item.commandsLeft--
        this.#advance(box)
      })
    this.#advance(box)
  }

  #publish(box: SlotBox): void {
    // False while the connection is down: the rest waits too, because order matters more than haste.
    while (box.handedCount < box.pending.length && this.#hand(box.pending[box.handedCount]!.entry))
      box.handedCount++
    if (box.handedCount > box.publishedCount && !this.#confirming)
      this.#confirm().catch((error: unknown) =>
        this.#seldom.say(
          'confirm',
          'publications could not be confirmed; the next one tries again',
          error,
        ),
      )
  }

  #hand(entry: OutboxEntry): boolean {
    const { slot, seq, version: order_seq, kind, actorId, by, event } = entry
    const id = `${slot}.${seq}`
    // An opened request names a thousand pharmacies: not written out where no service listens.
    const body = (): Uint8Array =>
      encodeBody({
        id,
        slot,
        seq,
        order_seq,
        at: isoTime(entry.atMs),
        actor: kind,
        actor_id: actorId,
        type: event.type,
        v: eventVersion,
        by,
        data: event.data,
      } satisfies Omit<PublishedEvent, 'actor'> & { actor: string })
    if (!this.#publishAll(subjects.event(kind, event.type, actorId), body, id, entry.hearers))
      return false
    return !entry.older || this.#handOlder(id, entry, entry.older)
  }

  /** The same fact under its older name. */
  #handOlder(
    eventId: string,
    { slot, seq, version: order_seq, atMs, hearers }: OutboxEntry,
    { orderId, fact: { type, data } }: OlderFactOf,
  ): boolean {
    const id = `${eventId}.${type}`
    const body = (): Uint8Array =>
      encodeBody({ id, slot, seq, order_seq, at: isoTime(atMs), type, data } satisfies OlderMessage)
    return this.#publishAll(subjects.olderTopic(type, orderId), body, id, hearers)
  }

  /** To everybody who may hear every fact, then to each service that hears those of its pharmacies. */
  #publishAll(
    subject: string,
    body: () => Uint8Array,
    id: string,
    hearers: readonly string[] = [],
  ): boolean {
    return (
      this.#publishOnce(subject, body, id, id) &&
      hearers.every(service => this.#publishOnce(ofService(service, subject), body, id))
    )
  }

  /**
   * False when it must be tried again. `messageId`: for the stream, which has no copies for services and would not confirm them. What the bus will never take counts as done: it would hold up all
   * that comes after it in its slot, for ever. Commands are bounded so that it does not happen
   * (protocol/dispatch/order-size.ts); a server whose own limit is lower than ours can still bring it about.
   */
  #publishOnce(subject: string, body: () => Uint8Array, id: string, messageId?: string): boolean {
    const { bus } = this.#deps
    let bytes = 0
    const measured = (): Uint8Array => {
      const made = body()
      bytes = made.byteLength
      return made
    }
    if (bus.publish(subject, measured, messageId)) return true
    if (bytes <= bus.messageBytesMax - messageIdBytesMax) return false
    this.unpublished++
    this.#seldom.say(
      'unpublished',
      `event ${id} has ${bytes} bytes and is not published; the journal has it`,
    )
    return true
  }

  /** Connected again. */
  #again(box: SlotBox): void {
    // By the moment of the break and not of the return: a server that restarts is away for longer than the second in doubt.
    const sinceMs = this.#brokenAtMs - limits.outboxDoubtMs
    for (const { entry, publishedAtMs } of box.recent)
      if (publishedAtMs >= sinceMs && !this.#hand(entry)) return
    this.#publish(box)
  }

  /** One round trip behind everything that was handed over, for all slots together; then the next, while there is more. */
  async #confirm(): Promise<void> {
    this.#confirming = true
    try {
      await this.#confirmAll()
    } finally {
      this.#confirming = false
    }
  }

  async #confirmAll(): Promise<void> {
    for (let waitMs = retryMsMin; !this.#stopped;) {
      const breaks = this.#breaks
      const handed = [...this.#slots.values()]
        .filter(box => box.handedCount > box.publishedCount)
        .map(box => ({ box, seq: box.pending[box.handedCount - 1]!.entry.seq }))
      if (handed.length === 0) break
      const answered = await this.#deps.bus.flush().then(
        () => true,
        () => false,
      )
      if (breaks !== this.#breaks) continue
      if (answered) {
        for (const { box, seq } of handed) this.#reached(box, seq)
        waitMs = retryMsMin
        continue
      }
      await new Promise<void>(resolve => {
        this.#deps.env.after(waitMs, resolve)
      })
      waitMs = Math.min(waitMs * 2, retryMsMax)
    }
  }

  /** Everything up to `seq` is published. */
  #reached(box: SlotBox, seq: number): void {
    const nowMs = this.#deps.env.nowMs()
    const old = box.recent.findIndex(one => one.publishedAtMs >= nowMs - limits.outboxDoubtMs)
    box.recent.splice(0, old < 0 ? box.recent.length : old)
    for (
      ;
      box.publishedCount < box.handedCount && box.pending[box.publishedCount]!.entry.seq <= seq;
      box.publishedCount++
    )
      if (!this.#deps.bus.lossless)
        box.recent.push({ entry: box.pending[box.publishedCount]!.entry, publishedAtMs: nowMs })
    if (box.recent.length > limits.outboxDoubtEventsMax)
      box.recent.splice(0, box.recent.length - limits.outboxDoubtEventsMax)
    this.#advance(box)
  }

  #advance(box: SlotBox): void {
    let done = 0
    while (done < box.publishedCount && box.pending[done]!.commandsLeft === 0)
      box.cursorSeq = box.pending[done++]!.entry.seq
    if (done === 0) return
    box.pending.splice(0, done)
    box.publishedCount -= done
    box.handedCount -= done
    // A slot that was let go, and its outbox with it, stores nothing more.
    if (this.#slots.get(box.slot) === box) this.#move(box.slot)
  }

  #enqueue(actorId: string, job: () => Promise<void>): void {
    const chain = (this.#chains.get(actorId) ?? Promise.resolve())
      .then(job)
      // The cursor stays below what was not done, and the next commands of this actor are not held up by it.
      .catch((error: unknown) =>
        this.#seldom.say('commands', `a command that ${actorId} sends failed on its way`, error),
      )
    this.#chains.set(actorId, chain)
    void chain.then(() => {
      if (this.#chains.get(actorId) === chain) this.#chains.delete(actorId)
    })
  }

  /** True when everything of it was answered. */
  async #deliver(effect: Extract<Effect, { do: 'command' }>, entry: OutboxEntry): Promise<boolean> {
    const reply = await this.#untilAnswered(effect.to, entry)
    if (reply === null || reply.ok || effect.onRefused === undefined) return reply !== null
    return (await this.#untilAnswered(effect.onRefused(reply), entry)) !== null
  }

  /** Null when the slot is no longer ours: the next owner repeats. Never throws. */
  async #untilAnswered(command: ActorCommand, entry: OutboxEntry): Promise<TellReply | null> {
    let failures = 0
    for (let waitMs = retryMsMin; ; waitMs = Math.min(waitMs * 2, retryMsMax)) {
      if (this.#stopped || !this.#slots.has(entry.slot)) return null
      const reply = await this.#deps
        .deliver(command)
        .catch((): TellReply => ({ ok: false, code: 'unavailable', detail: 'delivery failed' }))
      if (reply.ok || !again.has(reply.code)) return reply
      if (
        reply.code === 'internal' &&
        ++failures >= limits.outboxFailuresMax &&
        (await this.#park(command, entry, reply.detail, failures))
      )
        return reply
      await new Promise<void>(resolve => {
        this.#deps.env.after(waitMs * (0.5 + this.#deps.env.random()), resolve)
      })
    }
  }

  /** False when it could not be stored: then the cursor must wait. */
  async #park(
    command: ActorCommand,
    { slot, seq, actorId }: OutboxEntry,
    detail: string,
    tries: number,
  ): Promise<boolean> {
    const what = `${command.command.verb} for ${command.kind} ${command.actorId}, sent by ${actorId}`
    try {
      await this.#deps.park({
        slot,
        seq,
        fromActorId: actorId,
        kind: command.kind,
        actorId: command.actorId,
        commandId: command.id,
        command: command.command,
        detail,
        tries,
      })
    } catch (error) {
      this.#deps.log('error', `parking ${what} failed; it is tried again`, error)
      return false
    }
    this.parked++
    this.#deps.log('error', `given up after ${tries} failures and parked: ${what}`)
    return true
  }
}

const again: ReadonlySet<string> = new Set(['moved', 'unavailable', 'overloaded', 'internal'])
