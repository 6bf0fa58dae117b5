/**
 * Conversations over REST on a real server: who may open one about what, numbers and gaps, read
 * marks and unread counts, taking back, freezing, reports, the audited reading of support, files,
 * retention, facts and webhooks.
 */
import t from 'tap'
import { Check } from 'typebox/value'
import { decodeBody } from '../../protocol/bus/codec.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { conversationEvents } from '../../protocol/dispatch/conversation-events.ts'
import type { PublishedEvent } from '../../protocol/dispatch/events.ts'
import { picture, type Who } from '../acceptance/access-world.ts'
import { eventually, http } from '../acceptance/people.ts'
import { numbers, talks } from './fixture-talks.ts'
import { closeSilent, deleteOld, endEnded } from './housekeeping.ts'
import { chatLimits } from './limits.ts'

const { parts, world, url, call, open, newTalk, say, leap } = await talks(t)
const run = { signal: new AbortController().signal, fence: async () => {} }
const read = (who: Who, id: string, query = '') =>
  call(who, 'GET', `/api/conversations/${id}/messages${query}`)
const mine = async (who: Who, id: string) =>
  (await call(who, 'GET', `/api/conversations/${id}`)).body

t.test('the parties of an order open their conversation, and find the same one', async t => {
  const { id, order } = await newTalk()
  t.same(await open('vendor', { topic: 'pharmacy', order_id: order }), {
    status: 200,
    code: undefined,
    id,
  })
  const both = await Promise.all([1, 2, 3].map(() => newTalkOf(order)))
  t.same(new Set(both.map(one => one.id)), new Set([id]))
  for (const [who, status, code] of [
    ['otherCustomer', 404, 'order_not_found'],
    ['otherPharmacy', 404, 'order_not_found'],
    ['otherDriver', 404, 'order_not_found'],
    ['driver', 404, 'order_not_found'],
  ] as const) {
    const answer = await open(who, { topic: 'pharmacy', order_id: order })
    t.same([answer.status, answer.code], [status, code], who)
    t.equal((await say(who, id, 'hello')).body.code, 'conversation_not_found', who)
    t.equal((await read(who, id)).body.code, 'conversation_not_found', who)
  }
  t.equal(
    (await open('customer', { topic: 'delivery', order_id: order })).code,
    'conversation_not_possible',
    'nobody delivers yet',
  )
  t.equal((await open('customer', { topic: 'pharmacy' })).code, 'invalid_request')
  async function newTalkOf(order_id: string) {
    return open('customer', { topic: 'pharmacy', order_id })
  }
})

t.test('before a pharmacy has a request, the customer begins, with one that answered', async t => {
  const order_id = await world.openRequest()
  t.equal(
    (await open('vendor', { topic: 'pharmacy', order_id })).code,
    'order_not_found',
    'a pharmacy that was only asked',
  )
  const vendor_id = world.vendor.pharmacyId
  t.equal(
    (await open('customer', { topic: 'pharmacy', order_id, vendor_id })).code,
    'conversation_not_possible',
  )
  await call('vendor', 'POST', `/api/requests/${order_id}/responses`, {
    response_type: 'REJECTED',
    text_message: 'only as syrup',
  })
  t.equal(
    (await open('vendor', { topic: 'pharmacy', order_id })).code,
    'conversation_not_possible',
    'it answered, and the customer begins',
  )
  const { status, id } = await open('customer', { topic: 'pharmacy', order_id, vendor_id })
  t.equal(status, 201)
  t.equal((await say('vendor', id, 'we have it as syrup')).status, 201)
})

