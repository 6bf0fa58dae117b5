/**
 * Attacks on other people's objects from the OWASP API Security Top 10 (2023) and the ASVS 4.0.3,
 * against a whole server: subscriptions, ids in bodies, and fields that the caller may not set.
 * `access.test.ts` tests the access to every route.
 */

import t from 'tap'
import { http, Listener, password } from './people.ts'
import { startAttacked } from './fixture-attacked.ts'

const { url, world, customer, otherCustomer, vendor, otherPharmacy, driver, otherDriver } =
  await startAttacked(t)

t.test('API1, ASVS V4.2.1 a socket shows nothing of somebody else', async t => {
  const closes = (path: string) => new Listener(url, path).end()
  t.equal(
    await closes(`/ws/vendor/${vendor.pharmacyId}?token=${otherPharmacy.token}`),
    4003,
    'the fleet of another pharmacy',
  )
  t.equal(await closes(`/ws/vendor/${vendor.pharmacyId}?token=${driver.token}`), 4003)
  t.equal(await closes(`/ws/vendor/${vendor.pharmacyId}?token=${customer.token}`), 4003)
  t.equal(await closes(`/ws/vendor/${vendor.pharmacyId}`), 4001)
  t.equal(
    await closes(`/ws/vendor/${customer.id}?token=${otherPharmacy.token}`),
    4003,
    'the same for an id that is no pharmacy',
  )
  t.equal(
    await closes(`/ws/driver/${driver.driverId}?token=${otherDriver.token}`),
    4003,
    'the socket of another driver',
  )
  t.equal(
    await closes(`/ws/driver/${customer.id}?token=${otherDriver.token}`),
    4003,
    'the same for an id that is no driver',
  )
  t.equal(await closes(`/ws/driver?token=${vendor.token}`), 4003)
  t.equal(
    await closes(`/ws/tracking/${(await world.assignedOrder()).id}`),
    4004,
    'an order id is no tracking token',
  )

  const bystanders = [
    new Listener(url, `/ws/customer/?token=${otherCustomer.token}`),
    new Listener(url, `/ws/pharmacy/?token=${otherPharmacy.token}`),
    new Listener(url, `/ws/driver?token=${otherDriver.token}`),
  ]
  const mine = new Listener(url, `/ws/customer/?token=${customer.token}`)
  await Promise.all([
    bystanders[0]!.next('connection'),
    bystanders[1]!.next('connection'),
    bystanders[2]!.next('connection'),
    mine.next('connection'),
  ])
  for (const bystander of bystanders)
    for (const type of ['subscribe', 'watch', 'join'])
      bystander.send({
        type,
        order_id: customer.id,
        user_id: customer.id,
        vendor_id: vendor.pharmacyId,
      })
  const { id } = await world.assignedOrder()
  await world.call('driver', 'PATCH', `/api/orders/${id}`, { status: 'picked_up' })
  await mine.next('status', message => message.order_id === id && message.status === 'picked_up')
  // Everything that was sent to a bystander before this ping arrives before its answer.
  for (const bystander of bystanders) {
    bystander.send({ type: 'ping' })
    await bystander.next('pong')
  }
  for (const bystander of bystanders) {
    t.notMatch(JSON.stringify(bystander.heard), new RegExp(id), 'hears nothing of the order')
    bystander.close()
  }
  mine.close()
})

t.test(
  'API1 object level access by an id in a body: the driver of another pharmacy is refused like one who does not exist',
  async t => {
    const order = await world.pendingOrder()
    await world.call('vendor', 'POST', `/api/orders/${order}/accept`, {})
    const assign = async (driver_id: string) => {
      const { status, body } = await world.call(
        'vendor',
        'POST',
        `/api/orders/${order}/assign-driver`,
        { driver_id },
      )
      return [status, { ...body, instance: '' }]
    }
    const foreign = await assign(otherDriver.driverId)
    t.equal(foreign[0], 403)
    t.same(await assign(customer.id), foreign)
    const files = await Promise.all(
      [await world.upload(), customer.id].map(async id => {
        const { status, body } = await world.call('otherCustomer', 'GET', `/api/uploads/file/${id}`)
        return [status, { ...body, instance: '' }]
      }),
    )
    t.same(files[0], files[1], 'a file of somebody else is refused like one that does not exist')
  },
)

