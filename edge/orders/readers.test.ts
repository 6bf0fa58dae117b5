/**
 * The readers of an order over HTTP: its customer, its pharmacy, its driver, and the pharmacies and
 * the driver who were asked.
 */
import t from 'tap'
import { newId, viewOf } from '../acceptance/fixture-edge.ts'
import { startParties } from '../acceptance/fixture-parties.ts'

const { edge, call, customer, stranger, pharmacy, otherPharmacy, driver, otherDriver } =
  await startParties(t)

t.test('only the parties of an order and those who were asked see it', async t => {
  const direct = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    driver_id: driver.id,
    status: 'picked_up',
  })
  const open = viewOf({ id: newId(), kind: 'broadcast', user_id: customer.id })
  const taken = viewOf({
    id: newId(),
    kind: 'broadcast',
    user_id: customer.id,
    vendor_id: pharmacy.id,
    status: 'accepted',
    driver_search: {
      state: 'offering',
      offers_made: 1,
      offer: {
        offer_id: newId(),
        driver_id: otherDriver.id,
        expires_at: new Date().toISOString(),
      },
    },
  })
  await edge.store(direct)
  await edge.store(open, [pharmacy.id, otherPharmacy.id])
  await edge.store(taken, [pharmacy.id, otherPharmacy.id])
  const table: [name: string, token: string, seen: string[]][] = [
    ['customer', customer.token, [direct.id, open.id, taken.id]],
    ['another customer', stranger.token, []],
    ['pharmacy', pharmacy.token, [direct.id, open.id, taken.id]],
    ['pharmacy that was asked', otherPharmacy.token, [open.id]],
    ['driver', driver.token, [direct.id]],
    ['driver with an offer', otherDriver.token, [taken.id]],
  ]
  for (const [name, token, seen] of table) {
    const { body } = await call('GET', '/api/orders', { token })
    t.same(
      body.orders.map((o: { id: string }) => o.id).toSorted(),
      seen.toSorted(),
      `${name}: list`,
    )
    for (const { id } of [direct, open, taken])
      t.equal(
        (await call('GET', `/api/orders/${id}`, { token })).status,
        seen.includes(id) ? 200 : 404,
        `${name}: one`,
      )
  }
  t.equal(
    (await call('GET', `/api/orders/${direct.id}`, { token: driver.token })).body.tracking_token,
    '',
    'the driver does not see the tracking link',
  )
  const one = await call('GET', '/api/orders?limit=1', { token: customer.token })
  const two = await call('GET', `/api/orders?limit=2&cursor=${one.body.next_cursor}`, {
    token: customer.token,
  })
  t.equal(
    new Set([...one.body.orders, ...two.body.orders].map((o: { id: string }) => o.id)).size,
    3,
  )
  t.equal(two.body.next_cursor, null)
  const link = await call('GET', `/api/tracking/${direct.tracking_token}`)
  t.match(link.body, {
    order: { customer_name: 'John', status: 'picked_up' },
    driver_location: null,
    eta_minutes: null,
  })
  t.notMatch(
    JSON.stringify(link.body),
    /Doe|1234567890/,
    'the public link shows a first name and no number',
  )
})
