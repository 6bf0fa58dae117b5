/**
 * Sign-in sessions: a family of refresh tokens, of which only the newest works. A token that comes a
 * second time was stolen, or the answer that replaced it was; either way the family ends, and whoever
 * holds it signs in again. Tokens are stored as hashes: reading the table opens no account.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/tables.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import type { EdgeContext } from '../context.ts'
import { accountById, type Account } from './accounts.ts'
import { hashToken, tokensOf } from './tokens.ts'

export type AccountsContext = Pick<EdgeContext, 'config' | 'database' | 'endedAccess' | 'nowMs' | 'random'>

/** Where a sign-in comes from, as its owner will see it in the list of sessions. */
export interface Origin { userAgent: string | undefined; address: string }

export const originOf = ({ headers, address }: { headers: Readonly<Record<string, string>>; address: string }): Origin => ({ userAgent: headers['user-agent'], address })

export interface SignedIn { account: Account; access_token: string; refresh_token: string; token_type: 'bearer'; expires_in: number }

/** A new family. Past limits.sessionsPerAccountMax the one used longest ago ends, so that the list always shows them all. */
export async function signIn(ctx: AccountsContext, account: Account, origin: Origin): Promise<SignedIn> {
  const db = ctx.database.kysely
  const signedIn = await issue(ctx, db, account, uuidV7(ctx.nowMs(), ctx.random), origin)
  const now = new Date(ctx.nowMs())
  const ended = await db.updateTable('sessions').set({ revoked_at: now })
    .where('id', 'in', q => q.selectFrom('sessions').select('id')
      .where('user_id', '=', account.id).where('used_at', 'is', null).where('revoked_at', 'is', null).where('expires_at', '>', now)
      .orderBy('created_at', 'desc').orderBy('id', 'desc').offset(limits.sessionsPerAccountMax))
    .returning('id').execute()
  if (ended.length > 0) await ctx.endedAccess.announce()
  return signedIn
}

/** Replaces a refresh token. Throws `token_invalid`, and revokes the family when the token was used before. */
export async function refreshSession(ctx: AccountsContext, refreshToken: string, origin: Origin): Promise<SignedIn> {
  const tokens = await tokensOf(ctx.config)
  const { sessionId, userId } = await tokens.verifyRefresh(refreshToken, ctx.nowMs())
  const now = new Date(ctx.nowMs())
  // One transaction: a replay that comes in between must find the successor, or it could not revoke it.
  const signedIn = await ctx.database.kysely.transaction().execute(async tx => {
    const used = await tx.updateTable('sessions')
      .set({ used_at: now })
      .where('id', '=', sessionId).where('token_hash', '=', hashToken(refreshToken))
      .where('used_at', 'is', null).where('revoked_at', 'is', null).where('expires_at', '>', now)
      .returning('family_id').executeTakeFirst()
    if (used === undefined) return null
    const account = await accountById(tx, userId)
    if (account === null) throw new CaduceusError('token_invalid')
    if (!account.is_active) throw new CaduceusError('account_inactive')
    return issue(ctx, tx, account, used.family_id, origin)
  })
  if (signedIn !== null) return signedIn
  await endSession(ctx, refreshToken)
  throw new CaduceusError('token_invalid', 'the refresh token is invalid, has expired or was used before; sign in again')
}

/** Ends the family of a token that we signed; does nothing for any other. */
export async function endSession(ctx: AccountsContext, refreshToken: string): Promise<void> {
  const { sessionId } = await (await tokensOf(ctx.config)).verifyRefresh(refreshToken, ctx.nowMs())
  await ctx.database.kysely.updateTable('sessions')
    .set({ revoked_at: new Date(ctx.nowMs()) })
    .where('family_id', 'in', q => q.selectFrom('sessions').select('family_id').where('id', '=', sessionId).where('token_hash', '=', hashToken(refreshToken)))
    .where('revoked_at', 'is', null)
    .execute()
  await ctx.endedAccess.announce()
}

/** Ends every session of the account, but for the one given. */
export async function endAllSessions(ctx: Pick<AccountsContext, 'database' | 'endedAccess' | 'nowMs'>, userId: string, exceptSessionId?: string): Promise<void> {
  let query = ctx.database.kysely.updateTable('sessions')
    .set({ revoked_at: new Date(ctx.nowMs()) }).where('user_id', '=', userId).where('revoked_at', 'is', null)
  if (exceptSessionId !== undefined) query = query.where('family_id', '!=', exceptSessionId)
  await query.execute()
  await ctx.endedAccess.announce()
}

export interface SessionView { id: string; user_agent: string | null; address: string | null; created_at: Date; last_used_at: Date; expires_at: Date }

/** Those that could still be refreshed, the latest used first; at most limits.sessionsPerAccountMax. */
export async function listSessions(ctx: Pick<AccountsContext, 'database' | 'nowMs'>, userId: string): Promise<SessionView[]> {
  return ctx.database.kysely.selectFrom('sessions as newest')
    .select(['newest.family_id as id', 'newest.user_agent', 'newest.address', 'newest.created_at as last_used_at', 'newest.expires_at',
      sql<Date>`(select min(first.created_at) from sessions first where first.family_id = newest.family_id)`.as('created_at')])
    .where('newest.user_id', '=', userId).where('newest.used_at', 'is', null).where('newest.revoked_at', 'is', null).where('newest.expires_at', '>', new Date(ctx.nowMs()))
    .orderBy('newest.created_at', 'desc').orderBy('newest.id', 'desc').limit(limits.sessionsPerAccountMax).execute()
}

/** Ends one session of the account. Throws `not_found`, also for somebody else's and for one that has ended. */
export async function endOwnSession(ctx: Pick<AccountsContext, 'database' | 'endedAccess' | 'nowMs'>, userId: string, sessionId: string): Promise<void> {
  const ended = await ctx.database.kysely.updateTable('sessions').set({ revoked_at: new Date(ctx.nowMs()) })
    .where('family_id', '=', sessionId).where('user_id', '=', userId).where('revoked_at', 'is', null).returning('id').execute()
  if (ended.length === 0) throw new CaduceusError('not_found', 'no such session')
  await ctx.endedAccess.announce()
}

async function issue(ctx: AccountsContext, db: Kysely<Tables>, account: Account, familyId: string, origin: Origin): Promise<SignedIn> {
  const tokens = await tokensOf(ctx.config)
  const nowMs = ctx.nowMs()
  const sessionId = uuidV7(nowMs, ctx.random)
  const [access, refresh] = await Promise.all([
    tokens.signAccess({ userId: account.id, role: account.role, name: account.full_name, vendorId: account.vendor_id, driverId: account.driver_id, sessionId: familyId }, nowMs),
    tokens.signRefresh({ userId: account.id, sessionId }, nowMs),
  ])
  await db.insertInto('sessions').values({
    id: sessionId, user_id: account.id, family_id: familyId, token_hash: hashToken(refresh),
    user_agent: origin.userAgent?.slice(0, 200) ?? null, address: origin.address,
    expires_at: new Date(nowMs + tokens.refreshMs), created_at: new Date(nowMs),
  }).execute()
  return { account, access_token: access, refresh_token: refresh, token_type: 'bearer', expires_in: ctx.config.accessTokenMinutes * 60 }
}
