/**
 * The reader of shop orders: the documented example, and the variants that plugins and people
 * write.
 */
import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import { checkOrderSize } from '../../protocol/dispatch/order-size.ts'
import { composedValue } from '../../protocol/kernel/text.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { guestId } from './imports.ts'
import { draftOf, externalIdOf, ignoredBecause, type WooOrder } from './order.ts'
import { isPing, signedBy } from './signature.ts'

const data = process.env['CADUCEUS_DATA'] ?? fileURLToPath(assetUrl('../shared/data'))
const place = {
  first_name: 'Ann',
  last_name: 'Lee',
  address_1: '1 Main St',
  address_2: 'Flat 2',
  city: 'Leeds',
  state: '',
  postcode: 'LS1 1AA',
  country: 'GB',
  phone: '+44 113 000',
}
const order = (rest: object = {}): WooOrder => ({
  id: 9,
  status: 'processing',
  line_items: [{ name: 'Aspirin', quantity: 1 }],
  billing: { ...place, email: 'Ann@Example.com' },
  ...rest,
})

t.test('a real signed body becomes an order', t => {
  if (!existsSync(`${data}/woo/signed_body.json`)) {
    t.pass(`skipped: no woo/signed_body.json in ${data}`)
    t.end()
    return
  }
  const body = readFileSync(`${data}/woo/signed_body.json`)
  const headers = JSON.parse(readFileSync(`${data}/woo/signed_headers.json`, 'utf8')) as Record<
    string,
    string
  >
  const signature = headers['X-WC-Webhook-Signature']!
  t.ok(signedBy('whsec_test_123', body, signature), 'its signature is good')
  t.notOk(signedBy('whsec_test_124', body, signature), 'no other secret fits')
  t.notOk(
    signedBy(
      'whsec_test_123',
      Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1)),
      signature,
    ),
    'the signature is over the bytes and not over the data',
  )
  for (const file of [
    'signed_body.json',
    'order_created_rest_v3_create_example.json',
    'order_rest_v3_retrieve_example.json',
  ]) {
    const woo = JSON.parse(readFileSync(`${data}/woo/${file}`, 'utf8')) as WooOrder
    t.equal(ignoredBecause(woo), null)
    t.same(
      draftOf(woo),
      {
        external_id: '727',
        modified: '2017-03-22T19:28:08',
        customer_key: 'john.doe@example.com',
        customer_name: 'John Doe',
        customer_phone: '(555) 555-5555',
        delivery_address: '969 Market, San Francisco, CA 94103, US',
        coordinates: null,
        items: [
          { name: 'Woo Single #1', quantity: 2 },
          { name: 'Ship Your Idea – Color: Black, Size: M Test', quantity: 1 },
        ],
        notes: 'Shop order 727.',
      },
      file,
    )
  }
  t.end()
})

t.test('signatures are verified, and pings are recognised', t => {
  const body = Buffer.from('{"id":1}')
  const good = createHmac('sha256', 'secret').update(body).digest('base64')
  t.ok(signedBy('secret', body, good))
  for (const bad of [
    undefined,
    '',
    'x',
    good.slice(0, -4),
    `${good}AAAA`,
    Buffer.from(good, 'base64').toString('hex'),
  ])
    t.notOk(signedBy('secret', body, bad), String(bad))
  t.ok(isPing({}, Buffer.from('webhook_id=12')))
  for (const [headers, text] of [
    [{ 'x-wc-webhook-signature': 'x' }, 'webhook_id=12'],
    [{}, ''],
    [{}, 'webhook_id='],
    [{}, 'webhook_id=12&a=b'],
    [{}, 'id=12'],
    [{}, '{"webhook_id":12}'],
  ] as const)
    t.notOk(isPing(headers, Buffer.from(text)), text)
  t.end()
})

t.test('orders without a delivery are ignored', t => {
  const table: [name: string, rest: object, ignored: boolean][] = [
    ['to be paid', { status: 'pending' }, false],
    ['on hold', { status: 'on-hold' }, false],
    ['of a plugin', { status: 'wc-awaiting-rx' }, false],
    ['of no status', { status: undefined }, false],
    ['cancelled', { status: 'cancelled' }, true],
    ['with its prefix', { status: 'wc-refunded' }, true],
    ['fulfilled', { status: 'completed' }, true],
    ['a draft', { status: 'checkout-draft' }, true],
    ['collected', { shipping_lines: [{ method_id: 'local_pickup:3' }] }, true],
    ['collected at a point', { shipping_lines: [{ method_id: 'pickup_location:0' }] }, true],
    [
      'partly collected',
      { shipping_lines: [{ method_id: 'local_pickup' }, { method_id: 'flat_rate' }] },
      false,
    ],
    ['without shipping lines', { shipping_lines: [] }, false],
  ]
  for (const [name, rest, ignored] of table)
    t.equal(ignoredBecause(order(rest)) !== null, ignored, name)
  t.end()
})

