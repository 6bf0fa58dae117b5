/**
 * Every WebSocket message by its name, collected from the rooms that define them, and the types
 * that follow. A new message is added in the file of its room; only a new room is named here.
 * Binary location frames are not here: `frames.ts` reads them by hand.
 */
import type Type from 'typebox'
import { accountMessages } from '../accounts/messages.ts'
import { appointmentMessages } from '../appointments/messages.ts'
import { custodyMessages } from '../custody/messages.ts'
import { driverMessages } from '../drivers/messages.ts'
import { conversationMessages } from '../conversations/messages.ts'
import { channelNames, type ChannelName } from '../kernel/channels.ts'
import { commonMessages, type MessageDefinition } from '../kernel/messages.ts'
import { liveMessages } from '../live/messages.ts'
import { notificationMessages } from '../notifications/messages.ts'
import { orderMessages } from '../orders/messages.ts'
import { pharmacyMessages } from '../pharmacies/messages.ts'
import { trackingMessages } from '../tracking/messages.ts'
import { tripMessages } from '../trips/messages.ts'

export const socketMessages = {
  ...commonMessages,
  ...accountMessages,
  ...pharmacyMessages,
  ...orderMessages,
  ...driverMessages,
  ...trackingMessages,
  ...conversationMessages,
  ...appointmentMessages,
  ...tripMessages,
  ...custodyMessages,
  ...liveMessages,
  ...notificationMessages,
}
type Messages = typeof socketMessages
export type SocketMessageName = keyof Messages

/** A message by its name in the table, as a type. */
export type MessageNamed<Name extends SocketMessageName> = Type.Static<Messages[Name]['schema']>

/** The messages that clients of a channel receive. */
export type HeardOn<Channel extends ChannelName> = {
  [Name in SocketMessageName]: Channel extends Messages[Name]['heardOn'][number]
    ? MessageNamed<Name>
    : never
}[SocketMessageName]

/** The messages that clients of a channel may send. */
export type SaidOn<Channel extends ChannelName> = {
  [Name in SocketMessageName]: Channel extends Messages[Name]['saidOn'][number]
    ? MessageNamed<Name>
    : never
}[SocketMessageName]

/** The messages that engines and edges send to sockets: all except those that clients send. */
export type SocketMessage = {
  [Name in SocketMessageName]: [Messages[Name]['saidOn'][number]] extends [never]
    ? MessageNamed<Name>
    : never
}[SocketMessageName]

/** Names of the messages of a channel, in and out. */
export function messagesOf(channel: ChannelName): {
  said: SocketMessageName[]
  heard: SocketMessageName[]
} {
  const names = Object.keys(socketMessages) as SocketMessageName[]
  const definition = (name: SocketMessageName): MessageDefinition => socketMessages[name]
  return {
    said: names.filter(name => definition(name).saidOn.includes(channel)),
    heard: names.filter(name => definition(name).heardOn.includes(channel)),
  }
}

/**
 * The schemas of the messages that clients of a channel may send, by `type`. The edge checks with
 * them.
 */
export function saidSchemas(channel: ChannelName): ReadonlyMap<string, Type.TSchema> {
  return new Map(
    messagesOf(channel).said.map(name => {
      const { schema, example } = socketMessages[name]
      return [example.type, schema]
    }),
  )
}

/** Every channel with its messages, for documents and tests. */
export const socketChannels = Object.fromEntries(
  channelNames.map(name => [name, messagesOf(name)]),
) as Record<ChannelName, ReturnType<typeof messagesOf>>
