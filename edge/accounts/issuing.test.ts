/**
 * A credential that has ended issues nothing that opens an account: sign-ins, refreshes, tickets
 * and keys run while the password changes, the phone moves or the account ends. The test needs
 * PostgreSQL, where statements of two connections meet. It forces their order and does not wait for
 * it.
 */
import t from 'tap'
import { pino } from 'pino'
import { openDatabase, type Database } from '../../migrations/database/open.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { accountById, accountByPassword } from './accounts.ts'
import { createApiKey } from './api-keys.ts'
import { createEndedAccess } from './ended-access.ts'
import { hashPassword } from './passwords.ts'
import {
  endOwnSession,
  endSession,
  refreshSession,
  signIn,
  type AccountsContext,
} from './sessions.ts'
import { issueTicket, redeemTicketRow } from './tickets.ts'

const origin = { userAgent: 'tests', address: '192.0.2.1' }

async function world(database: Database) {
  const env = realEnv()
  const config = { jwtSecret: 'x'.repeat(32), accessTokenMinutes: 15, refreshTokenDays: 7 }
  const endedAccess = createEndedAccess({
    config,
    database,
    bus: memoryBus(),
    log: pino({ level: 'silent' }),
    ...env,
  })
  const ctx = {
    config,
    database,
    endedAccess,
    nowMs: env.nowMs,
    random: env.random,
  } as unknown as AccountsContext
  let people = 0
  const person = async (role: 'user' | 'admin' = 'user') => {
    const row = {
      id: uuidV7(Date.now(), Math.random),
      email: `person${++people}@example.org`,
      full_name: 'Ann',
      phone: `+1555${people}`,
      role,
      password_hash: await hashPassword('password123'),
      phone_verified_at: new Date(),
    }
    await database.kysely.insertInto('users').values(row).execute()
    return row
  }
  const live = async (userId: string): Promise<number> =>
    (
      await database.kysely
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .execute()
    ).length
  return { ctx, person, live, close: () => endedAccess.close() }
}

/**
 * Holds a change of the account open, as a slow transaction would. Work that starts meanwhile must
 * wait for the change and see it.
 */
async function during(
  database: Database,
  id: string,
  change: string,
  meanwhile: () => Promise<unknown>,
): Promise<unknown> {
  return beside(
    database,
    [`update users set ${change} where id = $1`],
    ['update sessions set revoked_at = now() where user_id = $1 and revoked_at is null'],
    id,
    meanwhile,
  )
}

/** Runs `meanwhile` between the first and the last statements of a transaction about an account. */
async function beside(
  database: Database,
  first: readonly string[],
  last: readonly string[],
  id: string,
  meanwhile: () => Promise<unknown>,
): Promise<unknown> {
  const client = await database.pool.connect()
  try {
    await client.query('begin')
    for (const statement of first) await client.query(statement, [id])
    let settled = false
    const asked = meanwhile()
      .catch((error: unknown) => error)
      .finally(() => {
        settled = true
      })
    for (let waiting = 0; waiting === 0 && !settled;) {
      const { rows } = await database.pool.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      )
      waiting = rows[0]!.count
    }
    for (const statement of last) await client.query(statement, [id])
    await client.query('commit')
    return await asked
  } finally {
    client.release()
  }
}

