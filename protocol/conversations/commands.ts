/**
 * Commands of a conversation: the schema of their data by verb. Only edges send them, because an
 * edge checks the record that a conversation is about.
 */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'
import { AtMs, nullable, oneOf } from '../kernel/schema.ts'
import { conversationLimits } from './limits.ts'
import { About, messageKinds, reasons, sides, topics } from './parts.ts'

const data = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

/** The text of a message. */
export const MessageText = Type.String({
  minLength: 1,
  maxLength: conversationLimits.textCharactersMax,
  pattern: '\\S',
  'x-rule': 'must say something',
})

/** A text as it is stored: its envelope, and the keyed hashes of its words. */
const Sealed = data({
  text: Type.String({ minLength: 1, maxLength: conversationLimits.sealedTextCharactersMax }),
  marks: Type.String({ maxLength: conversationLimits.marksCharactersMax }),
})
export type Sealed = Type.Static<typeof Sealed>

export const conversationCommands = {
  open: data({
    topic: oneOf(topics),
    about: nullable(About),
    customer_id: nullable(Uuid),
    vendor_id: nullable(Uuid),
    driver_id: nullable(Uuid),
  }),
  /**
   * A document or a sound names its upload, a text has words; the edge has checked the upload. With
   * `sealed` that is what is stored, and `text` is only for the sockets.
   */
  send: data({
    entry_id: Uuid,
    kind: oneOf(messageKinds),
    text: nullable(MessageText),
    upload_id: nullable(Uuid),
    sealed: Type.Optional(Sealed),
  }),
  /** `of`: the message, as the edge found it in the table. */
  take_back: data({
    entry_id: Uuid,
    reason: oneOf(reasons),
    of: data({
      id: Uuid,
      number: Type.Integer({ minimum: 1 }),
      side: oneOf(sides),
      kind: oneOf(messageKinds),
    }),
  }),
  read: data({ through: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }) }),
  freeze: data({ entry_id: Uuid, reason: oneOf(reasons) }),
  thaw: data({ entry_id: Uuid }),
  look_in: data({ entry_id: Uuid, reason: oneOf(reasons) }),
  end: data({ closes_at_ms: AtMs }),
  close: data({ entry_id: Uuid, reason: oneOf(reasons) }),
} as const
export type ConversationVerb = keyof typeof conversationCommands
export type ConversationCommandData = {
  [V in ConversationVerb]: Type.Static<(typeof conversationCommands)[V]>
}
