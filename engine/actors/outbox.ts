/**
 * The work that follows a commit, per slot and in order: events are published, and commands to
 * other actors are delivered until they are answered. The cursor is the last seq below which all of
 * this is done. After a crash the next owner repeats from the cursor. Publication is at least once,
 * in order and marked by id (invariant 6).
 *
 * An event that was handed to the bus is not yet published: when a connection ends, everything on
 * its way is lost without notice. So an event counts as published when a round trip behind it was
 * answered; the others are published again. A server that crashes may have answered a round trip
 * before its stream wrote the events in front of it. So the last second in which the server is known
 * to have run is published again too (except on a bus that loses nothing), and confirmed anew: the
 * server may crash again. That second is counted from the last round trip and not from the
 * disconnection, because a dead connection is noticed late.
 *
 * Commands of one actor are delivered one after the other (a hold before its release). Commands of
 * different actors do not wait for each other.
 *
 * A receiver that fails at a command every time would hold the cursor for ever, and every restart
 * would repeat all that comes after it. So a command is parked after some tries: a row names the
 * work that was not done, the log has a line, the metrics have a number, and the sender gets a
 * refusal.
 *
 * Where there is an event stream, the bus's round trip includes the stream's answer, as long as the
 * stream answers (protocol/bus/stored.ts). Rejected: waiting for the stream without end. A full
 * stream would then stop the engine, and the stream is a convenience.
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
  /**
   * Delivers locally or through the bus. `moved`, `unavailable` and `overloaded` are tried again
   * without end, `internal` only a few times.
   */
  deliver(command: ActorCommand): Promise<TellReply>
  /**
   * Stores a command that was given up. When it rejects, the command is delivered again and then
   * parked again.
   */
  park(parked: ParkedCommand): Promise<void>
  soft(effect: Exclude<Effect, { do: 'command' }>): void
  log(level: 'error', message: string, detail?: unknown): void
}

export interface OutboxEntry {
  slot: number
  seq: number
  /** Name of the kind. */
  kind: string
  actorId: string
  /** The record that the event is about, for its subject; absent: the actor. */
  aboutId?: string | null
  version: number
  atMs: number
  /** The person or service that acted; null where it is no longer known. */
  by: Principal | null
  event: ActorEvent
  /** The event under its older name, for listeners to the older topics; null when it has none. */
  older?: OlderFactOf | null
  /** Services that hear of the event under their own subjects. */
  hearers?: readonly string[]
  effects: Effect[]
}

interface SlotBox {
  readonly slot: number
  /** Entries in seq order. The head leaves when it is published and its commands are answered. */
  pending: { entry: OutboxEntry; commandsLeft: number }[]
  /** Number of entries, from the head, that were handed to the bus. */
  handedCount: number
  /**
   * Number of handed entries that have reached the bus. An entry that only waits for a command is
   * not looked at again.
   */
  publishedCount: number
  /** Entries published lately, in seq order. A server that crashes may lose them. */
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
  /** Number of commands that this process gave up. */
  parked = 0
  /**
   * Number of events, and of their older names, that are too large for the bus. They are in the
   * journal, and no listener gets them.
   */
  unpublished = 0
  readonly #seldom: Seldom
  /** True while a round trip is under way. */
  #confirming = false
  /** Number of disconnections so far. A round trip across a disconnection proves nothing. */
  #breaks = 0
  /** Start of the last round trip that was answered, ms since the epoch. The server ran then. */
  #ranAtMs = -Infinity
  /** Cancels the round trip that ends the doubt after the last event. */
  #cancelLast: (() => void) | null = null