/**
 * The same order in the form in which PHP writes it after a plugin removed one entry of each list.
 */
const withGaps = (value: unknown, depth = 0): unknown => {
  if (Array.isArray(value))
    return Object.fromEntries(value.map((entry, i) => [String(i + 1), withGaps(entry, depth + 1)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, withGaps(entry, depth + 1)]),
  )
}

t.test('lists with gaps are read like other lists', t => {
  const meta = (key: string, value: unknown) => ({ id: 1, key, value })
  const whole = order({
    shipping_lines: [{ method_id: 'flat_rate', meta_data: [meta('a', 'b')] }],
    coupon_lines: [{ code: 'x' }],
    tax_lines: [{ id: 1 }],
    refunds: [],
    fee_lines: [],
    line_items: [
      { name: 'Aspirin', quantity: 2, taxes: [{ id: 1 }], meta_data: [meta('size', 'M')] },
      { name: 'Salbe', quantity: 1, taxes: [] },
    ],
    meta_data: [meta('_billing_latitude', '53.8'), meta('_billing_longitude', '-1.55')],
  })
  t.same(draftOf(withGaps(whole) as WooOrder), draftOf(whole))
  t.match(draftOf(withGaps(whole) as WooOrder), {
    items: [
      { name: 'Aspirin', quantity: 2 },
      { name: 'Salbe', quantity: 1 },
    ],
    coordinates: { latitude: 53.8 },
  })
  t.equal(
    ignoredBecause(
      withGaps(order({ shipping_lines: [{ method_id: 'local_pickup:3' }] })) as WooOrder,
    ),
    'the customer collects it',
  )
  t.match(
    draftOf(
      order({
        line_items: { 12: { name: 'Twelve', quantity: 1 }, 7: { name: 'Seven', quantity: 1 } },
      }),
    ).items,
    [{ name: 'Seven' }, { name: 'Twelve' }],
  )
  t.match(
    draftOf(order({ line_items: { name: 'Alone', quantity: '3' } })).items,
    [{ name: 'Alone', quantity: 3 }],
    'one item in place of a list',
  )
  t.match(draftOf(order({ line_items: { first: { name: 'Named', quantity: 1 } } })).items, [
    { name: 'Named' },
  ])
  t.match(
    draftOf(order({ meta_data: { _billing_latitude: 53.8, _billing_longitude: '-1.55' } })),
    { coordinates: { latitude: 53.8, longitude: -1.55 } },
    'metadata as an object from key to value',
  )
  for (const nothing of [null, '', false, 0, 'x', {}, [], [null], [[]]]) {
    t.same(
      draftOf(
        order({
          line_items: nothing,
          shipping_lines: nothing,
          meta_data: nothing,
          billing: nothing,
        }),
      ).coordinates,
      null,
      JSON.stringify(nothing),
    )
    t.equal(ignoredBecause(order({ shipping_lines: nothing })), null, JSON.stringify(nothing))
  }
  t.end()
})

t.test('names of inherited properties are ordinary names', t => {
  const inherited = Object.getOwnPropertyNames(Object.prototype)
  const items = draftOf(
    order({ line_items: inherited.map(name => ({ name: `&${name};`, quantity: 1 })) }),
  ).items
  t.same(
    items.map(({ name }) => name),
    inherited.map(name => `&${name};`),
  )
  for (const name of inherited) {
    t.equal(ignoredBecause(order({ status: name })), null, name)
    t.equal(draftOf({ id: 9, [name]: 'x', line_items: [] }).customer_name, 'Customer', name)
    t.same(draftOf(order({ meta_data: { [name]: '53.8' } })).coordinates, null, name)
  }
  t.match(
    draftOf(
      JSON.parse(
        '{"id":9,"billing":{"__proto__":{"first_name":"Eve"}},"line_items":[{"__proto__":{"name":"Evil"},"quantity":1,"name":"Good"}]}',
      ) as WooOrder,
    ),
    { customer_name: 'Customer', items: [{ name: 'Good' }] },
  )
  t.end()
})

