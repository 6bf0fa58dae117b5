/**
 * Presence and typing: told to the other sides of a conversation, and stored nowhere. A client
 * repeats it while it lasts, and what is not repeated ends by itself.
 */
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { messageKinds, sides } from '../../protocol/conversations/parts.ts'
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import { topics, type PresencePush } from '../../protocol/dispatch/pushes.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { BoundedCache } from '../kernel/bounded-cache.ts'
import type { Session } from '../kernel/session.ts'
import { chatLimits } from './limits.ts'
import { findOwn, idOfSide } from './reads.ts'
import type { Speaker } from './sides.ts'

const isMessage = (kind: string): boolean => (messageKinds as readonly string[]).includes(kind)

export type PresenceContext = Pick<Kernel, 'bus' | 'database' | 'log' | 'nowMs'>

/** Passes presence on to the sockets of this edge. Returns the function that ends this. */
export function hearPresence({ bus, hub }: Pick<Kernel, 'bus' | 'hub'>): () => void {
  const subscription = bus.subscribe(subjects.presence, ({ body }) => {
    const { topics: to, message } = decodeBody(body) as PresencePush
    hub.tell(to, message)
  })
  return () => subscription.unsubscribe()
}

/** The presence of one socket. */
export class PresenceOf {
  readonly #ctx: PresenceContext
  readonly #speaker: Speaker
  /** The topics of the other sides, by conversation. */
  readonly #others: BoundedCache<string[]>
  #lastMs = -Infinity
  #last = 'away'
  #looking = false

  constructor(ctx: PresenceContext, speaker: Speaker) {
    this.#ctx = ctx
    this.#speaker = speaker
    this.#others = new BoundedCache(chatLimits.knownConversationsMax, chatLimits.knownMs, ctx.nowMs)
  }

  /** A message that comes too soon after another one is dropped, because the next one replaces it. */
  tell(session: Session, { conversation_id, state }: MessageNamed<'chat_presence'>): void {
    const nowMs = this.#ctx.nowMs()
    // Going away is told at once, and once.
    const isLeaving = state === 'away' && this.#last !== 'away'
    if (this.#looking || (!isLeaving && nowMs - this.#lastMs < chatLimits.presencePauseMs)) return
    this.#lastMs = nowMs
    this.#last = state
    this.#looking = true
    this.#topicsOf(conversation_id)
      .finally(() => {
        this.#looking = false
      })
      .then(
        others => {
          const push: PresencePush = {
            topics: others,
            message: {
              type: 'conversation_presence',
              conversation_id,
              side: this.#speaker.side,
              state,
              seconds: state === 'away' ? 0 : chatLimits.presenceSeconds,
            },
          }
          this.#ctx.bus.publish(subjects.presence, encodeBody(push))
        },
        (error: unknown) => {
          if (error instanceof CaduceusError) session.report(error.code, error.message)
          else this.#ctx.log.warn({ err: error }, 'presence could not be told')
        },
      )
  }

  /**
   * Takes what this socket hears. After an entry that is no message, such as the closing when
   * another driver has the parcel, the sides are looked up anew.
   */
  hear(message: SocketMessage): void {
    if (message.type === 'conversation_entry' && !isMessage(message.entry.kind))
      this.#others.delete(message.conversation_id)
  }

  async #topicsOf(conversationId: string): Promise<string[]> {
    let others = this.#others.get(conversationId)
    if (others === undefined) {
      const row = await findOwn(this.#ctx.database.kysely, this.#speaker, conversationId)
      others = sides.flatMap(side => {
        const id = idOfSide(row, side)
        // A driver has no part in a conversation that is closed.
        const hasLeft = side === 'driver' && row.status === 'closed'
        return id === null || hasLeft || side === this.#speaker.side ? [] : [topics.chat(side, id)]
      })
      this.#others.set(conversationId, others)
    }
    return others
  }
}
