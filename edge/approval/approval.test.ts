/**
 * Approval in one process, as `npm start` with REGISTRATION=approval: the suites of approval, and
 * its bounds, letters and settings.
 */
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { pino } from 'pino'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { createAccount } from '../accounts/accounts.ts'
import { features } from '../features.ts'
import { doAllJobs } from '../kernel/fixture-jobs.ts'
import { http, newDriver, newPharmacy, password } from '../acceptance/people.ts'
import { readConfig } from '../config.ts'
import { startEmbedded } from '../embedded.ts'
import { tellAdministrators } from './applicants.ts'
import { approvalLimits } from './limits.ts'
import { approvalAttacks } from './suite-attacks.ts'
import { driverMemberships } from './suite-drivers.ts'
import { pharmacyApprovals } from './suite-pharmacies.ts'
import { suspensions } from './suite-suspensions.ts'

const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    REGISTRATION: 'approval',
    TRUST_PROXY: '1',
    RATE_LIMIT_AUTH_PER_ADDRESS: '100000',
  },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url } = embedded
const ctx = embedded.edge.parts
await createAccount(
  ctx.database.kysely,
  ctx,
  { email: 'admin@example.com', full_name: 'Admin', phone: '+1234567890', role: 'admin', password },
  async () => null,
)
const admin = (
  await http(url, 'POST', '/api/auth/login', { body: { email: 'admin@example.com', password } })
).body.access_token as string

pharmacyApprovals(t, () => ({ url, other: url, admin }))
suspensions(t, () => ({ url, other: url, admin }))
driverMemberships(t, () => ({ url, other: url, admin }))
approvalAttacks(t, () => ({ url, other: url, admin }))

t.test('the number of applicants of one address that wait is bounded', async t => {
  const register = (i: number, from: string) =>
    http(url, 'POST', '/api/vendors/register', {
      headers: { 'x-forwarded-for': from },
      body: {
        email: `many-${from}-${i}@example.com`,
        business_name: 'Many',
        phone: '+1234567890',
        password,
        latitude: 1,
        longitude: 1,
      },
    })
  const answers = await Promise.all(
    Array.from({ length: approvalLimits.pendingPharmaciesPerAddressMax + 3 }, (_, i) =>
      register(i, '198.51.100.7'),
    ),
  )
  t.equal(
    answers.filter(answer => answer.status === 201).length,
    approvalLimits.pendingPharmaciesPerAddressMax,
    'they are counted also when they come at once',
  )
  t.match(
    answers.find(answer => answer.status !== 201),
    { status: 429, body: { code: 'too_many_requests' } },
  )
  t.equal((await register(100, '198.51.100.8')).status, 201, 'another address is not refused')

  const pharmacy = await newPharmacy(url, 'Wanted', 2, 2)
  await http(url, 'POST', `/api/admin/vendors/${pharmacy.pharmacyId}/approve`, {
    token: admin,
    body: {},
  })
  const ask = (i: number, from: string, more: object = {}) =>
    http(url, 'POST', '/api/drivers/register', {
      headers: { 'x-forwarded-for': from },
      body: {
        email: `asks-${from}-${i}@example.com`,
        full_name: 'Asks',
        phone: '+1234567890',
        password,
        vendor_id: pharmacy.pharmacyId,
        vehicle_type: 'bike',
        ...more,
      },
    })
  const asked = await Promise.all(
    Array.from({ length: approvalLimits.pendingDriversPerAddressMax + 2 }, (_, i) =>
      ask(i, '198.51.100.9'),
    ),
  )
  t.equal(
    asked.filter(answer => answer.status === 201).length,
    approvalLimits.pendingDriversPerAddressMax,
  )
  const { body } = await http(
    url,
    'POST',
    `/api/vendors/${pharmacy.pharmacyId}/driver-invitations`,
    {
      token: pharmacy.token,
      body: {},
    },
  )
  t.equal(
    (await ask(500, '198.51.100.9', { invitation_code: body.invitation_code })).status,
    201,
    'a driver with an invitation does not wait',
  )
})