t.test('a driver talks during the delivery, and never in the medical part', async t => {
  const { id: order_id } = await world.assignedOrder()
  const medical = await open('customer', { topic: 'pharmacy', order_id })
  await say('customer', medical.id, 'is it with penicillin?')
  t.equal((await open('driver', { topic: 'pharmacy', order_id })).code, 'conversation_not_possible')
  const { id, status } = await open('driver', { topic: 'delivery', order_id })
  t.equal(status, 201)
  t.equal((await open('vendor', { topic: 'delivery', order_id })).code, 'conversation_not_possible')
  t.equal((await read('vendor', id)).status, 404)
  t.equal((await say('driver', id, 'I am at the gate')).status, 201)
  const list = (await call('driver', 'GET', '/api/conversations')).body.conversations
  t.same(
    list.map((one: { id: string }) => one.id),
    [id],
  )
  t.notMatch(JSON.stringify(list), /penicillin/)
  t.equal((await read('driver', medical.id)).status, 404)
  const found = await call('driver', 'GET', '/api/conversations/search?text=penicillin')
  t.same(found.body.messages, [])
  const file = (await call('customer', 'POST', '/api/uploads/prescription', picture())).body.id
  const answer = await call('customer', 'POST', `/api/conversations/${id}/messages`, {
    kind: 'document',
    upload_id: file,
  })
  t.match(answer.body, { status: 400, fields: [{ field: 'upload_id' }] })

  // The delivery ends, and with it the conversation, after its time.
  await call('vendor', 'DELETE', `/api/orders/${order_id}`)
  t.equal((await say('customer', id, 'thank you')).status, 201, 'for half an hour more')
  const { closes_at } = await mine('customer', id)
  t.ok(Date.parse(closes_at) > Date.now() + chatLimits.deliveryOpenMs - 60_000)
  t.ok(Date.parse(closes_at) <= Date.now() + chatLimits.deliveryOpenMs)
})

t.test('numbers have no gap, and the same id is the same message', async t => {
  const { id } = await newTalk()
  const answers = await Promise.all([
    ...Array.from({ length: 8 }, (_, i) => say('customer', id, `c ${i}`)),
    ...Array.from({ length: 8 }, (_, i) => say('vendor', id, `v ${i}`)),
    ...Array.from({ length: 4 }, () => say('customer', id, 'once', 'the-same')),
  ])
  for (const { status } of answers) t.equal(status, 201)
  const { messages, last_number } = (await read('vendor', id, '?after=0')).body
  t.same(
    numbers(messages),
    Array.from({ length: 17 }, (_, i) => i + 1),
  )
  t.equal(last_number, 17)
  t.equal(messages.filter((one: { text: string }) => one.text === 'once').length, 1)
  t.equal(new Set(answers.slice(16).map(one => one.body.number)).size, 1)
  const other = await say('customer', id, 'other words', 'the-same')
  t.equal(other.body.code, 'idempotency_key_reused')
  const key = { 'idempotency-key': 'k-1' }
  const path = `/api/conversations/${id}/messages`
  const [one, two] = [
    await call('vendor', 'POST', path, { text: 'by key' }, key),
    await call('vendor', 'POST', path, { text: 'by key' }, key),
  ]
  t.equal(one.body.number, 18)
  t.equal(two.body.number, 18)
})

t.test('history goes back page by page; too large a gap is told to load anew', async t => {
  const { id } = await newTalk()
  for (let i = 0; i < 5; i++) await say('customer', id, `message ${i}`)
  const newest = (await read('vendor', id, '?limit=2')).body
  t.same([numbers(newest.messages), newest.before], [[4, 5], 4])
  const older = (await read('vendor', id, `?limit=2&before=${newest.before}`)).body
  t.same([numbers(older.messages), older.before], [[2, 3], 2])
  const first = (await read('vendor', id, `?limit=2&before=${older.before}`)).body
  t.same([numbers(first.messages), first.before], [[1], null])
  t.same(numbers((await read('vendor', id, '?after=3')).body.messages), [4, 5])
  t.same((await read('vendor', id, '?after=5')).body.messages, [])
  t.same((await read('vendor', id, '?after=99')).body.messages, [], 'a number from the future')
  t.equal((await read('vendor', id, '?after=1&before=3')).body.code, 'invalid_request')
  await leap(id)
  t.match((await read('vendor', id, '?after=0')).body, {
    messages: [],
    reload: true,
    last_number: 400,
  })
})

