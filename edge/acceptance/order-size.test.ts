/**
 * How much text one order may bring over HTTP: an order that fits reaches a terminal, a larger one
 * is refused.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { httpLimits } from '../kernel/http-limits.ts'
import { startEmbedded, type Embedded } from '../embedded.ts'
import { http, Listener, newCustomer, newPharmacy } from './people.ts'

const here = { latitude: 27.7172, longitude: 85.324 }
const dataDir = await preparedDataDir()
let system: Embedded
t.before(async () => {
  system = await startEmbedded({ DATA_DIR: dataDir, PORT: '0' }, { log: pino({ level: 'silent' }) })
})
t.teardown(async () => {
  await system.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Items with which the JSON of the body is as long as possible, with at most `bytes` bytes. */
function itemsOf(bytes: number, rest: object): { name: string; quantity: number }[] {
  const size = (items: object[]): number => Buffer.byteLength(JSON.stringify({ ...rest, items }))
  const items: { name: string; quantity: number }[] = []
  while (items.length < 50 && size([...items, { name: '💊', quantity: 1 }]) <= bytes) {
    const item = { name: '💊', quantity: 1 }
    items.push(item)
    const left = Math.floor((bytes - size(items)) / 4)
    item.name = '💊'.repeat(1 + Math.max(0, Math.min(99, left)))
  }
  return items
}

t.test(
  'the largest request and order are taken, and the terminal gets the whole request',
  async t => {
    const { url } = system
    const pharmacy = await newPharmacy(url, 'Large', here.latitude, here.longitude)
    const customer = await newCustomer(url)
    const terminal = new Listener(url, `/ws/pharmacy/?token=${pharmacy.token}`)
    await terminal.next('connection')
    const rows = [
      ['/api/requests', { ...here, radius_km: 5 }],
      [
        '/api/orders',
        {
          vendor_id: pharmacy.pharmacyId,
          delivery_address: '4 Home Road',
          delivery_latitude: here.latitude,
          delivery_longitude: here.longitude,
        },
      ],
    ] as const
    for (const [path, rest] of rows) {
      const send = (body: object) => http(url, 'POST', path, { token: customer.token, body })
      const largest = { ...rest, items: itemsOf(httpLimits.jsonBodyBytesMax - 600, rest) }
      t.match(
        await send(largest),
        { status: 201 },
        `${path}: ${JSON.stringify(largest).length} characters`,
      )
      // Fifty items of a hundred emoji have 23 kB.
      const larger = {
        ...rest,
        items: Array.from({ length: 50 }, () => ({ name: '💊'.repeat(100), quantity: 1 })),
        notes: '💊'.repeat(500),
      }
      t.match(await send(larger), { status: 413, body: { code: 'body_too_large' } }, path)
    }
    const { items } = await terminal.next('new_request')
    t.ok(items.length > 30, 'the terminal gets all items')
    terminal.socket.close()
  },
)

t.test('a name counts in the size, and the refusal names the longest field', async t => {
  const { url } = system
  const { token } = await newCustomer(url)
  const named = await http(url, 'PATCH', '/api/auth/me', {
    token,
    body: { full_name: '💊'.repeat(100) },
  })
  t.equal(named.status, 200)
  const rest = { ...here, radius_km: 5 }
  // Without the name the body would just fit.
  const refused = await http(url, 'POST', '/api/requests', {
    token,
    body: { ...rest, items: itemsOf(httpLimits.jsonBodyBytesMax, rest) },
  })
  t.match(refused, {
    status: 400,
    body: { code: 'invalid_request', fields: [{ field: 'items', rule: /16384 bytes/ }] },
  })
})
