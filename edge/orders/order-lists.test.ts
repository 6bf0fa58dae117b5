/**
 * Lists of orders: which orders each role sees, every filter, the cursors, and the indexes that the
 * queries use.
 */
import { sql, type RawBuilder } from 'kysely'
import t from 'tap'
import type { OrderView } from '../../protocol/orders/view.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { Identity } from '../kernel/identity.ts'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { listQueries, type OrderFilter } from './reads.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge
const customer = await edge.customer()
const pharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)

const dayMs = 24 * 3_600_000
const noonMs = Date.parse('2026-05-20T12:00:00Z')
const order = (daysAgo: number, change: Partial<OrderView>): OrderView =>
  viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    kind: 'direct',
    created_at: new Date(noonMs - daysAgo * dayMs).toISOString(),
    ...change,
  })
const offer = {
  offer_id: newId(),
  driver_id: driver.id,
  expires_at: new Date(noonMs).toISOString(),
}
const orders = {
  pending: order(0, {
    status: 'pending',
    customer_name: 'Zoë Ødegård',
    items: [{ name: 'Aspirin 500mg', quantity: 2 }],
  }),
  offered: order(1, {
    status: 'accepted',
    driver_search: { state: 'offering', offers_made: 1, offer },
    notes: 'the door code is 1',
    prescription_url: '/x',
  }),
  carried: order(2, {
    status: 'picked_up',
    driver_id: driver.id,
    items: [{ name: 'Insulin', quantity: 1 }],
  }),
  delivered: order(3, {
    status: 'delivered',
    driver_id: driver.id,
    delivered_at: new Date(noonMs - 3 * dayMs).toISOString(),
    delivery_fee: 4,
  }),
  open: order(4, { status: 'pending', kind: 'broadcast', vendor_id: null }),
  elsewhere: order(5, {
    status: 'pending',
    vendor_id: newId(),
    customer_name: 'Zoe Elsewhere İNCİ ΝΙΚΟΣ',
  }),
}
for (const view of Object.values(orders))
  await edge.store(view, view.kind === 'broadcast' ? [pharmacy.id] : null)
const nameOf = new Map(Object.entries(orders).map(([name, view]) => [view.id, name]))
const list = async (token: string, query: string, path = '/api/orders', key = 'orders') => {
  const answer = await call('GET', `${path}?${query}`, { token })
  return answer.status === 200
    ? {
        names: answer.body[key].map((one: OrderView) => nameOf.get(one.id)) as string[],
        next: answer.body.next_cursor as string | null,
        orders: answer.body[key] as OrderView[],
      }
    : { names: [answer.body.code], next: null, orders: [] }
}

