/**
 * Attempts to evade a decision: races, repeats, moves in small steps, codes of other pharmacies,
 * and a second registration. The suite runs like the suite of pharmacies.
 */
import type { Test } from 'tap'
import {
  eventually,
  http,
  newDriver,
  newPharmacy,
  password,
  type Pharmacy,
} from '../acceptance/people.ts'
import { approvalPeople, type ApprovalDeployment } from './suite-people.ts'

/** Adds the attempts to the tests; all suites of a run share `deployment`. */
export function approvalAttacks(t: Test, deployment: () => ApprovalDeployment): void {
  const { lat, nextLongitude, decide, approvedPharmacy, member, wonBy, orderOf } = approvalPeople(
    deployment,
    40,
  )

  t.test(
    'the end of a suspension, and its repeat, do not approve a move that was asked for meanwhile',
    async t => {
      const { url } = deployment()
      const lng = nextLongitude()
      const pharmacy = await approvedPharmacy(lng)
      const patch = (body: object) =>
        http(url, 'PATCH', `/api/vendors/${pharmacy.pharmacyId}`, { token: pharmacy.token, body })
      await patch({ longitude: lng + 1 })
      await decide('suspend', pharmacy.pharmacyId)
      // Small steps away, back, and away again.
      for (const step of [0.004, 0.008, 0, 0.004, 0.012, 1])
        t.equal((await patch({ longitude: lng + step })).status, 200)
      t.match(await decide('approve', pharmacy.pharmacyId), {
        status: 200,
        body: { status: 'active', moving_to: null },
      })
      t.match(
        await decide('approve', pharmacy.pharmacyId),
        { status: 200, body: { status: 'active', moving_to: null } },
        'a repeat',
      )
      const { longitude } = (
        await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, { token: pharmacy.token })
      ).body
      t.ok(
        Math.abs(longitude - lng) < 0.005,
        `the pharmacy stays within 500 m of the decided place: ${longitude - lng}`,
      )
      t.match((await patch({ longitude: lng + 1 })).body, {
        longitude,
        moving_to: { longitude: lng + 1 },
      })
    },
  )

  t.test(
    'in a race the last decision counts, and no order stays with a driver whose membership ends',
    async t => {
      const { url, other } = deployment()
      for (let round = 0; round < 3; round++) {
        const lng = nextLongitude()
        const pharmacy = await approvedPharmacy(lng)
        const answers = await Promise.all(
          (['suspend', 'approve', 'suspend', 'reject', 'approve'] as const).map(verb =>
            decide(verb, pharmacy.pharmacyId),
          ),
        )
        t.ok(
          answers.every(answer => [200, 409].includes(answer.status)),
          answers.map(answer => answer.status).join(),
        )
        await decide('suspend', pharmacy.pharmacyId)
        const list = (where: string) => http(where, 'GET', '/api/orders', { token: pharmacy.token })
        t.equal((await list(url)).status, 403, 'the suspension counts at once on its edge')
        t.equal(
          (
            await eventually(
              () => list(other),
              ({ status }) => status === 403,
            )
          ).status,
          403,
          'and a moment later on the other',
        )
        await decide('approve', pharmacy.pharmacyId)
        await eventually(
          () => http(other, 'GET', '/api/orders', { token: pharmacy.token }),
          ({ status }) => status === 200,
        )
        const { driver, socket } = await member(pharmacy, lng)
        const order = await wonBy(pharmacy, lng)
        await http(url, 'POST', `/api/orders/${order.id}/find-driver`, {
          token: pharmacy.token,
          body: {},
        })
        const offer = await socket.next('offer')
        const end = () =>
          http(url, 'POST', `/api/vendors/${pharmacy.pharmacyId}/drivers/${driver.driverId}/end`, {
            token: pharmacy.token,
            body: {},
          })
        const take = () =>
          http(other, 'POST', `/api/orders/${order.id}/offers/${offer.offer_id}/accept`, {
            token: driver.token,
            body: {},
          })
        const [taken, ended] = await Promise.all(
          round % 2 === 0
            ? [take(), end()]
            : ([end(), take()].reverse() as [ReturnType<typeof take>, ReturnType<typeof end>]),
        )
        t.ok(
          [200, 403, 409, 410].includes(taken.status),
          `${taken.status} ${JSON.stringify(taken.body)}`,
        )
        t.match(ended, { status: 200, body: { membership: 'ended' } })
        const left = await eventually(
          () => orderOf(pharmacy.token, order.id),
          ({ body }) => body.driver_id === null,
          20_000,
        )
        t.equal(left.body.driver_id, null, 'the order does not stay with the driver who left')
        const read = () => http(other, 'GET', `/api/orders/${order.id}`, { token: driver.token })
        t.not((await read()).status, 200, 'the order shows nothing to the driver who left')
        t.equal(
          (await eventually(read, ({ status }) => status === 403)).status,
          403,
          'the other edge knows that the membership ended',
        )
        socket.close()
      }
    },
  )

  t.test(
    'an invitation is bounded in uses, to its pharmacy, and to an active pharmacy',
    async t => {
      const { url, other } = deployment()
      const [pharmacy, rival] = [
        await approvedPharmacy(nextLongitude()),
        await approvedPharmacy(nextLongitude(), 'Rival'),
      ]
      const invite = async (from: Pharmacy, body: object = {}): Promise<string> =>
        (
          await http(url, 'POST', `/api/vendors/${from.pharmacyId}/driver-invitations`, {
            token: from.token,
            body,
          })
        ).body.invitation_code
      const join = (n: number, invitation_code: string, more: object = {}) =>
        http(n % 2 === 0 ? url : other, 'POST', '/api/drivers/register', {
          body: {
            email: `race-${Date.now()}-${n}@example.com`,
            full_name: 'R',
            phone: '+1234567890',
            password,
            vehicle_type: 'bike',
            invitation_code,
            ...more,
          },
        })
      const code = await invite(pharmacy, { uses: 2 })
      const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => join(n, code)))
      t.same(
        answers.map(answer => answer.status).sort(),
        [201, 201, 400, 400, 400, 400],
        'an invitation for two is used twice',
      )
      t.match(
        await join(10, await invite(rival), { vendor_id: pharmacy.pharmacyId }),
        { status: 400, body: { code: 'invitation_invalid' } },
        'an invitation of another pharmacy is refused',
      )
      const asked = await newDriver(url, pharmacy.pharmacyId)
      t.match(
        await http(url, 'POST', `/api/drivers/${asked.driverId}/membership-request`, {
          token: asked.token,
          body: { invitation_code: await invite(rival) },
        }),
        { status: 400, body: { code: 'invitation_invalid' } },
      )
      t.match(
        (await http(url, 'GET', `/api/drivers/${asked.driverId}`, { token: asked.token })).body,
        { membership: 'pending' },
      )
      const late = await invite(pharmacy)
      await decide('suspend', pharmacy.pharmacyId)
      t.equal((await join(11, late)).status, 404, 'a suspended pharmacy takes nobody')
      t.equal(
        (
          await http(url, 'POST', `/api/drivers/${asked.driverId}/membership-request`, {
            token: asked.token,
            body: { invitation_code: late },
          })
        ).status,
        404,
      )
    },
  )

  t.test('a refused account cannot register a second pharmacy or take another role', async t => {
    const { url } = deployment()
    const pharmacy = await newPharmacy(url, 'Refused', lat, nextLongitude())
    await decide('reject', pharmacy.pharmacyId, { reason: 'no licence' })
    const again = {
      email: pharmacy.email,
      business_name: 'Again',
      phone: '+1234567890',
      password,
      latitude: lat,
      longitude: 1,
    }
    t.match(await http(url, 'POST', '/api/vendors/register', { body: again }), {
      status: 409,
      body: { code: 'email_taken' },
    })
    t.match(
      await http(url, 'POST', '/api/auth/register', {
        body: {
          email: pharmacy.email,
          full_name: 'Again',
          phone: '+1234567890',
          role: 'user',
          password,
        },
      }),
      { status: 409 },
    )
    t.match(
      await http(url, 'PATCH', `/api/vendors/${pharmacy.pharmacyId}`, {
        token: pharmacy.token,
        body: { status: 'active' },
      }),
      { status: 400 },
    )
    t.match(
      await http(url, 'PATCH', `/api/vendors/${pharmacy.pharmacyId}`, {
        token: pharmacy.token,
        body: { is_active: true },
      }),
      { status: 409 },
    )
    t.match(
      (await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, { token: pharmacy.token }))
        .body,
      { status: 'rejected', status_reason: 'no licence' },
    )
    // A new sign-in still belongs to the same pharmacy.
    const { access_token } = (
      await http(url, 'POST', '/api/auth/login', { body: { email: pharmacy.email, password } })
    ).body
    t.equal((await http(url, 'GET', '/api/orders', { token: access_token })).status, 403)
  })

  t.test(
    'a driver whose membership ended may join another pharmacy with the same account, and the old record stays',
    async t => {
      const { url, other } = deployment()
      const lng = nextLongitude()
      const [first, second] = [
        await approvedPharmacy(lng),
        await approvedPharmacy(nextLongitude(), 'Second'),
      ]
      const { driver, socket } = await member(first, lng)
      const order = await wonBy(first, lng)
      t.equal(
        (
          await http(url, 'POST', `/api/orders/${order.id}/assign-driver`, {
            token: first.token,
            body: { driver_id: driver.driverId },
          })
        ).status,
        200,
      )
      await http(url, 'PATCH', `/api/orders/${order.id}`, {
        token: driver.token,
        body: { status: 'picked_up' },
      })
      const invite = async (from: Pharmacy): Promise<string> =>
        (
          await http(url, 'POST', `/api/vendors/${from.pharmacyId}/driver-invitations`, {
            token: from.token,
            body: {},
          })
        ).body.invitation_code
      const join = async (more: object, at = url) =>
        http(at, 'POST', '/api/drivers/register', {
          body: {
            email: driver.email,
            full_name: 'Driver Name',
            phone: '+1234567890',
            password,
            vehicle_type: 'bike',
            ...more,
          },
        })
      const end = () =>
        http(url, 'POST', `/api/vendors/${first.pharmacyId}/drivers/${driver.driverId}/end`, {
          token: first.token,
          body: {},
        })
      const code = await invite(second)
      t.match(
        await join({ invitation_code: code }),
        { status: 409, body: { code: 'email_taken' } },
        'a member of one pharmacy cannot join another',
      )
      await end()
      t.match(
        await join({ invitation_code: code }),
        { status: 409 },
        'a driver with an order of the old pharmacy cannot join',
      )
      for (const status of ['out_for_delivery', 'failed', 'returning', 'returned'])
        t.equal(
          (
            await http(other, 'PATCH', `/api/orders/${order.id}`, {
              token: driver.token,
              body: { status, ...(status === 'failed' && { reason: 'closed' }) },
            })
          ).status,
          200,
          status,
        )
      t.equal(await socket.end(), 4003)
      t.match(
        await join({ invitation_code: await invite(first) }),
        { status: 409 },
        'the old pharmacy is asked again, not joined anew',
      )
      t.match(
        await join({ vendor_id: second.pharmacyId, password: 'another password' }),
        { status: 409 },
        'a caller with a wrong password cannot join for the driver',
      )
      const [joined, again] = await Promise.all([
        join({ invitation_code: code }),
        join({ vendor_id: second.pharmacyId }, other),
      ])
      t.same([joined.status, again.status].sort(), [201, 409], 'of two attempts at once one joins')
      const {
        driver: record,
        access_token: token,
        user,
      } = [joined, again].find(answer => answer.status === 201)!.body
      t.equal(user.id, driver.id)
      t.match(record, { vendor_id: second.pharmacyId, total_deliveries: 0 })
      t.match(
        await http(url, 'GET', `/api/drivers/${driver.driverId}`, { token: first.token }),
        { status: 200, body: { membership: 'ended', user_id: null } },
        'the old pharmacy keeps the record',
      )
      t.equal(
        (await http(url, 'GET', `/api/drivers/${driver.driverId}`, { token: second.token })).status,
        404,
        'the new pharmacy does not see the old record',
      )
      t.equal(
        (await http(other, 'GET', `/api/orders/${order.id}`, { token })).status,
        record.membership === 'active' ? 404 : 403,
      )
      t.equal(
        (await http(url, 'GET', '/api/orders', { token: driver.token })).status,
        403,
        'the token of the old membership opens nothing',
      )
    },
  )
}
