/**
 * The AsyncAPI document is valid by the standard parser, has every subject, and its examples match
 * their schemas.
 */
import { readFileSync } from 'node:fs'
import { Parser } from '@asyncapi/parser'
import t from 'tap'
import type { TSchema } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { asyncApiDocument } from './asyncapi.ts'
import { assetUrl } from '../kernel/assets.ts'
import { Matcher } from '../bus/matcher.ts'
import { commandRows } from '../dispatch/commands.ts'
import { conversationEvents } from '../dispatch/conversation-events.ts'
import { appointmentEvents } from '../dispatch/appointment-events.ts'
import { driverEvents } from '../dispatch/driver-events.ts'
import { earnedEvent, paymentEvents } from '../dispatch/money-events.ts'
import { orderEvents } from '../dispatch/order-events.ts'
import {
  driverLocationsExample,
  DriverLocationsUpdated,
  olderTopics,
} from '../dispatch/older-topics.ts'
import { busMessages } from './bus-messages.ts'
import { socketMessages } from '../dispatch/messages.ts'
import { channels } from '../kernel/channels.ts'
import { eventStream, subjects } from '../bus/subjects.ts'

interface Channel {
  address: string | null
  messages: Record<string, unknown>
}
const document = asyncApiDocument('1.2.3') as {
  channels: Record<string, Channel>
  operations: Record<string, { action: string }>
  components: { messages: Record<string, unknown> }
}
const addresses = Object.values(document.channels).flatMap(channel =>
  channel.address === null ? [] : [channel.address],
)

t.test('the standard parser finds no fault, and finds a planted one', async t => {
  const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document))
  // The parser remarks that there is a newer 3.x; this is no fault.
  t.same(
    diagnostics
      .filter(one => one.code !== 'asyncapi-latest-version')
      .map(one => `${one.path.join('.')}: ${one.message}`),
    [],
  )
  t.equal(parsed?.version(), '3.0.0')
  t.equal(parsed?.allChannels().all().length, Object.keys(document.channels).length)
  const broken = structuredClone(document)
  delete (broken.components.messages as Record<string, unknown>)['event_order_delivered']
  const { diagnostics: complaints } = await new Parser().parse(JSON.stringify(broken))
  t.ok(
    complaints.some(one => one.severity === 0),
    'a document without a message is faulty',
  )
})

t.test('every subject is in the document', async t => {
  for (const [name, subject] of Object.entries(subjects)) {
    if (name.endsWith('Filter')) continue
    const matcher = new Matcher<true>()
    // A wildcard takes the place of each parameter.
    matcher.add(
      typeof subject === 'string'
        ? subject
        : (subject as (...parameters: string[]) => string)('*', '*', '*'),
      true,
    )
    t.ok(
      addresses.some(address => matcher.match(address).length > 0),
      name,
    )
  }
})

t.test(
  'in the bus configuration some account may publish every subject, and some account may subscribe to it',
  async t => {
    const config = readFileSync(assetUrl('protocol/bus/nats-server.conf'), 'utf8').replaceAll(
      /^ *#.*$/gm,
      '',
    )
    for (const verb of ['publish', 'subscribe'] as const) {
      const permitted = new Matcher<true>()
      for (const [, list] of config.matchAll(new RegExp(`${verb}: \\[([^\\]]*)\\]`, 'g')))
        for (const [, pattern] of list!.matchAll(/"([^"]+)"/g)) permitted.add(pattern!, true)
      for (const [name, subject] of Object.entries(subjects)) {
        // The server itself writes the name of the sender into this subject.
        if (name.endsWith('Filter') || (name === 'commandOf' && verb === 'publish')) continue
        // Each older topic has a subject of its own.
        const address =
          name === 'olderTopic'
            ? subjects.olderTopic('trip.requested', 'id')
            : typeof subject === 'string'
              ? subject
              : (subject as (...parameters: string[]) => string)('order', 'cancel', 'name')
        t.ok(permitted.match(address).length > 0, `${verb} ${name}`)
      }
    }
  },
)

t.test('every socket is in the document, and every message has a channel', async t => {
  for (const { path } of Object.values(channels)) t.ok(addresses.includes(path), path)
  const used = new Set(
    Object.values(document.channels).flatMap(channel => Object.keys(channel.messages)),
  )
  // A message that only edges get is in the body of a push.
  for (const name of Object.keys(document.components.messages))
    t.ok(used.has(name) || name === 'ws_tracking_reissued', name)
  t.ok(used.has('ws_location_frames'), 'the binary frame')
})

t.test('the stream stores events under both names, and no positions', async t => {
  const stream = new Matcher<true>()
  for (const filter of eventStream.filters) stream.add(filter, true)
  const kept = addresses.filter(address => stream.match(address).length > 0)
  t.equal(
    kept.length,
    Object.keys(appointmentEvents).length +
      Object.keys(orderEvents).length +
      Object.keys(driverEvents).length +
      Object.keys(conversationEvents).length +
      Object.keys(paymentEvents).length +
      1 +
      Object.keys(olderTopics).length,
  )
  t.notOk(kept.includes(subjects.driverLocations))
})

t.test('every description is a sentence, and every example matches its schema', async t => {
  const rows: [string, string, TSchema, unknown][] = [
    ...[
      orderEvents,
      driverEvents,
      appointmentEvents,
      conversationEvents,
      paymentEvents,
      { earned: earnedEvent },
      olderTopics,
    ].flatMap(table =>
      Object.entries(table).map(
        ([name, { description, data, example }]): [string, string, TSchema, unknown] => [
          name,
          description,
          data,
          example,
        ],
      ),
    ),
    ...[busMessages, socketMessages].flatMap(table =>
      Object.entries(table).map(
        ([name, { description, schema, example }]): [string, string, TSchema, unknown] => [
          name,
          description,
          schema,
          example,
        ],
      ),
    ),
    ...(['order', 'driver', 'appointment'] as const).flatMap(actor =>
      Object.entries(commandRows[actor]).map(
        ([verb, { summary, data, example }]): [string, string, TSchema, unknown] => [
          verb,
          summary,
          data,
          example,
        ],
      ),
    ),
    ['driver.location.updated', 'Positions.', DriverLocationsUpdated, driverLocationsExample],
  ]
  for (const [name, description, schema, example] of rows) {
    t.match(description, /^[A-Z].*[.?]/, `${name} has a description`)
    t.ok(Check(schema, example), `${name}: ${JSON.stringify(Errors(schema, example)[0])}`)
  }
})