t.test('every filter works for each role', async t => {
  const number = orders.carried.order_number
  const table: [who: string, token: string, query: string, expected: string[]][] = [
    [
      'customer',
      customer.token,
      '',
      ['pending', 'offered', 'carried', 'delivered', 'open', 'elsewhere'],
    ],
    ['customer', customer.token, 'status=pending', ['pending', 'open', 'elsewhere']],
    ['customer', customer.token, 'kind=direct&status=pending', ['pending', 'elsewhere']],
    ['customer', customer.token, 'created_from=2026-05-18', ['pending', 'offered', 'carried']],
    [
      'customer',
      customer.token,
      'created_to=2026-05-18',
      ['carried', 'delivered', 'open', 'elsewhere'],
    ],
    ['customer', customer.token, 'created_from=2026-05-18&created_to=2026-05-18', ['carried']],
    [
      'customer',
      customer.token,
      'created_to=2026-05-18T12:00:00Z',
      ['delivered', 'open', 'elsewhere'],
    ],
    [
      'customer',
      customer.token,
      'created_from=2026-05-18T12:00:00%2B02:00',
      ['pending', 'offered', 'carried'],
    ],
    ['customer', customer.token, 'text=zo', ['pending', 'elsewhere']],
    ['customer', customer.token, `text=${encodeURIComponent('ødegård ASP')}`, ['pending']],
    ...['inci', 'İnci', 'i̇nci', 'ΝΙΚΟΣ', 'νικοσ', 'Νικος'].map((text): (typeof table)[number] => [
      'customer',
      customer.token,
      `text=${encodeURIComponent(text)}`,
      ['elsewhere'],
    ]),
    ['customer', customer.token, `text=${number}`, ['carried']],
    ['customer', customer.token, `text=${number.slice(4, 9)}`, ['carried']],
    ['customer', customer.token, 'text=insulin', ['carried']],
    ['customer', customer.token, 'text=in%27sulin%20%26%20%5C', []],
    ['customer', customer.token, 'text=--', ['invalid_request']],
    ['customer', customer.token, 'created_from=yesterday', ['invalid_request']],
    ['pharmacy', pharmacy.token, '', ['pending', 'offered', 'carried', 'delivered', 'open']],
    ['pharmacy', pharmacy.token, 'status=pending', ['pending', 'open']],
    ['pharmacy', pharmacy.token, 'status=delivered', ['delivered']],
    ['pharmacy', pharmacy.token, 'text=zoe', []],
    ['pharmacy', pharmacy.token, `text=${encodeURIComponent('zoë')}`, ['pending']],
    ['pharmacy', pharmacy.token, `driver_id=${driver.id}`, ['carried', 'delivered']],
    ['driver', driver.token, '', ['offered', 'carried', 'delivered']],
    ['driver', driver.token, 'status=accepted', ['offered']],
    ['driver', driver.token, 'status=delivered', ['delivered']],
    ['driver', driver.token, 'text=insulin', ['carried']],
  ]
  for (const [who, token, query, expected] of table)
    t.same((await list(token, query)).names, expected, `${who}: ${query}`)
  t.same(
    (await list(pharmacy.token, 'status=pending', `/api/vendors/${pharmacy.id}/orders`)).names,
    ['pending', 'open'],
  )
  t.same(
    (
      await list(
        driver.token,
        'status=delivered',
        `/api/drivers/${driver.id}/deliveries`,
        'deliveries',
      )
    ).names,
    ['delivered'],
  )
})

