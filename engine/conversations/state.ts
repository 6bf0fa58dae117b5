/**
 * The state of a conversation. It knows numbers, sides and read marks, and no words: the text of a
 * message passes through the actor into the table of texts. So an open conversation takes little
 * memory however long it is, and a text that was taken back is nowhere in the engine.
 */
import type { Principal } from '../../protocol/kernel/principal.ts'
import {
  sides as allSides,
  type About,
  type EntryKind,
  type MessageKind,
  type Reason,
  type Side,
  type Topic,
} from '../../protocol/conversations/parts.ts'

/** The name of the kind. */
export const conversationName = 'conversation'

/** A message that was taken back. */
export interface TakenBack {
  id: string
  number: number
  side: Side
  kind: MessageKind
}

/** An entry without its words. */
export interface StateEntry {
  id: string
  number: number
  kind: EntryKind
  /** Null for the engine. */
  side: Side | null
  of: TakenBack | null
  reason: Reason | null
  atMs: number
  /** Version of the conversation at which the entry was made. */
  atVersion: number
}

export interface OpenedConversation {
  status: 'open' | 'frozen' | 'closed'
  conversationId: string
  version: number
  createdAtMs: number
  topic: Topic
  about: About | null
  /** The id of each participant: an account, a pharmacy, a driver. Support has no id. */
  sides: Readonly<Partial<Record<Side, string>>>
  lastNumber: number
  last: StateEntry | null
  /** The number up to which each side has read. */
  read: Readonly<Partial<Record<Side, number>>>
  /** Null while its subject goes on. */
  closesAtMs: number | null
  /** Entries of the last minute, so that a command that comes twice is done once. */
  recent: readonly { id: string; number: number; atMs: number }[]
}
export type Conversation = { status: 'absent' } | OpenedConversation

export const absentConversation: Conversation = { status: 'absent' }

/** The id of support among the sides. */
export const supportId = 'support'

/** The sides with their ids. */
export const sidesOf = ({ sides }: OpenedConversation): [Side, string][] =>
  allSides.flatMap(side => {
    const id = sides[side]
    return id === undefined ? [] : [[side, id] as [Side, string]]
  })

/** The side on which somebody takes part; null for everybody else. */
export const sideOf = (conversation: OpenedConversation, { role, id }: Principal): Side | null =>
  sidesOf(conversation).find(([side, sideId]) =>
    side === 'support' ? role === 'admin' : side === role && sideId === id,
  )?.[0] ?? null
