/** The decisions of a conversation by state and caller, and the words and the size of its state. */
import t from 'tap'
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { pack } from '../actors/packed.ts'
import type { ConversationCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import {
  admin,
  command,
  conversationId,
  customer,
  driver,
  id,
  opening,
  other,
  pharmacy,
  service,
  system,
} from './fixtures.ts'
import { conversationKind } from './kind.ts'
import { absentConversation, type Conversation, type OpenedConversation } from './state.ts'

let entries = 100
const send = (by: Principal, entry_id = id(++entries)) =>
  command(by, 'send', { entry_id, kind: 'text', text: 'hello', upload_id: null })
const freeze = (by: Principal) =>
  command(by, 'freeze', { entry_id: id(++entries), reason: 'abuse' })
const thaw = (by: Principal) => command(by, 'thaw', { entry_id: id(++entries) })
const close = (by: Principal) =>
  command(by, 'close', { entry_id: id(++entries), reason: 'settled' })
const look = (by: Principal, entry_id = id(++entries)) =>
  command(by, 'look_in', { entry_id, reason: 'report' })
const read = (by: Principal, through: number) => command(by, 'read', { through })
const end = (by: Principal, closes_at_ms: number) => command(by, 'end', { closes_at_ms })
const takeBack = (by: Principal, side: 'customer' | 'vendor', number = 1) =>
  command(by, 'take_back', {
    entry_id: id(++entries),
    reason: 'abuse',
    of: { id: id(101), number, side, kind: 'text' },
  })

/** The state after commands that are accepted, a second apart. */
function after(...commands: ConversationCommand[]): Conversation {
  let state: Conversation = absentConversation
  for (const [i, one] of [command(customer, 'open', opening), ...commands].entries()) {
    const decision = decide(state, one, i * 1_000)
    if (!decision.ok) throw new Error(`${one.verb}: ${decision.code}`)
    for (const event of decision.events) state = evolve(state, event, i * 1_000)
  }
  return state
}
const outcome = (state: Conversation, one: ConversationCommand, nowMs = 100_000) => {
  const decision = decide(state, one, nowMs)
  return decision.ok ? decision.events.map(({ type }) => type) : decision.code
}

const open = after()
const written = after(send(customer, id(101)), send(pharmacy, id(102)))
const frozen = after(send(customer, id(101)), freeze(admin))
const ending = after(send(customer, id(101)), end(system, 50_000))
const closed = after(send(customer, id(101)), close(system))
const support = (() => {
  const data = { ...opening, topic: 'support', vendor_id: null } as const
  const decision = decide(absentConversation, command(customer, 'open', data), 0)
  return evolve(absentConversation, (decision as { events: ConversationEvent[] }).events[0]!, 0)
})()

const opened = ['conversation_opened']
const tookBack = ['message_taken_back']
const takeBackAgain = (by: Principal) =>
  command(by, 'take_back', {
    entry_id: id(101),
    reason: 'abuse',
    of: { id: id(101), number: 1, side: 'customer', kind: 'text' },
  })

const table: [string, Conversation, ConversationCommand, string | string[]][] = [
  ['opened', absentConversation, command(customer, 'open', opening), opened],
  ['opened for others', absentConversation, command(other, 'open', opening), 'forbidden'],
  ['opened by the pharmacy', absentConversation, command(pharmacy, 'open', opening), opened],
  ['opened by support', absentConversation, command(admin, 'open', opening), opened],
  ['opened by the engine', absentConversation, command(system, 'open', opening), 'forbidden'],
  ['opened by no driver', absentConversation, command(driver, 'open', opening), 'forbidden'],
  [
    'opened by its driver',
    absentConversation,
    command(driver, 'open', { ...opening, driver_id: driver.id }),
    opened,
  ],
  ['opened twice', open, command(pharmacy, 'open', opening), []],
  ['opened by a stranger', open, command(other, 'open', opening), 'conversation_not_found'],
  ['absent', absentConversation, send(customer), 'conversation_not_found'],
  ['sent', open, send(pharmacy), ['message_sent']],
  ['sent by a stranger', open, send(other), 'conversation_not_found'],
  ['sent by a driver', open, send(driver), 'conversation_not_found'],
  ['sent by a service', open, send(service), 'conversation_not_found'],
  ['sent by support in a conversation of others', open, send(admin), 'forbidden'],
  ['sent by the system', open, send(system), 'forbidden'],
  ['sent by support in its own', support, send(admin), ['message_sent']],
  ['sent again', written, send(customer, id(101)), []],
  ['sent again to a frozen one', frozen, send(customer, id(101)), []],
  ['sent before the end', after(end(system, 100_001)), send(customer), ['message_sent']],
  ['sent at the end', after(end(system, 100_000)), send(customer), 'conversation_closed'],
  ['sent to a frozen one', frozen, send(customer), 'conversation_frozen'],
  ['sent after the end', ending, send(customer), 'conversation_closed'],
  ['sent to a closed one', closed, send(customer), 'conversation_closed'],
  ['sent again to a closed one', closed, send(customer, id(101)), []],
  ['taken back', written, takeBack(customer, 'customer'), tookBack],
  ['taken back from a closed one', closed, takeBack(customer, 'customer'), tookBack],
  ['taken back by the other', written, takeBack(pharmacy, 'customer'), 'conversation_not_possible'],
  ['taken back by support', written, takeBack(admin, 'customer'), tookBack],
  ['taken back by the last number', written, takeBack(pharmacy, 'vendor', 2), tookBack],
  ['taken back twice', written, takeBackAgain(customer), []],
  ['taken back by the system', written, takeBack(system, 'customer'), 'conversation_not_possible'],
  ['taken back when frozen', frozen, takeBack(customer, 'customer'), 'conversation_frozen'],
  ['taken back by support when frozen', frozen, takeBack(admin, 'customer'), tookBack],
  ['taken back from the future', written, takeBack(customer, 'customer', 9), 'message_not_found'],
  ['read', written, read(customer, 2), ['messages_read']],
  ['read beyond the end', written, read(customer, 3), 'invalid_request'],
  ['read by support in a conversation of others', written, read(admin, 1), 'forbidden'],
  ['read a second time', after(send(pharmacy), read(customer, 1)), read(customer, 1), []],
  [
    'read less than before',
    after(send(pharmacy), send(pharmacy), read(customer, 2)),
    read(customer, 1),
    [],
  ],
  [
    'read for the first time by the other',
    after(send(pharmacy), read(customer, 1)),
    read(pharmacy, 1),
    ['messages_read'],
  ],
  ['read by the system', written, read(system, 1), 'forbidden'],
  ['read in a closed one', closed, read(pharmacy, 2), ['messages_read']],
  ['frozen', open, freeze(admin), ['conversation_frozen']],
  ['frozen by a participant', open, freeze(pharmacy), 'forbidden'],
  ['frozen by the system', open, freeze(system), 'forbidden'],
  ['frozen twice', frozen, freeze(admin), []],
  ['frozen when it is closed', closed, freeze(admin), 'conversation_closed'],
  ['thawed', frozen, thaw(admin), ['conversation_thawed']],
  ['thawed by a participant', frozen, thaw(customer), 'forbidden'],
  ['thawed by the system', frozen, thaw(system), 'forbidden'],
  ['thawed when it is open', open, thaw(admin), []],
  ['thawed when it is closed', closed, thaw(admin), 'conversation_closed'],
  ['looked at', open, look(admin), ['support_read']],
  ['looked at by the system', open, look(system), 'forbidden'],
  ['looked at twice', after(look(admin, id(101))), look(admin, id(101)), []],
  ['looked at when frozen', frozen, look(admin), ['support_read']],
  ['looked at when closed', closed, look(admin), ['support_read']],
  ['looked at in its own', support, look(admin), []],
  ['looked at by a participant', open, look(customer), 'forbidden'],
  ['ended', open, end(system, 1), ['conversation_ending']],
  ['ended when frozen', frozen, end(system, 1), ['conversation_ending']],
  ['ended twice', ending, end(system, 1), []],
  ['ended when closed', closed, end(system, 1), []],
  ['ended by a participant', open, end(customer, 1), 'forbidden'],
  ['ended by support', open, end(admin, 1), 'forbidden'],
  ['closed by the engine', ending, close(system), ['conversation_closed']],
  ['closed by the engine although it does not end', open, close(system), ['conversation_closed']],
  ['closed when frozen', frozen, close(admin), ['conversation_closed']],
  ['closed by a participant', open, close(customer), 'conversation_not_possible'],
  ['closed with support by its participant', support, close(customer), ['conversation_closed']],
  ['closed twice', closed, close(admin), []],
]
for (const [name, state, one, should] of table)
  t.test(name, async t => {
    t.same(outcome(state, one), should)
  })

t.test('every event has its number, its side and its reason', async t => {
  const entry_id = id(200)
  const data = (state: Conversation, one: ConversationCommand) => {
    const decision = decide(state, one, 100_000)
    if (!decision.ok) throw new Error(decision.code)
    return decision.events[0]!.data
  }
  const numbered = { number: 3, entry_id }
  const of = { id: id(101), number: 1, side: 'customer', kind: 'text' } as const
  const taken = (by: Principal) => command(by, 'take_back', { entry_id, reason: 'abuse', of })
  const closes = (by: Principal) => command(by, 'close', { entry_id, reason: 'settled' })
  t.strictSame(data(absentConversation, command(customer, 'open', opening)), {
    conversation_id: conversationId,
    ...opening,
  })
  t.strictSame(data(written, send(pharmacy, entry_id)), {
    ...numbered,
    side: 'vendor',
    kind: 'text',
  })
  t.strictSame(data(written, taken(customer)), {
    ...numbered,
    side: 'customer',
    reason: 'by_sender',
    of,
  })
  t.strictSame(data(written, taken(admin)), { ...numbered, side: 'support', reason: 'abuse', of })
  t.strictSame(data(written, read(customer, 2)), { side: 'customer', through: 2 })
  t.strictSame(data(written, command(admin, 'freeze', { entry_id, reason: 'abuse' })), {
    ...numbered,
    reason: 'abuse',
  })
  t.strictSame(data(frozen, command(admin, 'thaw', { entry_id })), numbered)
  t.strictSame(data(written, look(admin, entry_id)), { ...numbered, reason: 'report' })
  t.strictSame(data(written, end(system, 7)), { closes_at_ms: 7 })
  t.strictSame(data(written, closes(system)), { ...numbered, side: null, reason: 'settled' })
  t.strictSame(data(written, closes(admin)), { ...numbered, side: 'support', reason: 'settled' })
  t.match(data(support, closes(customer)), { number: 1, side: 'customer' })
})

t.test('every event leads where the machine says', async t => {
  const { steps, nameOf } = conversationKind.machine
  for (const [name, state, one] of table) {
    const decision = decide(state, one, 100_000)
    if (!decision.ok) continue
    for (const event of decision.events)
      t.equal(steps[nameOf(state)]?.[event.type], nameOf(evolve(state, event, 100_000)), name)
  }
})

t.test(
  'entries are numbered without a gap, and read marks and closing are not entries',
  async t => {
    const state = after(
      send(customer),
      read(pharmacy, 1),
      send(pharmacy),
      freeze(admin),
      thaw(admin),
      look(admin),
      end(system, 1),
      close(system),
    ) as OpenedConversation
    t.equal(state.lastNumber, 6)
    t.equal(state.version, 9)
    t.same(state.read, { vendor: 1 })
    t.match(state.last, { kind: 'closed', number: 6, side: null, atVersion: 9 })
  },
)

t.test('a conversation remembers only the ids of the last minute', async t => {
  const many = Array.from({ length: 300 }, () => send(customer))
  const { recent, lastNumber } = after(...many) as OpenedConversation
  t.equal(lastNumber, 300)
  t.ok(recent.length * 1_000 <= conversationLimits.recentMs, `${recent.length} ids`)
})

t.test('every name in a state is a word, and a text is no part of it', async t => {
  const names = (value: unknown): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([name, member]) => [
          ...(Array.isArray(value) ? [] : [name]),
          ...names(member),
        ])
  for (const state of [written, frozen, ending, closed, support])
    t.same(
      names(state).filter(name => !conversationKind.words.numbers.has(name)),
      [],
    )
  t.ok(pack(written, conversationKind.words).length < 250)
  t.notMatch(JSON.stringify(written), /hello/)
})
