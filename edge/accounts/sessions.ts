/**
 * Sign-in sessions: a family of refresh tokens, of which only the newest works. A token that comes a
 * second time was stolen, or the answer that replaced it was; either way the family ends, and whoever
 * holds it signs in again. Tokens are stored as hashes: reading the table opens no account.
 */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/tables.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import type { EdgeContext } from '../context.ts'
import { accountById, type Account } from './accounts.ts'
import { hashToken, tokensOf } from './tokens.ts'

export type AccountsContext = Pick<EdgeContext, 'config' | 'database' | 'nowMs' | 'random'>

export interface SignedIn { account: Account; access_token: string; refresh_token: string; token_type: 'bearer'; expires_in: number }

/** A new family. */
export const signIn = (ctx: AccountsContext, account: Account, userAgent: string | undefined): Promise<SignedIn> =>
  issue(ctx, ctx.database.kysely, account, uuidV7(ctx.nowMs(), ctx.random), userAgent)

/** Replaces a refresh token. Throws `token_invalid`, and revokes the family when the token was used before. */
export async function refreshSession(ctx: AccountsContext, refreshToken: string, userAgent: string | undefined): Promise<SignedIn> {
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
    return issue(ctx, tx, account, used.family_id, userAgent)
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
}

/** Ends every session of the account. */
export async function endAllSessions(ctx: AccountsContext, userId: string): Promise<void> {
  await ctx.database.kysely.updateTable('sessions')
    .set({ revoked_at: new Date(ctx.nowMs()) }).where('user_id', '=', userId).where('revoked_at', 'is', null).execute()
}

async function issue(ctx: AccountsContext, db: Kysely<Tables>, account: Account, familyId: string, userAgent: string | undefined): Promise<SignedIn> {
  const tokens = await tokensOf(ctx.config)
  const nowMs = ctx.nowMs()
  const sessionId = uuidV7(nowMs, ctx.random)
  const [access, refresh] = await Promise.all([
    tokens.signAccess({ userId: account.id, role: account.role, name: account.full_name, vendorId: account.vendor_id, driverId: account.driver_id }, nowMs),
    tokens.signRefresh({ userId: account.id, sessionId }, nowMs),
  ])
  await db.insertInto('sessions').values({
    id: sessionId, user_id: account.id, family_id: familyId, token_hash: hashToken(refresh),
    user_agent: userAgent?.slice(0, 200) ?? null, expires_at: new Date(nowMs + tokens.refreshMs),
  }).execute()
  return { account, access_token: access, refresh_token: refresh, token_type: 'bearer', expires_in: ctx.config.accessTokenMinutes * 60 }
}
