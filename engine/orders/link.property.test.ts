/**
 * Anybody may hold the public link of an order. Whatever names, places and texts an order has, no
 * push to that link has a phone, a surname, an address, a token or a written text. This holds after
 * each event and when effects are repeated later.
 */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { after, closed, happened, offered } from './fixtures.ts'
import { react } from './react.ts'
import type { Order } from './state.ts'

/** A text of letters that no id, time or status has, so a push that has the text is a leak. */
const secret = fc.string({ minLength: 6, maxLength: 12, unit: fc.constantFrom('Q', 'X', 'Z', 'Ж') })
const secrets = fc.record({
  surname: secret,
  phone: secret,
  address: secret,
  token: secret,
  notes: secret,
  item: secret,
  driverSurname: secret,
  driverPhone: secret,
  pharmacyPhone: secret,
  words: secret,
  url: secret,
})
type Secrets = typeof secrets extends fc.Arbitrary<infer S> ? S : never

/** The same event, with a secret in the place of each personal field. */
function withSecrets(event: OrderEvent, s: Secrets): OrderEvent {
  const fields: Record<string, unknown> = {
    customer_name: `Cleo ${s.surname}`,
    customer_phone: s.phone,
    tracking_token: s.token,
    notes: s.notes,
    prescription_url: s.url,
    audio_url: s.url,
    text_message: s.words,
    reason: s.words,
    dropoff: { latitude: 37.78, longitude: -122.41, address: s.address },
    items: [{ name: s.item, quantity: 1 }],
  }
  const data: Record<string, unknown> = { ...event.data }
  for (const [name, value] of Object.entries(fields)) if (name in data) data[name] = value
  if ('vendor' in data)
    data['vendor'] = { ...(data['vendor'] as object), phone: s.pharmacyPhone, address: s.address }
  if ('driver' in data)
    data['driver'] = {
      ...(data['driver'] as object),
      name: `Dora ${s.driverSurname}`,
      phone: s.driverPhone,
    }
  return { type: event.type, data } as OrderEvent
}

const {
  opened,
  placed,
  refused,
  accepted,
  rejected,
  expired,
  cancelled,
  searching,
  reissued,
  exhausted,
  assigned,
  unassigned,
  atPickup,
  pickedUp,
  onTheWay,
  atDropoff,
  delivered,
  failed,
  returning,
  returned,
} = happened
const carried = [assigned, happened.driverUpdated, atPickup, pickedUp, onTheWay, atDropoff] as const
const histories: readonly (readonly OrderEvent[])[] = [
  [opened, refused, accepted, reissued, searching, offered(), ...carried, delivered, reissued],
  [opened, accepted, searching, offered(), closed(), exhausted],
  [opened, expired],
  [opened, cancelled],
  [placed, rejected],
  [placed, cancelled],
  [placed, accepted, searching, offered(), assigned, unassigned],
  [placed, accepted, searching, offered(), assigned, cancelled],
  [placed, accepted, searching, offered(), ...carried, failed, returning, returned],
  [
    placed,
    accepted,
    happened.packed,
    happened.agentNamed,
    ...carried.slice(0, 1),
    happened.scanned,
    ...carried.slice(1),
    happened.codeRefused,
    happened.codeRenewed,
    happened.broken,
    happened.mended,
  ],
]

t.test('no push to the public link has a secret', async t => {
  const pushed = new Set<string>()
  fc.assert(
    fc.property(secrets, fc.constantFrom(...histories), (s, history) => {
      const events = history.map(event => withSecrets(event, s))
      events.forEach((event, i) => {
        for (let later = i + 1; later <= events.length; later++)
          for (const effect of react(
            event,
            after(events.slice(0, later)) as Exclude<Order, { kind: 'absent' }>,
            0,
            { slot: 7, seq: 42 },
          )) {
            if (
              effect.do !== 'push' ||
              effect.push.kind !== 'topic' ||
              !effect.push.topic.startsWith('order:')
            )
              continue
            const text = JSON.stringify(effect.push.message)
            pushed.add(effect.push.message.type)
            for (const [name, value] of Object.entries(s))
              if (text.includes(value)) throw new Error(`${name} in ${text}`)
          }
      })
    }),
    { numRuns: 300 },
  )
  t.same([...pushed].toSorted(), ['status', 'tracking_reissued'], 'the pushes were looked at')
  const types = new Set(histories.flat().map(event => event.type))
  t.same(
    Object.values(happened)
      .map(event => event.type)
      .filter(type => !types.has(type)),
    [],
    'every kind of event is in a history',
  )
})
