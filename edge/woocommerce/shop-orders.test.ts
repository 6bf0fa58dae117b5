/**
 * The orders that a shop delivers to a whole deployment. Each becomes one order of the pharmacy,
 * waits for a person where the address is unknown, or is ignored.
 */
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import { shopLimits } from './limits.ts'
import { retryImports } from './imports.ts'
import { http, newCustomer } from '../acceptance/people.ts'
import { startShop } from './fixture-shop.ts'

const { map, embedded, url, pharmacy, other, deliver, billing, order, importsOf } =
  await startShop(t)

t.test('a shop order becomes one order of the pharmacy [3]', async t => {
  const made = await deliver(order(101, { customer_note: 'Ring' }))
  t.match([made.status, made.body], [201, { outcome: 'created', order_number: /^ORD-/ }])
  const { body } = await http(url, 'GET', `/api/orders/${made.body.order_id}`, {
    token: pharmacy.token,
  })
  t.match(body, {
    status: 'pending',
    vendor_id: pharmacy.pharmacyId,
    customer_name: 'Ann Lee',
    customer_phone: '+1 212 000',
    delivery_address: '1 Known St, New York, 10001, US',
    delivery_latitude: 40.7,
    delivery_longitude: -74,
    items: [{ name: 'Aspirin & more', quantity: 2 }],
    notes: 'Shop order 101. Ring',
  })
  const repeats = await Promise.all([
    deliver(order(101)),
    deliver(order(101), { headers: { 'x-wc-webhook-delivery-id': 'another' } }),
    deliver(order(101, { date_modified_gmt: '2026-01-02T04:00:00' })),
  ])
  for (const repeat of repeats)
    t.match(
      [repeat.status, repeat.body],
      [200, { outcome: 'duplicate', order_id: made.body.order_id }],
    )
  const racing = await Promise.all(Array.from({ length: 5 }, () => deliver(order(102))))
  t.equal(
    new Set(racing.map(answer => answer.body.import_id)).size,
    1,
    'five deliveries at once are one order',
  )
  const orders = await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}/orders`, {
    token: pharmacy.token,
  })
  t.equal(orders.body.orders.filter((one: any) => /order 10[12]/.test(one.notes)).length, 2)
  t.equal(orders.body.orders[0].user_id, body.user_id, 'the same e-mail is the same guest')
  t.equal(
    (
      await http(url, 'POST', '/api/auth/register', {
        body: {
          email: 'ann@example.com',
          full_name: 'Ann',
          phone: '+1 212 000',
          role: 'user',
          password: 'password123',
        },
      })
    ).status,
    201,
    'the customer can still register with the e-mail',
  )
  const imported = await importsOf('imported')
  t.equal(imported.length, 2)
  for (const one of imported)
    t.match(
      one,
      { customer_name: null, delivery_address: null },
      'the import keeps no copy of the address',
    )
  const accepted = await http(url, 'POST', `/api/orders/${made.body.order_id}/accept`, {
    token: pharmacy.token,
    body: {},
  })
  t.match(accepted.body, { status: 'accepted' }, 'the order is accepted like any other')
})

t.test(
  'an order with too many rows or too much text is taken, cut to the bounds of an order',
  async t => {
    const row = (name: string, id: number) => ({
      id,
      name,
      product_id: 93,
      variation_id: 0,
      quantity: 2,
      tax_class: '',
      subtotal: '6.00',
      subtotal_tax: '0.45',
      total: '6.00',
      total_tax: '0.45',
      taxes: [{ id: 75, total: '0.45', subtotal: '0.45' }],
      meta_data: Array.from({ length: 4 }, (_, i) => ({
        id: i,
        key: `pa_option_${i}`,
        value: 'x'.repeat(100),
        display_key: `Option ${i}`,
        display_value: 'x'.repeat(100),
      })),
      sku: 'SKU-0001',
      global_unique_id: '',
      price: 3,
      image: {
        id: '17',
        src: 'https://shop.example.org/wp-content/uploads/2026/01/a-picture-of-the-product.jpg',
      },
      parent_name: null,
    })
    const large = await deliver(
      order(150, { line_items: Array.from({ length: 500 }, (_, i) => row(`Product ${i}`, i)) }),
    )
    t.match([large.status, large.body], [201, { outcome: 'created' }])
    const heavy = await deliver(
      order(151, {
        customer_note: 'न'.repeat(2_000),
        line_items: Array.from({ length: 50 }, (_, i) => row('न'.repeat(200), i)),
      }),
    )
    t.match(
      [heavy.status, heavy.body],
      [201, { outcome: 'created' }],
      'it does not wait for a person, who could not make it shorter',
    )
    const orders = await Promise.all(
      [large, heavy].map(
        async ({ body }) =>
          (await http(url, 'GET', `/api/orders/${body.order_id}`, { token: pharmacy.token })).body,
      ),
    )
    t.match(orders, [
      { notes: "Shop order 150. 450 more items are in the shop's order." },
      { notes: /^Shop order 151. न{900}/ },
    ])
    for (const { items } of orders) t.equal(items.length, limits.itemsMax)
    t.ok(
      orders[1].items.every((item: any) => /^न{40,200}$/.test(item.name)),
      'names are cut, and no item is left out',
    )
  },
)

t.test('coordinates of the shop are used; an order without a delivery is ignored', async t => {
  const meta = [
    { key: '_billing_latitude', value: '40.75' },
    { key: '_billing_longitude', value: '-73.99' },
  ]
  const made = await deliver(
    order(110, { billing: { ...billing, address_1: 'Nowhere 1' }, meta_data: meta }),
  )
  t.match(
    (await http(url, 'GET', `/api/orders/${made.body.order_id}`, { token: pharmacy.token })).body,
    { delivery_latitude: 40.75, delivery_longitude: -73.99 },
  )
  for (const [rest, headers] of [
    [{ status: 'cancelled' }, {}],
    [{ shipping_lines: [{ method_id: 'local_pickup' }] }, {}],
    [{}, { 'x-wc-webhook-topic': 'order.updated' }],
  ] as const) {
    const ignored = await deliver(order(111, rest), { headers })
    t.match([ignored.status, ignored.body], [200, { outcome: 'ignored' }])
  }
})

t.test('an order with an unknown address waits for the pharmacy', async t => {
  const kept = await deliver(order(120, { billing: { ...billing, address_1: '5 Mystery Rd' } }))
  t.match(
    [kept.status, kept.body],
    [202, { outcome: 'pending', reason: 'address_not_found' }],
    'the shop gets a success',
  )
  const id = kept.body.import_id
  t.match(
    (await importsOf('pending')).find((one: any) => one.id === id),
    {
      reason: 'address_not_found',
      external_id: '120',
      customer_name: 'Ann Lee',
      delivery_address: /5 Mystery Rd/,
      order_id: null,
    },
  )
  const path = `/api/vendors/${pharmacy.pharmacyId}/imports/${id}/complete`
  const here = { latitude: 40.73, longitude: -73.98 }
  t.equal(
    (await http(url, 'POST', path, { token: other.token, body: here })).status,
    404,
    'another pharmacy cannot complete it',
  )
  t.equal(
    (await http(url, 'POST', path, { token: (await newCustomer(url)).token, body: here })).status,
    403,
  )
  t.equal(
    (
      await http(url, 'POST', path, {
        token: pharmacy.token,
        body: { latitude: 91, longitude: 0 },
      })
    ).status,
    400,
  )
  t.equal(
    (
      await http(url, 'POST', path.replace(pharmacy.pharmacyId, other.pharmacyId), {
        token: other.token,
        body: here,
      })
    ).status,
    404,
    'another pharmacy cannot complete it under its own path',
  )
  const done = await http(url, 'POST', path, { token: pharmacy.token, body: here })
  t.match(
    [done.status, done.body],
    [201, { delivery_latitude: 40.73, delivery_address: /5 Mystery Rd/, notes: 'Shop order 120.' }],
  )
  t.same(
    [
      (await http(url, 'POST', path, { token: pharmacy.token, body: here })).body.code,
      (await deliver(order(120))).body.outcome,
    ],
    ['import_not_pending', 'duplicate'],
  )

  const corrected = await deliver(
    order(121, { billing: { ...billing, address_1: '6 Mystery Rd' } }),
  )
  t.equal(corrected.body.outcome, 'pending')
  t.equal(
    (await deliver(order(121, { date_modified_gmt: '2026-01-01T00:00:00' }))).body.outcome,
    'duplicate',
    'an older version of the order changes nothing',
  )
  t.match(
    await deliver(order(121, { date_modified_gmt: '2026-01-03T00:00:00' })),
    { status: 201, body: { outcome: 'created' } },
    'a newer version of the order is taken',
  )

  const unwanted = (await deliver(order(122, { billing: {} }))).body.import_id
  t.match(
    await http(url, 'DELETE', `/api/vendors/${pharmacy.pharmacyId}/imports/${unwanted}`, {
      token: pharmacy.token,
    }),
    { status: 200, body: { status: 'dismissed', customer_name: null } },
  )
  t.match((await deliver(order(122))).body, { outcome: 'duplicate' })
})

t.test('an order that waits for a map service is tried again by itself', async t => {
  map.fails = true
  const kept = await deliver(order(130, { billing: { ...billing, address_1: '7 Known St' } }))
  t.match([kept.status, kept.body.reason], [202, 'geocoding_failed'])
  map.fails = false
  const context = embedded.edge.parts
  const later = { ...context, nowMs: () => context.nowMs() + shopLimits.importRetryMs + 1_000 }
  t.equal(await retryImports(context), 0, 'the order is not tried again at once')
  t.equal(await retryImports(later), 1)
  t.match(
    (await importsOf()).find((one: any) => one.id === kept.body.import_id),
    { status: 'imported', reason: null },
  )
})
