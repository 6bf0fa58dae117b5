/**
 * Drivers who want to join a pharmacy: its approval, invitations, the end of a membership, and duty
 * that the pharmacy ended. The suite runs like the suite of pharmacies.
 */
import type { Test } from 'tap'
import { http, newDriver, password, terminal } from '../acceptance/people.ts'
import { approvalPeople, type ApprovalDeployment } from './suite-people.ts'

/**
 * Adds the tests of drivers who join a pharmacy and leave it; all suites of a run share
 * `deployment`.
 */
export function driverMemberships(t: Test, deployment: () => ApprovalDeployment): void {
  const { nextLongitude, approvedPharmacy, code, member, onDuty, wonBy } = approvalPeople(
    deployment,
    0,
  )

  t.test('a driver whom the pharmacy has not approved gets no offer and sees nothing', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const [pharmacy, rival] = [
      await approvedPharmacy(lng),
      await approvedPharmacy(nextLongitude(), 'Rival'),
    ]
    const screen = await terminal(other, pharmacy)
    const mallory = await newDriver(url, pharmacy.pharmacyId, 'Mallory')
    t.match(await screen.next('driver_membership'), {
      driver_id: mallory.driverId,
      membership: 'pending',
      driver_name: 'Mallory',
    })
    t.match(
      (await http(url, 'GET', `/api/drivers/${mallory.driverId}`, { token: mallory.token })).body,
      { membership: 'pending', is_active: false },
    )
    t.same(
      (
        await http(url, 'GET', '/api/drivers?membership=pending', { token: pharmacy.token })
      ).body.drivers.map((one: { id: string }) => one.id),
      [mallory.driverId],
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
            `/api/vendors/${rival.pharmacyId}/drivers/${mallory.driverId}/${name}`,
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
            `/api/vendors/${pharmacy.pharmacyId}/drivers/${mallory.driverId}/${name}`,
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
            `/api/vendors/${pharmacy.pharmacyId}/drivers/${mallory.driverId}/${name}`,
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
    screen.close()
  })

  t.test('an invitation ends by use or revocation, and no list shows its code', async t => {
    const { url, other } = deployment()
    const [pharmacy, rival] = [
      await approvedPharmacy(nextLongitude()),
      await approvedPharmacy(nextLongitude(), 'Rival'),
    ]
    const invite = async (body: object = {}) =>
      (
        await http(url, 'POST', `/api/vendors/${pharmacy.pharmacyId}/driver-invitations`, {
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
    t.same(
      both.map(answer => answer.status).sort(),
      [201, 400],
      'an invitation for one is used once, also by two at once',
    )
    const two = await invite({ uses: 2 })
    t.match(
      await join(two.invitation_code, { vendor_id: rival.pharmacyId }),
      { status: 400, body: { code: 'invitation_invalid' } },
      'it is not valid for another pharmacy',
    )
    t.equal((await join(two.invitation_code, { vendor_id: pharmacy.pharmacyId })).status, 201)
    t.equal(
      (
        await http(url, 'DELETE', `/api/vendors/${rival.pharmacyId}/driver-invitations/${two.id}`, {
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
          `/api/vendors/${pharmacy.pharmacyId}/driver-invitations/${two.id}`,
          { token: pharmacy.token },
        ),
        { status: 200, body: { status: 'revoked' } },
      )
    t.match(await join(two.invitation_code), {
      status: 400,
      body: { code: 'invitation_invalid' },
    })
    const list = await http(
      url,
      'GET',
      `/api/vendors/${pharmacy.pharmacyId}/driver-invitations?limit=1`,
      { token: pharmacy.token },
    )
    t.match(list.body, { invitations: [{ id: two.id, uses: 1 }], next_cursor: two.id })
    t.equal(list.body.invitations.length, 1)
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
          `/api/vendors/${pharmacy.pharmacyId}/driver-invitations?cursor=${two.id}`,
          { token: pharmacy.token },
        )
      ).body.invitations,
      [{ id: once.id, status: 'used' }],
    )
    t.equal(
      (
        await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}/driver-invitations`, {
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
    'a driver whose membership ends during an offer is disconnected at once on each edge and stays out until invited',
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
        'the driver may ask again after a day',
      )
      const invited = await http(
        url,
        'POST',
        `/api/vendors/${pharmacy.pharmacyId}/driver-invitations`,
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
    'the end of a membership passes on an order before its pick-up and keeps one after it',
    async t => {
      const { url, other } = deployment()
      const lng = nextLongitude()
      const pharmacy = await approvedPharmacy(lng)
      const first = await newDriver(url, pharmacy.pharmacyId, 'First', { capacity: 2 })
      await http(
        url,
        'POST',
        `/api/vendors/${pharmacy.pharmacyId}/drivers/${first.driverId}/approve`,
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
      const { socket: otherSocket } = await member(pharmacy, lng)
      t.equal(
        (
          await http(
            url,
            'POST',
            `/api/vendors/${pharmacy.pharmacyId}/drivers/${first.driverId}/end`,
            { token: pharmacy.token, body: {} },
          )
        ).status,
        200,
      )
      t.match(
        await otherSocket.next('offer', () => true, 20_000),
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
        (await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, { token: pharmacy.token }))
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
      t.equal(await socket.end(), 4003, 'the socket closes when no order is left')
      t.equal(
        (await http(other, 'GET', `/api/orders/${carried.id}`, { token: first.token })).status,
        403,
      )
      t.equal(
        (await http(url, 'GET', `/api/drivers/${first.driverId}/earnings`, { token: first.token }))
          .status,
        200,
        'the driver still sees the earnings',
      )
      otherSocket.close()
    },
  )

  t.test('a driver whom the pharmacy took off duty cannot go on duty alone', async t => {
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
      'a driver may undo an own change of status',
    )
    socket.close()
  })
}
