/** The engine's work for conversations: rates, answers, and closing at the end. */
import t from 'tap'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { ActorCommand } from '../actors/effects.ts'
import type { AttendedActor, Envelope } from '../actors/kind.ts'
import { ConversationsOfEngine } from './attendant.ts'
import {
  command,
  conversation,
  conversationId,
  customer,
  id,
  message,
  opening,
  pharmacy,
} from './fixtures.ts'
import { absentConversation, type Conversation } from './state.ts'

/** The attendant at a time that the test sets. */
function attended() {
  const told: ActorCommand[] = []
  const woken: [string, number][] = []
  const now = { ms: 1_000_000 }
  const attendant = new ConversationsOfEngine({
    env: { nowMs: () => now.ms, random: () => 0.5 },
    actors: {
      wakeAt: (actorId: string, atMs: number) => void woken.push([actorId, atMs]),
      tell: (one: ActorCommand) => {
        told.push(one)
        return new Promise(() => {})
      },
    },
  } as unknown as ConstructorParameters<typeof ConversationsOfEngine>[0])
  const plan = (verb: string, by: Principal, actor_id = conversationId): unknown =>
    attendant.plan({ verb, by, actor_id, data: { n: 1 } } as unknown as Envelope)
  const send = (by: Principal = customer, actor_id = conversationId): string => {
    try {
      plan('send', by, actor_id)
      return 'sent'
    } catch (error) {
      if (!(error instanceof CaduceusError)) throw error
      t.equal(error.retryAfterSeconds, 1)
      return error.code
    }
  }
  const times = (n: number, by?: Principal, actorId?: string): string[] => [
    ...new Set(Array.from({ length: n }, () => send(by, actorId))),
  ]
  const due = (state: Conversation) =>
    attendant.due({ actorId: conversationId, state } as AttendedActor<Conversation>)
  return { attendant, told, woken, now, plan, send, times, due }
}
const { burstMessagesMax, messagesPerSecond } = conversationLimits
const secondMs = 1_000 / messagesPerSecond

t.test('a command is planned with its caller, its conversation and its data', async t => {
  const { plan } = attended()
  for (const verb of ['send', 'read'])
    t.strictSame(plan(verb, customer), { verb, by: customer, conversationId, data: { n: 1 } })
})

t.test('a side sends a burst, and then one message for each second that passes', async t => {
  const { now, send, times } = attended()
  t.strictSame(times(burstMessagesMax), ['sent'])
  t.equal(send(), 'too_many_requests')
  now.ms += secondMs - 1
  t.equal(send(), 'too_many_requests')
  now.ms += 1
  t.strictSame([send(), send()], ['sent', 'too_many_requests'])
  now.ms += 3 * secondMs
  t.strictSame(times(3), ['sent'])
  t.equal(send(), 'too_many_requests')
  now.ms += 1_000 * secondMs
  t.strictSame(times(burstMessagesMax), ['sent'])
  t.equal(send(), 'too_many_requests', 'a long rest gives no more than the burst')
})

t.test('a clock that goes back takes nothing and gives nothing', async t => {
  const { now, send, times } = attended()
  times(burstMessagesMax - 1)
  now.ms -= 60_000
  t.strictSame([send(), send()], ['sent', 'too_many_requests'])
})

t.test('each side of each conversation has its own burst, and only messages count', async t => {
  const { plan, send, times } = attended()
  times(burstMessagesMax)
  t.equal(send(), 'too_many_requests')
  t.doesNotThrow(() => plan('read', customer))
  t.equal(send(pharmacy), 'sent')
  t.equal(send({ role: 'vendor', id: customer.id }), 'sent')
  t.equal(send(customer, id(10)), 'sent')
  t.equal(send(), 'too_many_requests')
})

t.test('ten thousand other writers make nobody forget who has used up the burst', async t => {
  const { now, send, times } = attended()
  times(burstMessagesMax)
  for (let n = 0; n < 10_001; n++) send({ role: 'customer', id: id(100 + n) })
  t.equal(send(), 'too_many_requests')
  now.ms += 2 * secondMs
  send({ role: 'customer', id: id(90) })
  t.strictSame([send(), send(), send()], ['sent', 'sent', 'too_many_requests'])
})

t.test('the answer has the version, and the number of the entry of the command', async t => {
  const { attendant } = attended()
  const reply = (state: Conversation, one: Parameters<typeof attendant.reply>[1]) =>
    attendant.reply({ ok: true, state, version: 12 } as never, one)
  const data = { entry_id: message.id, kind: 'text', text: 'hello', upload_id: null } as const
  t.match(reply(conversation(), command(customer, 'send', data)), {
    ok: true,
    conversation: { id: conversationId, number: 3, version: 12 },
  })
  t.match(reply(conversation(), command(customer, 'open', opening)), {
    ok: true,
    conversation: { number: null, version: 12 },
  })
  t.match(reply(absentConversation, command(customer, 'send', data)), {
    ok: false,
    problem: { code: 'conversation_not_found' },
  })
})

t.test('a conversation whose time has come is closed once, by the engine', async t => {
  const { due, told, woken, now } = attended()
  due(absentConversation)
  due(conversation())
  due(conversation({ closesAtMs: now.ms + 1 }))
  t.strictSame(woken, [[conversationId, now.ms + 1]])
  t.strictSame(told, [])
  due(conversation({ closesAtMs: now.ms }))
  t.equal(woken.length, 1)
  t.match(told, [
    {
      kind: 'conversation',
      actorId: conversationId,
      id: `close:${now.ms}`,
      command: {
        verb: 'close',
        by: { role: 'system', id: 'engine' },
        conversationId,
        data: { reason: 'subject_ended' },
      },
    },
  ])
  t.match((told[0]!.command['data'] as { entry_id: string }).entry_id, /^[0-9a-f-]{36}$/)
  t.equal(told.length, 1)
})
