/**
 * The conversations of a simulated edge: the real socket of `/ws/chat` with its greeting, and the
 * real opening, taking back and ending, over the simulated ports.
 */
import { hearEndings } from '../../../edge/conversations/endings.ts'
import { openConversation, type NewConversation } from '../../../edge/conversations/opening.ts'
import { findReadable } from '../../../edge/conversations/reads.ts'
import { Reconnected } from '../../../edge/conversations/reconnected.ts'
import { speakerOf } from '../../../edge/conversations/sides.ts'
import { openChat, type ChatContext } from '../../../edge/conversations/socket.ts'
import { takeBack, tell } from '../../../edge/conversations/talk.ts'
import type { Identity } from '../../../edge/kernel/identity.ts'
import type { Kernel } from '../../../edge/kernel/kernel.ts'
import type { Opened, Session } from '../../../edge/kernel/session.ts'
import type { Standings } from '../../../edge/kernel/standing.ts'

type Parts = Omit<ChatContext, 'standings'> & Pick<Kernel, 'after'>

export class TalkEdge {
  readonly #ctx: ChatContext
  readonly #reconnected: Reconnected

  constructor(parts: Parts) {
    const standings = { taken: () => null } as unknown as Standings
    this.#ctx = { ...parts, standings }
    this.#reconnected = new Reconnected(parts)
    hearEndings(this.#ctx)
  }

  /** Opens the socket of a person. */
  socket(session: Session, identity: Identity): Promise<Opened> {
    const identify = async (): Promise<Identity> => identity
    const entrance = { parameter: '', address: '', origin: null, identify }
    return openChat(this.#ctx, this.#reconnected, session, entrance)
  }

  async open(identity: Identity, wanted: NewConversation): Promise<string> {
    return (await openConversation(this.#ctx, speakerOf(identity), wanted)).id
  }

  async takeBack(identity: Identity, conversationId: string, messageId: string): Promise<void> {
    const speaker = speakerOf(identity)
    const row = await findReadable(this.#ctx.database.kysely, speaker, conversationId)
    await takeBack(this.#ctx, speaker, row, messageId, 'other')
  }

  /** Support freezes a conversation, lets it go on, or reads it. */
  async moderate(
    identity: Identity,
    conversationId: string,
    verb: 'freeze' | 'thaw' | 'look_in',
    entry_id: string,
  ): Promise<void> {
    const data = { entry_id, ...(verb !== 'thaw' && { reason: 'abuse' }) }
    await tell(this.#ctx, speakerOf(identity).principal, conversationId, verb, entry_id, data)
  }
}
