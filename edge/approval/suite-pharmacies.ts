/**
 * Pharmacies that register, and the administrators who decide about them: the whole path from the
 * registration to a returned delivery, the routes that are closed without a decision, and moves.
 * The suite runs against one process and against engines and edges as processes of their own, where
 * each decision must reach the edge that did not make it.
 */
import type { Test } from 'tap'
import {
  customerSocket,
  eventually,
  http,
  newCustomer,
  newPharmacy,
  password,
  terminal,
  type DriverPerson,
} from '../acceptance/people.ts'
import { approvalPeople, type ApprovalDeployment } from './suite-people.ts'

/**
 * Adds the tests of pharmacies that register, are decided about and move; all suites of a run share
 * `deployment`.
 */
export function pharmacyApprovals(t: Test, deployment: () => ApprovalDeployment): void {
  const { lat, nextLongitude, decide, approvedPharmacy, request, code, onDuty } = approvalPeople(
    deployment,
    -80,
  )

  t.test('the whole path: register, approve, invite, win, and a returned delivery', async t => {
    const { url, other, admin } = deployment()
    const lng = nextLongitude()
    t.equal((await http(url, 'GET', '/api/health')).body.registration, 'approval')
    const pharmacy = await newPharmacy(url, 'Corner', lat + 0.002, lng)
    const waiting = await eventually(
      () => http(other, 'GET', '/api/admin/approvals?limit=200', { token: admin }),
      ({ body }) => body.approvals.some((one: { id: string }) => one.id === pharmacy.pharmacyId),
    )
    t.match(
      waiting.body.approvals.find((one: { id: string }) => one.id === pharmacy.pharmacyId),
      { kind: 'registration', status: 'pending', business_name: 'Corner' },
    )
    t.match(
      (await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, { token: pharmacy.token }))
        .body,
      { status: 'pending', is_active: false },
    )
    t.match(await decide('approve', pharmacy.pharmacyId), {
      status: 200,
      body: { status: 'active', kind: 'none' },
    })
    const screen = await terminal(other, pharmacy)

    const invited = await http(
      url,
      'POST',
      `/api/vendors/${pharmacy.pharmacyId}/driver-invitations`,
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
      body: { driver: { membership: 'active', is_active: true, vendor_id: pharmacy.pharmacyId } },
    })
    const driver: DriverPerson = {
      id: registered.body.user.id,
      driverId: registered.body.driver.id,
      token: registered.body.access_token,
      email: '',
    }
    const driverSocket = await onDuty(driver, lng)

    const { id, customer, notified } = await request(lng)
    t.equal(notified, 1)
    const me = await customerSocket(other, customer)
    t.match(await screen.next('new_request'), { request_id: id })
    screen.send({ type: 'respond', request_id: id, response_type: 'ACCEPTED' })
    t.match(await screen.next('response_result'), { outcome: 'won' })
    await http(url, 'POST', `/api/orders/${id}/find-driver`, { token: pharmacy.token, body: {} })
    const offer = await driverSocket.next('offer')
    driverSocket.send({ type: 'offer_response', offer_id: offer.offer_id, accept: true })
    t.match(await driverSocket.next('offer_result'), { outcome: 'accepted' })
    for (const status of ['picked_up', 'out_for_delivery', 'failed', 'returning', 'returned']) {
      const answer = await http(other, 'PATCH', `/api/orders/${id}`, {
        token: driver.token,
        body: { status, ...(status === 'failed' && { reason: 'nobody at home' }) },
      })
      t.equal(answer.status, 200, JSON.stringify(answer.body))
    }
    await me.next('status', message => message.status === 'returned')
    for (const listener of [screen, driverSocket, me]) listener.close()
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
      t.equal(notified, 1, 'only the approved pharmacy is asked')
      for (const [path, where] of [
        ['/ws/pharmacy/', url],
        [`/ws/vendor/${fake.pharmacyId}`, other],
      ] as const)
        t.equal(await code(`${path}?token=${fake.token}`, where), 4003, path)
      const refused: [string, string, object?][] = [
        ['GET', '/api/orders'],
        ['GET', '/api/requests'],
        ['GET', `/api/orders/${id}`],
        ['GET', `/api/requests/${id}`],
        ['GET', `/api/vendors/${fake.pharmacyId}/orders`],
        ['GET', '/medicine/request'],
        ['GET', `/api/uploads/file/${id}`],
        ['POST', `/api/requests/${id}/responses`, { response_type: 'ACCEPTED' }],
        ['POST', `/api/orders/${id}/accept`, {}],
        ['PATCH', `/api/orders/${id}`, { status: 'accepted' }],
        ['POST', '/medicine/response', { request_id: id, response_type: 'ACCEPTED' }],
        ['POST', `/api/vendors/${fake.pharmacyId}/driver-invitations`, {}],
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
          await http(url, 'PATCH', `/api/vendors/${fake.pharmacyId}`, {
            token: fake.token,
            body: { is_active: true },
          })
        ).status,
        409,
        'it cannot activate itself',
      )
      for (const step of [2, 4])
        t.equal(
          (
            await http(url, 'PATCH', `/api/vendors/${fake.pharmacyId}`, {
              token: fake.token,
              body: { longitude: lng + step },
            })
          ).status,
          200,
        )
      t.equal((await request(lng + 4)).notified, 0, 'it is not asked at its new place either')
      await http(url, 'PATCH', `/api/vendors/${fake.pharmacyId}`, {
        token: fake.token,
        body: { longitude: lng },
      })
      t.equal(
        (await http(url, 'GET', `/api/vendors/${fake.pharmacyId}`, { token: stranger.token }))
          .status,
        404,
        'no customer sees it',
      )
      t.notOk(
        (
          await http(url, 'GET', '/api/vendors?limit=200', { token: stranger.token })
        ).body.vendors.some((one: { id: string }) => one.id === fake.pharmacyId),
      )
      t.equal(
        (
          await http(url, 'POST', '/api/drivers/register', {
            body: {
              email: `of-fake-${Date.now()}@example.com`,
              full_name: 'X',
              phone: '+1234567890',
              password,
              vendor_id: fake.pharmacyId,
              vehicle_type: 'bike',
            },
          })
        ).status,
        404,
        'no driver can join it',
      )
      for (const token of [fake.token, customer.token])
        for (const verb of ['approve', 'reject', 'suspend'])
          t.equal(
            (
              await http(url, 'POST', `/api/admin/vendors/${fake.pharmacyId}/${verb}`, {
                token,
                body: { reason: 'me' },
              })
            ).status,
            403,
            `${verb} by itself`,
          )
      t.match(
        await decide('reject', fake.pharmacyId, {}),
        { status: 400 },
        'a refusal has a reason',
      )
      t.match(await decide('reject', fake.pharmacyId, { reason: 'no licence' }), {
        status: 200,
        body: { status: 'rejected', status_reason: 'no licence' },
      })
      t.match(
        (await http(url, 'GET', `/api/vendors/${fake.pharmacyId}`, { token: fake.token })).body,
        { status: 'rejected', status_reason: 'no licence' },
      )
      t.match(await decide('suspend', fake.pharmacyId), {
        status: 409,
        body: { code: 'vendor_status_conflict' },
      })
      t.ok(
        (
          await http(url, 'GET', '/api/admin/approvals?status=rejected&limit=200', { token: admin })
        ).body.approvals.some((one: { id: string }) => one.id === fake.pharmacyId),
      )
    },
  )

  t.test(
    'a repeated decision changes nothing, of two decisions at once one counts, and the administrator is recorded',
    async t => {
      const { url, admin } = deployment()
      const pharmacy = await newPharmacy(url, 'Twice', lat, nextLongitude())
      const before = (
        await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, { token: pharmacy.token })
      ).headers.get('etag')!
      const [approved, again] = [
        await decide('approve', pharmacy.pharmacyId, {}, { 'if-match': before }),
        await decide('approve', pharmacy.pharmacyId, {}, { 'if-match': before }),
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
        await decide(
          'suspend',
          pharmacy.pharmacyId,
          { reason: 'old page' },
          { 'if-match': before },
        ),
        { status: 412 },
      )
      const both = await Promise.all([
        decide(
          'suspend',
          pharmacy.pharmacyId,
          { reason: 'a' },
          { 'if-match': approved.headers.get('etag')! },
        ),
        decide(
          'suspend',
          pharmacy.pharmacyId,
          { reason: 'b' },
          { 'if-match': approved.headers.get('etag')! },
        ),
      ])
      t.same(
        both.map(answer => answer.status),
        [200, 200],
      )
      t.equal(
        both[0].body.status_reason,
        both[1].body.status_reason,
        'one of the two reasons counts',
      )
      const me = (await http(url, 'GET', '/api/auth/me', { token: admin })).body.id
      t.equal(both[0].body.decided_by, me)
      const trail = await eventually(
        () =>
          http(url, 'GET', `/api/admin/audit?target_id=${pharmacy.pharmacyId}&limit=50`, {
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
          `the trail names who did ${operation}`,
        )
    },
  )

  t.test(
    'a move waits for a decision, however small its steps, and the pharmacy stays at its old place',
    async t => {
      const { url, other, admin } = deployment()
      const lng = nextLongitude()
      const pharmacy = await approvedPharmacy(lng)
      const screen = await terminal(other, pharmacy)
      const patch = (body: object, token = pharmacy.token) =>
        http(url, 'PATCH', `/api/vendors/${pharmacy.pharmacyId}`, { token, body })
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
      ).body.approvals.find((one: { id: string }) => one.id === pharmacy.pharmacyId)
      t.match(listed, { kind: 'move', status: 'active', moving_to: { longitude: lng + 1 } })
      const stranger = await newCustomer(url)
      t.equal(
        (await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, { token: stranger.token }))
          .body.moving_to,
        undefined,
        'only the pharmacy and administrators see it',
      )
      t.match(await decide('reject', pharmacy.pharmacyId, { reason: 'not yours' }), {
        status: 200,
        body: { status: 'active', moving_to: null, longitude: lng },
      })
      // The word of the first approval may reach the other edge after its terminal has connected.
      t.match(await screen.next('approval', one => one.reason === 'not yours'), {
        status: 'active',
        moving_to: null,
      })
      await patch({ longitude: lng + 1 })
      t.match(await decide('approve', pharmacy.pharmacyId), {
        status: 200,
        body: { status: 'active', moving_to: null, longitude: lng + 1 },
      })
      await screen.next('approval', one => one.longitude === lng + 1)
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
      screen.close()
    },
  )
}
