/**
 * The command client: the way from an edge to an actor. A command goes to the engine that owns the
 * actor's slot. While ownership moves, or when a reply is lost, the command is sent again under the
 * same id, and the actor gives the same answer as the first time (invariant 3). The caller gets one
 * answer, or `unavailable` within limits.commandTimeoutMs. After `unavailable` the caller does not
 * know whether the command happened, and may safely repeat it.
 */
import type { Bus } from '../../protocol/bus/bus.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { CommandEnvelope } from '../../protocol/dispatch/commands.ts'
import { CaduceusError, isErrorCode, type Problem } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { ownerSubject, subjects } from '../../protocol/bus/subjects.ts'
import type { PositionAnswer } from '../../protocol/tracking/positions.ts'
import type { CommandClient } from './kernel.ts'

export interface CommandClientDeps {
  bus: Pick<Bus, 'request'>
  nowMs(): number
  random(): number
  after(ms: number, run: () => void): () => void
}

/**
 * An attempt lasts longer than a manual assignment; otherwise the wait for a driver would count as
 * a lost reply.
 */
const attemptMs = limits.assignmentWaitMs + 500
const backoffMsFirst = 10
const backoffMsMax = 250
/** A page can do without a position, so a position is not worth a long wait. */
const positionTimeoutMs = 1_000

type Reply = { ok: true } | { ok: false; problem: Problem }

/**
 * Makes the command client. Beyond limits.commandsInFlightMax commands at once it throws
 * `overloaded`.
 */
export function createCommandClient({
  bus,
  nowMs,
  random,
  after,
}: CommandClientDeps): CommandClient {
  let inFlight = 0
  const pause = (ms: number) =>
    new Promise<void>(resolve => {
      after(ms, resolve)
    })

  const send = async (envelope: CommandEnvelope): Promise<Reply> => {
    if (inFlight >= limits.commandsInFlightMax)
      throw new CaduceusError('overloaded', 'too many commands in flight')
    inFlight++
    try {
      return await attempts(envelope)
    } finally {
      inFlight--
    }
  }

  const attempts = async (envelope: CommandEnvelope): Promise<Reply> => {
    const subject = ownerSubject(envelope.actor_id)
    const body = encodeBody(envelope)
    const deadlineMs = nowMs() + limits.commandTimeoutMs
    let backoffMs = backoffMsFirst
    for (;;) {
      const problem = await once(subject, body, Math.min(attemptMs, deadlineMs - nowMs()))
      if (problem.reply !== null) return problem.reply
      // Half of the pause is random; otherwise all edges would call a recovering engine together.
      const waitMs = backoffMs * (0.5 + random() * 0.5)
      if (nowMs() + waitMs >= deadlineMs) throw new CaduceusError('unavailable', problem.detail)
      await pause(waitMs)
      backoffMs = Math.min(backoffMs * 2, backoffMsMax)
    }
  }

  /** The reply, or null and the reason why the command should be sent again. */
  const once = async (
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<{ reply: Reply | null; detail: string }> => {
    let reply: Reply
    try {
      reply = readReply(decodeBody(await bus.request(subject, body, timeoutMs)))
    } catch (error) {
      if (error instanceof CaduceusError && error.code === 'unavailable')
        return { reply: null, detail: 'no engine answered in time; the command may be repeated' }
      throw error
    }
    if (!reply.ok && (reply.problem.code === 'moved' || reply.problem.code === 'unavailable'))
      return { reply: null, detail: reply.problem.detail }
    return { reply, detail: '' }
  }

  const command = async <T extends { ok: true }>(envelope: CommandEnvelope): Promise<T> => {
    // A UUID may come in capitals; the slot of an actor is that of the small letters.
    const reply = await send({ ...envelope, actor_id: envelope.actor_id.toLowerCase() })
    if (!reply.ok)
      throw new CaduceusError(reply.problem.code, reply.problem.detail, reply.problem.fields)
    return reply as T
  }

  return {
    order: envelope => command({ ...envelope, actor: 'order' }),
    driver: envelope => command({ ...envelope, actor: 'driver' }),
    send: command,
    async position(query) {
      return decodeBody(
        await bus.request(subjects.queryPosition, encodeBody(query), positionTimeoutMs),
      ) as PositionAnswer
    },
  }
}

function readReply(value: unknown): Reply {
  const reply = value as (Partial<Reply> & { problem?: Partial<Problem> }) | null
  if (typeof reply === 'object' && reply !== null) {
    if (reply.ok === true) return reply as Reply
    if (reply.ok === false && isErrorCode(reply.problem?.code)) return reply as Reply
  }
  throw new CaduceusError('internal', 'the engine answered something else than a reply')
}
