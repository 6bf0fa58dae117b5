/**
 * The webhook worker with a real database and with real receivers that fail, hang and come back.
 * The suite runs with every kind of database.
 */
import type { Test } from 'tap'
import type { Database } from '../../migrations/database/open.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { publicNames } from './events.ts'
import { newId, quick, startWorld } from './fixture.ts'
import { replay, resume } from './queue.ts'
import { answerOk, answerStatus, startReceiver, verifies, type Receiver } from './receiver.ts'

/** Adds the tests of the worker to `t`, on the database that `open` opens. */
export async function workerSuite(t: Test, open: () => Promise<Database>): Promise<void> {
  const world = await startWorld(open)
  t.teardown(() => world.stop())
  const { happen, record, subscribe, work, deliveries, until, database } = world

  const receiving = async (
    t: Pick<Test, 'teardown'>,
    ...args: Parameters<typeof startReceiver>
  ): Promise<Receiver> => {
    const receiver = await startReceiver(...args)
    t.teardown(() => receiver.close())
    return receiver
  }
  const working = (t: Pick<Test, 'teardown'>, ...args: Parameters<typeof work>) => {
    const worker = work(...args)
    t.teardown(() => worker.stop())
    return worker
  }
  /** Deletes subscriptions and deliveries, so that tests do not affect each other. */
  const alone = async (): Promise<void> => {
    await database.pool.query('delete from webhook_subscriptions')
    await database.pool.query('delete from webhook_deliveries')
    await database.pool.query(
      'insert into webhook_positions select slot, max(seq) from events group by slot on conflict (slot) do update set seq = excluded.seq',
    )
  }
  const allDelivered = (id: string, count: number) =>
    until(
      `select count(*) filter (where state = 'delivered') = ${count} and count(*) = ${count} from webhook_deliveries where subscription_id = $1`,
      [id],
    )

  t.test('an event reaches its subscribers, signed', async t => {
    await alone()
    const receiver = await receiving(t)
    const pharmacyId = newId()
    const orderId = newId()
    const { id, secret } = await subscribe(receiver.url, { pharmacyId })
    const worker = working(t)
    await happen(orderId, 'order_placed', { customer_name: 'Zoë "D"', total: 1.5 }, { pharmacyId })
    const [message] = await receiver.until(1)
    t.ok(verifies(secret, message!), 'the signature is valid')
    t.notOk(
      verifies(secret, { ...message!, body: `${message!.body} ` }),
      'a changed body has no valid signature',
    )
    t.notOk(verifies(secret, message!, Date.now() + 301_000), 'an old signature is not valid')
    t.match(message!.json, {
      type: 'order.placed',
      order_id: orderId,
      order_seq: 1,
      data: { customer_name: 'Zoë "D"', total: 1.5 },
    })
    t.equal(message!.headers['webhook-id'], message!.json.id)
    await allDelivered(id, 1)
    await worker.stop()
  })

  t.test(
    "a driver's event with a public name is delivered, and a kind without names stops nothing",
    async t => {
      await alone()
      const own = await receiving(t)
      const others = await receiving(t)
      const pharmacyId = newId()
      const driverId = newId()
      await subscribe(own.url, { pharmacyId })
      await subscribe(others.url, { pharmacyId: newId() })
      const worker = working(t, {
        names: { ...publicNames, driver: { status_changed: 'driver.status_changed' } },
      })
      await database.pool.query(
        `insert into drivers (id, user_id, vendor_id, full_name, phone, vehicle_type, status) values ($1, $1, $2, 'Dora', '2', 'bike', 'available')`,
        [driverId, pharmacyId],
      )
      await happen(newId(), 'errand_done', {}, { kind: 'errand' })
      await happen(driverId, 'duty_barred', { barred: false }, { kind: 'driver' })
      await happen(driverId, 'status_changed', { availability: 'available' }, { kind: 'driver' })
      const [message] = await own.until(1)
      t.match(message!.json, {
        type: 'driver.status_changed',
        driver_id: driverId,
        driver_seq: 2,
        data: { availability: 'available' },
      })
      t.notOk('order_id' in message!.json)
      t.equal(others.received.length, 0)
      await worker.stop()
      t.same(Object.keys(publicNames.driver), [], 'today no event of a driver has a public name')
    },
  )

  t.test('events of an appointment name it, and a pharmacy gets no check-in code', async t => {
    await alone()
    const own = await receiving(t)
    const all = await receiving(t)
    const [pharmacyId, serviceId, appointment_id] = [newId(), newId(), newId()]
    await subscribe(own.url, { pharmacyId })
    await subscribe(all.url, {})
    await database.pool.query(
      `insert into vendors (id, user_id, business_name, email, phone, latitude, longitude, status)
       values ($1, $1, 'City', 'a@example.com', '1', 1, 1, 'active') on conflict do nothing`,
      [pharmacyId],
    )
    await database.pool.query(
      `insert into services (id, vendor_id, name, currency, settings, is_active, revision, created_at, updated_at)
       values ($1, $2, 'Flu', 'USD', '{}', true, 1, now(), now())`,
      [serviceId, pharmacyId],
    )
    const worker = working(t)
    const data = { appointment_id, check_in_code: 'secret' }
    await happen(serviceId, 'slot_claimed', data, { kind: 'appointment' })
    const [message] = await own.until(1)
    t.match(message!.json, {
      type: 'appointment.requested',
      appointment_id,
      data: { check_in_code: '' },
    })
    t.match((await all.until(1))[0]!.json, { data: { check_in_code: 'secret' } })
    await worker.stop()
  })

  t.test('events of each order are delivered in order under failures', async t => {
    await alone()
    // One message in three is refused, cut off, or left hanging, by a random sequence with a seed.
    // A good answer must not be late on a busy machine, so only hanging answers meet the limit of 3
    // s.
    let seed = 7
    const chance = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const accepted: { order_id: string; order_seq: number }[] = []
    const receiver = await receiving(t, (response, received) => {
      const dice = chance()
      if (dice < 0.15) response.writeHead(500).end()
      else if (dice < 0.25) response.socket!.destroy()
      else if (dice < 0.3) return
      else {
        accepted.push(received.json)
        setTimeout(() => response.writeHead(200).end(), dice * 10)
      }
    })
    const { id } = await subscribe(receiver.url)
    const worker = working(t, { policy: { ...quick, pauseFailuresMin: 1_000 }, timeoutMs: 3_000 })
    const orders = Array.from({ length: 6 }, newId)
    const types = [
      'order_placed',
      'order_accepted',
      'driver_assigned',
      'picked_up',
      'out_for_delivery',
      'delivered',
    ]
    for (const type of types)
      for (const order of orders) await happen(order, type, {}, { pharmacyId: newId() })
    await allDelivered(id, 36)
    for (const order of orders) {
      const seen = receiver.received.filter(one => one.json.order_id === order)
      t.same(
        accepted.filter(one => one.order_id === order).map(one => one.order_seq),
        [1, 2, 3, 4, 5, 6],
        'each event was taken once and in order',
      )
      t.same(
        seen.map(one => one.json.order_seq).toSorted((a, b) => a - b),
        seen.map(one => one.json.order_seq),
        'no event was tried before its predecessor was taken',
      )
    }
    t.ok(receiver.received.length > 36, `${receiver.received.length} attempts`)
    const { rows } = await database.pool.query<{ n: number }>(
      `select count(*)::integer as n from webhook_attempts where delivery_id in (select id from webhook_deliveries where subscription_id = $1)`,
      [id],
    )
    t.equal(rows[0]!.n, receiver.received.length, 'every attempt is in the log')
    await worker.stop()
  })

  t.test('a receiver that hangs holds up neither other receivers nor other orders', async t => {
    await alone()
    const [first, second] = [newId(), newId()]
    const hanging = await receiving(t, (response, received) => {
      if (received.json.order_id !== first) answerOk(response, received, 1)
    })
    const good = await receiving(t)
    await subscribe(hanging.url)
    await subscribe(good.url)
    // Longer than the test may take: a worker that waited for the hanging receiver would wait for
    // ever.
    const worker = working(t, { timeoutMs: 600_000 })
    for (const order of [first, second])
      for (const type of ['order_placed', 'order_accepted'])
        await happen(order, type, {}, { pharmacyId: newId() })
    await good.until(4)
    await hanging.until(3)
    t.same(
      hanging.received.map(one => [one.json.order_id === first, one.json.order_seq]).toSorted(),
      [
        [false, 1],
        [false, 2],
        [true, 1],
      ],
    )
    await worker.stop()
  })

  t.test('the next edge delivers once the events that happened while no edge ran', async t => {
    await alone()
    const receiver = await receiving(t)
    const { id } = await subscribe(receiver.url)
    const order = newId()
    await record(order, 'order_placed', {}, { pharmacyId: newId() })
    const before = working(t)
    await receiver.until(1)
    await before.stop()
    for (const type of ['order_accepted', 'driver_assigned', 'picked_up']) await record(order, type)
    const next = working(t)
    await receiver.until(4)
    await allDelivered(id, 4)
    t.same(
      receiver.received.map(one => one.json.order_seq),
      [1, 2, 3, 4],
    )
    await next.stop()
  })

  t.test('a message in flight at the end is sent again under the same id', async t => {
    await alone()
    const receiver = await receiving(t, () => {})
    const { id } = await subscribe(receiver.url)
    const cut = working(t, { timeoutMs: 30_000 })
    await happen(newId(), 'order_placed', {}, { pharmacyId: newId() })
    await receiver.until(1)
    await cut.stop()
    t.match(
      await deliveries(id),
      [{ state: 'waiting', attempts: 0 }],
      'the end of the worker does not count as a failure of the receiver',
    )
    receiver.behaviour = answerOk
    const next = working(t)
    await receiver.until(2)
    t.equal(
      receiver.received[1]!.headers['webhook-id'],
      receiver.received[0]!.headers['webhook-id'],
    )
    t.equal(receiver.received[1]!.body, receiver.received[0]!.body)
    await allDelivered(id, 1)
    await next.stop()
  })

  t.test('one edge delivers at a time, and another takes over', async t => {
    await alone()
    const receiver = await receiving(t)
    const { id } = await subscribe(receiver.url)
    const shared = { ...database, embedded: false }
    const first = working(t, { database: shared })
    await until(`exists (select from webhook_lease where lease_until > now())`)
    const second = working(t, { database: shared })
    const orders = Array.from({ length: 20 }, newId)
    for (const order of orders) await happen(order, 'order_placed', {}, { pharmacyId: newId() })
    await allDelivered(id, 20)
    t.same([first.leads, second.leads], [true, false])
    t.equal(receiver.received.length, 20, 'no event was sent by both edges')
    await first.stop()
    for (const order of orders) await happen(order, 'order_accepted')
    await allDelivered(id, 40)
    t.equal(second.leads, true)
    t.equal(receiver.received.length, 40)

    // The lease passes to another edge while its holder sleeps.
    await database.pool.query(
      `update webhook_lease set owner = 'another', epoch = epoch + 1, lease_until = now() + interval '1 hour'`,
    )
    await happen(orders[0]!, 'driver_assigned')
    await until(
      `select not exists (select from webhook_deliveries where event_type = 'order.driver_assigned')`,
    )
    while (second.leads)
      await new Promise(resolve => {
        setTimeout(resolve, 20)
      })
    t.equal(second.leads, false, 'the holder notices before it writes')
    t.equal(receiver.received.length, 40)
    await second.stop()
    await database.pool.query('delete from webhook_lease')
  })

  t.test('each subscriber gets only the events that concern it', async t => {
    await alone()
    const [mine, theirs, everything, some, later] = [
      await receiving(t),
      await receiving(t),
      await receiving(t),
      await receiving(t),
      await receiving(t),
    ]
    const [pharmacyId, otherPharmacyId, keyId] = [newId(), newId(), newId()]
    await subscribe(mine.url, { pharmacyId })
    await subscribe(theirs.url, { pharmacyId: otherPharmacyId })
    await subscribe(everything.url)
    await subscribe(some.url, { pharmacyId, events: ['order.delivered'] })
    await subscribe(later.url, { hearsFrom: new Date(Date.now() + 60_000) })
    await database.pool.query(
      `insert into api_keys (id, name, prefix, key_hash, scopes, created_by, created_at, revoked_at) values ($1, 'k', 'cad_', $2, '{}', $1, now(), now())`,
      [keyId, keyId],
    )
    const revoked = await receiving(t)
    await subscribe(revoked.url, { ownerId: keyId })

    const order = newId()
    await record(order, 'broadcast_opened', { customer_name: 'X' }, { pharmacyId: null })
    await record(order, 'response_recorded', { vendor_id: otherPharmacyId })
    await record(order, 'order_accepted', {}, { pharmacyId })
    await record(order, 'delivered')
    const expired = newId()
    await record(expired, 'broadcast_opened', {}, { pharmacyId: null })
    await record(expired, 'request_expired')
    const worker = working(t)
    await everything.until(6)
    await mine.until(2)
    await some.until(1)
    t.same(
      mine.received.map(one => one.json.type),
      ['order.accepted', 'order.delivered'],
      'a pharmacy gets the events of its order from the acceptance on',
    )
    t.same(
      some.received.map(one => one.json.type),
      ['order.delivered'],
    )
    t.same(
      everything.received.filter(one => one.json.order_id === order).map(one => one.json.type),
      ['order.requested', 'order.response_recorded', 'order.accepted', 'order.delivered'],
    )
    t.same(
      [theirs, later, revoked].map(receiver => receiver.received.length),
      [0, 0, 0],
      'another pharmacy, a later subscription and a revoked key get nothing',
    )
    await worker.stop()
  })

  t.test('a delivery that gave up frees the next and can be replayed', async t => {
    await alone()
    const receiver = await receiving(t, (response, received, nth) =>
      (received.json.order_seq === 1 ? answerStatus(422) : answerOk)(response, received, nth),
    )
    const { id } = await subscribe(receiver.url)
    const worker = working(t, { policy: { ...quick, attemptsMax: 3, pauseFailuresMin: 1_000 } })
    const order = newId()
    for (const type of ['order_placed', 'order_accepted'])
      await record(order, type, {}, { pharmacyId: newId() })
    await happen(order, 'picked_up')
    await until(
      `select count(*) filter (where state = 'delivered') = 2 and count(*) filter (where state = 'given_up') = 1 from webhook_deliveries where subscription_id = $1`,
      [id],
    )
    t.same(
      receiver.received.map(one => one.json.order_seq),
      [1, 1, 1, 2, 3],
      'the gap shows in order_seq',
    )
    const [failed] = await deliveries(id)
    t.match(failed, { state: 'given_up', attempts: 3 })
    const log = await database.kysely
      .selectFrom('webhook_attempts')
      .selectAll()
      .where('delivery_id', '=', failed!.id)
      .orderBy('attempt')
      .execute()
    t.match(
      log,
      [1, 2, 3].map(attempt => ({
        attempt,
        http_status: 422,
        error: 'status 422',
        response: 'status 422',
      })),
    )

    receiver.behaviour = answerOk
    const again = await replay(database.kysely, id, failed!.id, Date.now(), Math.random)
    await happen(order, 'delivered')
    await receiver.until(7)
    t.same(
      receiver.received.slice(5).map(one => one.json.order_seq),
      [1, 4],
      'the replay comes before the next event of its order',
    )
    t.equal(
      receiver.received[5]!.headers['webhook-id'],
      receiver.received[0]!.headers['webhook-id'],
      'the replay has the id of the first delivery',
    )
    await until(
      `select state = 'delivered' and replay_of = $2 from webhook_deliveries where id = $1`,
      [again, failed!.id],
    )
    await worker.stop()
  })

  t.test(
    'persistent failure disables a subscription with a notice and keeps waiting deliveries',
    async t => {
      await alone()
      const receiver = await receiving(t, answerStatus(500))
      const pharmacyId = newId()
      const { id } = await subscribe(receiver.url, { pharmacyId })
      const worker = working(t, {
        policy: { ...quick, disableAfterMs: 150, disableFailuresMin: 4, attemptsMax: 100 },
      })
      const orders = [newId(), newId(), newId()]
      for (const order of orders) await happen(order, 'order_placed', {}, { pharmacyId })
      await until(
        `select not is_active and disabled_at is not null from webhook_subscriptions where id = $1`,
        [id],
      )
      t.equal(world.disabled.length, 1, 'the owner is told once')
      t.match(world.disabled, [
        {
          subscriptionId: id,
          pharmacyId,
          url: receiver.url,
          reason: /attempts in a row failed since .*status 500/,
        },
      ])
      await new Promise(resolve => {
        setTimeout(resolve, 200)
      })
      const count = receiver.received.length
      await happen(orders[0]!, 'order_accepted')
      await new Promise(resolve => {
        setTimeout(resolve, 200)
      })
      t.equal(receiver.received.length, count, 'nothing more is sent')
      t.equal((await deliveries(id)).length, 3, 'an event from meanwhile is not kept')

      receiver.behaviour = answerOk
      await database.kysely.transaction().execute(tx => resume(tx, id, Date.now()))
      world.bus.publish(subjects.webhookNudge, new Uint8Array())
      await happen(orders[0]!, 'driver_assigned')
      await allDelivered(id, 4)
      t.match(
        await database.kysely
          .selectFrom('webhook_subscriptions')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst(),
        { is_active: true, disabled_at: null, disabled_reason: null, failures_in_a_row: 0 },
      )
      await worker.stop()
    },
  )

  t.test('an event that is not visible yet is waited for, not skipped', async t => {
    await alone()
    const receiver = await receiving(t)
    const { id } = await subscribe(receiver.url)
    const worker = working(t)
    const order = newId()
    await happen(order, 'order_placed', {}, { pharmacyId: newId() })
    await receiver.until(1)
    await happen(order, 'picked_up', {}, { skipSeqs: 1 })
    await new Promise(resolve => {
      setTimeout(resolve, 150)
    })
    t.equal(receiver.received.length, 1)
    const {
      rows: [last],
    } = await database.pool.query<{ slot: number; seq: number }>(
      'select slot, seq from events where actor_id = $1 order by seq desc limit 1',
      [order],
    )
    await database.pool.query(
      `insert into events (actor_id, version, slot, seq, kind, at, type, v, data) values ($1, 1, $2, $3, 'driver', now(), 'status_changed', 1, '{}')`,
      [newId(), last!.slot, last!.seq - 1],
    )
    await happen(order, 'delivered')
    await receiver.until(3)
    t.same(
      receiver.received.map(one => one.json.type),
      ['order.placed', 'order.picked_up', 'order.delivered'],
    )
    await allDelivered(id, 3)
    await worker.stop()
  })
}