t.test('read marks go forward only, and unread is counted from them', async t => {
  const { id } = await newTalk()
  for (let i = 0; i < 3; i++) await say('customer', id, `message ${i}`)
  await say('vendor', id, 'my own')
  const mark = (number: number) =>
    call('vendor', 'PUT', `/api/conversations/${id}/read`, { number })
  t.equal((await mine('vendor', id)).unread, 3, 'one’s own message is not unread')
  t.same((await mark(2)).body, { read_through: 2, unread: 1 })
  t.same((await mark(1)).body, { read_through: 2, unread: 1 }, 'never back')
  const future = await mark(9)
  t.match(future.body, { status: 400, code: 'invalid_request', fields: [{ field: 'number' }] })
  t.same((await mark(4)).body, { read_through: 4, unread: 0 })
  await read('customer', id)
  t.equal((await mine('customer', id)).unread, 1, 'reading alone marks nothing')
  const list = (await call('customer', 'GET', '/api/conversations?unread=true')).body.conversations
  const [first] = list
  t.match(first, { id, unread: 1, my_side: 'customer', last: { number: 4, text: 'my own' } })
  t.match(first.participants, [
    { side: 'customer', name: null, read_through: 0 },
    { side: 'vendor', read_through: 4 },
  ])
})

t.test('a message that is taken back leaves its number and nothing of its words', async t => {
  const { id } = await newTalk()
  const { body: secret } = await say('customer', id, 'my number is zanzibar77')
  await say('customer', id, 'another one')
  const back = (who: Who, query = '') =>
    call(who, 'DELETE', `/api/conversations/${id}/messages/${secret.id}${query}`)
  t.equal((await back('vendor')).body.code, 'conversation_not_possible')
  t.equal((await back('admin')).body.code, 'invalid_request', 'support gives a reason')
  const search = () => call('vendor', 'GET', '/api/conversations/search?text=zanzibar77')
  t.equal((await search()).body.messages.length, 1)
  t.equal((await back('customer')).status, 204)
  t.equal((await back('customer')).status, 204, 'twice is once')
  const { messages } = (await read('vendor', id, '?after=0')).body
  t.same(numbers(messages), [1, 2, 3])
  t.match(messages[0], { id: secret.id, text: null, taken_back: true })
  t.match(messages[2], { kind: 'taken_back', of: secret.id, side: 'customer', reason: 'by_sender' })
  t.equal((await mine('vendor', id)).unread, 1)
  t.same((await search()).body.messages, [])
  const { rows } = await parts.database.pool.query(
    `select 1 from events where data::text like '%zanzibar77%'
     union all select 1 from conversation_texts where text like '%zanzibar77%'`,
  )
  t.same(rows, [], 'the words are nowhere, not even in the journal')
})

t.test('support freezes, lets go on, decides upon reports and closes', async t => {
  const { id } = await newTalk()
  const { body: rude } = await say('vendor', id, 'something rude')
  const report = (who: Who, body: object) =>
    call(who, 'POST', `/api/conversations/${id}/report`, body)
  t.equal((await report('otherCustomer', { reason: 'abuse' })).status, 404)
  const reported = await report('customer', { reason: 'abuse', message_id: rude.id, text: 'read' })
  t.equal(reported.status, 201)
  t.equal((await report('customer', { reason: 'abuse', message_id: id })).status, 404)
  const wide = await call('admin', 'GET', '/api/conversations?reported=true')
  const listed = wide.body.conversations.find((one: { id: string }) => one.id === id)
  t.match(listed, { open_reports: 1, last: null, my_side: null, unread: 0 })
  t.equal(
    (await call('customer', 'GET', '/api/conversations?reported=true')).body.code,
    'invalid_request',
  )
  t.match((await call('admin', 'GET', `/api/conversations/${id}/reports`)).body.reports, [
    { message_id: rude.id, reason: 'abuse', side: 'customer', text: 'read', decision: null },
  ])
  t.equal((await read('admin', id)).body.code, 'invalid_request', 'support gives a reason')
  t.equal((await read('admin', id, '?reason=report')).body.messages[0].text, 'something rude')
  await read('admin', id, '?reason=report')
  const seen = (await read('customer', id, '?after=1')).body.messages
  t.match(seen, [{ kind: 'support_read', side: 'support', reason: 'report' }])
  t.equal(seen.length, 1, 'its participants see it, once an hour')

  t.equal((await say('admin', id, 'hello')).status, 404, 'support writes in its own only')
  const act = (what: string, body: object) =>
    call('admin', 'POST', `/api/conversations/${id}/${what}`, body)
  t.equal((await act('freeze', { reason: 'abuse' })).body.status, 'frozen')
  t.equal((await say('customer', id, 'still here?')).body.code, 'conversation_frozen')
  t.equal((await act('thaw', {})).body.status, 'open')
  t.equal((await say('customer', id, 'again')).status, 201)
  t.equal((await act('report/decision', { decision: 'upheld' })).body.open_reports, 0)
  t.equal((await act('close', {})).body.status, 'closed')
  t.equal((await say('customer', id, 'too late')).body.code, 'conversation_closed')
  t.equal((await act('freeze', { reason: 'abuse' })).body.code, 'conversation_closed')
  const kinds = (await read('customer', id, '?after=0')).body.messages
  t.same(
    kinds.map((one: { kind: string }) => one.kind),
    ['text', 'support_read', 'frozen', 'thawed', 'text', 'closed'],
  )
  const audit = await eventually(
    () => call('admin', 'GET', `/api/admin/audit?target_id=${id}&limit=100`),
    ({ body }) => JSON.stringify(body).includes('freezeConversation'),
  )
  t.match(JSON.stringify(audit.body), /listMessages/)
})

