/**
 * A WebSocket message is one definition: names are not used twice, each channel can tell its
 * messages apart, and a
 * producer with an unknown type or field does not compile. The lines marked as errors are the test:
 * without the
 * error the build fails.
 */
import t from 'tap'
import type Type from 'typebox'
import { accountMessages } from '../accounts/messages.ts'
import type { MessageEvents } from '../client/messages.ts'
import { driverMessages } from '../drivers/messages.ts'
import { ids } from '../kernel/examples.ts'
import { channelNames } from '../kernel/channels.ts'
import { commonMessages, type MessageDefinition } from '../kernel/messages.ts'
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

const definitions: Readonly<Record<string, MessageDefinition>> = socketMessages

t.test('no name is defined in two rooms', async t => {
  const rooms = [
    commonMessages,
    accountMessages,
    pharmacyMessages,
    orderMessages,
    driverMessages,
    trackingMessages,
  ]
  t.same(
    rooms.flatMap(room => Object.keys(room)).toSorted(),
    Object.keys(socketMessages).toSorted(),
  )
})

/** The types that a schema lets through. */
function typesOf({ schema }: MessageDefinition): string[] {
  const { properties } = schema as unknown as { properties: Record<string, Type.TSchema> }
  const type = properties['type'] as { const?: string; anyOf?: { const: string }[] }
  return type.const === undefined ? type.anyOf!.map(one => one.const) : [type.const]
}

t.test('on each channel a type is one message', async t => {
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

t.test('what compiles, and what does not', async t => {
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
  // @ts-expect-error: a client's own message is not the edge's to send.
  message({ type: 'ping' })

  const toCustomer = (one: HeardOn<'customer'>): HeardOn<'customer'> => one
  t.ok(toCustomer({ type: 'pong' }))
  // @ts-expect-error: a customer's app hears nothing of a driver's duty.
  toCustomer({ type: 'driver_status', driver_id: ids.driver, status: 'busy' })

  const events = (one: Partial<MessageEvents<'terminal'>>): object => one
  t.ok(events({ request_taken: { type: 'request_taken', request_id: ids.order, message: '' } }))
  // @ts-expect-error: terminals have no such event.
  events({ offer: {} })
})
