/**
 * Input that a room refuses: each mistake has its status, its code and the field that is wrong, and
 * the older paths answer
 * in the older form.
 */
import t from 'tap'
import { newId, place } from './fixture-edge.ts'
import { startParties } from './fixture-parties.ts'

const { edge, call, customer, stranger, vendor, otherPharmacy, driver, otherDriver } =
  await startParties(t)

t.test('bad input has its code and its field', async t => {
  const request = { ...place, radius_km: 5 }
  const order = {
    vendor_id: vendor.id,
    delivery_address: 'x',
    delivery_latitude: 1,
    delivery_longitude: 1,
  }
  const account = {
    email: 'new@example.com',
    full_name: 'N',
    phone: '+1234567890',
    role: 'user',
    password: 'password123',
  }
  const someOrder = newId()
  const table: [
    name: string,
    method: string,
    path: string,
    token: string | undefined,
    body: unknown,
    status: number,
    code: string,
    field?: string,
  ][] = [
    [
      'admin by registration',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, role: 'admin' },
      400,
      'invalid_request',
      'role',
    ],
    [
      'e-mail that is none',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, email: 'x' },
      400,
      'invalid_request',
      'email',
    ],
    [
      'short password',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, password: 'short' },
      400,
      'invalid_request',
      'password',
    ],
    [
      'e-mail taken, in other letters',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, email: customer.email.toUpperCase() },
      409,
      'email_taken',
    ],
    [
      'wrong password',
      'POST',
      '/api/auth/login',
      undefined,
      { email: customer.email, password: 'wrong' },
      401,
      'credentials_wrong',
    ],
    [
      'unknown account',
      'POST',
      '/api/auth/login',
      undefined,
      { email: 'nobody@example.com', password: 'wrong' },
      401,
      'credentials_wrong',
    ],
    [
      'latitude off the globe',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, latitude: 90.1 },
      400,
      'invalid_request',
      'latitude',
    ],
    [
      'longitude off the globe',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, longitude: -181 },
      400,
      'invalid_request',
      'longitude',
    ],
    [
      'radius too small',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, radius_km: 0.5 },
      400,
      'invalid_request',
      'radius_km',
    ],
    [
      'radius too large',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, radius_km: 50.1 },
      400,
      'invalid_request',
      'radius_km',
    ],
    [
      'unknown field',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, radius: 5 },
      400,
      'invalid_request',
      'radius',
    ],
    [
      'item without a quantity',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, items: [{ name: 'x' }] },
      400,
      'invalid_request',
      'items.0.quantity',
    ],
    ['a pharmacy broadcasts', 'POST', '/api/requests', vendor.token, request, 403, 'forbidden'],
    ['nobody broadcasts', 'POST', '/api/requests', undefined, request, 401, 'unauthenticated'],
    [
      'a refresh token as access token',
      'GET',
      '/api/auth/me',
      customer.refresh,
      undefined,
      401,
      'token_invalid',
    ],
    [
      'for somebody else',
      'POST',
      '/api/orders',
      customer.token,
      { ...order, user_id: stranger.id },
      403,
      'forbidden',
    ],
    [
      'answer of no known type',
      'POST',
      `/api/requests/${someOrder}/responses`,
      vendor.token,
      { response_type: 'MAYBE' },
      400,
      'invalid_request',
      'response_type',
    ],
    [
      'a customer answers',
      'POST',
      `/api/requests/${someOrder}/responses`,
      customer.token,
      { response_type: 'ACCEPTED' },
      403,
      'forbidden',
    ],
    ['id that is none', 'GET', '/api/orders/1', customer.token, undefined, 404, 'not_found'],
    [
      'order that does not exist',
      'GET',
      `/api/orders/${someOrder}`,
      customer.token,
      undefined,
      404,
      'order_not_found',
    ],
    [
      'status that is not set',
      'PATCH',
      `/api/orders/${someOrder}`,
      driver.token,
      { status: 'driver_assigned' },
      400,
      'invalid_request',
      'status',
    ],
    [
      'failure without a reason',
      'PATCH',
      `/api/orders/${someOrder}`,
      driver.token,
      { status: 'failed' },
      400,
      'invalid_request',
      'reason',
    ],
    [
      'proof of a pick-up',
      'PATCH',
      `/api/orders/${someOrder}`,
      driver.token,
      { status: 'picked_up', proof_photo_url: '/x' },
      400,
      'invalid_request',
      'proof_photo_url',
    ],
    [
      'busy by hand',
      'PATCH',
      `/api/drivers/${driver.id}/status`,
      driver.token,
      { status: 'busy' },
      400,
      'invalid_request',
      'status',
    ],
    [
      "another driver's status",
      'PATCH',
      `/api/drivers/${driver.id}/status`,
      otherDriver.token,
      { status: 'available' },
      404,
      'driver_not_found',
    ],
    [
      "another pharmacy's driver",
      'GET',
      `/api/drivers/${driver.id}`,
      otherPharmacy.token,
      undefined,
      404,
      'driver_not_found',
    ],
    [
      "another pharmacy's profile",
      'PATCH',
      `/api/vendors/${vendor.id}`,
      otherPharmacy.token,
      { business_name: 'Mine' },
      404,
      'vendor_not_found',
    ],
    [
      "another pharmacy's orders",
      'GET',
      `/api/vendors/${vendor.id}/orders`,
      otherPharmacy.token,
      undefined,
      404,
      'vendor_not_found',
    ],
    [
      'driver of no pharmacy',
      'POST',
      '/api/drivers/register',
      undefined,
      {
        email: 'd@example.com',
        full_name: 'D',
        phone: '+123',
        password: 'password123',
        vendor_id: newId(),
        vehicle_type: 'bike',
      },
      404,
      'vendor_not_found',
    ],
    [
      'driver on a boat',
      'POST',
      '/api/drivers/register',
      undefined,
      {
        email: 'd@example.com',
        full_name: 'D',
        phone: '+123',
        password: 'password123',
        vendor_id: vendor.id,
        vehicle_type: 'boat',
      },
      400,
      'invalid_request',
      'vehicle_type',
    ],
    [
      'page too long',
      'GET',
      '/api/orders?limit=201',
      customer.token,
      undefined,
      400,
      'invalid_request',
      'limit',
    ],
    [
      'cursor that is none',
      'GET',
      '/api/orders?cursor=1',
      customer.token,
      undefined,
      400,
      'invalid_request',
      'cursor',
    ],
    [
      'status that is none',
      'GET',
      '/api/orders?status=broadcast',
      customer.token,
      undefined,
      400,
      'invalid_request',
      'status',
    ],
    [
      'link that is none',
      'GET',
      `/api/tracking/${newId()}`,
      undefined,
      undefined,
      404,
      'order_not_found',
    ],
  ]
  for (const [name, method, path, token, body, status, code, field] of table) {
    const answer = await call(method, path, {
      ...(token !== undefined && { token }),
      ...(body !== undefined && { body }),
    })
    t.equal(answer.status, status, `${name}: status`)
    t.equal(answer.body.code, code, `${name}: code`)
    if (field !== undefined) t.equal(answer.body.fields?.[0]?.field, field, `${name}: field`)
  }
})

t.test('late on the older path is 400 with an error', async t => {
  edge.script.answer = () => ({
    ok: false,
    problem: { code: 'request_already_assigned', detail: 'taken' },
  })
  const body = {
    request_id: newId(),
    response_type: 'ACCEPTED',
    text_message: 'Available!',
    audio: null,
  }
  const late = await call('POST', '/medicine/response/', { token: vendor.token, body })
  t.equal(late.status, 400)
  t.equal(late.body.error, 'This request has already been assigned to a pharmacy')
  t.equal(
    (
      await call('POST', `/api/requests/${body.request_id}/responses`, {
        token: vendor.token,
        body: { response_type: 'ACCEPTED' },
      })
    ).status,
    409,
  )
})
