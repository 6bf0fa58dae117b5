/**
 * Conversations over sockets on a real server: what reaches whom, in order and once; presence;
 * clients that were away; and the client of the package on a network that loses messages.
 */
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import {
  connectChat,
  connectCustomer,
  connectTerminal,
  type ConversationEntry,
  type WebSocketConstructor,
} from '../../protocol/client/index.ts'
import type { Who } from '../acceptance/access-world.ts'
import { Listener } from '../acceptance/people.ts'
import { numbers, talks } from './fixture-talks.ts'

const { world, url, newTalk, open, say, leap, fill } = await talks(t)

/** A socket at a path; it ends with the test. */
async function socket(t: Test, who: Exclude<Who, 'stranger'>, path: string, first: string) {
  const listener = new Listener(url, `${path}?token=${world[who].token}`)
  t.teardown(() => listener.close())
  const greeting = await listener.next(first)
  return { listener, greeting }
}

t.test('what is new reaches /ws/chat and the socket of each role, in order and once', async t => {
  const { id } = await newTalk()
  const { listener: customer } = await socket(t, 'customer', '/ws/chat', 'connection')
  const { listener: vendor } = await socket(t, 'vendor', '/ws/chat', 'connection')
  const { listener: phone } = await socket(t, 'customer', '/ws/customer/', 'connection')
  const { listener: terminal } = await socket(t, 'vendor', '/ws/pharmacy/', 'connection')
  const { listener: other } = await socket(t, 'otherCustomer', '/ws/chat', 'connection')
  customer.send({ type: 'send', conversation_id: id, text: 'one', id: 'a' })
  customer.send({ type: 'send', conversation_id: id, text: 'one', id: 'a' })
  const [first, second] = [await customer.next('send_result'), await customer.next('send_result')]
  t.match(first, { outcome: 'sent', number: 1, id: 'a' })
  t.match(second, { outcome: 'sent', number: 1, id: 'a' })
  await say('vendor', id, 'two')
  for (const listener of [customer, vendor, phone, terminal]) {
    await listener.next('conversation_entry', one => one.entry.number === 2)
    t.same(
      listener.of('conversation_entry').map(({ entry }) => [entry.number, entry.text, entry.side]),
      [
        [1, 'one', 'customer'],
        [2, 'two', 'vendor'],
      ],
    )
  }
  vendor.send({ type: 'read', conversation_id: id, number: 2 })
  t.match(await customer.next('conversation_read'), { side: 'vendor', through: 2 })
  vendor.send({ type: 'read', conversation_id: id, number: 9, id: 'r' })
  t.match(await vendor.next('error'), { code: 'invalid_request', id: 'r' })
  vendor.send({ type: 'presence', conversation_id: id, state: 'typing' })
  t.match(await customer.next('conversation_presence'), { side: 'vendor', state: 'typing' })
  t.same(vendor.of('conversation_presence'), [], 'not to oneself')
  t.same(terminal.of('conversation_presence'), [])
  other.send({ type: 'presence', conversation_id: id, state: 'typing' })
  t.match(await other.next('error'), { code: 'conversation_not_found' })
  other.send({ type: 'send', conversation_id: id, text: 'me too', id: 'b' })
  t.match(await other.next('send_result'), { outcome: 'error', code: 'conversation_not_found' })
  other.send({ type: 'resume', conversation_id: id, after: 0, id: 'c' })
  t.match(await other.next('error'), { code: 'conversation_not_found', id: 'c' })
  t.same(other.of('conversation_entry'), [])
})

t.test('a client that was away names its last number and gets the whole gap', async t => {
  const { id } = await newTalk()
  await say('customer', id, 'one')
  const before = await socket(t, 'vendor', '/ws/chat', 'connection')
  t.match(before.greeting.conversations[0], { conversation_id: id, last_number: 1, unread: 1 })
  before.listener.close()
  await say('customer', id, 'two')
  await say('customer', id, 'three')
  const { listener, greeting } = await socket(t, 'vendor', '/ws/chat', 'connection')
  t.match(greeting.conversations[0], { conversation_id: id, last_number: 3, unread: 3 })
  listener.send({ type: 'resume', conversation_id: id, after: 1, id: 'x' })
  const gap = await listener.next('messages')
  t.match(gap, { after: 1, last_number: 3, id: 'x' })
  t.same(numbers(gap.messages), [2, 3])
  await leap(id)
  listener.send({ type: 'resume', conversation_id: id, after: 1, id: 'y' })
  t.match(await listener.next('reload'), { last_number: 400, id: 'y' })
})