t.test('what was reported or frozen stays until support has decided', async t => {
  const { id } = await newTalk()
  const { body: rude } = await say('vendor', id, 'something rude')
  const { body: other } = await say('vendor', id, 'something else')
  const back = (message: string, who: Who = 'vendor', query = '') =>
    call(who, 'DELETE', `/api/conversations/${id}/messages/${message}${query}`)
  await call('customer', 'POST', `/api/conversations/${id}/report`, {
    reason: 'abuse',
    message_id: rude.id,
  })
  t.equal((await back(rude.id)).body.code, 'conversation_not_possible')
  t.equal((await back(other.id)).status, 204, 'another message')
  await call('admin', 'POST', `/api/conversations/${id}/report/decision`, { decision: 'upheld' })
  await call('admin', 'POST', `/api/conversations/${id}/freeze`, { reason: 'abuse' })
  t.equal((await back(rude.id)).body.code, 'conversation_frozen')
  t.match((await read('admin', id, '?reason=report')).body.messages[0], { text: 'something rude' })
  t.equal((await back(rude.id, 'admin', '?reason=abuse')).status, 204, 'support may')
  await call('admin', 'POST', `/api/conversations/${id}/thaw`, {})
  const { body: last } = await say('vendor', id, 'the last')
  await call('customer', 'POST', `/api/conversations/${id}/report`, { reason: 'other' })
  t.equal((await back(last.id)).body.code, 'conversation_not_possible', 'the whole conversation')
})

t.test('a message that met a frozen conversation is taken when it goes on', async t => {
  const { id } = await newTalk()
  const path = `/api/conversations/${id}/messages`
  const key = { 'idempotency-key': 'frozen-1' }
  const both = async () => [
    await say('customer', id, 'are you there?', 'the-same-id'),
    await call('customer', 'POST', path, { text: 'by key' }, key),
  ]
  await call('admin', 'POST', `/api/conversations/${id}/freeze`, { reason: 'abuse' })
  for (const { body } of await both()) t.equal(body.code, 'conversation_frozen')
  await call('admin', 'POST', `/api/conversations/${id}/thaw`, {})
  t.same(
    (await both()).map(({ status, body }) => [status, body.number]),
    [
      [201, 3],
      [201, 4],
    ],
  )
  t.same(
    (await both()).map(({ body }) => body.number),
    [3, 4],
    'and only once',
  )
})

