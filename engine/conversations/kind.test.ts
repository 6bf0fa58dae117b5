/** A conversation as a kind: what the runtime, the journal and the gateway ask of it. */
import t from 'tap'
import { conversationCommands } from '../../protocol/conversations/commands.ts'
import type { EngineParts } from '../actors/kind.ts'
import {
  admin,
  command,
  conversation,
  conversationId,
  customer,
  driver,
  id,
  message,
  opening,
  other,
  pharmacy,
  service,
  system,
} from './fixtures.ts'
import { conversationKind as kind } from './kind.ts'
import { absentConversation, sideOf, sidesOf } from './state.ts'
import { view } from './view.ts'

const send = command(customer, 'send', {
  entry_id: message.id,
  kind: 'text',
  text: 'hello',
  upload_id: null,
})
const source = { slot: 1, seq: 2 }

t.test('only an opening makes one, and its actor is the caller', async t => {
  t.equal(kind.creates(command(customer, 'open', opening)), true)
  t.equal(kind.creates(send), false)
  t.equal(kind.actorOf(send), customer)
})

t.test('no service of the bus may use a verb of it', async t => {
  t.strictSame(Object.keys(kind.closedToServices!), Object.keys(conversationCommands))
})

t.test('the engine attends to it', async t => {
  const attendant = kind.attend!({ env: {}, actors: {} } as unknown as EngineParts)
  t.equal(
    (
      attendant.reply({ ok: true, state: absentConversation } as never, send, {} as never) as {
        ok: boolean
      }
    ).ok,
    false,
  )
})

t.test('it is woken at its end, unless it is closed already', async t => {
  t.equal(kind.wakeAtMs(absentConversation), null)
  t.equal(kind.wakeAtMs(conversation()), null)
  for (const status of ['open', 'frozen'] as const)
    t.equal(kind.wakeAtMs(conversation({ status, closesAtMs: 9_000 })), 9_000)
  t.equal(kind.wakeAtMs(conversation({ status: 'closed', closesAtMs: 9_000 })), null)
})

t.test('it is finished when it is closed, and the pharmacy of it hears of it', async t => {
  t.equal(kind.finished(absentConversation), false)
  t.equal(kind.finished(conversation()), false)
  t.equal(kind.finished(conversation({ status: 'frozen' })), false)
  t.equal(kind.finished(conversation({ status: 'closed' })), true)
  t.equal(kind.pharmacyOf!(absentConversation), null)
  t.equal(kind.pharmacyOf!(conversation()), pharmacy.id)
  t.equal(kind.pharmacyOf!(conversation({ sides: { customer: customer.id } })), null)
  t.equal(kind.attentive(conversation()), false)
  t.strictSame(kind.resume(conversation()), [])
  t.equal(kind.forgetsRefusals, true)
})

t.test('a row has the entry of its own version and no older one', async t => {
  const state = conversation()
  t.strictSame(kind.row(state, 6, 0, false, send), {
    conversation: state,
    version: 6,
    entry: message,
    command: send,
  })
  t.strictSame(kind.row(state, 7, 0, false), {
    conversation: state,
    version: 7,
    entry: null,
    command: null,
  })
  t.equal(kind.row(conversation({ last: null }), 1, 0, true).entry, null)
  t.throws(() => kind.row(absentConversation, 1, 0, true), /has no row/)
})

t.test('the words of a message come with its command', async t => {
  const event = {
    type: 'message_sent',
    data: { number: 3, entry_id: message.id, side: 'customer', kind: 'text' },
  } as const
  t.match(kind.react(event, conversation(), 8_000, source, send), [
    { push: { message: { type: 'conversation_entry' } } },
  ])
  t.match(kind.react(event, conversation(), 8_000, source), [
    { push: { message: { type: 'conversation_changed' } } },
  ])
})

t.test('its machine names the state, and knows no step out of nothing but the opening', async t => {
  const { steps, nameOf } = kind.machine
  const always = ['message_taken_back', 'messages_read', 'support_read']
  t.equal(nameOf(conversation({ status: 'frozen' })), 'frozen')
  t.strictSame(steps['absent'], { conversation_opened: 'open' })
  t.strictSame(Object.keys(steps['open']!), [
    ...always,
    'message_sent',
    'conversation_ending',
    'conversation_frozen',
    'conversation_closed',
  ])
  t.strictSame(Object.keys(steps['frozen']!), [
    ...always,
    'conversation_ending',
    'conversation_thawed',
    'conversation_closed',
  ])
  t.strictSame(
    steps['closed'],
    Object.fromEntries(always.map(type => [type, 'closed'])),
    'nothing opens it again',
  )
})

t.test('everybody has the side of their own id', async t => {
  const all = conversation({
    sides: {
      customer: customer.id,
      vendor: pharmacy.id,
      driver: driver.id,
      support: 'support',
    },
  })
  t.strictSame(
    [customer, pharmacy, driver, admin, other, system, service].map(by => sideOf(all, by)),
    ['customer', 'vendor', 'driver', 'support', null, null, null],
  )
  t.equal(sideOf(all, { role: 'driver', id: customer.id }), null, 'the id of another side')
  t.strictSame(
    [customer, pharmacy, driver, admin].map(by => sideOf(conversation(), by)),
    ['customer', 'vendor', null, null],
  )
  t.strictSame(sidesOf(all), [
    ['customer', customer.id],
    ['vendor', pharmacy.id],
    ['driver', driver.id],
    ['support', 'support'],
  ])
  t.strictSame(sidesOf(conversation({ sides: { vendor: pharmacy.id } })), [['vendor', pharmacy.id]])
})

t.test('the answer has the number of the entry that was asked for', async t => {
  const known = {
    id: conversationId,
    topic: 'pharmacy',
    status: 'open',
    last_number: 3,
    read: { vendor: 2 },
    closes_at_ms: 9_000,
    number: 3,
  }
  const state = conversation({ closesAtMs: 9_000 })
  t.strictSame(view(state, message.id), known)
  t.strictSame(view(state, id(77)), { ...known, number: null })
  t.strictSame(view(state, null), { ...known, number: null })
})