t.test('an address that shows too many wrong invitations is refused', async t => {
  const guess = (i: number) =>
    http(url, 'POST', '/api/drivers/register', {
      headers: { 'x-forwarded-for': '198.51.100.77' },
      body: {
        email: `guess-${i}@example.com`,
        full_name: 'G',
        phone: '+1234567890',
        password,
        vehicle_type: 'bike',
        invitation_code: `AAAAA-AAAAA-AAAAA-${String(i).padStart(5, '0')}`,
      },
    })
  for (let i = 0; i < approvalLimits.invitationTriesMax; i++) t.equal((await guess(i)).status, 400)
  t.match(await guess(99), { status: 429 })
})

t.test('pharmacies and drivers get letters about their decisions', async t => {
  const pharmacy = await newPharmacy(url, 'Letters', 3, 3)
  const decide = (verb: string, body: object) =>
    http(url, 'POST', `/api/admin/vendors/${pharmacy.pharmacyId}/${verb}`, { token: admin, body })
  await decide('approve', {})
  const driver = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
  for (const name of ['approve', 'end'])
    await http(
      url,
      'POST',
      `/api/vendors/${pharmacy.pharmacyId}/drivers/${driver.driverId}/${name}`,
      { token: pharmacy.token, body: {} },
    )
  await decide('suspend', { reason: 'a reason to be read' })
  await ctx.messenger.drain()
  const to = (email: string) =>
    ctx.messenger
      .outbox()
      .filter(message => message.to === email)
      .map(message => `${message.subject} ${message.text}`)
      .reverse()
  t.match(to(pharmacy.email), [
    /was approved/,
    /Dora Driver asks/,
    /suspended[^]*a reason to be read/,
  ])
  t.match(to(driver.email), [/You drive for Letters/, /do not drive for Letters/])
})

t.test(
  'administrators get a letter once an hour with the number of waiting pharmacies',
  async t => {
    const letters = async (): Promise<string[]> => {
      await tellAdministrators(ctx)
      await ctx.messenger.drain()
      return ctx.messenger
        .outbox()
        .filter(
          message =>
            message.to === 'admin@example.com' &&
            /wait.* for your decision/.test(message.subject ?? ''),
        )
        .map(message => message.subject!)
    }
    const hourPasses = () =>
      ctx.database.pool.query(
        `update applicant_letters set written_at = written_at - interval '61 minutes'`,
      )
    const first = await letters()
    t.equal(first.length, 1, 'one letter for all pharmacies that registered in this file before')
    const pharmacy = await newPharmacy(url, 'Patient', 4, 4)
    t.equal((await letters()).length, 1, 'not again within the hour')
    await hourPasses()
    // The test moves the time of the last letter only, not the times of the pharmacy.
    await Promise.all([letters(), letters()])
    const written = await letters()
    t.equal(
      written.length,
      2,
      'the next letter tells how many wait, and one of two edges writes it',
    )
    t.match(written[0], /^\d+ pharmacies wait for your decision$/)
    await hourPasses()
    await ctx.database.pool.query(
      `update vendors set created_at = created_at - interval '3 hours', move_asked_at = move_asked_at - interval '3 hours'`,
    )
    t.equal((await letters()).length, 2, 'a pharmacy that still waits gets no second letter')
    await http(url, 'POST', `/api/admin/vendors/${pharmacy.pharmacyId}/approve`, {
      token: admin,
      body: {},
    })
    await http(url, 'PATCH', `/api/vendors/${pharmacy.pharmacyId}`, {
      token: pharmacy.token,
      body: { latitude: 5 },
    })
    // A move waits for a decision too. Its own request writes the letter, after its answer.
    while ((await letters()).length < 3) await sleep(10)
    t.equal((await letters()).length, 3)
  },
)

