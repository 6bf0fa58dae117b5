/**
 * Codes over HTTP: any text, the tracking link of an order for its parties, the codes of a picture,
 * and inputs that are refused by code and field.
 */
import t from 'tap'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { png } from '../uploads/samples.ts'
import { codeLimits } from './limits.ts'
import { label } from './samples.ts'

const edge = await startFixture({ TRACKING_LINK_HOURS: '1' })
t.teardown(() => edge.stop())
const { call } = edge
const customer = await edge.customer()
const stranger = await edge.customer()
const pharmacy = await edge.pharmacy()
const otherPharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)
const admin = await edge.admin()
const origin = `http://127.0.0.1:${edge.edge.port}`

const form = (picture: Uint8Array): FormData => {
  const data = new FormData()
  data.append('file', new Blob([picture as Uint8Array<ArrayBuffer>]), 'photo')
  return data
}
const scan = (picture: Uint8Array) =>
  call('POST', '/api/qr/scan', { token: customer.token, body: form(picture) })

/** The picture that the server makes, and its type. */
async function generated(path: string, init: { token: string; body?: unknown }) {
  const response = await fetch(origin + path, {
    method: init.body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${init.token}`, 'content-type': 'application/json' },
    ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
  })
  if (response.status !== 200) throw new Error(await response.text())
  return {
    cache: response.headers.get('cache-control'),
    type: response.headers.get('content-type'),
    data: new Uint8Array(await response.arrayBuffer()),
  }
}
/** The one code of the picture that the server makes. */
async function readBack(...args: Parameters<typeof generated>) {
  const { body } = await scan((await generated(...args)).data)
  if (body.codes?.length !== 1) throw new Error(JSON.stringify(body))
  return body.codes[0]
}

t.test('any text becomes a code, by POST and by GET, and is read again', async t => {
  const { token } = customer
  for (const key of ['a text', 'https://example.org/a?b=c&d=%20#e', 'औषधि / 50%', '..', 'one\ntwo'])
    for (const symbology of ['qr_code', 'data_matrix'] as const) {
      t.match(
        await readBack('/api/qr/generate', { token, body: { key, symbology } }),
        { text: key, symbology },
        'POST',
      )
      // A client would leave the folder at the two dots.
      if (key === '..') continue
      const path = `/api/qr/generate/${encodeURIComponent(key)}?symbology=${symbology}`
      t.match(await readBack(path, { token }), { text: key, symbology }, 'GET')
    }
  const svg = await generated('/api/qr/generate/text?format=svg', { token })
  t.match(svg, { type: 'image/svg+xml', cache: 'private, no-store' })
  t.match(Buffer.from(svg.data).toString(), /^<svg xmlns/)
  t.same(
    (await generated('/api/qr/generate', { token, body: { key: 'text', format: 'svg' } })).data,
    svg.data,
  )
  t.match(await generated('/api/qr/generate/text', { token }), {
    type: 'image/png',
    cache: 'private, no-store',
  })
})

t.test('the parties of an order get its tracking link as a code', async t => {
  const order = viewOf({ id: newId(), user_id: customer.id, vendor_id: pharmacy.id })
  const assigned = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    driver_id: driver.id,
    status: 'picked_up',
    accepted_at: new Date().toISOString(),
  })
  const ended = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    status: 'delivered',
    ended_at: new Date(Date.now() - 3_600_001).toISOString(),
  })
  for (const one of [order, assigned, ended]) await edge.store(one)
  const ask = (token: string, { id }: { id: string }) =>
    call('POST', '/api/qr/generate', { token, body: { order_id: id } })
  for (const [name, { token }] of Object.entries({ customer, admin }))
    t.equal(
      (await readBack('/api/qr/generate', { token, body: { order_id: order.id } })).text,
      `${origin}/track/${order.tracking_token}`,
      name,
    )
  t.equal(
    (await readBack('/api/qr/generate', { token: pharmacy.token, body: { order_id: assigned.id } }))
      .text,
    `${origin}/track/${assigned.tracking_token}`,
    'the pharmacy that accepted',
  )
  t.match(await ask(driver.token, assigned), { status: 403, body: { code: 'forbidden' } })
  for (const [name, { token }] of Object.entries({ stranger, otherPharmacy }))
    t.match(await ask(token, order), { status: 404, body: { code: 'order_not_found' } }, name)
  t.match(await ask(customer.token, { id: newId() }), {
    status: 404,
    body: { code: 'order_not_found' },
  })
  t.match(await ask(customer.token, ended), { status: 410, body: { code: 'tracking_expired' } })
  const rolesNoted = async (): Promise<unknown[]> => {
    const { rows } = await edge.database.pool.query(
      `select actor_role from audit_log where operation = 'generateCode' and target_id = $1`,
      [order.id],
    )
    return rows.map(row => row['actor_role']).sort()
  }
  while ((await rolesNoted()).length < 2) await new Promise(setImmediate)
  t.same(await rolesNoted(), ['admin', 'user'], 'they are noted')
})

t.test('codes of a picture are told, from a form and from raw bytes', async t => {
  const expected = {
    status: 200,
    body: {
      codes: [
        {
          text: '01095060001343521726123110ABC123\x1d21XYZ',
          symbology: 'data_matrix',
          symbology_identifier: ']d2',
          gs1: true,
        },
      ],
    },
  }
  t.match(await scan(label), expected)
  const raw = await fetch(`${origin}/api/qr/scan`, {
    method: 'POST',
    headers: { authorization: `Bearer ${customer.token}`, 'content-type': 'image/png' },
    body: label as Uint8Array<ArrayBuffer>,
  })
  t.match(await raw.json(), expected.body)
  t.same((await scan(png)).body, { codes: [] }, 'a picture without a code')
  const metrics = await (await fetch(`${origin}/metrics`)).text()
  t.match(metrics, /caduceus_pictures_read_total\{outcome="none"\} 1/)
})

t.test('bad input is refused by code and field', async t => {
  const { token } = customer
  const long = 'x'.repeat(codeLimits.qrBytesMax + 1)
  const wide = Buffer.from(png)
  wide.writeUInt32BE(1_000_000, 16)
  for (const [name, answer, status, code, field] of [
    [
      'no text',
      await call('POST', '/api/qr/generate', { token, body: {} }),
      400,
      'invalid_request',
      'key',
    ],
    [
      'an empty text',
      await call('POST', '/api/qr/generate', { token, body: { key: '' } }),
      400,
      'invalid_request',
      'key',
    ],
    [
      'a long text',
      await call('POST', '/api/qr/generate', { token, body: { key: long } }),
      400,
      'invalid_request',
      'key',
    ],
    [
      'a long text, many bytes a letter',
      await call('POST', '/api/qr/generate', { token, body: { key: 'औ'.repeat(1_000) } }),
      400,
      'invalid_request',
      'key',
    ],
    [
      'a long text in the path',
      await call('GET', `/api/qr/generate/${long}`, { token }),
      400,
      'invalid_request',
      'key',
    ],
    [
      'a long DataMatrix',
      await call('GET', `/api/qr/generate/${long.slice(0, 501)}?symbology=data_matrix`, { token }),
      400,
      'invalid_request',
      'key',
    ],
    [
      'NUL',
      await call('POST', '/api/qr/generate', { token, body: { key: 'a\0' } }),
      400,
      'invalid_request',
      'key',
    ],
    [
      'text and order',
      await call('POST', '/api/qr/generate', { token, body: { key: 'a', order_id: newId() } }),
      400,
      'invalid_request',
      'order_id',
    ],
    [
      'no id',
      await call('POST', '/api/qr/generate', { token, body: { order_id: 'x' } }),
      400,
      'invalid_request',
      'order_id',
    ],
    [
      'a format',
      await call('GET', '/api/qr/generate/a?format=gif', { token }),
      400,
      'invalid_request',
      'format',
    ],
    [
      'a symbology',
      await call('GET', '/api/qr/generate/a?symbology=aztec', { token }),
      400,
      'invalid_request',
      'symbology',
    ],
    [
      'another field',
      await call('POST', '/api/qr/generate', { token, body: { key: 'a', size: 9 } }),
      400,
      'invalid_request',
      'size',
    ],
    ['an empty file', await scan(new Uint8Array()), 400, 'invalid_request', 'file'],
    ['no picture', await scan(Buffer.from('GIF89a')), 415, 'unsupported_media_type', 'file'],
    ['half a picture', await scan(label.subarray(0, 100)), 422, 'file_malformed', 'file'],
    ['a million pixels wide', await scan(wide), 422, 'image_too_large', 'file'],
  ] as const) {
    t.match(answer, { status, body: { code } }, name)
    t.match(answer.body.fields, [{ field, rule: /./ }], `${name}: ${JSON.stringify(answer.body)}`)
  }
  for (const [method, path, body] of [
    ['POST', '/api/qr/generate', { key: 'a' }],
    ['GET', '/api/qr/generate/a', undefined],
    ['POST', '/api/qr/scan', form(label)],
  ] as const)
    t.match(
      await call(method, path, { body }),
      { status: 401, body: { code: 'unauthenticated' } },
      `${method} ${path} without a token`,
    )
})
