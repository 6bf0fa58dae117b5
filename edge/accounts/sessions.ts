/**
 * Sign-in sessions: a family of refresh tokens, of which only the newest works. When a token comes
 * a second time, the token or the answer that replaced it was stolen; the family then ends, and its
 * holder signs in again. Only once, and within refreshGraceMs, the same token from the same place
 * counts as a repeat by a phone that lost the answer. Tokens are stored as hashes, so the table
 * opens no account.
 *
 * Tokens are issued by the statement that locks the account and checks that it is active and its
 * password is still the one that was shown. A change of password waits for that statement or makes
 * it find no row, so the change ends or refuses a sign-in under way.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { accountLimits } from './account-limits.ts'
import type { AccountsConfig } from './config.ts'
import type { WithEndedAccess } from './ended-access.ts'
import { tellAccount } from '../kernel/news.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { accountById, type Account } from './accounts.ts'
import { refreshGraceMs } from './limits.ts'
import { agentOf, placeOf, placeOfOrigin, type Origin } from './places.ts'
import { hashToken, tokensOf } from './tokens.ts'

export { originOf, type Origin } from './places.ts'

export type AccountsContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> &
  WithEndedAccess &
  WithConfig<KernelConfig & AccountsConfig>

/**
 * The proof that opened the account. Tokens are issued only while it is still valid. Empty for an
 * account that was just made.
 */
export interface Shown {
  passwordHash?: string
  provenPhone?: string
}

export interface SignedIn {
  account: Account
  access_token: string
  refresh_token: string
  token_type: 'bearer'
  expires_in: number
}

/**
 * Begins a new family. Beyond accountLimits.sessionsPerAccountMax the session used longest ago
 * ends, so that the list shows all. Throws `account_inactive`, and `credentials_wrong` when the
 * account's password or role changed since it was read, or another account has proven its phone.
 */
export async function signIn(
  ctx: AccountsContext,
  account: Account,
  origin: Origin,
  shown: Shown = {},
): Promise<SignedIn> {
  const db = ctx.database.kysely
  const familyId = uuidV7(ctx.nowMs(), ctx.random)
  const signedIn = await issue(ctx, db, account, familyId, origin, shown)
  if (signedIn === null) throw await refusalOf(db, account.id)
  await tellOfNewPlace(ctx, account.id, familyId, origin)
  const now = new Date(ctx.nowMs())
  const ended = await db
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('id', 'in', q =>
      q
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', account.id)
        .where('used_at', 'is', null)
        .where('superseded_at', 'is', null)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', now)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .offset(accountLimits.sessionsPerAccountMax),
    )
    .returning('id')
    .execute()
  if (ended.length > 0) await ctx.endedAccess.announce()
  return signedIn
}

/**
 * Tells the account of a sign-in from a place that no other sign-in or renewal of it came from. The
 * program alone makes no place known, because a thief can send the same name, and neither does an
 * address alone. The first sign-in has nobody to tell.
 */
async function tellOfNewPlace(
  ctx: AccountsContext,
  accountId: string,
  familyId: string,
  origin: Origin,
): Promise<void> {
  const db = ctx.database.kysely
  const others = await db
    .selectFrom('sessions')
    .select(['user_agent', 'address'])
    .distinct()
    .where('user_id', '=', accountId)
    .where('family_id', '!=', familyId)
    .execute()
  const isKnown = others.some(
    ({ user_agent, address }) =>
      user_agent !== null && placeOf(address ?? '', user_agent) === placeOfOrigin(origin),
  )
  if (others.length > 0 && !isKnown)
    await tellAccount(db, { kind: 'account.signed_in', accountId }, ctx)
}

/**
 * The password or the phone opened the account when it was read, and no longer when the tokens were
 * to be issued.
 */
export class ProofMoved extends CaduceusError {
  constructor() {
    super('credentials_wrong')
  }
}

async function refusalOf(db: Kysely<Tables>, userId: string): Promise<CaduceusError> {
  const account = await accountById(db, userId)
  return account?.is_active === false ? new CaduceusError('account_inactive') : new ProofMoved()
}

/**
 * Replaces a refresh token. Throws `token_invalid`, and revokes the family, when the token was used
 * before; the exception is one repeat within refreshGraceMs from the place that used it. Throws
 * `account_inactive` for a deactivated account.
 */
