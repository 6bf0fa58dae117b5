/**
 * A file that an order names is read by the parties of that order, and a prescription may come with
 * the request itself.
 */
import t from 'tap'
import { png } from './samples.ts'
import { newId, viewOf } from '../acceptance/fixture-edge.ts'
import { startParties } from '../acceptance/fixture-parties.ts'

const { edge, call, customer, stranger, pharmacy, otherPharmacy, driver } = await startParties(t)

t.test('a file is typed by its content and read by the parties of its order', async t => {
  const form = (field: string, bytes: Uint8Array, more: Record<string, string> = {}) => {
    const data = new FormData()
    for (const [name, value] of Object.entries(more)) data.append(name, value)
    data.append(field, new Blob([bytes as Uint8Array<ArrayBuffer>]), '../../evil.png')
    return data
  }
  const stored = await call('POST', '/api/uploads/prescription', {
    token: customer.token,
    body: form('file', png),
  })
  t.match(stored, { status: 201, body: { content_type: 'image/png', bytes: png.length } })
  t.equal(
    (
      await call('POST', '/api/uploads/proof', {
        token: driver.token,
        body: form('file', Buffer.from('<svg onload=alert(1)>')),
      })
    ).body.code,
    'unsupported_media_type',
  )
  await edge.store(
    viewOf({
      id: newId(),
      user_id: customer.id,
      vendor_id: pharmacy.id,
      prescription_url: stored.body.url,
    }),
  )
  await edge.store(
    viewOf({
      id: newId(),
      user_id: stranger.id,
      vendor_id: otherPharmacy.id,
      prescription_url: stored.body.url,
    }),
  )
  for (const [name, token, status] of [
    ['owner', customer.token, 200],
    ['its pharmacy', pharmacy.token, 200],
    ['a stranger who names it in an order', stranger.token, 404],
    ["the stranger's pharmacy", otherPharmacy.token, 404],
    ['a driver', driver.token, 404],
  ] as const)
    t.equal((await call('GET', stored.body.url, { token })).status, status, name)
  const file = await call('GET', stored.body.url, { token: customer.token })
  t.equal(file.headers.get('content-type'), 'image/png')
  t.match(file.headers.get('content-disposition'), /^inline; filename="[0-9a-f-]+\.png"$/)

  edge.script.answer = command => ({
    ok: true,
    order: viewOf({
      ...(command.data as object),
      id: command.actor_id,
      kind: 'broadcast',
      pharmacies_notified: 3,
    }),
    outcome: {},
  })
  const fields = {
    patient_lat: '27.7172',
    patient_lng: '85.3240',
    radius_km: '10.0',
    quantity: '10',
  }
  const asked = await call('POST', '/medicine/request/', {
    token: customer.token,
    body: form('image', png, fields),
  })
  t.equal(asked.status, 201)
  t.match(asked.body, {
    message: 'Medicine request sent to 3 nearby pharmacies',
    pharmacies_notified: 3,
    data: {
      status: 'PENDING',
      patient_name: 'John Doe',
      image: /^http:\/\/127.*\/api\/uploads\/file\//,
    },
  })
  t.equal(
    (
      await call('POST', '/medicine/request/', {
        token: customer.token,
        body: form('image', png, { ...fields, radius_km: '51' }),
      })
    ).status,
    400,
  )
})
