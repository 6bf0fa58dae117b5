/**
 * Strangers who would be pharmacies and drivers, and the people who decide upon them: the whole path from the
 * registration to the door, and every way around it, over HTTP and sockets. Run against one process and against
 * engines and edges as processes of their own, where each decision must reach the edge that did not make it.
 */
import type { Test } from 'tap'
import {
  customerSocket,
  eventually,
  http,
  Listener,
  newCourier,
  newCustomer,
  newPharmacy,
  password,
  terminal,
  type Courier,
} from '../acceptance/people.ts'
import { approvalPeople, type ApprovalDeployment } from './suite-people.ts'

export function approvalSuite(t: Test, deployment: () => ApprovalDeployment): void {
  const {
    lat,
    nextLongitude,
    decide,
    approvedPharmacy,
    request,
    code,
    member,
    onDuty,
    wonBy,
    orderOf,
  } = approvalPeople(deployment, -80)

  t.test('the whole path: register, approve, invite, deliver', async t => {
    const { url, other, admin } = deployment()
    const lng = nextLongitude()
    t.equal((await http(url, 'GET', '/api/health')).body.registration, 'approval')
    const pharmacy = await newPharmacy(url, 'Corner', lat + 0.002, lng)
    const waiting = await eventually(
      () => http(other, 'GET', '/api/admin/approvals?limit=200', { token: admin }),
      ({ body }) => body.approvals.some((one: { id: string }) => one.id === pharmacy.vendorId),
    )
    t.match(
      waiting.body.approvals.find((one: { id: string }) => one.id === pharmacy.vendorId),
      { kind: 'registration', status: 'pending', business_name: 'Corner' },
    )
    t.match(
      (await http(url, 'GET', `/api/vendors/${pharmacy.vendorId}`, { token: pharmacy.token })).body,
      { status: 'pending', is_active: false },
    )
    t.match(await decide('approve', pharmacy.vendorId), {
      status: 200,
      body: { status: 'active', kind: 'none' },
    })
    const shop = await terminal(other, pharmacy)

    const invited = await http(
      url,
      'POST',
      `/api/vendors/${pharmacy.vendorId}/driver-invitations`,
      { token: pharmacy.token, body: {} },
    )
    t.match(invited, { status: 201, body: { status: 'good', uses: 0, uses_max: 1 } })
    const registered = await http(other, 'POST', '/api/drivers/register', {
      body: {
        email: `invited-${Date.now()}@example.com`,
        full_name: 'Invited Driver',
        phone: '+1234567890',
        password,
        vehicle_type: 'bike',
        invitation_code: invited.body.invitation_code.toLowerCase(),
      },
    })
    t.match(registered, {
      status: 201,
      body: { driver: { membership: 'active', is_active: true, vendor_id: pharmacy.vendorId } },
    })
    const driver: Courier = {
      id: registered.body.user.id,
      driverId: registered.body.driver.id,
      token: registered.body.access_token,
      email: '',
    }
    const wheel = await onDuty(driver, lng)

    const { id, customer, notified } = await request(lng)
    t.equal(notified, 1)
    const me = await customerSocket(other, customer)
    t.match(await shop.next('new_request'), { request_id: id })
    shop.send({ type: 'respond', request_id: id, response_type: 'ACCEPTED' })
    t.match(await shop.next('response_result'), { outcome: 'won' })
    await http(url, 'POST', `/api/orders/${id}/find-driver`, { token: pharmacy.token, body: {} })
    const offer = await wheel.next('offer')
    wheel.send({ type: 'offer_response', offer_id: offer.offer_id, accept: true })
    t.match(await wheel.next('offer_result'), { outcome: 'accepted' })
    for (const status of ['picked_up', 'out_for_delivery', 'failed', 'returning', 'returned']) {
      const answer = await http(other, 'PATCH', `/api/orders/${id}`, {
        token: driver.token,
        body: { status, ...(status === 'failed' && { reason: 'nobody at home' }) },
      })
      t.equal(answer.status, 200, JSON.stringify(answer.body))
    }
    await me.next('status', message => message.status === 'returned')
    for (const listener of [shop, wheel, me]) listener.close()
  })

  t.test(
    'a pharmacy without a decision hears nothing, sees nothing, moves nowhere and wins nothing',
    async t => {
      const { url, other, admin } = deployment()
      const lng = nextLongitude()
      await approvedPharmacy(lng)
      const fake = await newPharmacy(url, 'Fake', lat, lng)
      const stranger = await newCustomer(url)
      const { id, notified, customer } = await request(lng)
      t.equal(notified, 1, 'only the real one is asked')
      for (const [path, where] of [
        ['/ws/pharmacy/', url],
        [`/ws/vendor/${fake.vendorId}`, other],
      ] as const)
        t.equal(await code(`${path}?token=${fake.token}`, where), 4003, path)
      const refused: [string, string, object?][] = [
        ['GET', '/api/orders'],
        ['GET', '/api/requests'],
        ['GET', `/api/orders/${id}`],
        ['GET', `/api/requests/${id}`],
        ['GET', `/api/vendors/${fake.vendorId}/orders`],
        ['GET', '/medicine/request'],
        ['GET', `/api/uploads/file/${id}`],
        ['POST', `/api/requests/${id}/responses`, { response_type: 'ACCEPTED' }],
        ['POST', `/api/orders/${id}/accept`, {}],
        ['PATCH', `/api/orders/${id}`, { status: 'accepted' }],
        ['POST', '/medicine/response', { request_id: id, response_type: 'ACCEPTED' }],
        ['POST', `/api/vendors/${fake.vendorId}/driver-invitations`, {}],
        ['POST', '/api/webhooks/subscriptions', { url: 'https://example.org/' }],
        ['GET', '/api/drivers'],
      ]
      for (const [method, path, body] of refused) {
        const answer = await http(url, method, path, {
          token: fake.token,
          ...(body !== undefined && { body }),
        })
        t.equal(answer.status, 403, `${method} ${path}: ${JSON.stringify(answer.body)}`)
      }
      t.equal(
        (
          await http(url, 'PATCH', `/api/vendors/${fake.vendorId}`, {
            token: fake.token,
            body: { is_active: true },
          })
        ).status,
        409,
        'it cannot open itself',
      )
      for (const step of [2, 4])
        t.equal(
          (
            await http(url, 'PATCH', `/api/vendors/${fake.vendorId}`, {
              token: fake.token,
              body: { longitude: lng + step },
            })
          ).status,
          200,
        )
      t.equal((await request(lng + 4)).notified, 0, 'asked in no city')
      await http(url, 'PATCH', `/api/vendors/${fake.vendorId}`, {
        token: fake.token,
        body: { longitude: lng },
      })
      t.equal(
        (await http(url, 'GET', `/api/vendors/${fake.vendorId}`, { token: stranger.token })).status,
        404,
        'nobody else sees it',
      )
      t.notOk(
        (
          await http(url, 'GET', '/api/vendors?limit=200', { token: stranger.token })
        ).body.vendors.some((one: { id: string }) => one.id === fake.vendorId),
      )
      t.equal(
        (
          await http(url, 'POST', '/api/drivers/register', {
            body: {
              email: `of-fake-${Date.now()}@example.com`,
              full_name: 'X',
              phone: '+1234567890',
              password,
              vendor_id: fake.vendorId,
              vehicle_type: 'bike',
            },
          })
        ).status,
        404,
        'nobody drives for it',
      )
      for (const token of [fake.token, customer.token])
        for (const verb of ['approve', 'reject', 'suspend'])
          t.equal(
            (
              await http(url, 'POST', `/api/admin/vendors/${fake.vendorId}/${verb}`, {
                token,
                body: { reason: 'me' },
              })
            ).status,
            403,
            `${verb} by itself`,
          )
      t.match(await decide('reject', fake.vendorId, {}), { status: 400 }, 'a refusal has a reason')
      t.match(await decide('reject', fake.vendorId, { reason: 'no licence' }), {
        status: 200,
        body: { status: 'rejected', status_reason: 'no licence' },
      })
      t.match(
        (await http(url, 'GET', `/api/vendors/${fake.vendorId}`, { token: fake.token })).body,
        { status: 'rejected', status_reason: 'no licence' },
      )
      t.match(await decide('suspend', fake.vendorId), {
        status: 409,
        body: { code: 'vendor_status_conflict' },
      })
      t.match(
        (
          await http(url, 'GET', '/api/admin/approvals?status=rejected&limit=200', { token: admin })
        ).body.approvals
          .map((one: { id: string }) => one.id)
          .includes(fake.vendorId),
        true,
      )
    },
  )

  t.test(
    'decisions: a repeat changes nothing, two who decide do not pass one another, and who decided is on record',
    async t => {
      const { url, admin } = deployment()
      const pharmacy = await newPharmacy(url, 'Twice', lat, nextLongitude())
      const before = (
        await http(url, 'GET', `/api/vendors/${pharmacy.vendorId}`, { token: pharmacy.token })
      ).headers.get('etag')!
      const [approved, again] = [
        await decide('approve', pharmacy.vendorId, {}, { 'if-match': before }),
        await decide('approve', pharmacy.vendorId, {}, { 'if-match': before }),
      ]
      t.match(
        [approved, again],
        [
          { status: 200, body: { status: 'active' } },
          { status: 200, body: { status: 'active' } },
        ],
      )
      t.equal(approved.headers.get('etag'), again.headers.get('etag'))
      t.match(
        await decide('suspend', pharmacy.vendorId, { reason: 'old page' }, { 'if-match': before }),
        { status: 412 },
      )
      const both = await Promise.all([
        decide(
          'suspend',
          pharmacy.vendorId,
          { reason: 'a' },
          { 'if-match': approved.headers.get('etag')! },
        ),
        decide(
          'suspend',
          pharmacy.vendorId,
          { reason: 'b' },
          { 'if-match': approved.headers.get('etag')! },
        ),
      ])
      t.same(
        both.map(answer => answer.status),
        [200, 200],
      )
      t.equal(both[0].body.status_reason, both[1].body.status_reason, 'one of them decided')
      const me = (await http(url, 'GET', '/api/auth/me', { token: admin })).body.id
      t.equal(both[0].body.decided_by, me)
      const trail = await eventually(
        () =>
          http(url, 'GET', `/api/admin/audit?target_id=${pharmacy.vendorId}&limit=50`, {
            token: admin,
          }),
        ({ body }) =>
          ['approveVendor', 'suspendVendor'].every(operation =>
            body.entries?.some((one: { operation: string }) => one.operation === operation),
          ),
        10_000,
      )
      for (const operation of ['approveVendor', 'suspendVendor'])
        t.ok(
          trail.body.entries.some(
            (one: { operation: string; actor_id: string }) =>
              one.operation === operation && one.actor_id === me,
          ),
          `${operation} and who did it`,
        )
    },
  )

  t.test('a suspension is felt at once on every edge: sockets, requests, orders', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const pharmacy = await approvedPharmacy(lng, 'Bad')
    const { driver, socket: wheel } = await member(pharmacy, lng)
    const open = await request(lng)
    const [offered, carried, placed] = [
      await wonBy(pharmacy, lng),
      await wonBy(pharmacy, lng),
      await newCustomer(url),
    ]
    const direct = await http(url, 'POST', '/api/orders', {
      token: placed.token,
      body: {
        vendor_id: pharmacy.vendorId,
        delivery_address: 'home',
        delivery_latitude: lat,
        delivery_longitude: lng,
      },
    })
    t.equal(
      (
        await http(url, 'POST', `/api/orders/${carried.id}/assign-driver`, {
          token: pharmacy.token,
          body: { driver_id: driver.driverId },
        })
      ).status,
      200,
    )
    await http(url, 'PATCH', `/api/orders/${carried.id}`, {
      token: driver.token,
      body: { status: 'picked_up' },
    })
    const [here, there, fleet, me] = [
      await terminal(url, pharmacy),
      await terminal(other, pharmacy),
      new Listener(other, `/ws/vendor/${pharmacy.vendorId}?token=${pharmacy.token}`),
      await customerSocket(other, offered.customer),
    ]
    await fleet.next('fleet')
    await there.next('new_request', message => message.request_id === open.id)

    t.equal(
      (await decide('suspend', pharmacy.vendorId, { reason: 'the licence has expired' })).status,
      200,
    )
    for (const socket of [here, there, fleet]) {
      t.equal(await socket.end(), 4003)
      t.match(
        socket.of('approval').at(-1),
        { status: 'suspended', reason: 'the licence has expired' },
        'told before',
      )
    }
    for (const where of [url, other]) {
      t.match(await http(where, 'GET', `/api/orders/${carried.id}`, { token: pharmacy.token }), {
        status: 403,
        body: { code: 'vendor_not_active' },
      })
      t.match(
        await http(where, 'POST', `/api/requests/${open.id}/responses`, {
          token: pharmacy.token,
          body: { response_type: 'ACCEPTED' },
        }),
        { status: 403 },
      )
      t.equal(await code(`/ws/pharmacy/?token=${pharmacy.token}`, where), 4003)
    }
    t.equal((await request(lng)).notified, 0)
    for (const [id, token] of [
      [offered.id, offered.customer.token],
      [direct.body.id, placed.token],
    ] as const)
      t.match(
        (
          await eventually(
            () => orderOf(token, id),
            ({ body }) => body.status === 'cancelled',
            10_000,
          )
        ).body,
        { status: 'cancelled', reason: 'the pharmacy was suspended' },
      )
    await me.next(
      'status',
      message => message.order_id === offered.id && message.status === 'cancelled',
    )
    // What is on its way is brought to its end.
    t.equal((await orderOf(carried.customer.token, carried.id)).body.status, 'picked_up')
    t.equal(
      (
        await http(other, 'PATCH', `/api/orders/${carried.id}`, {
          token: driver.token,
          body: { status: 'out_for_delivery' },
        })
      ).status,
      200,
    )
    for (const status of ['failed', 'returning', 'returned'])
      t.equal(
        (
          await http(url, 'PATCH', `/api/orders/${carried.id}`, {
            token: driver.token,
            body: { status, ...(status === 'failed' && { reason: 'closed' }) },
          })
        ).status,
        200,
      )
    t.equal(await wheel.end(30_000), 4003, 'its driver has nothing left to carry')
    t.equal((await decide('approve', pharmacy.vendorId)).status, 200)
    t.equal(
      (
        await eventually(
          async () => ({
            status: (await request(lng)).notified,
            body: null,
            headers: new Headers(),
          }),
          ({ status }) => status === 1,
        )
      ).status,
      1,
      'back',
    )
    const back = await terminal(other, pharmacy)
    for (const listener of [back, me]) listener.close()
  })

  t.test(
    'accepts in the same instant as the suspension: nothing stays with the pharmacy',
    async t => {
      const { url, other } = deployment()
      for (let round = 0; round < 3; round++) {
        const lng = nextLongitude()
        const pharmacy = await approvedPharmacy(lng)
        const requests = await Promise.all(Array.from({ length: 4 }, () => request(lng)))
        const accept = (id: string, i: number) =>
          http(i % 2 === 0 ? url : other, 'POST', `/api/requests/${id}/responses`, {
            token: pharmacy.token,
            body: { response_type: 'ACCEPTED' },
          })
        const [suspended, ...answers] = await Promise.all([
          decide('suspend', pharmacy.vendorId),
          ...requests.map(({ id }, i) => accept(id, i)),
        ])
        t.equal(suspended.status, 200)
        for (const [i, answer] of answers.entries()) {
          t.ok(
            [201, 403].includes(answer.status),
            `${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`,
          )
          const { id, customer } = requests[i]!
          const now = await eventually(
            () => orderOf(customer.token, id),
            ({ body }) =>
              body.status === 'cancelled' || (answer.status !== 201 && body.status === 'pending'),
            60_000,
          )
          t.ok(
            now.body.status === 'cancelled' || now.body.vendor_id === null,
            `${now.body.status}: it is nobody's, or cancelled`,
          )
        }
      }
    },
  )

  t.test(
    'a move waits for a decision, however small its steps, and the pharmacy stays at its old place',
    async t => {
      const { url, other, admin } = deployment()
      const lng = nextLongitude()
      const pharmacy = await approvedPharmacy(lng)
      const shop = await terminal(other, pharmacy)
      const patch = (body: object, token = pharmacy.token) =>
        http(url, 'PATCH', `/api/vendors/${pharmacy.vendorId}`, { token, body })
      const start = lat + 0.002
      t.match(
        (await patch({ latitude: start + 0.003 })).body,
        { latitude: start + 0.003, moving_to: null },
        'a correction of 330 m',
      )
      t.match(
        (await patch({ latitude: start + 0.006, address: 'elsewhere 1' })).body,
        {
          latitude: start + 0.003,
          address: 'Real street 1',
          moving_to: { latitude: start + 0.006, address: 'elsewhere 1' },
        },
        'from there another 330 m is a move of 670 m',
      )
      t.match((await patch({ longitude: lng + 1 })).body, {
        longitude: lng,
        moving_to: { longitude: lng + 1 },
      })
      t.equal((await request(lng + 1)).notified, 0, 'not asked at the new place')
      t.equal((await request(lng)).notified, 1, 'asked at the old one')
      const listed = (
        await http(other, 'GET', '/api/admin/approvals?limit=200', { token: admin })
      ).body.approvals.find((one: { id: string }) => one.id === pharmacy.vendorId)
      t.match(listed, { kind: 'move', status: 'active', moving_to: { longitude: lng + 1 } })
      const stranger = await newCustomer(url)
      t.equal(
        (await http(url, 'GET', `/api/vendors/${pharmacy.vendorId}`, { token: stranger.token }))
          .body.moving_to,
        undefined,
        'to the pharmacy and administrators only',
      )
      t.match(await decide('reject', pharmacy.vendorId, { reason: 'not yours' }), {
        status: 200,
        body: { status: 'active', moving_to: null, longitude: lng },
      })
      t.match(await shop.next('approval'), {
        status: 'active',
        reason: 'not yours',
        moving_to: null,
      })
      await patch({ longitude: lng + 1 })
      t.match(await decide('approve', pharmacy.vendorId), {
        status: 200,
        body: { status: 'active', moving_to: null, longitude: lng + 1 },
      })
      t.match(await shop.next('approval'), { longitude: lng + 1 })
      t.equal(
        (
          await eventually(
            async () => ({
              status: (await request(lng + 1)).notified,
              body: null,
              headers: new Headers(),
            }),
            ({ status }) => status === 1,
          )
        ).status,
        1,
      )
      t.match(
        (await patch({ longitude: lng }, admin)).body,
        { longitude: lng, moving_to: null },
        "an administrator's own change is a decision",
      )
      shop.close()
    },
  )

  t.test("a driver without the pharmacy's word is offered nothing and sees nothing", async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const [pharmacy, rival] = [
      await approvedPharmacy(lng),
      await approvedPharmacy(nextLongitude(), 'Rival'),
    ]
    const shop = await terminal(other, pharmacy)
    const mallory = await newCourier(url, pharmacy.vendorId, 'Mallory')
    t.match(await shop.next('driver_membership'), {
      driver_id: mallory.driverId,
      membership: 'pending',
      driver_name: 'Mallory',
    })
    t.match(
      (await http(url, 'GET', `/api/drivers/${mallory.driverId}`, { token: mallory.token })).body,
      { membership: 'pending', is_active: false },
    )
    t.match(
      (await http(url, 'GET', '/api/drivers?membership=pending', { token: pharmacy.token })).body
        .drivers,
      [{ id: mallory.driverId }],
    )
    const order = await wonBy(pharmacy, lng)
    t.equal(await code(`/ws/driver?token=${mallory.token}`, other), 4003)
    for (const [method, path, body] of [
      ['GET', '/api/orders'],
      ['GET', `/api/orders/${order.id}`],
      ['GET', `/api/drivers/${mallory.driverId}/deliveries`],
      ['PATCH', `/api/drivers/${mallory.driverId}/status`, { status: 'available' }],
      ['POST', `/api/orders/${order.id}/offers/${order.id}/accept`, {}],
    ] as [string, string, object?][])
      t.match(
        await http(url, method, path, {
          token: mallory.token,
          ...(body !== undefined && { body }),
        }),
        { status: 403, body: { code: 'driver_not_member' } },
        `${method} ${path}`,
      )
    t.match(
      await http(url, 'POST', `/api/orders/${order.id}/assign-driver`, {
        token: pharmacy.token,
        body: { driver_id: mallory.driverId },
      }),
      { status: 403, body: { code: 'driver_not_member' } },
    )
    for (const name of ['approve', 'end']) {
      t.equal(
        (
          await http(
            url,
            'POST',
            `/api/vendors/${rival.vendorId}/drivers/${mallory.driverId}/${name}`,
            { token: rival.token, body: {} },
          )
        ).status,
        404,
        `${name} by another pharmacy, in its own name`,
      )
      t.equal(
        (
          await http(
            url,
            'POST',
            `/api/vendors/${pharmacy.vendorId}/drivers/${mallory.driverId}/${name}`,
            { token: rival.token, body: {} },
          )
        ).status,
        404,
        `${name} by another pharmacy, in this one's`,
      )
      t.equal(
        (
          await http(
            url,
            'POST',
            `/api/vendors/${pharmacy.vendorId}/drivers/${mallory.driverId}/${name}`,
            { token: mallory.token, body: {} },
          )
        ).status,
        403,
        `${name} by the driver`,
      )
    }
    t.equal(
      (
        await http(url, 'PATCH', `/api/drivers/${mallory.driverId}`, {
          token: mallory.token,
          body: { is_active: true },
        })
      ).status,
      403,
    )
    t.match(
      await http(url, 'PATCH', `/api/drivers/${mallory.driverId}`, {
        token: pharmacy.token,
        body: { is_active: true },
      }),
      { status: 200, body: { membership: 'active', is_active: true } },
    )
    ;(await onDuty(mallory, lng)).close()
    shop.close()
  })

  t.test('invitations end: by use, by time, by the pharmacy; and tell nothing', async t => {
    const { url, other } = deployment()
    const [pharmacy, rival] = [
      await approvedPharmacy(nextLongitude()),
      await approvedPharmacy(nextLongitude(), 'Rival'),
    ]
    const invite = async (body: object = {}) =>
      (
        await http(url, 'POST', `/api/vendors/${pharmacy.vendorId}/driver-invitations`, {
          token: pharmacy.token,
          body,
        })
      ).body
    let n = 0
    const join = (invitation_code: string, more: object = {}) =>
      http(other, 'POST', '/api/drivers/register', {
        body: {
          email: `join-${Date.now()}-${n++}@example.com`,
          full_name: 'J',
          phone: '+1234567890',
          password,
          vehicle_type: 'bike',
          invitation_code,
          ...more,
        },
      })
    const once = await invite()
    const both = await Promise.all([join(once.invitation_code), join(once.invitation_code)])
    t.same(both.map(answer => answer.status).sort(), [201, 400], 'once, also at the same time')
    const two = await invite({ uses: 2 })
    t.match(
      await join(two.invitation_code, { vendor_id: rival.vendorId }),
      { status: 400, body: { code: 'invitation_invalid' } },
      'not for another pharmacy',
    )
    t.equal((await join(two.invitation_code, { vendor_id: pharmacy.vendorId })).status, 201)
    t.equal(
      (
        await http(url, 'DELETE', `/api/vendors/${rival.vendorId}/driver-invitations/${two.id}`, {
          token: rival.token,
        })
      ).status,
      404,
    )
    for (let i = 0; i < 2; i++)
      t.match(
        await http(
          url,
          'DELETE',
          `/api/vendors/${pharmacy.vendorId}/driver-invitations/${two.id}`,
          { token: pharmacy.token },
        ),
        { status: 200, body: { status: 'revoked' } },
      )
    t.match(await join(two.invitation_code), { status: 400, body: { code: 'invitation_invalid' } })
    const list = await http(
      url,
      'GET',
      `/api/vendors/${pharmacy.vendorId}/driver-invitations?limit=1`,
      { token: pharmacy.token },
    )
    t.match(list.body, { invitations: [{ id: two.id, uses: 1 }], next_cursor: two.id })
    t.notMatch(
      JSON.stringify(list.body),
      new RegExp(`code|${two.invitation_code}`),
      'no list shows a code',
    )
    t.match(
      (
        await http(
          url,
          'GET',
          `/api/vendors/${pharmacy.vendorId}/driver-invitations?cursor=${two.id}`,
          { token: pharmacy.token },
        )
      ).body.invitations,
      [{ id: once.id, status: 'used' }],
    )
    t.equal(
      (
        await http(url, 'GET', `/api/vendors/${pharmacy.vendorId}/driver-invitations`, {
          token: rival.token,
        })
      ).status,
      404,
    )
    t.match(
      await http(url, 'POST', '/api/drivers/register', {
        body: {
          email: 'x@example.com',
          full_name: 'J',
          phone: '+1234567890',
          password,
          vehicle_type: 'bike',
        },
      }),
      { status: 400, body: { fields: [{ field: 'vendor_id' }] } },
    )
  })

  t.test(
    'a driver who is let go is cut at once, on another edge, in the middle of an offer, and stays out',
    async t => {
      const { url, other } = deployment()
      const lng = nextLongitude()
      const pharmacy = await approvedPharmacy(lng)
      const { driver, socket } = await member(pharmacy, lng)
      const order = await wonBy(pharmacy, lng)
      await http(url, 'POST', `/api/orders/${order.id}/find-driver`, {
        token: pharmacy.token,
        body: {},
      })
      const offer = await socket.next('offer')
      t.match(
        await http(url, 'DELETE', `/api/drivers/${driver.driverId}`, { token: pharmacy.token }),
        { status: 200, body: { membership: 'ended', is_active: false, status: 'offline' } },
      )
      t.equal(await socket.end(), 4003)
      t.match(socket.of('membership').at(-1), { membership: 'ended' })
      t.match(
        await http(url, 'DELETE', `/api/drivers/${driver.driverId}`, { token: pharmacy.token }),
        { status: 200, body: { membership: 'ended' } },
        'a repeat',
      )
      for (const where of [url, other]) {
        t.equal(
          (
            await http(where, 'POST', `/api/orders/${order.id}/offers/${offer.offer_id}/accept`, {
              token: driver.token,
              body: {},
            })
          ).status,
          403,
        )
        t.equal(
          (await http(where, 'GET', `/api/orders/${order.id}`, { token: driver.token })).status,
          403,
        )
        t.equal(
          (
            await http(where, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
              token: driver.token,
              body: { status: 'available' },
            })
          ).status,
          403,
        )
        t.equal(await code(`/ws/driver?token=${driver.token}`, where), 4003)
      }
      t.equal(
        (
          await http(url, 'PATCH', `/api/drivers/${driver.driverId}`, {
            token: driver.token,
            body: { is_active: true },
          })
        ).status,
        403,
      )
      t.match(
        await http(url, 'POST', `/api/drivers/${driver.driverId}/membership-request`, {
          token: driver.token,
          body: {},
        }),
        { status: 429 },
        'asks again tomorrow',
      )
      const invited = await http(
        url,
        'POST',
        `/api/vendors/${pharmacy.vendorId}/driver-invitations`,
        { token: pharmacy.token, body: {} },
      )
      t.match(
        await http(url, 'POST', `/api/drivers/${driver.driverId}/membership-request`, {
          token: driver.token,
          body: { invitation_code: invited.body.invitation_code },
        }),
        { status: 200, body: { membership: 'active' } },
      )
      ;(await onDuty(driver, lng)).close()
    },
  )

  t.test(
    'let go before and after the pick-up: one order is offered anew, the other is brought to its end',
    async t => {
      const { url, other } = deployment()
      const lng = nextLongitude()
      const pharmacy = await approvedPharmacy(lng)
      const first = await newCourier(url, pharmacy.vendorId, 'First', { capacity: 2 })
      await http(
        url,
        'POST',
        `/api/vendors/${pharmacy.vendorId}/drivers/${first.driverId}/approve`,
        { token: pharmacy.token, body: {} },
      )
      const socket = await onDuty(first, lng)
      const [carried, waiting] = [await wonBy(pharmacy, lng), await wonBy(pharmacy, lng)]
      for (const { id } of [carried, waiting])
        t.equal(
          (
            await http(url, 'POST', `/api/orders/${id}/assign-driver`, {
              token: pharmacy.token,
              body: { driver_id: first.driverId },
            })
          ).status,
          200,
        )
      await http(url, 'PATCH', `/api/orders/${carried.id}`, {
        token: first.token,
        body: { status: 'picked_up' },
      })
      const { driver: second, socket: wheel } = await member(pharmacy, lng)
      t.equal(
        (
          await http(
            url,
            'POST',
            `/api/vendors/${pharmacy.vendorId}/drivers/${first.driverId}/end`,
            { token: pharmacy.token, body: {} },
          )
        ).status,
        200,
      )
      t.match(
        await wheel.next('offer', () => true, 20_000),
        { order_id: waiting.id },
        'the other driver is asked',
      )
      t.equal(
        (await http(other, 'GET', `/api/orders/${waiting.id}`, { token: first.token })).status,
        404,
      )
      t.same(
        (await http(other, 'GET', '/api/orders', { token: first.token })).body.orders.map(
          (one: { id: string }) => one.id,
        ),
        [carried.id],
      )
      t.equal(
        (
          await http(other, 'GET', `/api/drivers/${first.driverId}/deliveries`, {
            token: first.token,
          })
        ).status,
        403,
      )
      t.match(
        (await http(url, 'GET', `/api/vendors/${pharmacy.vendorId}`, { token: pharmacy.token }))
          .status,
        200,
      )
      for (const status of ['out_for_delivery', 'failed', 'returning', 'returned'])
        t.equal(
          (
            await http(other, 'PATCH', `/api/orders/${carried.id}`, {
              token: first.token,
              body: { status, ...(status === 'failed' && { reason: 'closed' }) },
            })
          ).status,
          200,
          status,
        )
      t.equal(await socket.end(), 4003, 'nothing is left to carry')
      t.equal(
        (await http(other, 'GET', `/api/orders/${carried.id}`, { token: first.token })).status,
        403,
      )
      t.equal(
        (await http(url, 'GET', `/api/drivers/${first.driverId}/earnings`, { token: first.token }))
          .status,
        200,
        'what was earned stays to be seen',
      )
      t.ok(second.driverId)
      wheel.close()
    },
  )

  t.test("off duty by the pharmacy's word is not undone by the driver", async t => {
    const { url } = deployment()
    const lng = nextLongitude()
    const pharmacy = await approvedPharmacy(lng)
    const { driver, socket } = await member(pharmacy, lng)
    const status = (token: string, value: string) =>
      http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
        token,
        body: { status: value },
      })
    t.match(await status(pharmacy.token, 'offline'), { status: 200, body: { status: 'offline' } })
    t.match(await status(driver.token, 'available'), {
      status: 409,
      body: { code: 'driver_taken_off_duty' },
    })
    socket.send({ type: 'status', status: 'available' })
    t.match(await socket.next('status_result'), { outcome: 'error', code: 'driver_taken_off_duty' })
    t.match(await status(pharmacy.token, 'available'), {
      status: 200,
      body: { status: 'available' },
    })
    t.match(await status(driver.token, 'offline'), { status: 200 })
    t.match(
      await status(driver.token, 'available'),
      { status: 200 },
      "one's own word one may change",
    )
    socket.close()
  })
}
