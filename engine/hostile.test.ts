/**
 * The largest input that strangers can send, against the real bound of the bus. The engine
 * continues, every pharmacy that was asked is told of every request, and a database with content
 * that is refused today still starts.
 */
import t from 'tap'
import { encodeBody } from '../protocol/bus/codec.ts'
import type { OrderCommandData } from '../protocol/dispatch/commands.ts'
import type { OrderEvent } from '../protocol/dispatch/events.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { orderTextBytesMax } from '../protocol/dispatch/order-size.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { here, order, problem, world } from './fixtures.ts'
import { memoryJournal } from './journal/memory.ts'
import { responseCharactersMax } from './orders/evolve.ts'
import { orderKind } from './orders/kind.ts'
import { allSlots, slotOf } from '../protocol/kernel/slots.ts'

type World = Awaited<ReturnType<typeof world>>

/** The largest order of the first release: 50 items of 100 emoji, and notes full of them. */
const hostile = {
  items: Array.from({ length: 50 }, () => ({ name: '😀'.repeat(100), quantity: 1 })),
  notes: '😀'.repeat(500),
}

/** Requests that an earlier release stored, from an engine that is dead by now. */
async function stored(
  w: World,
  pharmacyIds: readonly string[],
  count: number,
  what: Partial<OrderCommandData['broadcast']>,
): Promise<string[]> {
  const journal = memoryJournal(w.store)
  const leases = await journal.acquireSlots('the dead', allSlots, limits.slotLeaseMsDefault)
  const epochs = new Map(leases.map(lease => [lease.slot, lease.epoch]))
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    const orderId = w.id()
    const atMs = w.env.nowMs()
    const event: OrderEvent = {
      type: 'broadcast_opened',
      data: {
        order_id: orderId,
        tracking_token: orderId.replaceAll('-', ''),
        customer_id: w.id(),
        customer_name: 'Mallory',
        customer_phone: '3',
        dropoff: { ...here, address: null },
        items: what.items ?? [],
        quantity: null,
        notes: what.notes ?? null,
        prescription_url: null,
        currency: 'USD',
        fee: null,
        radius_km: 5,
        expires_at_ms: atMs + 3_600_000,
        candidates: pharmacyIds.map(vendor_id => ({ vendor_id, distance_km: 1 })),
      },
    }
    const slot = slotOf(orderId)
    const state = orderKind.evolve(orderKind.absent, event, atMs)
    await journal.append({
      slot,
      epoch: epochs.get(slot)!,
      kind: 'order',
      actorId: orderId,
      fromVersion: 0,
      atMs,
      by: { role: 'system', id: 'test' },
      commandId: orderId,
      events: [event],
      row: orderKind.row(state, 1, atMs, true),
    })
    ids.push(orderId)
  }
  await journal.close()
  return ids
}

const told = (w: World, pharmacyId: string): string[] =>
  w.pushes
    .flatMap(push =>
      push.kind === 'new_request' && push.vendor_ids.includes(pharmacyId)
        ? [push.body.request_id]
        : [],
    )
    .sort()

t.test(
  'a database full of hostile requests starts, and each terminal is told of all of them',
  async t => {
    const w = await world()
    const pharmacyId = w.id()
    const ids = await stored(w, [pharmacyId], 120, hostile)
    const engine = await w.boot('e1')
    await w.env.settle()
    t.equal(engine.health().open_requests, 120)
    w.pushes.length = 0
    w.bus.publish(subjects.terminals, encodeBody({ vendor_ids: [pharmacyId] }))
    await w.env.settle()
    t.same(told(w, pharmacyId), ids.sort(), 'some 3 MB, in messages that fit')
    t.equal(w.bus.losses.tooLarge, 0)
    t.match(engine.health(), {
      messages_too_large: 0,
      handlers_failed: 0,
      pushes_dropped: 0,
      events_unpublished: 0,
    })
  },
)

t.test('2,400 ordinary requests, and an edge with all their terminals comes back', async t => {
  const w = await world()
  const ids = new Map<string, string[]>()
  for (let i = 0; i < 12; i++) {
    const pharmacyId = w.id()
    ids.set(
      pharmacyId,
      await stored(w, [pharmacyId], limits.openRequestsPerTerminalMax, {
        items: [{ name: 'Paracetamol 500 mg', quantity: 2 }],
        notes: 'Please ring twice; the bell of the second floor is broken, and the dog is friendly',
      }),
    )
  }
  const engine = await w.boot('e1')
  await w.env.settle()
  w.pushes.length = 0
  w.bus.publish(subjects.terminals, encodeBody({ vendor_ids: [...ids.keys()] }))
  for (let i = 0; i < 10; i++) await w.env.settle()
  for (const [pharmacyId, open] of ids) t.same(told(w, pharmacyId), open.sort())
  t.equal(w.bus.losses.tooLarge, 0)
  t.equal(engine.health().pushes_dropped, 0)
})

