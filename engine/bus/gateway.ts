/**
 * The engine's side of the bus: commands to owned slots, commands of other services, and the
 * replies. It decides nothing.
 */
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { Bus, BusMessage, Subscription } from '../../protocol/bus/bus.ts'
import type { PlannedBody } from '../../protocol/dispatch/commands.ts'
import { CaduceusError, type Problem } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { engineQueue, ownerSubject, subjects } from '../../protocol/bus/subjects.ts'
import { parseEnvelope, parseServiceCommand } from './plan.ts'
import type { ActorCommand } from '../actors/effects.ts'
import type { TellReply } from '../actors/letter.ts'
import type { Envelope, KindReply, Kinds } from '../actors/kind.ts'

export interface GatewayDeps {
  bus: Bus
  kinds: Kinds
  ownsActor(actorId: string): boolean
  /** Handles a command from the wire, and returns the answer for the wire. */
  handle(envelope: Envelope): Promise<KindReply>
  tell(command: ActorCommand): Promise<TellReply>
  /** May this customer, whose slot is owned here, open this request? */
  grant(customerId: string, orderId: string): Promise<boolean>
  nowMs(): number
  log(level: 'warn' | 'error', message: string, detail?: unknown): void
}

export class Gateway {
  readonly #deps: GatewayDeps
  readonly #slots = new Map<number, Subscription>()
  readonly #seldom: Seldom
  #services: Subscription[] = []

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#seldom = new Seldom((line, detail) => deps.log('error', line, detail), deps.nowMs)
  }

  start(): void {
    this.#services = [subjects.commandFilter, subjects.commandOfFilter].map(filter =>
      this.#deps.bus.subscribe(filter, message => this.#fromService(message), {
        queue: engineQueue,
      }),
    )
  }

  stop(): void {
    for (const subscription of this.#services) subscription.unsubscribe()
    for (const slot of this.#slots.keys()) this.closeSlot(slot)
  }

  openSlot(slot: number): void {
    this.closeSlot(slot)
    this.#slots.set(
      slot,
      this.#deps.bus.subscribe(subjects.slotCommand(slot), message => this.#toSlot(message)),
    )
  }

  closeSlot(slot: number): void {
    this.#slots.get(slot)?.unsubscribe()
    this.#slots.delete(slot)
  }

  /** Sends to the engine that owns the actor. Rejects `unavailable` when none answers. */
  deliver(command: ActorCommand): Promise<TellReply> {
    return this.#send(command, false)
  }

  /** Like `deliver`, but the answer has the actor's state, which is more to carry. */
  ask(command: ActorCommand): Promise<TellReply> {
    return this.#send(command, true)
  }

  async #send(command: ActorCommand, withState: boolean): Promise<TellReply> {
    if (this.#deps.ownsActor(command.actorId)) return this.#deps.tell(command)
    const body: PlannedBody<ActorCommand> = { planned: command, withState }
    const reply = await this.#deps.bus.request(
      ownerSubject(command.actorId),
      encodeBody(body),
      limits.commandTimeoutMs,
    )
    const answer = decodeBody(reply) as TellReply | { ok: false; problem: Problem }
    // A failure on the way is reported as a problem. If it were read as a verdict, it would end the
    // retries.
    return 'problem' in answer
      ? { ok: false, code: answer.problem.code, detail: answer.problem.detail }
      : answer
  }

  /** Asks the owner of the customer's slot. Throws `unavailable` when it cannot be asked now. */
  async mayOpen(customerId: string, orderId: string): Promise<boolean> {
    const uncounted = (): CaduceusError =>
      new CaduceusError(
        'unavailable',
        'open requests of this customer cannot be counted now; try again',
      )
    // The journal's own error would reach the customer as a defect, and the customer's app would
    // give up. `unavailable` is tried again.
    if (this.#deps.ownsActor(customerId))
      return this.#deps.grant(customerId, orderId).catch(() => {
        throw uncounted()
      })
    const body: GrantBody = { grant: { customerId, orderId } }
    const answer = decodeBody(
      await this.#deps.bus.request(
        ownerSubject(customerId),
        encodeBody(body),
        limits.commandTimeoutMs,
      ),
    ) as { granted?: boolean }
    if (answer.granted === undefined) throw uncounted()
    return answer.granted
  }

  #toSlot(message: BusMessage): void {
    const { respond } = message
    if (respond === undefined) return
    this.#answer(message)
      .then(reply => this.#respond(respond, reply, encodeBody))
      .catch((error: unknown) => this.#unsent(error))
  }

  async #answer(message: BusMessage): Promise<unknown> {
    try {
      const body = decodeBody(message.body)
      if (isPlanned(body)) {
        // Most senders need the verdict, not the state.
        const reply = await this.#deps.tell(body.planned)
        return reply.ok && !body.withState
          ? { ok: true, state: null, version: reply.version, updatedAtMs: reply.updatedAtMs }
          : reply
      }
      if (isGrant(body)) {
        const { customerId, orderId } = body.grant
        if (!this.#deps.ownsActor(customerId)) throw new CaduceusError('moved')
        return { granted: await this.#deps.grant(customerId, orderId) }
      }
      return await this.#deps.handle(parseEnvelope(body, this.#deps.kinds))
    } catch (error) {
      return this.#problem(error)
    }
  }

  /**
   * A question in JSON is answered in JSON: it comes from a person, or from a service without
   * msgpack.
   */
  #fromService(message: BusMessage): void {
    const { respond } = message
    if (respond === undefined) return
    const json = message.body[0] === openingBrace
    this.#serve(message)
      .then(reply => this.#respond(respond, reply, json ? encodeJson : encodeBody))
      .catch((error: unknown) => this.#unsent(error))
  }

  /**
   * When an answer is too large for the bus, the caller gets an error instead. Without any answer
   * it would ask again and again.
   */
  #respond(
    respond: (body: Uint8Array) => void,
    reply: unknown,
    encode: (value: unknown) => Uint8Array,
  ): void {
    const body = encode(reply)
    if (body.byteLength <= this.#deps.bus.messageBytesMax) return respond(body)
    this.#seldom.say('answer', `an answer of ${body.byteLength} bytes is too large for the bus`)
    const problem: Problem = {
      code: 'body_too_large',
      detail: 'it is done or decided, and the answer is too large to be told; read the record',
    }
    respond(encode({ ok: false, problem }))
  }

  #unsent(error: unknown): void {
    this.#seldom.say('unsent', 'an answer could not be sent', error)
  }

  async #serve(message: BusMessage): Promise<unknown> {
    try {
      const [actor, verb, service] = message.subject.split('.').slice(3)
      const envelope = parseServiceCommand(
        decodeBody(message.body),
        actor!,
        verb!,
        service ?? null,
        this.#deps.kinds,
      )
      if (this.#deps.ownsActor(envelope.actor_id)) return await this.#deps.handle(envelope)
      return decodeBody(
        await this.#deps.bus.request(
          ownerSubject(envelope.actor_id),
          encodeBody(envelope),
          limits.commandTimeoutMs,
        ),
      )
    } catch (error) {
      return this.#problem(error)
    }
  }

  #problem(error: unknown): KindReply {
    if (error instanceof CaduceusError) return { ok: false, problem: error.toProblem() }
    this.#seldom.say('command', 'a command failed', error)
    return { ok: false, problem: { code: 'internal', detail: 'the command failed' } }
  }
}

const isPlanned = (body: unknown): body is PlannedBody<ActorCommand> =>
  typeof body === 'object' && body !== null && 'planned' in body
/** A message between engines, on the slot of a customer. */
interface GrantBody {
  grant: { customerId: string; orderId: string }
}
const isGrant = (body: unknown): body is GrantBody =>
  typeof body === 'object' && body !== null && 'grant' in body
const openingBrace = 0x7b
const encodeJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
