/**
 * The largest input that strangers can send, against the real bound of the bus. The engine
 * continues to serve, every pharmacy that was asked is told of every request, and an engine starts
 * on a database with content that is refused today.
 */
import t from 'tap'
import { encodeBody } from '../protocol/bus/codec.ts'
import type { OrderCommandData } from '../protocol/dispatch/commands.ts'
import type { OrderEvent } from '../protocol/dispatch/events.ts'
import { limits } from '../protocol/kernel/limits.ts'
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

/** Stores requests as an earlier release did, by an engine that has ended. Returns their ids. */
async function stored(
  w: World,
  pharmacyIds: readonly string[],
  count: number,
  texts: Partial<OrderCommandData['broadcast']>,
): Promise<string[]> {
  const journal = memoryJournal(w.store)
  const leases = await journal.acquireSlots('ended', allSlots, limits.slotLeaseMsDefault)
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
        items: texts.items ?? [],
        quantity: null,
        notes: texts.notes ?? null,
        prescription_url: null,
        goods_classes: null,
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

/** The ids of the requests that a pharmacy was told of, in order. */
const told = (w: World, pharmacyId: string): string[] =>
  w.pushes
    .flatMap(push =>
      push.kind === 'new_request' && push.vendor_ids.includes(pharmacyId)
        ? [push.body.request_id]
        : [],
    )
    .sort()

t.test(
  'an engine starts on a database with 120 hostile requests, and a terminal is told of all of them [9]',
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
    t.same(told(w, pharmacyId), ids.sort(), 'about 3 MB, in messages that fit')
    t.equal(w.bus.losses.tooLarge, 0)
    t.match(engine.health(), {
      messages_too_large: 0,
      handlers_failed: 0,
      pushes_dropped: 0,
      events_unpublished: 0,
    })
  },
)

t.test(
  'an edge with twelve terminals comes back, and they are told of all 2,400 open requests [9]',
  async t => {
    const w = await world()
    const ids = new Map<string, string[]>()
    for (let i = 0; i < 12; i++) {
      const pharmacyId = w.id()
      ids.set(
        pharmacyId,
        await stored(w, [pharmacyId], limits.openRequestsPerTerminalMax, {
          items: [{ name: 'Paracetamol 500 mg', quantity: 2 }],
          notes:
            'Please ring twice; the bell of the second floor is broken, and the dog is friendly',
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
  },
)

t.test(
  'a command with more text than an order may have is refused, and the error names the longest field',
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
    // Full notes and the longest address, in characters of three bytes, are accepted.
    const orderId = w.id()
    const customerId = w.id()
    const notes = 'न'.repeat(1_000)
    const accepted = await w.command(
      'order',
      orderId,
      'broadcast',
      { role: 'customer', id: customerId },
      {
        order_id: orderId,
        customer_id: customerId,
        ...base,
        notes,
        delivery_address: 'क'.repeat(1_000),
        items: Array.from({ length: 50 }, () => ({ name: 'पैरासिटामोल ५००', quantity: 1 })),
      },
    )
    t.equal(order(accepted).status, 'pending')
    t.equal(order(accepted).notes, notes, 'the notes are kept whole')
  },
)

t.test('200 of the longest refusals are told to the customer whole', async t => {
  const w = await world()
  await w.boot('e1')
  const pharmacyIds = Array.from({ length: limits.responsesMax }, (_, i) =>
    w.pharmacy(`pharmacy ${i}`),
  )
  await w.env.settle()
  const opened = order(await w.broadcast())
  w.pushes.length = 0
  const text_message = '😀'.repeat(500)
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
          text_message,
          audio_url: '中'.repeat(2_048),
        },
      ),
    )
  t.equal(last.responses.length, limits.responsesMax, 'the order has each refusal')
  const characters = last.responses.reduce(
    (sum, one) => sum + (one.text_message?.length ?? 0) + (one.audio_url?.length ?? 0),
    0,
  )
  t.ok(characters > 0 && characters <= responseCharactersMax, `${characters} characters`)
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
        push.message.text_message === text_message,
    ),
    'the customer was told each whole reason',
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
    // An order in the same slot must not wait for ever behind the large one.
    const slot = slotOf(large!)
    let next = w.id()
    while (slotOf(next) !== slot) next = w.id()
    t.equal(order(await w.broadcast(next)).id, next)
    await w.env.settle()
    t.ok(
      w.events.some(event => event.actor_id === next),
      'the next event of the slot is published',
    )
    t.equal(engine.health().outbox_pending, 0, 'no event waits')
    // The answer about the large order does not fit either. The caller is told so, and does not
    // wait until its request times out.
    const cancelled = await w.command('order', large!, 'cancel', { role: 'admin', id: 'a' })
    t.equal(problem(cancelled), 'body_too_large')
    t.equal(w.statusOf(large!), 'order_cancelled', 'the command has its effect')
  },
)