t.test('anybody talks to support, and a closed conversation is followed by a new one', async t => {
  for (const who of ['customer', 'vendor', 'driver'] as const) {
    const { id, status } = await open(who, { topic: 'support' })
    t.equal(status, 201)
    t.equal((await say(who, id, 'help')).status, 201)
    t.equal((await say('admin', id, 'with pleasure')).body.side, 'support')
    t.equal((await mine('admin', id)).unread, 1)
    const closed = await call(who, 'POST', `/api/conversations/${id}/close`, {})
    t.equal(closed.body.status, 'closed')
    const next = await open(who, { topic: 'support' })
    await say(who, next.id, 'once more')
    t.equal(next.status, 201)
    t.not(next.id, id)
  }
  const later = { ...parts, nowMs: () => Date.now() + chatLimits.supportQuietMs + 60_000 }
  t.match(await closeSilent(later, run), { ended: 3, failed: 0 })
  const { body } = await call('customer', 'GET', '/api/conversations?topic=support&status=open')
  t.same(body.conversations, [])
})

t.test('bad messages are refused by name', async t => {
  const { id } = await newTalk()
  const path = `/api/conversations/${id}/messages`
  for (const [body, field] of [
    [{}, 'text'],
    [{ text: '' }, 'text'],
    [{ text: ' \n' }, 'text'],
    [{ text: 'x'.repeat(2_001) }, 'text'],
    [{ text: 'see \u202egnp.exe' }, 'text'],
    [{ text: 'a\u0000b' }, 'text'],
    [{ kind: 'audio' }, 'upload_id'],
    [{ kind: 'document', upload_id: id }, 'upload_id'],
    [{ text: 'x', upload_id: id }, 'upload_id'],
    [{ text: 'x', colour: 'red' }, 'colour'],
    [{ text: 'x', client_id: '' }, 'client_id'],
  ] as const) {
    const answer = await call('customer', 'POST', path, body)
    t.equal(answer.status, 400, JSON.stringify(body).slice(0, 40))
    t.equal(answer.body.fields?.[0]?.field, field)
  }
  t.equal((await mine('customer', id)).last_number, 0, 'nothing is half done')
  const burst = await Promise.all(Array.from({ length: 30 }, (_, i) => say('customer', id, `${i}`)))
  const refused = burst.filter(one => one.status === 429)
  t.ok(refused.length > 0, 'too fast')
  t.equal(refused[0]!.body.code, 'too_many_requests')
  t.equal((await mine('customer', id)).last_number, 30 - refused.length)
})

t.test('a file opens for the participants, until its message is taken back', async t => {
  const { id } = await newTalk()
  const file = (await call('customer', 'POST', '/api/uploads/prescription', picture())).body.id
  const path = `/api/uploads/file/${file}`
  const opens = async (who: Who) => (await call(who, 'GET', path)).status
  t.equal(await opens('vendor'), 404)
  const message = (kind: string, upload_id: string, who: Who = 'customer') =>
    call(who, 'POST', `/api/conversations/${id}/messages`, { kind, upload_id, text: 'see' })
  t.match((await message('document', file, 'vendor')).body.fields, [{ field: 'upload_id' }])
  t.match((await message('audio', file)).body.fields, [{ field: 'upload_id' }])
  const { body: sent } = await message('document', file)
  t.match(sent, { kind: 'document', upload_id: file, url: path, text: 'see', number: 1 })
  t.equal(await opens('vendor'), 200)
  t.equal(await opens('otherPharmacy'), 404)
  await call('customer', 'DELETE', `/api/conversations/${id}/messages/${sent.id}`)
  t.equal(await opens('vendor'), 404)
})

t.test('conversations end with their order and are forgotten after their time', async t => {
  const { id, order } = await newTalk()
  await say('customer', id, 'one')
  await call('vendor', 'POST', `/api/orders/${order}/accept`, {})
  await call('customer', 'DELETE', `/api/orders/${order}`)
  t.match(await endEnded(parts, run), { failed: 0 })
  const { closes_at } = await mine('vendor', id)
  t.ok(Date.parse(closes_at) > Date.now() + chatLimits.pharmacyOpenMs - 60_000)
  const state = await parts.commands.send({
    id: 'close-for-the-test',
    actor: 'conversation',
    actor_id: id,
    verb: 'close',
    by: { role: 'system', id: 'test' },
    data: { entry_id: order, reason: 'subject_ended' },
  })
  t.match(state, { conversation: { status: 'closed' } })
  t.equal((await read('vendor', id)).body.messages.length, 2, 'it is kept')
  const later = { ...parts, nowMs: () => Date.now() + 366 * 24 * 3_600_000 }
  t.match(await deleteOld(later, run), { deleted: Number })
  t.equal((await read('vendor', id)).body.code, 'conversation_not_found')
  const { rows } = await parts.database.pool.query(
    `select 1 from conversation_texts where conversation_id = '${id}'
     union all select 1 from conversation_entries where conversation_id = '${id}'`,
  )
  t.same(rows, [])
})