t.test('ids, numbers and times are read in the forms of shops', t => {
  for (const [id, expected] of [
    [727, '727'],
    ['727', '727'],
    [' 0727 ', '727'],
    ['99999999999999999999', '99999999999999999999'],
    [0, null],
    ['', null],
    [null, null],
    [-1, null],
    [1.5, null],
    ['x', null],
    [undefined, null],
    [true, null],
    [{}, null],
  ] as const)
    t.equal(externalIdOf({ id }), expected, JSON.stringify(id))
  for (const [quantity, expected] of [
    ['2', 2],
    [' 2 ', 2],
    ['1,5', 2],
    ['2.0', 2],
    ['', 1],
    [null, 1],
    [undefined, 1],
    ['0', null],
    [0, null],
    ['-1', null],
    ['many', null],
  ] as const)
    t.same(
      draftOf(order({ line_items: [{ name: 'x', quantity }] })).items.map(item => item.quantity),
      expected === null ? [] : [expected],
      JSON.stringify(quantity),
    )
  const times: [given: object, expected: string][] = [
    [{ date_modified_gmt: '2026-01-02T03:04:05' }, '2026-01-02T03:04:05'],
    [{ date_modified_gmt: '2026-01-02 03:04:05' }, '2026-01-02T03:04:05'],
    [{ date_modified_gmt: '2026-01-02T03:04:05Z' }, '2026-01-02T03:04:05'],
    [{ date_modified_gmt: '2026-01-02T05:04:05+02:00' }, '2026-01-02T03:04:05'],
    [{ date_modified_gmt: '2026-01-02T05:04:05.123+0200' }, '2026-01-02T03:04:05'],
    [{ date_modified_gmt: 1767323045 }, '2026-01-02T03:04:05'],
    [
      {
        date_modified_gmt: {
          date: '2026-01-02 03:04:05.000000',
          timezone_type: 3,
          timezone: 'UTC',
        },
      },
      '2026-01-02T03:04:05',
    ],
    [{ date_modified_gmt: null, date_modified: '2026-01-02T03:04:05' }, '2026-01-02T03:04:05'],
    [{ date_modified_gmt: '' }, ''],
    [{ date_modified_gmt: 'yesterday' }, ''],
    [{ date_modified_gmt: '2026-13-02T03:04:05' }, ''],
    [{}, ''],
  ]
  for (const [given, expected] of times)
    t.equal(draftOf(order(given)).modified, expected, JSON.stringify(given))
  t.end()
})

t.test('people, places and items are read from an order', t => {
  const other = { ...place, first_name: 'Bob', address_1: '9 Side St', phone: '' }
  t.match(
    draftOf(order()),
    {
      customer_name: 'Ann Lee',
      customer_key: 'ann@example.com',
      delivery_address: '1 Main St, Flat 2, Leeds, LS1 1AA, GB',
    },
    'without a shipping address the billing address counts',
  )
  t.match(
    draftOf(order({ shipping: other })),
    { customer_name: 'Bob Lee', customer_phone: '+44 113 000', delivery_address: /^9 Side St/ },
    'a shipping address counts',
  )
  t.match(
    draftOf(order({ shipping: { ...other, address_1: ' ' } })),
    { customer_name: 'Ann Lee', delivery_address: /^1 Main St/ },
    'an empty shipping address does not count',
  )
  t.match(
    draftOf(order({ billing: [] })),
    {
      customer_name: 'Customer',
      customer_phone: '',
      customer_key: 'order 9',
      delivery_address: '',
    },
    'PHP writes an empty object as an empty list',
  )
  t.match(draftOf(order({ billing: null, shipping: 3 })), { customer_name: 'Customer' })
  const items = draftOf(
    order({
      line_items: [
        {
          name: 'Salt &amp; Pepper <em>new</em>&#8482;&#x20AC;&bogus; \u202eevil\u0000\n',
          quantity: 2,
        },
        { name: 'Half', quantity: '0.5' },
        { name: '', quantity: 1 },
        { name: 5, quantity: 1e9 },
        { name: 'Refund', quantity: -1 },
        { name: 'None', quantity: 0 },
        { name: 'Odd', quantity: 'many' },
        { name: 'x'.repeat(500), quantity: 1 },
        { name: '&lt;5 mg&gt;', quantity: 1 },
        { name: 'half \ud83d', quantity: 1 },
      ],
    }),
  ).items
  t.same(items, [
    { name: 'Salt & Pepper new ™€&bogus; evil', quantity: 2 },
    { name: 'Half', quantity: 1 },
    { name: 'Item', quantity: 1 },
    { name: '5', quantity: limits.quantityMax },
    { name: 'x'.repeat(limits.nameCharactersMax), quantity: 1 },
    { name: '<5 mg>', quantity: 1 },
    { name: 'half', quantity: 1 },
  ])
  const many = draftOf(
    order({
      number: 'A-9',
      customer_note: 'Ring <b>twice</b>',
      line_items: Array.from({ length: 60 }, () => ({ name: 'y', quantity: 1 })),
    }),
  )
  t.equal(many.items.length, limits.itemsMax)
  t.equal(many.notes, "Shop order A-9. 10 more items are in the shop's order. Ring twice")
  t.match(
    draftOf(
      order({
        customer_note: 'x'.repeat(5_000),
        line_items: Array.from({ length: 500 }, () => ({ name: 'y', quantity: 1 })),
      }),
    ).notes,
    /^Shop order 9. 450 more items [^]{900}/,
    'a long note does not displace that sentence',
  )
  t.end()
})