t.test(
  'a command with more text than an order may have is refused by name, whoever sends it',
  async t => {
    const w = await world()
    await w.boot('e1')
    w.pharmacy('near')
    await w.env.settle()
    const base = {
      customer_name: 'Cleo',
      customer_phone: '3',
      ...here,
      radius_km: 5,
      items: [],
      expires_in_seconds: 60,
    }
    for (const [role, data] of [
      ['customer', hostile],
      ['service', hostile],
      [
        'customer',
        { items: Array.from({ length: 50 }, () => ({ name: '中'.repeat(200), quantity: 1 })) },
      ],
      [
        'customer',
        { items: Array.from({ length: 50 }, () => ({ name: '\u0001'.repeat(200), quantity: 1 })) },
      ],
    ] as const) {
      const orderId = w.id()
      const customerId = w.id()
      const refused = await w.command(
        'order',
        orderId,
        'broadcast',
        { role, id: role === 'customer' ? customerId : 'dispatch' },
        { order_id: orderId, customer_id: customerId, ...base, ...data },
      )
      t.match(refused, {
        ok: false,
        problem: {
          code: 'invalid_request',
          fields: [{ field: 'data.items', rule: /16384 bytes/ }],
        },
      })
    }
    // Full notes in an alphabet of three bytes, and the longest address: all that people may need
    // is accepted.
    const orderId = w.id()
    const customerId = w.id()
    const taken = await w.command(
      'order',
      orderId,
      'broadcast',
      { role: 'customer', id: customerId },
      {
        order_id: orderId,
        customer_id: customerId,
        ...base,
        notes: 'न'.repeat(1_000),
        delivery_address: 'क'.repeat(1_000),
        items: Array.from({ length: 50 }, () => ({ name: 'पैरासिटामोल ५००', quantity: 1 })),
      },
    )
    t.equal(order(taken).status, 'pending')
    t.ok(Buffer.byteLength(JSON.stringify(order(taken).notes)) < orderTextBytesMax)
  },
)

t.test('two hundred pharmacies refuse with the longest reason', async t => {
  const w = await world()
  await w.boot('e1')
  const pharmacyIds = Array.from({ length: limits.responsesMax }, (_, i) =>
    w.pharmacy(`pharmacy ${i}`),
  )
  await w.env.settle()
  const opened = order(await w.broadcast())
  w.pushes.length = 0
  let last = opened
  for (const id of pharmacyIds)
    last = order(
      await w.command(
        'order',
        opened.id,
        'respond',
        { role: 'vendor', id },
        {
          response_type: 'REJECTED',
          text_message: '😀'.repeat(500),
          audio_url: '中'.repeat(2_048),
        },
      ),
    )
  t.equal(
    last.responses.length,
    limits.responsesMax,
    'each refusal is answered, and the order remembers who refused',
  )
  const words = last.responses.reduce(
    (sum, one) => sum + (one.text_message?.length ?? 0) + (one.audio_url?.length ?? 0),
    0,
  )
  t.ok(words > 0 && words <= responseCharactersMax, `${words} characters`)
  await w.env.settle()
  const heard = w.pushes.filter(
    push => push.kind === 'topic' && push.message.type === 'pharmacy_response',
  )
  t.equal(heard.length, limits.responsesMax)
  t.ok(
    heard.every(
      push =>
        push.kind === 'topic' &&
        push.message.type === 'pharmacy_response' &&
        typeof push.message.text_message === 'string',
    ),
    'the customer was told every word',
  )
  t.equal(w.bus.losses.tooLarge, 0)
})

t.test(
  'an event that no message can hold is skipped, counted and logged, and the events after it are published',
  async t => {
    const w = await world()
    const pharmacyId = w.id()
    const monster = {
      items: Array.from({ length: 50 }, () => ({ name: '😀'.repeat(8_000), quantity: 1 })),
    }
    const [large] = await stored(w, [pharmacyId], 1, monster)
    const engine = await w.boot('e1')
    for (let i = 0; i < 5; i++) await w.env.settle()
    t.ok(engine.health().events_unpublished >= 1)
    t.ok(w.logs.some(line => /is not published; the journal has it/.test(line)))
    // An order in the same slot: it must not wait for ever behind the other one.
    const slot = slotOf(large!)
    let next = w.id()
    while (slotOf(next) !== slot) next = w.id()
    t.equal(order(await w.broadcast(next)).id, next)
    await w.env.settle()
    t.ok(
      w.events.some(event => event.actor_id === next),
      'the next event of the slot is heard',
    )
    t.equal(engine.health().outbox_pending, 0, 'and nothing waits')
    // The answer about the large order does not fit either. The caller is told so; it does not wait
    // in silence.
    const cancelled = await w.command('order', large!, 'cancel', { role: 'admin', id: 'a' })
    t.equal(problem(cancelled), 'body_too_large')
    t.equal(w.statusOf(large!), 'order_cancelled', 'it is done all the same')
  },
)