  constructor(deps: OutboxDeps) {
    this.#deps = deps
    this.#seldom = new Seldom(
      (line, detail) => deps.log('error', line, detail),
      () => deps.env.nowMs(),
    )
    deps.bus.onStatus(connected => {
      if (!connected) this.#breaks++
      for (const box of this.#slots.values()) {
        if (!connected) this.#doubt(box)
        // Hand over again everything that is not known to have arrived, when the connection is
        // back.
        box.handedCount = box.publishedCount
        if (connected) this.#publish(box)
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
    this.#cancelLast?.()
  }

  /** Number of entries whose publication or commands are still under way. */
  get pending(): number {
    let count = 0
    for (const box of this.#slots.values()) count += box.pending.length
    return count
  }

  /** Does a command of this actor still wait? Such an actor must not leave memory. */
  busy(actorId: string): boolean {
    return this.#chains.has(actorId)
  }

  /** Called when a cursor moved and none waited for `takeMoved`. */
  onMoved: () => void = () => {}

  /** The cursors that moved since the last call, by slot. */
  takeMoved(): Map<number, number> {
    const cursors = new Map<number, number>()
    for (const slot of this.#moved) cursors.set(slot, this.#slots.get(slot)!.cursorSeq)
    this.#moved.clear()
    return cursors
  }

  /** The cursors could not be stored: the next call of `takeMoved` has them again. */
  putBack(cursors: ReadonlyMap<number, number>): void {
    for (const slot of cursors.keys()) if (this.#slots.has(slot)) this.#move(slot)
  }

  #move(slot: number): void {
    const isFirst = this.#moved.size === 0
    this.#moved.add(slot)
    if (isFirst) this.onMoved()
  }

  /** Adds an entry. Call in seq order per slot. */
  add(entry: OutboxEntry): void {
    const box = this.#slots.get(entry.slot)
    if (box === undefined) return
    const commands = entry.effects.filter(effect => effect.do === 'command')
    const item = { entry, commandsLeft: commands.length }
    box.pending.push(item)
    this.#publish(box)
    for (const effect of entry.effects) if (effect.do !== 'command') this.#deps.soft(effect)
    // The entry stays while the bus is in doubt. The views in its effects must not stay with it.
    entry.effects = []
    for (const effect of commands)
      this.#enqueue(entry.actorId, async () => {
        // No answer: the slot has gone, and the cursor must stay below this entry for the next
        // owner.
        if (!(await this.#deliver(effect, entry))) return
        item.commandsLeft--
        this.#advance(box)
      })
    this.#advance(box)
  }

  #publish(box: SlotBox): void {
    // `#hand` is false while the connection is down. Then the rest waits too, because the order of
    // events matters more than speed.
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
    const { slot, seq, version: order_seq, kind, actorId, aboutId, by, event } = entry
    const id = `${slot}.${seq}`
    // Build the body only when a service listens: the event of an opened request names a thousand
    // pharmacies.
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
    const subject = subjects.event(kind, event.type, aboutId ?? actorId)
    if (!this.#publishAll(subject, body, id, entry.hearers)) return false
    return !entry.older || this.#handOlder(id, entry, entry.older)
  }

  /** Publishes the same event under its older name. */
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

  /**
   * Publishes to every listener that may hear all events, then to each service that hears those of
   * its pharmacies.
   */
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
   * False when the event must be tried again. `messageId` is for the stream; it has no copies for
   * services and would not confirm them. An event that the bus can never take counts as done,
   * because it would block everything behind it in its slot for ever. Commands are bounded so that
   * this does not happen (protocol/dispatch/order-size.ts), but a server with a lower limit than
   * ours can still cause it.
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

  /** The connection is gone. Events that a crashed server may have lost count as unpublished again. */
  #doubt(box: SlotBox): void {
    const sinceMs = this.#ranAtMs - limits.outboxDoubtMs
    const lost = box.recent.filter(one => one.publishedAtMs >= sinceMs)
    box.recent = []
    const first = lost[0]?.entry.seq
    if (first === undefined) return
    const pendingFrom = box.pending[0]?.entry.seq ?? Infinity
    box.pending.unshift(
      ...lost
        .filter(({ entry }) => entry.seq < pendingFrom)
        .map(({ entry }) => ({ entry, commandsLeft: 0 })),
    )
    box.publishedCount = box.pending.findIndex(({ entry }) => entry.seq >= first)
  }

  /**
   * Makes one round trip behind everything that was handed over, for all slots together. Repeats
   * while there is more.
   */
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
      const beganMs = this.#deps.env.nowMs()
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
        this.#ranAtMs = beganMs
        for (const { box, seq } of handed) this.#reached(box, seq)
        waitMs = retryMsMin
        continue
      }
      await new Promise<void>(resolve => {
        this.#deps.env.after(waitMs, resolve)
      })
      waitMs = Math.min(waitMs * 2, retryMsMax)
    }
    this.#endDoubtLater()
  }

  /**
   * Makes one more round trip when the last events are older than the second in doubt. Otherwise a
   * disconnection hours later would publish them again.
   */
  #endDoubtLater(): void {
    if (this.#deps.bus.lossless || this.#stopped) return
    this.#cancelLast?.()
    this.#cancelLast = this.#deps.env.after(limits.outboxDoubtMs + 1, () => {
      const [breaks, beganMs] = [this.#breaks, this.#deps.env.nowMs()]
      if (this.#stopped || this.#confirming) return
      this.#deps.bus.flush().then(
        () => {
          if (breaks === this.#breaks) this.#ranAtMs = Math.max(this.#ranAtMs, beganMs)
        },
        // The next event, or the disconnection, shows what is in doubt.
        () => {},
      )
    })
  }

  /** Everything up to `seq` is published. */
  #reached(box: SlotBox, seq: number): void {
    const nowMs = this.#deps.env.nowMs()
    const old = box.recent.findIndex(
      one => one.publishedAtMs >= this.#ranAtMs - limits.outboxDoubtMs,
    )
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
      // An entry that was published again may lie below the cursor.
      box.cursorSeq = Math.max(box.cursorSeq, box.pending[done++]!.entry.seq)
    if (done === 0) return
    box.pending.splice(0, done)
    box.publishedCount -= done
    box.handedCount -= done
    // A slot that was let go stores nothing more, and neither does its outbox.
    if (this.#slots.get(box.slot) === box) this.#move(box.slot)
  }

  #enqueue(actorId: string, job: () => Promise<void>): void {
    const chain = (this.#chains.get(actorId) ?? Promise.resolve())
      .then(job)
      // The cursor stays below the work that was not done. The next commands of this actor are not
      // held up.
      .catch((error: unknown) =>
        this.#seldom.say('commands', `a command that ${actorId} sends failed on its way`, error),
      )
    this.#chains.set(actorId, chain)
    void chain.then(() => {
      if (this.#chains.get(actorId) === chain) this.#chains.delete(actorId)
    })
  }

  /** True when the command, and the report of its refusal, were answered. */
  async #deliver(effect: Extract<Effect, { do: 'command' }>, entry: OutboxEntry): Promise<boolean> {
    const reply = await this.#untilAnswered(effect.to, entry)
    if (reply === null || reply.ok || effect.onRefused === undefined) return reply !== null
    return (await this.#untilAnswered(effect.onRefused(reply), entry)) !== null
  }

  /** Null when the slot is no longer ours; the next owner repeats. Never throws. */
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

  /** False when the command could not be stored; then the cursor must wait. */
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