t.test('a gap that does not fit a socket is told to load anew', async t => {
  const { id } = await newTalk()
  await fill(id, Array<string>(300).fill('€'.repeat(2_000)))
  const { listener } = await socket(t, 'vendor', '/ws/chat', 'connection')
  listener.send({ type: 'resume', conversation_id: id, after: 0, id: 'all' })
  t.match(await listener.next('reload'), { last_number: 300, id: 'all' })
  listener.send({ type: 'resume', conversation_id: id, after: 270, id: 'some' })
  t.equal((await listener.next('messages')).messages.length, 30)
})

t.test('a client that resumes much at once, and reads slowly, gets everything', async t => {
  const { id } = await newTalk()
  await fill(id, Array<string>(120).fill('x'.repeat(1_800)))
  const { listener } = await socket(t, 'vendor', '/ws/chat', 'connection')
  const count = 100
  listener.socket.pause()
  for (let i = 0; i < count; i++)
    listener.send({ type: 'resume', conversation_id: id, after: 0, id: `${i}` })
  // Another socket's answer shows that the edge has had the time to answer this one.
  const { listener: other } = await socket(t, 'vendor', '/ws/chat', 'connection')
  for (let i = 0; i < 20; i++) {
    other.send({ type: 'resume', conversation_id: id, after: 0, id: `other ${i}` })
    await other.next('messages', one => one.id === `other ${i}`)
  }
  listener.socket.resume()
  await listener.next('messages', one => one.id === `${count - 1}`)
  const answers = listener.of('messages')
  t.same(
    answers.map(one => one.id),
    Array.from({ length: count }, (_, i) => `${i}`),
  )
  t.ok(answers.every(one => one.messages.length === 120))
})

t.test(
  'the client follows a conversation through losses: each entry once and in order',
  async t => {
    const { id } = await newTalk()
    await say('customer', id, 'message 1')
    /** A network that loses every third message to the client, and can be cut. */
    const open = new Set<WebSocket>()
    let heard = 0
    class Lossy extends WebSocket {
      constructor(address: string, protocols?: string[]) {
        super(address, protocols)
        open.add(this)
      }
      override emit(event: string | symbol, ...rest: unknown[]): boolean {
        const isLost =
          event === 'message' &&
          String(rest[0]).includes('"conversation_entry"') &&
          ++heard % 3 === 0
        return isLost || super.emit(event as never, ...(rest as never[]))
      }
    }
    const chat = connectChat({
      url,
      token: () => world.vendor.token,
      WebSocket: Lossy satisfies WebSocketConstructor,
    })
    t.teardown(() => chat.close())
    const entries: ConversationEntry[] = []
    chat.on('entry', ({ entry }) => entries.push(entry))
    chat.follow(id, 0)
    for (let i = 2; i <= 12; i++) {
      if (i === 6) for (const socket of open) socket.terminate()
      await say(i % 2 === 0 ? 'customer' : 'vendor', id, `message ${i}`)
    }
    // The last push may be among the lost ones; the next one shows the gap.
    for (let i = 13; entries.length < 12 && i < 40; i++) {
      await say('customer', id, `message ${i}`)
      await new Promise(resolve => {
        setTimeout(resolve, 100)
      })
    }
    t.same(
      entries.slice(0, 12).map(entry => [entry.number, entry.text]),
      Array.from({ length: 12 }, (_, i) => [i + 1, `message ${i + 1}`]),
    )
    t.same(
      numbers(entries),
      entries.map((_, i) => i + 1),
    )
  },
)