export async function refreshSession(
  ctx: AccountsContext,
  refreshToken: string,
  origin: Origin,
): Promise<SignedIn> {
  const tokens = await tokensOf(ctx.config)
  const { sessionId, userId } = await tokens.verifyRefresh(refreshToken, ctx.nowMs())
  const now = new Date(ctx.nowMs())
  // It is one transaction, because a replay that comes in between must find the successor in order
  // to revoke it.
  const signedIn = await ctx.database.kysely.transaction().execute(async tx => {
    // The account is locked first, as in every transaction that ends sessions; another order of
    // locks could deadlock.
    await tx.selectFrom('users').select('id').where('id', '=', userId).forShare().execute()
    const used = await tx
      .updateTable('sessions')
      .set({ used_at: now })
      .where('id', '=', sessionId)
      .where('token_hash', '=', hashToken(refreshToken))
      .where('used_at', 'is', null)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .returning('family_id')
      .executeTakeFirst()
    const familyId =
      used === undefined
        ? await familyOfLostAnswer(tx, sessionId, refreshToken, origin, now)
        : used.family_id
    if (familyId === null) return null
    // When an answer seemed lost and was not, one of the two tokens is shown first, and the other
    // ends with it.
    if (used !== undefined)
      await tx
        .updateTable('sessions')
        .set({ used_at: now, superseded_at: now })
        .where('family_id', '=', familyId)
        .where('used_at', 'is', null)
        .execute()
    const account = await accountById(tx, userId)
    if (account === null) throw new CaduceusError('token_invalid')
    if (!account.is_active) throw new CaduceusError('account_inactive')
    return issue(ctx, tx, account, familyId, origin)
  })
  if (signedIn !== null) return signedIn
  await endSession(ctx, refreshToken)
  throw new CaduceusError(
    'token_invalid',
    'the refresh token is invalid, has expired or was used before; sign in again',
  )
}

/**
 * The family of a token that was used a moment ago, when the caller is at the place that used it
 * and nobody has shown its successor; null otherwise. There is no second repeat.
 */
async function familyOfLostAnswer(
  tx: Kysely<Tables>,
  sessionId: string,
  refreshToken: string,
  origin: Origin,
  now: Date,
): Promise<string | null> {
  const row = await tx
    .updateTable('sessions')
    .set({ superseded_at: now })
    .where('id', '=', sessionId)
    .where('token_hash', '=', hashToken(refreshToken))
    .where('superseded_at', 'is', null)
    .where('used_at', '>', new Date(now.getTime() - refreshGraceMs))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .returning(['family_id', 'used_at'])
    .executeTakeFirst()
  if (row === undefined) return null
  const later = await tx
    .selectFrom('sessions')
    .select(['id', 'address', 'user_agent', 'used_at'])
    .where('family_id', '=', row.family_id)
    .where('id', '!=', sessionId)
    .where('created_at', '>=', row.used_at)
    .execute()
  const [successor] = later
  if (
    successor === undefined ||
    later.length > 1 ||
    successor.used_at !== null ||
    placeOf(successor.address ?? '', successor.user_agent) !== placeOfOrigin(origin)
  )
    return null
  await tx
    .updateTable('sessions')
    .set({ superseded_at: now })
    .where('id', '=', successor.id)
    .execute()
  return row.family_id
}

/**
 * Runs a statement after the renewals of the account that are under way, so that it sees the tokens
 * that they issue.
 */
