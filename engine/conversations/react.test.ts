/** The pushes of a conversation, with the words of a command and without them. */
import t from 'tap'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { ConversationCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { react } from './react.ts'
import { absentConversation, type Conversation } from './state.ts'

const id = (n: number): string => `01a1f000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
const customer: Principal = { role: 'customer', id: id(1) }
const conversationId = id(9)
const open: ConversationCommand = {
  verb: 'open',
  by: customer,
  conversationId,
  data: {
    topic: 'pharmacy',
    about: { kind: 'order', id: id(8) },
    customer_id: customer.id,
    vendor_id: id(2),
    driver_id: null,
  },
}
const send: ConversationCommand = {
  verb: 'send',
  by: customer,
  conversationId,
  data: { entry_id: id(10), kind: 'text', text: 'hello', upload_id: null },
}

/** The last event of the commands, and the state after it. */
function lastOf(...commands: ConversationCommand[]) {
  let state: Conversation = absentConversation
  let last = null
  for (const command of commands) {
    const decision = decide(state, command, 1_000)
    if (!decision.ok) throw new Error(decision.code)
    for (const event of decision.events) {
      state = evolve(state, event, 1_000)
      last = event
    }
  }
  return { event: last!, state }
}

t.test('a message is told with its words while its command is at hand', async t => {
  const { event, state } = lastOf(open, send)
  t.match(react(event, state, 1_000, send), [
    { push: { message: { type: 'conversation_entry', entry: { number: 1, text: 'hello' } } } },
  ])
})

t.test('freezing is told as an entry, which has no words', async t => {
  const freeze: ConversationCommand = {
    verb: 'freeze',
    by: { role: 'admin', id: id(4) },
    conversationId,
    data: { entry_id: id(11), reason: 'abuse' },
  }
  const { event, state } = lastOf(open, send, freeze)
  for (const command of [freeze, null])
    t.match(react(event, state, 1_000, command), [
      {
        push: {
          message: {
            type: 'conversation_entry',
            entry: { number: 2, kind: 'frozen', side: 'support', text: null, reason: 'abuse' },
          },
        },
      },
    ])
})

t.test('after a crash the sockets hear that there is more to read, and no empty text', async t => {
  const { event, state } = lastOf(open, send)
  t.match(react(event, state, 1_000, null), [
    {
      push: {
        message: { type: 'conversation_changed', conversation_id: conversationId, last_number: 1 },
      },
    },
  ])
})