t.test(
  'a decision deletes the address of registration; an invitation expires, and is deleted later',
  async t => {
    const pharmacy = await newPharmacy(url, 'Old', 6, 6)
    const registeredFrom = async (table: 'vendors' | 'drivers', id: string) =>
      (
        await ctx.database.kysely
          .selectFrom(table)
          .select('registered_from')
          .where('id', '=', id)
          .executeTakeFirstOrThrow()
      ).registered_from
    t.type(await registeredFrom('vendors', pharmacy.pharmacyId), 'string')
    await http(url, 'POST', `/api/admin/vendors/${pharmacy.pharmacyId}/approve`, {
      token: admin,
      body: {},
    })
    t.equal(await registeredFrom('vendors', pharmacy.pharmacyId), null)
    const asks = await newDriver(url, pharmacy.pharmacyId, 'Asks')
    t.type(await registeredFrom('drivers', asks.driverId), 'string')
    const { etag } = Object.fromEntries(
      (await http(url, 'GET', `/api/drivers/${asks.driverId}`, { token: pharmacy.token })).headers,
    )
    t.equal(
      (
        await http(url, 'PATCH', `/api/drivers/${asks.driverId}`, {
          token: pharmacy.token,
          body: { is_active: true },
          headers: { 'if-match': etag! },
        })
      ).status,
      200,
    )
    t.equal(await registeredFrom('drivers', asks.driverId), null)

    const invite = async (): Promise<{ id: string; invitation_code: string }> =>
      (
        await http(url, 'POST', `/api/vendors/${pharmacy.pharmacyId}/driver-invitations`, {
          token: pharmacy.token,
          body: {},
        })
      ).body
    const [fresh, old, older] = [await invite(), await invite(), await invite()]
    const ended = (id: string, days: number) =>
      ctx.database.kysely
        .updateTable('driver_invitations')
        .set({ expires_at: new Date(Date.now() - days * 24 * 3_600_000) })
        .where('id', '=', id)
        .execute()
    await ended(old.id, approvalLimits.invitationMemoryDays - 1)
    await ended(older.id, approvalLimits.invitationMemoryDays + 1)
    t.match(
      await http(url, 'POST', '/api/drivers/register', {
        body: {
          email: 'late@example.com',
          full_name: 'Late',
          phone: '+1234567890',
          password,
          vehicle_type: 'bike',
          invitation_code: old.invitation_code,
        },
      }),
      { status: 400, body: { code: 'invitation_invalid' } },
      'an invitation that has expired',
    )
    await doAllJobs(features, ctx)
    const { body } = await http(
      url,
      'GET',
      `/api/vendors/${pharmacy.pharmacyId}/driver-invitations`,
      {
        token: pharmacy.token,
      },
    )
    t.same(
      body.invitations.map((one: { id: string }) => one.id),
      [old.id, fresh.id].sort().reverse(),
    )
  },
)

t.test(
  'REGISTRATION is open by default only with an embedded database outside production',
  async t => {
    const secret = { JWT_SECRET_KEY: 'k'.repeat(64), DATA_DIR: dataDir }
    const urls = {
      NATS_URL: 'nats://n:4222',
      REDIS_URL: 'redis://r:6379',
      DATABASE_URL: 'postgres://p/p',
    }
    t.equal(readConfig(secret, 'embedded').registration, 'open')
    t.equal(readConfig({ ...secret, NODE_ENV: 'production' }, 'embedded').registration, 'approval')
    t.equal(
      readConfig({ ...secret, DATABASE_URL: urls.DATABASE_URL }, 'embedded').registration,
      'approval',
    )
    t.equal(readConfig({ ...secret, ...urls }, 'edge').registration, 'approval')
    t.equal(
      readConfig({ ...secret, ...urls, REGISTRATION: 'open', NODE_ENV: 'production' }, 'edge')
        .registration,
      'open',
      'an explicit setting counts',
    )
    for (const wrong of ['Open', 'closed', '1'])
      t.throws(
        () => readConfig({ ...secret, REGISTRATION: wrong }, 'embedded'),
        { message: /^REGISTRATION is "[^\n]+$/ },
        wrong,
      )
  },
)