t.test('the pages of a list have each order once and in order', async t => {
  for (const [token, query] of [
    [customer.token, ''],
    [pharmacy.token, ''],
    [driver.token, ''],
    [customer.token, 'status=pending'],
    [customer.token, 'created_to=2026-05-18'],
  ] as const) {
    const whole = (await list(token, query)).names
    const walked: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const part = await list(token, `${query}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      walked.push(...part.names)
      cursor = part.next
    }
    t.same(walked, whole, query)
  }
  t.same(
    (await list(customer.token, `cursor=${newId()}`)).names,
    [],
    'a cursor that never existed gives an empty page',
  )
})

t.test('[API3] a driver with an offer sees the place and not the customer', async t => {
  const [asked] = (await list(driver.token, 'status=accepted')).orders
  t.match(asked, {
    customer_name: '',
    customer_phone: '',
    notes: null,
    prescription_url: null,
    tracking_token: '',
    delivery_latitude: Number,
  })
  t.same(asked!.items, [])
  const [carried] = (await list(driver.token, 'status=picked_up')).orders
  t.match(carried, { customer_name: 'John Doe', items: [{ name: 'Insulin' }], tracking_token: '' })
})

t.test('each list is read by an index and in order', async t => {
  const { database } = edge
  // So many orders of others that a query must not read them all.
  await database.pool.query(`
    insert into orders (id, kind, order_number, tracking_token, user_id, vendor_id, driver_id, created_at, updated_at, version, progress, status, ended_as)
    select gen_random_uuid(), 'direct', 'ORD-X', gen_random_uuid()::text, gen_random_uuid(), gen_random_uuid(),
      gen_random_uuid(), now() - n * interval '1 minute', now(), 1, '{}', last, last from generate_series(1, 20000) as n, lateral (values ((array['delivered', 'cancelled', 'returned'])[1 + n % 3])) as ended(last)`)
  await database.pool.query(
    `insert into order_words (order_id, words) select id, array_to_tsvector(array['ord', 'x', left(id::text, 8)]) from orders on conflict do nothing`,
  )
  await database.pool.query('analyze orders')
  await database.pool.query('analyze order_words')
  const identity = (role: Identity['role']): Identity => ({
    userId: customer.id,
    role,
    name: '',
    pharmacyId: pharmacy.id,
    driverId: driver.id,
    expiresAtMs: 0,
  })
  const cursor = orders.offered.id
  const table: [role: Identity['role'], filter: OrderFilter, indexes: RegExp[]][] = [
    ['user', {}, [/orders_user/]],
    ['user', { cursor, created_from: '2026-05-01' }, [/orders_user/]],
    ['vendor', {}, [/orders_vendor/, /orders_open_broadcasts/]],
    ['vendor', { status: 'accepted', cursor }, [/orders_vendor_open/]],
    ['driver', {}, [/orders_driver/, /orders_offered_driver/]],
    ['driver', { status: 'delivered' }, [/orders_driver/]],
    ['vendor', { status: 'delivered', cursor }, [/orders_vendor_ended/]],
    ['admin', { cursor }, [/orders_created/]],
    ['admin', { created_from: '2026-05-01', created_to: '2026-05-02' }, [/orders_created/]],
    ['admin', { status: 'picked_up' }, [/orders_open/]],
    ['admin', { status: 'cancelled' }, [/orders_ended/]],
  ]
  for (const [role, filter, indexes] of table) {
    const queries = listQueries(database.kysely, identity(role), filter, 51)
    t.equal(queries.length, indexes.length, `${role} ${JSON.stringify(filter)}`)
    for (const [i, query] of queries.entries()) {
      const { rows } = await sql<{ 'QUERY PLAN': string }>`explain ${query}`.execute(
        database.kysely,
      )
      const plan = rows.map(row => row['QUERY PLAN']).join('\n')
      t.match(plan, indexes[i]!, `${role} ${JSON.stringify(filter)}: ${indexes[i]!.source}`)
      t.notMatch(
        plan,
        /Seq Scan on orders/,
        `${role} ${JSON.stringify(filter)}: reads no more than it must`,
      )
    }
  }
  const planOf = async (query: RawBuilder<unknown>): Promise<string> =>
    (await sql<{ 'QUERY PLAN': string }>`explain ${query}`.execute(database.kysely)).rows
      .map(row => row['QUERY PLAN'])
      .join('\n')
  const {
    rows: [search],
  } = await sql<{
    config: string[]
    body: string
  }>`select proconfig as config, prosrc as body from pg_proc where proname = 'orders_with_words'`.execute(
    database.kysely,
  )
  t.same(search?.config, ['enable_seqscan=off'])
  const searched = await database.kysely.transaction().execute(async tx => {
    await sql`set local enable_seqscan = off`.execute(tx)
    const { rows } = await sql<{
      'QUERY PLAN': string
    }>`explain ${sql.raw(search!.body.replace('query', `'''insulin'':*'::tsquery`).replace('rows_max', '1001'))}`.execute(
      tx,
    )
    return rows.map(row => row['QUERY PLAN']).join('\n')
  })
  t.match(searched, /order_words_search/, 'words are found by their index')
  const few = listQueries(database.kysely, identity('admin'), {}, 51, {
    words: '',
    ids: [orders.carried.id],
  })
  t.match(await planOf(sql`${few[0]!}`), /orders_pkey/, 'for a rare word its orders are read')
  const many = listQueries(database.kysely, identity('admin'), {}, 51, {
    words: "'ord':*",
    ids: null,
  })
  t.match(await planOf(sql`${many[0]!}`), /orders_created/, 'for a common word the list is walked')
  t.same(
    (await list(customer.token, 'text=ord')).names.length,
    6,
    'a word of too many orders is found too',
  )
})

t.test('hidden matches of a search shorten no page, however many they are', async t => {
  // A pharmacy that only hears of a broadcast does not see the name; its own order is older.
  const other = await edge.pharmacy()
  const own = order(400, { vendor_id: other.id, status: 'pending', customer_name: 'Penelope Pine' })
  await edge.store(own)
  for (let n = 0; n < limits.listLimitMax; n++)
    await edge.store(
      order(100 + n, {
        kind: 'broadcast',
        vendor_id: null,
        status: 'pending',
        customer_name: 'Penelope Pine',
      }),
      [other.id],
    )
  const { orders: found, next } = await list(other.token, 'text=penelope')
  t.same(
    found.map(one => one.id),
    [own.id],
  )
  t.equal(next, null)
})
