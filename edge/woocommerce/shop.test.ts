/**
 * A shop and its integration, against a whole deployment: addresses and secrets, deliveries without
 * a valid signature, bodies that nobody can read, and the end of an integration.
 */
import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { readConfig } from '../config.ts'
import { httpLimits } from '../kernel/http-limits.ts'
import { http } from '../acceptance/people.ts'
import { startShop } from './fixture-shop.ts'

const { dataDir, embedded, url, pharmacy, other, connect, shop, deliver, order, importsOf } =
  await startShop(t)

const data = process.env['CADUCEUS_DATA'] ?? fileURLToPath(assetUrl('../shared/data'))

t.test('an integration has an address and shows its secret once', async t => {
  t.equal(shop.answer.status, 201)
  t.match(
    shop.answer.body.integration.delivery_url,
    /^https:\/\/caduceus\.example\.org\/api\/webhooks\/wc\/order-created\/[\w-]{22}$/,
  )
  t.ok(shop.secret.length >= 32)
  const list = await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}/integrations`, {
    token: pharmacy.token,
  })
  t.match(list.body.integrations, [{ id: shop.answer.body.integration.id, delivery_url: String }])
  t.notMatch(JSON.stringify(list.body), shop.secret)
  const { rows } = await embedded.edge.parts.database.pool.query('select * from integrations')
  t.notMatch(JSON.stringify(rows), shop.secret, 'the secret is not in the database')
})

t.test('a ping gets 200, and a delivery without a valid signature is refused', async t => {
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
  t.same(await importsOf(), [], 'no refused delivery left an import')
})

t.test('a signed body that nobody can read waits for the pharmacy', async t => {
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
    t.equal(
      (await deliver(nonsense)).body.import_id,
      kept.body.import_id,
      'a repeat is the same import',
    )
    t.match(
      (await importsOf('pending')).find((one: any) => one.id === kept.body.import_id),
      {
        reason: 'import_unreadable',
        external_id: /^unreadable [0-9a-f]{16}$/,
        customer_name: null,
      },
    )
    const path = `/api/vendors/${pharmacy.pharmacyId}/imports/${kept.body.import_id}`
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
      `/api/vendors/${pharmacy.pharmacyId}/imports/${kept.body.import_id}/complete`,
      { token: pharmacy.token, body: { latitude: 40.7, longitude: -74 } },
    )
    t.match(
      [done.status, done.body.notes],
      [201, `Shop order ${id}.`],
      'the pharmacy can complete it',
    )
  }
  const mended = await deliver(order(94, { line_items: 'Aspirin' }))
  t.equal(mended.status, 202)
  t.match(
    (await deliver(order(94, { id: '94', date_modified_gmt: '2026-01-02 03:04:06' }))).body,
    { outcome: 'created' },
    'a newer version of the order, with its id as text, is taken',
  )
  t.match((await deliver(order(94))).body, { outcome: 'duplicate' })
})

t.test("an integration works with the shop's own secret, at its own address", async t => {
  const real = await connect({ secret: 'whsec_test_123' })
  if (existsSync(`${data}/woo/signed_body.json`)) {
    const body = readFileSync(`${data}/woo/signed_body.json`, 'utf8')
    const { note: _, ...headers } = JSON.parse(
      readFileSync(`${data}/woo/signed_headers.json`, 'utf8'),
    ) as Record<string, string>
    t.match(
      await http(url, 'POST', real.path, { body, headers }),
      { status: 202, body: { outcome: 'pending', reason: 'address_not_found' } },
      'a real body with its real signature',
    )
    t.match((await importsOf('pending'))[0], {
      customer_name: 'John Doe',
      delivery_address: '969 Market, San Francisco, CA 94103, US',
    })
    t.match(
      await http(url, 'POST', shop.path, { body, headers }),
      { status: 401 },
      'the signature is not valid at another address',
    )
  } else t.pass(`skipped: no woo/signed_body.json in ${data}`)
  const path = `/api/vendors/${pharmacy.pharmacyId}/integrations/${real.answer.body.integration.id}`
  t.equal(
    (
      await http(url, 'DELETE', path.replace(pharmacy.pharmacyId, other.pharmacyId), {
        token: other.token,
      })
    ).status,
    404,
  )
  t.equal((await http(url, 'DELETE', path, { token: pharmacy.token })).status, 204)
  t.equal((await deliver(order(140), { path: real.path, secret: 'whsec_test_123' })).status, 404)
})

t.test('the shop of the environment delivers; half of its settings is a mistake', async t => {
  const path = '/api/webhooks/wc/order-created'
  const environment = { JWT_SECRET_KEY: 'x'.repeat(32), DATA_DIR: dataDir }
  for (const half of [
    { WC_WEBHOOK_SECRET: 'whsec_test_123' },
    { WC_WEBHOOK_VENDOR_ID: pharmacy.pharmacyId },
    { WC_WEBHOOK_SECRET: 'x', WC_WEBHOOK_VENDOR_ID: 'y' },
  ])
    t.throws(() => readConfig({ ...environment, ...half }, 'embedded'), {
      message: /^WC_WEBHOOK_(SECRET|VENDOR_ID) is not/,
    })
  // A restart with the two variables would read these settings; the pharmacy had to exist first.
  embedded.edge.parts.config.shop = readConfig(
    {
      ...environment,
      WC_WEBHOOK_SECRET: 'whsec_test_123',
      WC_WEBHOOK_VENDOR_ID: pharmacy.pharmacyId,
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