t.test('texts that are too long for an order are cut, in any script', t => {
  for (const letters of [
    'x',
    'é',
    'न',
    '中',
    '😀',
    '"',
    '\\',
    '\u0958',
    'e\u0301',
    'a' + '\u0327\u0301'.repeat(40),
  ]) {
    const text = (charactersMax: number) => letters.repeat(charactersMax).slice(0, charactersMax)
    const long = {
      ...place,
      first_name: text(300),
      last_name: text(300),
      address_1: text(2_000),
      phone: text(100),
      email: `${text(3_000)}@example.com`,
    }
    const draft = draftOf(
      order({
        billing: long,
        customer_note: text(3_000),
        line_items: Array.from({ length: 500 }, () => ({ name: text(400), quantity: 10_000 })),
      }),
    )
    t.doesNotThrow(() => checkOrderSize(draft), letters)
    t.equal(composedValue(draft).broken, null, letters)
    t.same(
      composedValue(draft).value,
      draft,
      `${letters} is in the stored form, in which its size is measured`,
    )
    t.equal(draft.items.length, limits.itemsMax, letters)
    t.ok(
      draft.items.every(({ name }) => name.length >= 20),
      letters,
    )
    // A letter with eighty marks keeps thirty of them, so its texts are shorter.
    if (letters.length < 10)
      t.ok(draft.delivery_address.length > 900 && draft.notes.length > 900, letters)
    t.ok(Buffer.byteLength(JSON.stringify(draft)) < 30_000, letters)
  }
  t.match(
    draftOf(
      order({
        line_items: Array.from({ length: 50 }, () => ({ name: 'न'.repeat(60), quantity: 1 })),
      }),
    ).items[0],
    { name: 'न'.repeat(60) },
    'a text that fits stays whole',
  )
  t.end()
})

t.test('coordinates are read from the metadata', t => {
  const meta = (...pairs: [string, unknown][]) => ({
    meta_data: pairs.map(([key, value]) => ({ id: 1, key, value })),
  })
  const here = { latitude: 53.8, longitude: -1.55 }
  const table: [name: string, rest: object, expected: object | null][] = [
    [
      'of the billing address',
      meta(['_billing_latitude', '53.8'], ['_billing_longitude', '-1.55']),
      here,
    ],
    ['of no address in particular', meta(['lat', 53.8], ['lng', -1.55]), here],
    [
      'of a shipping address that does not count',
      meta(['_shipping_latitude', '53.8'], ['_shipping_longitude', '-1.55']),
      null,
    ],
    [
      'of a shipping address that counts',
      {
        shipping: place,
        ...meta(['_shipping_latitude', '53.8'], ['_shipping_longitude', '-1.55']),
      },
      here,
    ],
    ['half', meta(['latitude', '53.8']), null],
    ['nowhere', meta(['latitude', '0'], ['longitude', '0']), null],
    ['off the globe', meta(['latitude', '95'], ['longitude', '0']), null],
    ['no numbers', meta(['latitude', '53,8'], ['longitude', 'x']), null],
    ['no texts', meta(['latitude', { a: 1 }], ['longitude', null]), null],
    ['no list', { meta_data: 'x' }, null],
  ]
  for (const [name, rest, expected] of table)
    t.same(draftOf(order(rest)).coordinates, expected, name)
  t.end()
})

t.test('a guest has one id at each pharmacy', t => {
  const [a, b] = ['019a0000-0000-7000-8000-000000000001', '019a0000-0000-7000-8000-000000000002']
  t.equal(guestId(a, 'x@example.com'), guestId(a, 'x@example.com'))
  t.not(guestId(a, 'x@example.com'), guestId(b, 'x@example.com'))
  t.match(
    guestId(a, 'x@example.com'),
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  t.end()
})
