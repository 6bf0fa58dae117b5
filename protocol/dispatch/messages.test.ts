/**
 * A WebSocket message has one definition: no name is used twice, each channel can tell its messages
 * apart, and code that makes an unknown type or field does not compile. The lines marked as errors
 * are the test: without the error the build fails.
 */
import t from 'tap'
import type Type from 'typebox'
import { accountMessages } from '../accounts/messages.ts'
import { appointmentMessages } from '../appointments/messages.ts'
import type { MessageEvents } from '../client/messages.ts'
import { conversationMessages } from '../conversations/messages.ts'
import { custodyMessages } from '../custody/messages.ts'
import { driverMessages } from '../drivers/messages.ts'
import { ids } from '../kernel/examples.ts'
import { channelNames } from '../kernel/channels.ts'
import { commonMessages, type MessageDefinition } from '../kernel/messages.ts'
import { liveMessages } from '../live/messages.ts'
import { notificationMessages } from '../notifications/messages.ts'
import { orderMessages } from '../orders/messages.ts'
import { pharmacyMessages } from '../pharmacies/messages.ts'
import {
  messagesOf,
  saidSchemas,
  socketMessages,
  type HeardOn,
  type SocketMessage,
} from './messages.ts'
import { trackingMessages } from '../tracking/messages.ts'
import { tripMessages } from '../trips/messages.ts'

const definitions: Readonly<Record<string, MessageDefinition>> = socketMessages

t.test('no message is defined in two folders', async t => {
  const folders = [
    commonMessages,
    accountMessages,
    pharmacyMessages,
    orderMessages,
    driverMessages,
    trackingMessages,
    appointmentMessages,
    conversationMessages,
    liveMessages,
    tripMessages,
    custodyMessages,
    notificationMessages,
  ]
  t.same(
    folders.flatMap(folder => Object.keys(folder)).toSorted(),
    Object.keys(socketMessages).toSorted(),
  )
})

/** The types that the schema of a message allows. */
function typesOf({ schema }: MessageDefinition): string[] {
  const { properties } = schema as unknown as { properties: Record<string, Type.TSchema> }
  const type = properties['type'] as { const?: string; anyOf?: { const: string }[] }
  return type.const === undefined ? type.anyOf!.map(one => one.const) : [type.const]
}

t.test('on each channel a type belongs to one message', async t => {
  for (const channel of channelNames) {
    const { said, heard } = messagesOf(channel)
    for (const names of [said, heard]) {
      const types = names.flatMap(name => typesOf(definitions[name]!))
      t.equal(new Set(types).size, types.length, `${channel}: ${types.join(' ')}`)
    }
    t.same(
      [...saidSchemas(channel)].map(([type, schema]) => [type, schema]),
      said.map(name => [typesOf(definitions[name]!)[0], definitions[name]!.schema]),
    )
  }
})

t.test('a message of an unknown type or with wrong fields does not compile', async t => {
  const message = (one: SocketMessage): SocketMessage => one
  t.ok(message({ type: 'driver_status', driver_id: ids.driver, status: 'busy' }))
  // @ts-expect-error: no message has this type.
  message({ type: 'driver_state', driver_id: ids.driver, status: 'busy' })
  // @ts-expect-error: the message has no such field.
  message({ type: 'driver_status', driver_id: ids.driver, status: 'busy', since: 1 })
  // @ts-expect-error: a field is missing.
  message({ type: 'driver_status', driver_id: ids.driver })
  // @ts-expect-error: a field is of another type.
  message({ type: 'driver_status', driver_id: 7, status: 'busy' })
  // @ts-expect-error: only clients send this message.
  message({ type: 'ping' })

  const toCustomer = (one: HeardOn<'customer'>): HeardOn<'customer'> => one
  t.ok(toCustomer({ type: 'pong' }))
  // @ts-expect-error: a customer is not told of a driver's duty.
  toCustomer({ type: 'driver_status', driver_id: ids.driver, status: 'busy' })

  const events = (one: Partial<MessageEvents<'terminal'>>): object => one
  t.ok(events({ request_taken: { type: 'request_taken', request_id: ids.order, message: '' } }))
  // @ts-expect-error: terminals have no such event.
  events({ offer: {} })
})