function withAccountLocked<Result>(
  ctx: Pick<AccountsContext, 'database'>,
  userId: string,
  act: (tx: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  return ctx.database.kysely.transaction().execute(async tx => {
    await tx.selectFrom('users').select('id').where('id', '=', userId).forUpdate().execute()
    return act(tx)
  })
}

/**
 * Ends the family of a refresh token; a token without a row ends nothing. Throws `token_invalid`
 * for a text that is not an unexpired refresh token of ours.
 */
export async function endSession(ctx: AccountsContext, refreshToken: string): Promise<void> {
  const tokens = await tokensOf(ctx.config)
  const { sessionId, userId } = await tokens.verifyRefresh(refreshToken, ctx.nowMs())
  await withAccountLocked(ctx, userId, tx =>
    tx
      .updateTable('sessions')
      .set({ revoked_at: new Date(ctx.nowMs()) })
      .where('family_id', 'in', q =>
        q
          .selectFrom('sessions')
          .select('family_id')
          .where('id', '=', sessionId)
          .where('token_hash', '=', hashToken(refreshToken)),
      )
      .where('revoked_at', 'is', null)
      .execute(),
  )
  await ctx.endedAccess.announce()
}

/** Ends every session of the account except the given one. */
export async function endAllSessions(
  ctx: Pick<AccountsContext, 'database' | 'endedAccess' | 'nowMs'>,
  userId: string,
  exceptSessionId?: string,
): Promise<void> {
  await revokeSessions(ctx, ctx.database.kysely, userId, exceptSessionId)
  await ctx.endedAccess.announce()
}

/**
 * Ends the sessions of the account except the given one. Runs in a transaction that has locked the
 * account; the caller announces the change after the commit.
 */
export async function revokeSessions(
  ctx: Pick<AccountsContext, 'nowMs'>,
  db: Kysely<Tables>,
  userId: string,
  exceptSessionId?: string,
): Promise<void> {
  let query = db
    .updateTable('sessions')
    .set({ revoked_at: new Date(ctx.nowMs()) })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
  if (exceptSessionId !== undefined) query = query.where('family_id', '!=', exceptSessionId)
  await query.execute()
}

export interface SessionView {
  id: string
  user_agent: string | null
  address: string | null
  created_at: Date
  last_used_at: Date
  expires_at: Date
}

/**
 * Sessions that can still be refreshed, latest used first; at most
 * accountLimits.sessionsPerAccountMax.
 */
export async function listSessions(
  ctx: Pick<AccountsContext, 'database' | 'nowMs'>,
  userId: string,
): Promise<SessionView[]> {
  return ctx.database.kysely
    .selectFrom('sessions as newest')
    .select([
      'newest.family_id as id',
      'newest.user_agent',
      'newest.address',
      'newest.created_at as last_used_at',
      'newest.expires_at',
      sql<Date>`(select min(first.created_at) from sessions first where first.family_id = newest.family_id)`.as(
        'created_at',
      ),
    ])
    .where('newest.user_id', '=', userId)
    .where('newest.used_at', 'is', null)
    .where('newest.superseded_at', 'is', null)
    .where('newest.revoked_at', 'is', null)
    .where('newest.expires_at', '>', new Date(ctx.nowMs()))
    .orderBy('newest.created_at', 'desc')
    .orderBy('newest.id', 'desc')
    .limit(accountLimits.sessionsPerAccountMax)
    .execute()
}

/**
 * Ends one session of the account. Throws `not_found`, also for another account's session and for
 * one that has ended.
 */
export async function endOwnSession(
  ctx: Pick<AccountsContext, 'database' | 'endedAccess' | 'nowMs'>,
  userId: string,
  sessionId: string,
): Promise<void> {
  const ended = await withAccountLocked(ctx, userId, tx =>
    tx
      .updateTable('sessions')
      .set({ revoked_at: new Date(ctx.nowMs()) })
      .where('family_id', '=', sessionId)
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .returning('id')
      .execute(),
  )
  if (ended.length === 0) throw new CaduceusError('not_found', 'no such session')
  await ctx.endedAccess.announce()
}

/**
 * Issues tokens. Null, and nothing is issued, unless the account is active and unchanged since the
 * caller read it.
 */
async function issue(
  ctx: AccountsContext,
  db: Kysely<Tables>,
  account: Account,
  familyId: string,
  origin: Origin,
  shown: Shown = {},
): Promise<SignedIn | null> {
  const tokens = await tokensOf(ctx.config)
  const nowMs = ctx.nowMs()
  const sessionId = uuidV7(nowMs, ctx.random)
  const [access, refresh] = await Promise.all([
    tokens.signAccess(
      {
        userId: account.id,
        role: account.role,
        name: account.full_name,
        pharmacyId: account.vendor_id,
        ...(account.member_role !== null && { memberRole: account.member_role }),
        driverId: account.driver_id,
        sessionId: familyId,
      },
      nowMs,
    ),
    tokens.signRefresh({ userId: account.id, sessionId }, nowMs),
  ])
  const { passwordHash = null, provenPhone = null } = shown
  const { rows } = await sql`
    with still as (
      select id from users where id = ${account.id} and is_active and role = ${account.role}
        and (${passwordHash}::text is null or password_hash = ${passwordHash})
        and (${provenPhone}::text is null or (phone = ${provenPhone} and phone_verified_at is not null))
      for share)
    insert into sessions (id, user_id, family_id, token_hash, user_agent, address, expires_at, created_at)
    select ${sessionId}::uuid, id, ${familyId}::uuid, ${hashToken(refresh)}, ${agentOf(origin)}, ${origin.address},
      ${new Date(nowMs + tokens.refreshMs)}::timestamptz, ${new Date(nowMs)}::timestamptz from still
    returning id`.execute(db)
  if (rows.length === 0) return null
  return {
    account,
    access_token: access,
    refresh_token: refresh,
    token_type: 'bearer',
    expires_in: ctx.config.accessTokenMinutes * 60,
  }
}