t.test('the pages of the list go on where they ended, although conversations move', async t => {
  const all = await Promise.all([newTalk(), newTalk(), newTalk()])
  for (const { id } of all) await say('customer', id, 'hello')
  const page = async (query: string) =>
    (await call('customer', 'GET', `/api/conversations?limit=2${query}`)).body
  const first = await page('')
  await say('vendor', first.conversations[1].id, 'moves to the top')
  const second = await page(`&cursor=${first.next_cursor}`)
  const seen = [...first.conversations, ...second.conversations].map(
    (one: { id: string }) => one.id,
  )
  t.equal(new Set(seen).size, 4)
  t.equal((await http(url, 'GET', '/api/conversations')).status, 401)
  t.equal((await page('&cursor=x')).code, 'invalid_request')
})

t.test('facts on the bus and webhooks have the number and no words', async t => {
  const facts: PublishedEvent[] = []
  const subscription = parts.bus.subscribe(
    subjects.event('conversation', '*', '*'),
    ({ body }) => void facts.push(decodeBody(body) as PublishedEvent),
  )
  t.teardown(() => subscription.unsubscribe())
  const hook = await world.subscription()
  const { id } = await newTalk()
  const { body: message } = await say('customer', id, 'about my cough')
  await call('vendor', 'PUT', `/api/conversations/${id}/read`, { number: 1 })
  const path = `/api/webhooks/subscriptions/${hook}/deliveries?limit=100`
  const { body } = await eventually(
    () => call('vendor', 'GET', path),
    answer => JSON.stringify(answer.body).includes('conversation.message_created'),
  )
  const names = body.deliveries.map((one: { event_type: string }) => one.event_type)
  t.ok(names.includes('conversation.opened'))
  t.notOk(names.includes('conversation.read'))
  const { rows } = await parts.database.pool.query(
    `select body from webhook_deliveries where order_id = '${id}' and event_type = 'conversation.message_created'`,
  )
  const told = JSON.parse(String(rows[0]!['body']))
  t.match(told, {
    type: 'conversation.message_created',
    conversation_id: id,
    by: { role: 'customer' },
    data: { number: 1, entry_id: message.id, side: 'customer', kind: 'text' },
  })
  t.same(
    facts.filter(fact => fact.actor_id === id).map(({ type, order_seq }) => [type, order_seq]),
    [
      ['conversation_opened', 1],
      ['message_sent', 2],
      ['messages_read', 3],
    ],
  )
  t.notMatch(JSON.stringify([facts, rows]), /cough/)
  for (const { type, data } of facts)
    t.ok(Check(conversationEvents[type as keyof typeof conversationEvents].data, data), type)
})

t.test('customer and pharmacy talk about an appointment, until a week after it', async t => {
  const { appointment: appointment_id } = await world.appointment()
  const { id, status } = await open('customer', { topic: 'pharmacy', appointment_id })
  t.equal(status, 201)
  t.same((await mine('vendor', id)).about, { kind: 'appointment', id: appointment_id })
  t.equal((await say('vendor', id, 'please bring your card')).status, 201)
  const stranger = await open('otherCustomer', { topic: 'pharmacy', appointment_id })
  t.equal(stranger.code, 'appointment_not_found')
  t.equal(
    (await open('customer', { topic: 'delivery', appointment_id })).code,
    'conversation_not_possible',
  )
  const both = { topic: 'pharmacy', appointment_id, order_id: appointment_id }
  t.equal((await open('customer', both)).code, 'invalid_request')
  await call('customer', 'POST', `/api/appointments/${appointment_id}/cancel`, { reason: 'ill' })
  await endEnded(parts, run)
  t.ok(Date.parse((await mine('vendor', id)).closes_at) > Date.now())
})