t.test('a person writes, reads and resumes on the socket of the role', async t => {
  const { id } = await newTalk()
  const { id: order_id } = await world.assignedOrder()
  const delivery = (await open('driver', { topic: 'delivery', order_id })).id
  const fleetPath = `/ws/vendor/${world.vendor.pharmacyId}`
  const sockets = [
    [await socket(t, 'customer', '/ws/customer/', 'connection'), id, 'customer'],
    [await socket(t, 'vendor', '/ws/pharmacy/', 'connection'), id, 'vendor'],
    [await socket(t, 'vendor', fleetPath, 'fleet'), id, 'vendor'],
    [await socket(t, 'driver', '/ws/driver', 'connection'), delivery, 'driver'],
    [await socket(t, 'customer', '/ws/customer/', 'connection'), delivery, 'customer'],
  ] as const
  const last = new Map([
    [id, 0],
    [delivery, 0],
  ])
  for (const [{ listener }, conversation_id, side] of sockets) {
    const number = last.get(conversation_id)! + 1
    last.set(conversation_id, number)
    const message = { type: 'send', conversation_id, text: `number ${number}`, id: `m${number}` }
    listener.send(message)
    t.match(await listener.next('send_result'), { outcome: 'sent', number, id: `m${number}` })
    listener.send(message)
    t.match(await listener.next('send_result'), { outcome: 'sent', number }, 'the same message')
    listener.send({ type: 'read', conversation_id, number })
    await listener.next('conversation_read', one => one.side === side && one.through === number)
    listener.send({ type: 'resume', conversation_id, after: 0, id: 'r' })
    const { messages } = await listener.next('messages')
    t.same(
      messages.map((one: { text: string }) => one.text),
      Array.from({ length: number }, (_, i) => `number ${i + 1}`),
    )
    listener.send({ type: 'presence', conversation_id, state: 'typing', id: 'p' })
    t.match(await listener.next('error'), { code: 'message_unknown_type', id: 'p' })
  }
  const [{ listener: customer }] = sockets[0]
  const [{ listener: driver }] = sockets[3]
  driver.send({ type: 'send', conversation_id: id, text: 'and I?', id: 'x' })
  t.match(await driver.next('send_result'), { outcome: 'error', code: 'conversation_not_found' })
  customer.send({ type: 'send', conversation_id: id, text: ' ', id: 'y' })
  t.match(await customer.next('error'), { code: 'message_malformed', id: 'y' })
  const { listener: watcher } = await socket(t, 'admin', fleetPath, 'fleet')
  watcher.send({ type: 'send', conversation_id: id, text: 'as the pharmacy', id: 'z' })
  t.match(await watcher.next('error'), { code: 'message_unknown_type', id: 'z' })
})

t.test('the clients of the roles write, read and resume', async t => {
  const { id: conversation_id } = await newTalk()
  const options = (who: 'customer' | 'vendor') => ({
    url,
    token: () => world[who].token,
    WebSocket: WebSocket satisfies WebSocketConstructor,
  })
  const customer = connectCustomer(options('customer'))
  const terminal = connectTerminal(options('vendor'))
  t.teardown(() => {
    customer.close()
    terminal.close()
  })
  await Promise.all([
    new Promise(opened => customer.on('open', opened)),
    new Promise(opened => terminal.on('open', opened)),
  ])
  const heard = new Promise<ConversationEntry>(resolve => {
    terminal.on('conversation_entry', ({ entry }) => resolve(entry))
  })
  t.ok(customer.talk.say({ conversation_id, text: 'hello', id: 'c1' }))
  t.match(await heard, { number: 1, text: 'hello', side: 'customer' })
  const marked = new Promise(resolve => {
    customer.on('conversation_read', resolve)
  })
  t.ok(terminal.talk.read({ conversation_id, number: 1 }))
  t.match(await marked, { side: 'vendor', through: 1 })
  const gap = new Promise(resolve => {
    terminal.on('messages', resolve)
  })
  t.ok(terminal.talk.resume({ conversation_id, after: 0 }))
  t.match(await gap, { last_number: 1, messages: [{ text: 'hello' }] })
})

t.test('an administrator who watches a fleet hears no word of its pharmacy', async t => {
  const { id } = await newTalk()
  const { listener: fleet } = await socket(
    t,
    'admin',
    `/ws/vendor/${world.vendor.pharmacyId}`,
    'fleet',
  )
  const { listener: vendor } = await socket(t, 'vendor', '/ws/chat', 'connection')
  await say('customer', id, 'a secret')
  await vendor.next('conversation_entry')
  fleet.send({ type: 'ping' })
  await fleet.next('pong')
  t.same(fleet.of('conversation_entry'), [])
})

t.test('going away is told once, and presence in a row is dropped', async t => {
  const { id } = await newTalk()
  const { listener: customer } = await socket(t, 'customer', '/ws/chat', 'connection')
  const { listener: vendor } = await socket(t, 'vendor', '/ws/chat', 'connection')
  vendor.send({ type: 'presence', conversation_id: id, state: 'typing' })
  await customer.next('conversation_presence', one => one.state === 'typing')
  for (let n = 0; n < 50; n++) vendor.send({ type: 'presence', conversation_id: id, state: 'away' })
  await customer.next('conversation_presence', one => one.state === 'away')
  vendor.send({ type: 'ping' })
  await vendor.next('pong')
  customer.send({ type: 'ping' })
  await customer.next('pong')
  t.equal(customer.of('conversation_presence').length, 2)
})