t.test(
  'API3, ASVS V5.1.2 mass assignment: a field that the caller may not set is refused as unknown',
  async t => {
    const pending = await world.pendingOrder()
    const account = {
      email: 'mass@example.com',
      full_name: 'Mass',
      phone: '+1234567890',
      role: 'user',
      password,
    }
    const order = {
      vendor_id: vendor.pharmacyId,
      delivery_address: 'x',
      delivery_latitude: 27.7,
      delivery_longitude: 85.3,
    }
    const table: [
      who: Parameters<typeof world.call>[0],
      method: string,
      path: string,
      body: object,
      fields: object,
    ][] = [
      [
        'stranger',
        'POST',
        '/api/auth/register',
        account,
        {
          is_active: true,
          vendor_id: vendor.pharmacyId,
          driver_id: driver.driverId,
          id: vendor.id,
          email_verified: true,
          email_verified_at: '2020-01-01T00:00:00Z',
          __proto: 1,
          constructor: {},
        },
      ],
      [
        'stranger',
        'POST',
        '/customer/register/',
        { email: 'mass@example.com', password, name: 'x', phone_number: '9841234567' },
        { role: 'ADMIN', is_staff: true, is_superuser: true },
      ],
      [
        'stranger',
        'POST',
        '/api/vendors/register',
        {
          email: 'mass@example.com',
          business_name: 'x',
          phone: '+1234567890',
          password,
          latitude: 1,
          longitude: 1,
        },
        { user_id: customer.id, role: 'admin', is_active: true, id: vendor.pharmacyId },
      ],
      [
        'stranger',
        'POST',
        '/api/drivers/register',
        {
          email: 'mass@example.com',
          full_name: 'x',
          phone: '+1234567890',
          password,
          vendor_id: vendor.pharmacyId,
          vehicle_type: 'bike',
        },
        {
          status: 'available',
          is_active: true,
          total_earnings: 9,
          total_deliveries: 9,
          user_id: customer.id,
        },
      ],
      [
        'customer',
        'PATCH',
        '/api/auth/me',
        {},
        {
          role: 'admin',
          is_active: true,
          id: vendor.id,
          password_hash: 'x',
          vendor_id: vendor.pharmacyId,
        },
      ],
      [
        'vendor',
        'PATCH',
        `/api/vendors/${vendor.pharmacyId}`,
        {},
        {
          user_id: customer.id,
          id: vendor.id,
          email_verified_at: 'x',
          revision: 1,
          created_at: '2020-01-01T00:00:00Z',
        },
      ],
      [
        'driver',
        'PATCH',
        `/api/drivers/${driver.driverId}`,
        {},
        {
          status: 'available',
          vendor_id: otherPharmacy.pharmacyId,
          total_earnings: 1_000,
          total_deliveries: 1,
          active_order_ids: [],
          user_id: customer.id,
          revision: 1,
        },
      ],
      [
        'driver',
        'PATCH',
        `/api/drivers/${driver.driverId}/status`,
        { status: 'available' },
        { capacity: 10, active_order_ids: [] },
      ],
      [
        'customer',
        'POST',
        '/api/orders',
        order,
        {
          status: 'delivered',
          delivery_fee: 0,
          tracking_token: 'x',
          driver_id: driver.driverId,
          order_number: 'ORD-1',
          id: vendor.id,
        },
      ],
      [
        'customer',
        'PATCH',
        `/api/orders/${pending}`,
        { status: 'cancelled' },
        {
          vendor_id: otherPharmacy.pharmacyId,
          user_id: otherCustomer.id,
          delivery_fee: 0,
          driver_id: driver.driverId,
        },
      ],
      [
        'vendor',
        'POST',
        `/api/orders/${pending}/accept`,
        {},
        { driver_id: driver.driverId, status: 'delivered' },
      ],
    ]
    for (const [who, method, path, good, fields] of table)
      for (const [field, value] of Object.entries(fields)) {
        const answer = await world.call(who, method, path, { ...good, [field]: value })
        t.same(
          [answer.status, answer.body.code ?? 'invalid_request'],
          [400, 'invalid_request'],
          `${method} ${path} with ${field}`,
        )
        t.match(JSON.stringify(answer.body), new RegExp(field), 'the refusal names the field')
      }
    t.equal(
      (await world.call('driver', 'PATCH', `/api/drivers/${driver.driverId}`, { is_active: true }))
        .status,
      403,
      'a driver cannot make itself a member',
    )
    t.equal(
      (await world.call('stranger', 'POST', '/api/auth/register', { ...account, role: 'admin' }))
        .status,
      400,
      'nobody registers as an admin',
    )
    t.equal(
      (await world.call('customer', 'POST', '/api/orders', { ...order, user_id: otherCustomer.id }))
        .status,
      403,
      'nobody orders for somebody else',
    )
    const polluted = await http(url, 'POST', '/api/auth/register', {
      body: `{"__proto__":{"role":"admin"},"email":"mass2@example.com","full_name":"x","phone":"+1234567890","role":"user","password":"${password}"}`,
    })
    t.not(polluted.body?.user?.role, 'admin', 'no prototype is polluted')
    t.equal(({} as { role?: string }).role, undefined)
  },
)
