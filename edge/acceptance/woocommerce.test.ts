/** A shop delivers to a whole deployment: database, engine and edge, over HTTP, signed as a shop signs. */
import { createHmac } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { shopLimits } from '../woocommerce/limits.ts'
import { readConfig } from '../config.ts'
import { startEmbedded } from '../embedded.ts'
import { httpLimits } from '../kernel/http-limits.ts'
import { retryImports } from '../woocommerce/imports.ts'
import { http, newCustomer, newPharmacy, type Answer } from './people.ts'

const data = process.env['CADUCEUS_DATA'] ?? fileURLToPath(assetUrl('../shared/data'))
const dataDir = await preparedDataDir()
/** A Nominatim that knows one street, and fails while it is told to. */
const map = { fails: false }
const nominatim = createServer((request, response) => {
  const known = decodeURIComponent(request.url!).includes('Known')
  if (map.fails) response.writeHead(500).end()
  else
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify(
        known
          ? [
              {
                lat: '40.7',
                lon: '-74.0',
                display_name: '1 Known St',
                addresstype: 'building',
                place_rank: 30,
                importance: 0.5,
                category: 'building',
                type: 'house',
              },
            ]
          : [],
      ),
    )
})
await new Promise<void>(resolve => {
  nominatim.listen(0, '127.0.0.1', resolve)
})
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    NOMINATIM_URL: `http://127.0.0.1:${(nominatim.address() as AddressInfo).port}`,
    PUBLIC_URL: 'https://caduceus.example.org/',
  },
  { log: pino({ level: 'silent' }) },
)
const { url } = embedded
t.teardown(async () => {
  await embedded.stop()
  nominatim.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const pharmacy = await newPharmacy(url, 'Corner Pharmacy', 40.71, -74)
const other = await newPharmacy(url, 'Other Pharmacy', 40.72, -74)
const connect = async (body: object = {}) => {
  const answer = await http(
    url,
    'POST',
    `/api/vendors/${pharmacy.vendorId}/integrations/woocommerce`,
    { token: pharmacy.token, body },
  )
  return {
    answer,
    path: new URL(answer.body.integration.delivery_url).pathname,
    secret: answer.body.secret as string,
  }
}
const shop = await connect()

/** Sends what a shop would. */
const deliver = (
  body: object | string,
  options: { path?: string; secret?: string; headers?: Record<string, string> } = {},
): Promise<Answer> => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const signature = createHmac('sha256', options.secret ?? shop.secret)
    .update(text)
    .digest('base64')
  return http(url, 'POST', options.path ?? shop.path, {
    body: text,
    headers: {
      'x-wc-webhook-topic': 'order.created',
      'x-wc-webhook-signature': signature,
      ...options.headers,
    },
  })
}
const billing = {
  first_name: 'Ann',
  last_name: 'Lee',
  address_1: '1 Known St',
  city: 'New York',
  postcode: '10001',
  country: 'US',
  email: 'ann@example.com',
  phone: '+1 212 000',
}
const order = (id: number, rest: object = {}) => ({
  id,
  status: 'processing',
  date_modified_gmt: '2026-01-02T03:04:05',
  billing,
  line_items: [{ name: 'Aspirin &amp; more', quantity: 2 }],
  ...rest,
})
const importsOf = async (status?: string) =>
  (
    await http(
      url,
      'GET',
      `/api/vendors/${pharmacy.vendorId}/imports${status === undefined ? '' : `?status=${status}`}`,
      { token: pharmacy.token },
    )
  ).body.imports

t.test('an integration has an address and shows its secret once', async t => {
  t.equal(shop.answer.status, 201)
  t.match(
    shop.answer.body.integration.delivery_url,
    /^https:\/\/caduceus\.example\.org\/api\/webhooks\/wc\/order-created\/[\w-]{22}$/,
  )
  t.ok(shop.secret.length >= 32)
  const list = await http(url, 'GET', `/api/vendors/${pharmacy.vendorId}/integrations`, {
    token: pharmacy.token,
  })
  t.match(list.body.integrations, [{ id: shop.answer.body.integration.id, delivery_url: String }])
  t.notMatch(JSON.stringify(list.body), shop.secret)
  const { rows } = await embedded.edge.parts.database.pool.query('select * from integrations')
  t.notMatch(JSON.stringify(rows), shop.secret, 'nor is it in the database')
})

t.test('the ping, and what is not signed', async t => {
  const ping = await fetch(url + shop.path, {
    method: 'POST',
    body: new URLSearchParams({ webhook_id: '142' }),
    headers: { 'user-agent': 'WooCommerce/10.0.0 Hookshot (WordPress/6.8)' },
  })
  t.equal(ping.status, 200, 'exactly 200')
  const text = JSON.stringify(order(1))
  const table: [
    name: string,
    path: string,
    headers: Record<string, string>,
    status: number,
    code: string,
  ][] = [
    ['no signature', shop.path, {}, 401, 'signature_invalid'],
    [
      'of another secret',
      shop.path,
      { 'x-wc-webhook-signature': createHmac('sha256', 'another').update(text).digest('base64') },
      401,
      'signature_invalid',
    ],
    [
      'of other bytes',
      shop.path,
      {
        'x-wc-webhook-signature': createHmac('sha256', shop.secret)
          .update(`${text} `)
          .digest('base64'),
      },
      401,
      'signature_invalid',
    ],
    [
      "nobody's address",
      '/api/webhooks/wc/order-created/AAAAAAAAAAAAAAAAAAAAAA',
      {},
      404,
      'not_found',
    ],
    [
      "the deployment's own, which has none",
      '/api/webhooks/wc/order-created',
      {},
      404,
      'not_found',
    ],
  ]
  for (const [name, path, headers, status, code] of table) {
    const answer = await http(url, 'POST', path, { body: text, headers })
    t.same([answer.status, answer.body.code], [status, code], name)
  }
  t.equal((await deliver('x'.repeat(httpLimits.signedBodyBytesMax + 1))).status, 413)
  t.same(await importsOf(), [], 'none of it left a trace')
})

t.test('what a shop signed and nobody can read is not lost: its pharmacy sees it', async t => {
  for (const nonsense of [
    '{"id":',
    '[]',
    '7',
    '{"id":"x","line_items":[]}',
    '{"line_items":[{"name":"Aspirin","quantity":1}]}',
  ]) {
    const kept = await deliver(nonsense)
    t.match(
      [kept.status, kept.body],
      [202, { outcome: 'pending', reason: 'import_unreadable' }],
      nonsense,
    )
    t.equal((await deliver(nonsense)).body.import_id, kept.body.import_id, 'once')
    t.match(
      (await importsOf('pending')).find((one: any) => one.id === kept.body.import_id),
      {
        reason: 'import_unreadable',
        external_id: /^unreadable [0-9a-f]{16}$/,
        customer_name: null,
      },
    )
    const path = `/api/vendors/${pharmacy.vendorId}/imports/${kept.body.import_id}`
    t.match(
      await http(url, 'POST', `${path}/complete`, {
        token: pharmacy.token,
        body: { latitude: 40.7, longitude: -74 },
      }),
      { status: 409, body: { code: 'import_unreadable' } },
    )
    t.equal((await http(url, 'DELETE', path, { token: pharmacy.token })).status, 200)
  }
  for (const [id, line_items] of [
    [90, 'Aspirin'],
    [91, ['Aspirin']],
    [92, null],
    [93, undefined],
  ] as const) {
    const kept = await deliver(order(id, { line_items }))
    t.match(
      [kept.status, kept.body],
      [202, { outcome: 'pending', reason: 'import_unreadable' }],
      JSON.stringify(line_items),
    )
    t.match(
      (await importsOf('pending')).find((one: any) => one.id === kept.body.import_id),
      { external_id: String(id), customer_name: 'Ann Lee' },
    )
    const done = await http(
      url,
      'POST',
      `/api/vendors/${pharmacy.vendorId}/imports/${kept.body.import_id}/complete`,
      { token: pharmacy.token, body: { latitude: 40.7, longitude: -74 } },
    )
    t.match(
      [done.status, done.body.notes],
      [201, `Shop order ${id}.`],
      'and may place it all the same',
    )
  }
  const mended = await deliver(order(94, { line_items: 'Aspirin' }))
  t.equal(mended.status, 202)
  t.match(
    (await deliver(order(94, { id: '94', date_modified_gmt: '2026-01-02 03:04:06' }))).body,
    { outcome: 'created' },
    'or the shop sends it again, with its id as text',
  )
  t.match((await deliver(order(94))).body, { outcome: 'duplicate' })
})

t.test('an order becomes an order of the pharmacy, once', async t => {
  const made = await deliver(order(101, { customer_note: 'Ring' }))
  t.match([made.status, made.body], [201, { outcome: 'created', order_number: /^ORD-/ }])
  const { body } = await http(url, 'GET', `/api/orders/${made.body.order_id}`, {
    token: pharmacy.token,
  })
  t.match(body, {
    status: 'pending',
    vendor_id: pharmacy.vendorId,
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
  t.equal(new Set(racing.map(answer => answer.body.import_id)).size, 1, 'five at once are one')
  const orders = await http(url, 'GET', `/api/vendors/${pharmacy.vendorId}/orders`, {
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
    'whose e-mail stays her own',
  )
  t.match(
    await importsOf('imported'),
    [{ status: 'imported', customer_name: null, delivery_address: null }],
    'and no copy of her address is kept',
  )
  const accepted = await http(url, 'POST', `/api/orders/${made.body.order_id}/accept`, {
    token: pharmacy.token,
    body: {},
  })
  t.match(accepted.body, { status: 'accepted' }, 'from here it is an order like any other')
})

t.test(
  'an order of five hundred rows, as a shop writes them, and one with more text than an order may bring',
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
      'it does not wait for a person who could not make it shorter',
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
      'names are cut, and nothing is left out',
    )
  },
)

t.test('coordinates from the shop are taken; what is not to be delivered is ignored', async t => {
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

t.test('an address that nobody knows waits for a person', async t => {
  const kept = await deliver(order(120, { billing: { ...billing, address_1: '5 Mystery Rd' } }))
  t.match(
    [kept.status, kept.body],
    [202, { outcome: 'pending', reason: 'address_not_found' }],
    'the shop hears that all is well',
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
  const path = `/api/vendors/${pharmacy.vendorId}/imports/${id}/complete`
  const here = { latitude: 40.73, longitude: -73.98 }
  t.equal(
    (await http(url, 'POST', path, { token: other.token, body: here })).status,
    404,
    'not for another pharmacy',
  )
  t.equal(
    (await http(url, 'POST', path, { token: (await newCustomer(url)).token, body: here })).status,
    403,
  )
  t.equal(
    (await http(url, 'POST', path, { token: pharmacy.token, body: { latitude: 91, longitude: 0 } }))
      .status,
    400,
  )
  t.equal(
    (
      await http(url, 'POST', path.replace(pharmacy.vendorId, other.vendorId), {
        token: other.token,
        body: here,
      })
    ).status,
    404,
    'nor under its own name',
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
    'an older one changes nothing',
  )
  t.match(
    await deliver(order(121, { date_modified_gmt: '2026-01-03T00:00:00' })),
    { status: 201, body: { outcome: 'created' } },
    'a newer one does',
  )

  const unwanted = (await deliver(order(122, { billing: {} }))).body.import_id
  t.match(
    await http(url, 'DELETE', `/api/vendors/${pharmacy.vendorId}/imports/${unwanted}`, {
      token: pharmacy.token,
    }),
    { status: 200, body: { status: 'dismissed', customer_name: null } },
  )
  t.match((await deliver(order(122))).body, { outcome: 'duplicate' })
})

t.test('a map that is away: tried again by itself', async t => {
  map.fails = true
  const kept = await deliver(order(130, { billing: { ...billing, address_1: '7 Known St' } }))
  t.match([kept.status, kept.body.reason], [202, 'geocoding_failed'])
  map.fails = false
  const context = embedded.edge.parts
  const later = { ...context, nowMs: () => context.nowMs() + shopLimits.importRetryMs + 1_000 }
  t.equal(await retryImports(context), 0, 'not yet')
  t.equal(await retryImports(later), 1)
  t.match(
    (await importsOf()).find((one: any) => one.id === kept.body.import_id),
    { status: 'imported', reason: null },
  )
})

t.test('a shop that has a secret already; the end of an integration', async t => {
  const real = await connect({ secret: 'whsec_test_123' })
  if (existsSync(`${data}/woo/signed_body.json`)) {
    const body = readFileSync(`${data}/woo/signed_body.json`, 'utf8')
    const { note: _, ...headers } = JSON.parse(
      readFileSync(`${data}/woo/signed_headers.json`, 'utf8'),
    ) as Record<string, string>
    t.match(
      await http(url, 'POST', real.path, { body, headers }),
      { status: 202, body: { outcome: 'pending', reason: 'address_not_found' } },
      'the real body under its real signature',
    )
    t.match((await importsOf('pending'))[0], {
      customer_name: 'John Doe',
      delivery_address: '969 Market, San Francisco, CA 94103, US',
    })
    t.match(
      await http(url, 'POST', shop.path, { body, headers }),
      { status: 401 },
      'not at another address',
    )
  } else t.pass(`skipped: no woo/signed_body.json in ${data}`)
  const path = `/api/vendors/${pharmacy.vendorId}/integrations/${real.answer.body.integration.id}`
  t.equal(
    (
      await http(url, 'DELETE', path.replace(pharmacy.vendorId, other.vendorId), {
        token: other.token,
      })
    ).status,
    404,
  )
  t.equal((await http(url, 'DELETE', path, { token: pharmacy.token })).status, 204)
  t.equal((await deliver(order(140), { path: real.path, secret: 'whsec_test_123' })).status, 404)
})

t.test('the one shop of a deployment', async t => {
  const path = '/api/webhooks/wc/order-created'
  const environment = { JWT_SECRET_KEY: 'x'.repeat(32), DATA_DIR: dataDir }
  for (const half of [
    { WC_WEBHOOK_SECRET: 'whsec_test_123' },
    { WC_WEBHOOK_VENDOR_ID: pharmacy.vendorId },
    { WC_WEBHOOK_SECRET: 'x', WC_WEBHOOK_VENDOR_ID: 'y' },
  ])
    t.throws(() => readConfig({ ...environment, ...half }, 'embedded'), {
      message: /^WC_WEBHOOK_(SECRET|VENDOR_ID) is not/,
    })
  // What a restart with the two variables would read; the pharmacy had to be there first.
  embedded.edge.parts.config.shop = readConfig(
    {
      ...environment,
      WC_WEBHOOK_SECRET: 'whsec_test_123',
      WC_WEBHOOK_VENDOR_ID: pharmacy.vendorId,
    },
    'embedded',
  ).shop
  t.match(await deliver(order(150), { path, secret: 'whsec_test_123' }), {
    status: 201,
    body: { outcome: 'created' },
  })
  t.match(await deliver(order(150), { path, secret: 'whsec_test_123' }), {
    status: 200,
    body: { outcome: 'duplicate' },
  })
  t.match(await deliver(order(150), { path }), { status: 401 })
})
