/**
 * API keys for other services. A key is 256 random bits, so one SHA-256 is enough to store it. It
 * is shown once. It is looked up on every request, unlike an access token, because a key lives for
 * years and a revoked one must stop at once.
 */
import { randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { ApiKeysTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { accountLimits } from './account-limits.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { scopes, type Scope } from '../../protocol/accounts/scopes.ts'
import { apiKeyMark, type Identity } from '../kernel/identity.ts'
import { hashToken } from './tokens.ts'

type KeyContext = Pick<Kernel, 'database' | 'nowMs' | 'random'>
export type ApiKeyRow = Omit<Selectable<ApiKeysTable>, 'key_hash'>

const columns = [
  'id',
  'name',
  'prefix',
  'scopes',
  'created_by',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
] as const
/** Enough characters to recognise a key, far too few to guess it. */
const prefixCharacters = apiKeyMark.length + 8
const dayMs = 24 * 3_600_000

/**
 * Returns the key, which cannot be shown again. Throws `invalid_request` at
 * accountLimits.apiKeysMax keys that are not revoked, and `account_inactive` when the maker is no
 * active administrator any more.
 */
export async function createApiKey(
  ctx: KeyContext,
  createdBy: string,
  given: { name: string; scopes: readonly Scope[]; expires_in_days?: number },
): Promise<{ key: string; row: ApiKeyRow }> {
  const db = ctx.database.kysely
  const nowMs = ctx.nowMs()
  const { count } = await db
    .selectFrom('api_keys')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(count) >= accountLimits.apiKeysMax)
    throw new CaduceusError(
      'invalid_request',
      `there are ${accountLimits.apiKeysMax} keys already; revoke those that are not used`,
    )
  const key = apiKeyMark + randomBytes(32).toString('base64url')
  const row = await db.transaction().execute(async tx => {
    // The lock keeps a deactivated administrator from leaving a key behind: the deactivation waits
    // for this row, or this statement finds no administrator.
    const maker = await tx
      .selectFrom('users')
      .select('id')
      .where('id', '=', createdBy)
      .where('is_active', '=', true)
      .where('role', '=', 'admin')
      .forShare()
      .executeTakeFirst()
    if (maker === undefined) throw new CaduceusError('account_inactive')
    return tx
      .insertInto('api_keys')
      .values({
        id: uuidV7(nowMs, ctx.random),
        name: given.name,
        prefix: key.slice(0, prefixCharacters),
        key_hash: hashToken(key),
        scopes: [...new Set(given.scopes)],
        created_by: createdBy,
        created_at: new Date(nowMs),
        expires_at:
          given.expires_in_days === undefined
            ? null
            : new Date(nowMs + given.expires_in_days * dayMs),
      })
      .returning(columns)
      .executeTakeFirstOrThrow()
  })
  return { key, row }
}

/** Newest first, with revoked keys; `cursor` is the last id of the page before. */
export function listApiKeys(
  { database }: Pick<KeyContext, 'database'>,
  limit: number,
  cursor?: string,
): Promise<ApiKeyRow[]> {
  let query = database.kysely.selectFrom('api_keys').select(columns)
  if (cursor !== undefined) query = query.where('id', '<', cursor)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

/** Ends the key at once; a repeat has no effect. Throws `not_found`. */
export async function revokeApiKey(
  ctx: Pick<KeyContext, 'database' | 'nowMs'>,
  id: string,
): Promise<ApiKeyRow> {
  const row = await ctx.database.kysely
    .updateTable('api_keys')
    .set(eb => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(new Date(ctx.nowMs()))) }))
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirst()
  if (row === undefined) throw new CaduceusError('not_found', 'no such key')
  return row
}

/** Throws `token_invalid` for a key that is unknown, revoked or expired. */
export async function authenticateKey(
  ctx: Pick<KeyContext, 'database' | 'nowMs'>,
  key: string,
): Promise<Identity> {
  const db = ctx.database.kysely
  const nowMs = ctx.nowMs()
  const row = await db
    .selectFrom('api_keys')
    .select(['id', 'name', 'scopes', 'expires_at', 'last_used_at'])
    .where('key_hash', '=', hashToken(key))
    .where('revoked_at', 'is', null)
    .where(eb => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', new Date(nowMs))]))
    .executeTakeFirst()
  if (row === undefined)
    throw new CaduceusError('token_invalid', 'the API key is invalid, has expired or was revoked')
  if (row.last_used_at === null || nowMs - row.last_used_at.getTime() > accountLimits.apiKeyTouchMs)
    await db
      .updateTable('api_keys')
      .set({ last_used_at: new Date(nowMs) })
      .where('id', '=', row.id)
      .execute()
  return {
    userId: row.id,
    role: 'service',
    name: row.name,
    pharmacyId: null,
    driverId: null,
    scopes: scopes.filter(scope => row.scopes.includes(scope)),
    expiresAtMs: row.expires_at?.getTime() ?? Number.MAX_SAFE_INTEGER,
  }
}
