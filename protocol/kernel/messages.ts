/**
 * How a WebSocket message is defined: once, with its schema, an example and its channels. Engine
 * and edge may send only defined messages. The edge checks with these schemas; the client's types,
 * the AsyncAPI document and the tests derive from them.
 *
 * Rejected: a list of messages for each channel beside the definitions. It compiled even when a
 * message was missing in a list.
 */
import Type from 'typebox'
import { limits } from './limits.ts'
import type { ErrorCode } from './errors.ts'
import { channelNames, type ChannelName } from './channels.ts'
import { Text } from './schema.ts'

export interface MessageDefinition<
  Schema extends Type.TSchema = Type.TSchema,
  Heard extends ChannelName = ChannelName,
  Said extends ChannelName = ChannelName,
> {
  /** One or two sentences for the AsyncAPI document. */
  description: string
  schema: Schema
  example: Type.Static<Schema>
  /** Channels on which clients receive it. */
  heardOn: readonly Heard[]
  /** Channels on which clients may send it. */
  saidOn: readonly Said[]
}

/**
 * Defines a message that clients receive on these channels. Fields may be added later; existing
 * fields stay.
 */
export const heard = <Schema extends Type.TSchema, Heard extends ChannelName>(
  heardOn: readonly Heard[],
  description: string,
  schema: Schema,
  example: Type.Static<Schema>,
): MessageDefinition<Schema, Heard, never> => ({
  description,
  schema,
  example,
  heardOn,
  saidOn: [],
})

/**
 * Defines a message that clients may send on these channels. The edge refuses a message that its
 * schema does not accept.
 */
export const said = <Schema extends Type.TSchema, Said extends ChannelName>(
  saidOn: readonly Said[],
  description: string,
  schema: Schema,
  example: Type.Static<Schema>,
): MessageDefinition<Schema, never, Said> => ({
  description,
  schema,
  example,
  heardOn: [],
  saidOn,
})

/**
 * The `id` that a client may give a message; the answer repeats it. It is also the command id, so a
 * repeated message gets the same answer.
 */
export const MessageId = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: limits.socketMessageIdCharactersMax,
    description: 'Sent back with the answer; a repeat under the same id hears the same answer',
  }),
)
/** Free text in a message of a client. */
export const Words = Type.Optional(Type.String({ maxLength: limits.textCharactersMax }))
/** The `MessageId` of the answered message, in an answer. */
export const Echo = Type.Optional(
  Type.String({ description: 'The `id` of the message that is answered' }),
)
/** A code of the error catalogue. */
export const Code = Type.Unsafe<ErrorCode>(
  Type.String({ description: 'A code of the error catalogue' }),
)

/** Messages of every channel. */
export const commonMessages = {
  ping: said(channelNames, 'Are you there?', Type.Object({ type: Type.Literal('ping') }), {
    type: 'ping',
  }),
  pong: heard(channelNames, 'Yes.', Type.Object({ type: Type.Literal('pong') }), { type: 'pong' }),
  error: heard(
    channelNames,
    'Something of what was sent could not be used.',
    Type.Object({
      type: Type.Literal('error'),
      code: Code,
      message: Text,
      id: Echo,
      seq: Type.Optional(Type.Integer({ description: 'The location that was refused' })),
      index: Type.Optional(Type.Integer({ description: 'Its place in the message' })),
      refused: Type.Optional(
        Type.Integer({ description: 'How many locations of the message were refused' }),
      ),
      fields: Type.Optional(Type.Array(Type.Object({ field: Text, rule: Text }))),
      server_time_ms: Type.Optional(Type.Integer()),
    }),
    { type: 'error', code: 'message_malformed', message: 'response_type is missing', id: '7' },
  ),
}
