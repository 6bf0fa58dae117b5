/**
 * The work of one engine for its conversations: it refuses a side that writes too fast, words the
 * answers, and closes a conversation whose time has come.
 *
 * The rates are in memory only: a conversation that moves to another engine begins with its whole
 * burst again. Rejected: rates in the state, because each refused message would be an event.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import type { Attendant, AttendedActor, EngineParts, Envelope, KindReply } from '../actors/kind.ts'
import type { TellReply } from '../actors/letter.ts'
import type { ConversationCommand } from './commands.ts'
import { conversationName, type Conversation } from './state.ts'
import { view } from './view.ts'

/** Writers that are remembered; beyond it those who have their whole burst again are forgotten. */
const writersMax = 10_000

export class ConversationsOfEngine implements Attendant<
  Conversation,
  ConversationCommand,
  ConversationEvent
> {
  readonly #engine: Pick<EngineParts, 'env' | 'actors'>
  /** Messages that a side may send at once, and the time of that count. */
  readonly #writers = new Map<string, { left: number; atMs: number }>()

  constructor(engine: Pick<EngineParts, 'env' | 'actors'>) {
    this.#engine = engine
  }

  plan({ verb, by, actor_id, data }: Envelope): ConversationCommand {
    if (verb === 'send') this.#count(`${actor_id} ${by.role} ${by.id}`)
    return { verb, by, conversationId: actor_id, data } as ConversationCommand
  }

  reply(
    { state: conversation, version }: TellReply & { ok: true; state: Conversation },
    command: ConversationCommand,
  ): KindReply {
    if (conversation.status === 'absent')
      return {
        ok: false,
        problem: { code: 'conversation_not_found', detail: 'there is no such conversation' },
      }
    const entryId = 'entry_id' in command.data ? command.data.entry_id : null
    return { ok: true, conversation: { ...view(conversation, entryId), version } }
  }

  due({ actorId, state: conversation }: AttendedActor<Conversation>): void {
    if (conversation.status === 'absent' || conversation.closesAtMs === null) return
    const { env, actors } = this.#engine
    if (env.nowMs() < conversation.closesAtMs)
      return actors.wakeAt(actorId, conversation.closesAtMs)
    const command: ConversationCommand = {
      verb: 'close',
      by: { role: 'system', id: 'engine' },
      conversationId: actorId,
      data: { entry_id: uuidV7(env.nowMs(), env.random), reason: 'subject_ended' },
    }
    void actors.tell({
      kind: conversationName,
      actorId,
      id: `close:${conversation.closesAtMs}`,
      command,
    })
  }

  /** Throws `too_many_requests`. */
  #count(writer: string): void {
    const nowMs = this.#engine.env.nowMs()
    const before = this.#writers.get(writer) ?? { left: burst, atMs: nowMs }
    const left = leftAt(before, nowMs)
    if (left < 1)
      throw new CaduceusError('too_many_requests', 'too many messages; wait a moment', undefined, 1)
    this.#writers.set(writer, { left: left - 1, atMs: nowMs })
    if (this.#writers.size > writersMax)
      for (const [known, count] of this.#writers)
        if (leftAt(count, nowMs) >= burst) this.#writers.delete(known)
  }
}

const burst = conversationLimits.burstMessagesMax
const leftAt = ({ left, atMs }: { left: number; atMs: number }, nowMs: number): number =>
  Math.min(burst, left + (Math.max(0, nowMs - atMs) / 1000) * conversationLimits.messagesPerSecond)
