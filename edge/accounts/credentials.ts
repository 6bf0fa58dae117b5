/**
 * Changes of the credentials of an account. A new password ends the sessions that the old one
 * opened, because its owner may change it when somebody else knew it.
 */
import type { Kysely } from 'kysely'
import { tellAccount } from '../kernel/news.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uploadIdOf } from '../../protocol/uploads/url.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { invalid } from '../kernel/validate.ts'
import { accountByEmail, accountById } from './accounts.ts'
import { takeCode, type CodeContext } from './codes.ts'
import { noticeLetter } from './letters.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { revokeSessions } from './sessions.ts'

/**
 * Changes the password and ends every other session. `from`: the group of addresses that asks; the
 * time for hashing is shared between groups. Throws `credentials_wrong` for a wrong current
 * password, and for one that was changed meanwhile.
 */
export async function changePassword(
  ctx: CodeContext,
  userId: string,
  sessionId: string | undefined,
  currentPassword: string,
  newPassword: string,
  from: string,
): Promise<void> {
  const found = await ctx.database.kysely
    .selectFrom('users')
    .select(['password_hash', 'email'])
    .where('id', '=', userId)
    .executeTakeFirst()
  const wrong = () => new CaduceusError('credentials_wrong', 'the current password is wrong')
  if (!(await verifyPassword(found?.password_hash ?? null, currentPassword, from))) throw wrong()
  const password_hash = await hashPassword(newPassword, from)
  await ctx.database.kysely.transaction().execute(async tx => {
    const changed = await tx
      .updateTable('users')
      .set({ password_hash, updated_at: new Date(ctx.nowMs()) })
      .where('id', '=', userId)
      .where('password_hash', '=', found!.password_hash)
      .where('is_active', '=', true)
      .returning('id')
      .executeTakeFirst()
    if (changed === undefined) throw wrong()
    await revokeSessions(ctx, tx, userId, sessionId)
    await tellAccount(tx, { kind: 'account.password_changed', accountId: userId }, ctx)
  })
  await ctx.endedAccess.announce()
  ctx.messenger.post(noticeLetter(found!.email, 'The password of your account was changed.'))
}

/**
 * Resets the password by a code of purpose `reset_password`. The code was read in the mailbox, so
 * the e-mail is verified too. When it was not verified before, somebody else may have made the
 * account; then every other way into it ends, also a proven phone. Throws `code_wrong`.
 */
export async function resetPassword(
  ctx: CodeContext,
  email: string,
  code: string,
  newPassword: string,
  from: string,
): Promise<void> {
  const db = ctx.database.kysely
  // The hash comes first, although a wrong code makes it useless: a server that is too busy to hash
  // must not use up the code.
  const password_hash = await hashPassword(newPassword, from)
  await takeCode(ctx, 'reset_password', normalEmail(email), code, from)
  const account = await accountByEmail(db, normalEmail(email))
  if (account === null) throw new CaduceusError('code_wrong')
  const now = new Date(ctx.nowMs())
  await db.transaction().execute(async tx => {
    const reset = await tx
      .updateTable('users')
      .set(eb => ({
        password_hash,
        updated_at: now,
        email_verified_at: eb.fn.coalesce('email_verified_at', eb.val(now)),
        phone_verified_at: eb
          .case()
          .when('email_verified_at', 'is', null)
          .then(null)
          .else(eb.ref('phone_verified_at'))
          .end(),
      }))
      .where('id', '=', account.id)
      .where('is_active', '=', true)
      .where('email_twin_of', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (reset === undefined) throw new CaduceusError('code_wrong')
    await revokeSessions(ctx, tx, account.id)
    await tellAccount(tx, { kind: 'account.password_changed', accountId: account.id }, ctx)
  })
  await ctx.endedAccess.announce()
  ctx.messenger.post(noticeLetter(account.email, 'The password of your account was reset.'))
}

/** The fields of a profile that a change may have; null removes an address or a picture. */
export interface ProfileChange {
  full_name?: string
  phone?: string
  address?: string | null
  /** An upload of kind `picture` of the same account, by its URL. */
  picture_url?: string | null
}

/**
 * Changes the profile and returns the account. Throws `token_invalid` when the account is gone, and
 * `invalid_request` for a picture that is no upload of this account.
 */
export async function updateProfile(
  ctx: Pick<Kernel, 'database' | 'nowMs'>,
  userId: string,
  change: ProfileChange,
) {
  const db = ctx.database.kysely
  await db.transaction().execute(tx => storeProfile(tx, userId, change, new Date(ctx.nowMs())))
  const account = await accountById(db, userId)
  if (account === null)
    throw new CaduceusError('token_invalid', 'the account of this token is gone')
  return account
}

/**
 * Stores the change in the caller's transaction; a changed phone is unproven. The driver's record
 * follows in name and phone, because it is the same person. Throws `invalid_request` for a picture
 * that is no upload of this account.
 */
export async function storeProfile(
  tx: Kysely<Tables>,
  userId: string,
  { picture_url, ...change }: ProfileChange,
  updated_at: Date,
): Promise<void> {
  const picture =
    picture_url === undefined ? {} : { picture_id: await pictureOf(tx, userId, picture_url) }
  await tx
    .updateTable('users')
    .set(eb => ({
      ...change,
      ...picture,
      updated_at,
      ...(change.phone !== undefined && {
        phone_verified_at: eb
          .case()
          .when('phone', '=', change.phone)
          .then(eb.ref('phone_verified_at'))
          .else(null)
          .end(),
      }),
    }))
    .where('id', '=', userId)
    .execute()
  const { address: _, ...ofDriver } = change
  if (Object.keys(ofDriver).length > 0)
    await tx
      .updateTable('drivers')
      .set({ ...ofDriver, updated_at })
      .where('user_id', '=', userId)
      .execute()
}

/** The id of a stored picture of the account; null for none. */
async function pictureOf(
  db: Kysely<Tables>,
  userId: string,
  url: string | null,
): Promise<string | null> {
  if (url === null) return null
  const id = uploadIdOf(url)
  const own =
    id === null
      ? undefined
      : await db
          .selectFrom('uploads')
          .select('id')
          .where('id', '=', id)
          .where('owner_id', '=', userId)
          .where('kind', '=', 'picture')
          .where('stored_at', 'is not', null)
          .executeTakeFirst()
  if (own === undefined)
    throw invalid([
      { field: 'picture_url', rule: 'must be the url of your own upload to /api/uploads/picture' },
    ])
  return own.id
}