t.test('while an account changes', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const server = await startPostgres()
  const database = await openDatabase({ url: server.url })
  const { ctx, person, live, close } = await world(database)
  t.teardown(async () => {
    close()
    await database.close()
    await server.stop()
  })
  const changes: [name: string, change: string][] = [
    ['the password is changed', `password_hash = 'another'`],
    ['the account is deactivated', 'is_active = false'],
    ['its role changes', `role = 'driver'`],
  ]

  await t.test('a sign-in by password is refused', async t => {
    for (const [name, change] of changes) {
      const { id, email } = await person()
      const account = await accountByPassword(database.kysely, email, 'password123')
      const refusal = await during(database, id, change, () =>
        signIn(ctx, account, origin, { passwordHash: account.password_hash }),
      )
      t.match(refusal, { code: /credentials_wrong|account_inactive/ }, name)
      t.equal(await live(id), 0, name)
    }
  })

  await t.test('a sign-in by code is refused', async t => {
    for (const [name, change] of [
      ...changes.slice(1),
      ['the phone is proven by another account', 'phone_verified_at = null'],
      ['the phone changes', `phone = '+1999'`],
    ] as const) {
      const { id, phone } = await person()
      const account = (await accountById(database.kysely, id))!
      t.match(
        await during(database, id, change, () =>
          signIn(ctx, account, origin, { provenPhone: phone }),
        ),
        { code: /credentials_wrong|account_inactive/ },
        name,
      )
      t.equal(await live(id), 0, name)
    }
  })

  await t.test('a refresh is refused', async t => {
    for (const [name, change] of changes) {
      const { id } = await person()
      const { refresh_token } = await signIn(ctx, (await accountById(database.kysely, id))!, origin)
      t.match(
        await during(database, id, change, () => refreshSession(ctx, refresh_token, origin)),
        { code: /token_invalid|account_inactive/ },
        name,
      )
      t.equal(await live(id), 0, name)
    }
  })

  await t.test('a sign-out beside a renewal ends the token that the renewal issues', async t => {
    const renewal = [
      'select id from users where id = $1 for share',
      `insert into sessions (id, user_id, family_id, token_hash, expires_at)
        select gen_random_uuid(), user_id, family_id, 'successor of ' || id, expires_at
        from sessions where user_id = $1`,
    ]
    const ways: [name: string, end: (token: string, id: string) => Promise<void>][] = [
      ['by its token', token => endSession(ctx, token)],
      [
        'from the list',
        async (_, id) => {
          const { family_id } = await database.kysely
            .selectFrom('sessions')
            .select('family_id')
            .where('user_id', '=', id)
            .executeTakeFirstOrThrow()
          await endOwnSession(ctx, id, family_id)
        },
      ],
    ]
    for (const [name, end] of ways) {
      const { id } = await person()
      const { refresh_token } = await signIn(ctx, (await accountById(database.kysely, id))!, origin)
      t.equal(await beside(database, renewal, [], id, () => end(refresh_token, id)), undefined)
      t.equal(await live(id), 0, name)
    }
  })

  await t.test('no ticket is issued, and an older one shows the end', async t => {
    const { id } = await person()
    await signIn(ctx, (await accountById(database.kysely, id))!, origin)
    const [{ family_id }] = (await database.kysely
      .selectFrom('sessions')
      .select('family_id')
      .where('user_id', '=', id)
      .execute()) as [{ family_id: string }]
    const { ticket } = await issueTicket(ctx, id, family_id)
    t.match(
      await during(database, id, 'is_active = false', () => issueTicket(ctx, id, family_id)),
      { code: 'token_invalid' },
    )
    t.match(
      await redeemTicketRow(ctx, ticket),
      { userId: id, hasEnded: true },
      'a ticket from before shows that its sign-in has ended',
    )
    await t.rejects(
      issueTicket(ctx, id, family_id),
      { code: 'token_invalid' },
      'a sign-in that ended gets no ticket',
    )
  })

  await t.test('no API key is made', async t => {
    const { id } = await person('admin')
    t.match(
      await during(database, id, 'is_active = false', () =>
        createApiKey(ctx, id, { name: 'service', scopes: ['orders:read'] }),
      ),
      { code: 'account_inactive' },
    )
    t.same(
      await database.kysely
        .selectFrom('api_keys')
        .select('id')
        .where('created_by', '=', id)
        .execute(),
      [],
    )
  })

  await t.test('sign-ins, refreshes and a change at once do not deadlock', async t => {
    const { id, email } = await person()
    const account = await accountByPassword(database.kysely, email, 'password123')
    const tokens = await Promise.all(
      Array.from(
        { length: 12 },
        async () =>
          (await signIn(ctx, account, origin, { passwordHash: account.password_hash }))
            .refresh_token,
      ),
    )
    const outcomes = await Promise.allSettled([
      ...tokens.map(token => refreshSession(ctx, token, origin)),
      database.kysely.transaction().execute(async tx => {
        await tx
          .updateTable('users')
          .set({ password_hash: 'another' })
          .where('id', '=', id)
          .execute()
        await tx
          .updateTable('sessions')
          .set({ revoked_at: new Date() })
          .where('user_id', '=', id)
          .execute()
      }),
      ...Array.from({ length: 12 }, () =>
        signIn(ctx, account, origin, { passwordHash: account.password_hash }),
      ),
    ])
    const reasons = outcomes.flatMap(outcome =>
      outcome.status === 'rejected' ? [(outcome.reason as { code?: string }).code] : [],
    )
    t.same(
      reasons.filter(code => code !== 'credentials_wrong' && code !== 'token_invalid'),
      [],
    )
    t.equal(await live(id), 0, 'in any order, no session of the old password is left')
  })
})
