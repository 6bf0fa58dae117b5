/**
 * A pharmacy is suspended while it works: the effects at once on every edge, the deliveries that
 * are brought to their end, and accepts at the same moment. The suite runs like the suite of
 * pharmacies.
 */
import type { Test } from 'tap'
import {
  customerSocket,
  eventually,
  http,
  Listener,
  newCustomer,
  terminal,
} from '../acceptance/people.ts'
import { approvalPeople, type ApprovalDeployment } from './suite-people.ts'

/** Adds the tests of suspensions; all suites of a run share `deployment`. */
export function suspensions(t: Test, deployment: () => ApprovalDeployment): void {
  const { lat, nextLongitude, decide, approvedPharmacy, request, code, member, wonBy, orderOf } =
    approvalPeople(deployment, -50)

  t.test('a suspension takes effect at once on sockets, routes and orders', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const pharmacy = await approvedPharmacy(lng, 'Bad')
    const { driver, socket: driverSocket } = await member(pharmacy, lng)
    const open = await request(lng)
    const [offered, carried, placed] = [
      await wonBy(pharmacy, lng),
      await wonBy(pharmacy, lng),
      await newCustomer(url),
    ]
    const direct = await http(url, 'POST', '/api/orders', {
      token: placed.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
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
      new Listener(other, `/ws/vendor/${pharmacy.pharmacyId}?token=${pharmacy.token}`),
      await customerSocket(other, offered.customer),
    ]
    await fleet.next('fleet')
    await there.next('new_request', message => message.request_id === open.id)

    t.equal(
      (await decide('suspend', pharmacy.pharmacyId, { reason: 'the licence has expired' })).status,
      200,
    )
    for (const socket of [here, there, fleet]) {
      t.equal(await socket.end(), 4003)
      t.match(
        socket.of('approval').at(-1),
        { status: 'suspended', reason: 'the licence has expired' },
        'the socket is told before it closes',
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
    // An order after the pick-up is brought to its end.
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
    t.equal(await driverSocket.end(30_000), 4003, 'its driver has no order left')
    t.equal((await decide('approve', pharmacy.pharmacyId)).status, 200)
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
      'after the approval the pharmacy is asked again',
    )
    const back = await terminal(other, pharmacy)
    for (const listener of [back, me]) listener.close()
  })

  t.test(
    'of accepts at the same moment as the suspension no order stays with the pharmacy',
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
          decide('suspend', pharmacy.pharmacyId),
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
            `${now.body.status}: the order has no pharmacy, or is cancelled`,
          )
        }
      }
    },
  )
}
