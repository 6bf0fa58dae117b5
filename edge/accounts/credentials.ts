/**
 * Changing what opens an account. A new password ends the sessions that the old one opened: whoever
 * changes it because somebody else knew it must not have to think of that too.
 */
import { CaduceusError } from '../../protocol/errors.ts'
import type { EdgeContext } from '../context.ts'
import { accountByEmail, accountById } from './accounts.ts'
import { normalEmail, takeCode, type CodeContext } from './codes.ts'
import { noticeLetter } from './letters.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { endAllSessions } from './sessions.ts'

/** Every other session ends; the one that changes it goes on. Throws `credentials_wrong` for a wrong current password. */
export async function changePassword(ctx: CodeContext, userId: string, sessionId: string | undefined, currentPassword: string, newPassword: string): Promise<void> {
  const db = ctx.database.kysely
  const found = await db.selectFrom('users').select(['password_hash', 'email']).where('id', '=', userId).executeTakeFirst()
  if (!await verifyPassword(found?.password_hash ?? null, currentPassword)) throw new CaduceusError('credentials_wrong', 'the current password is wrong')
  const passwordHash = await hashPassword(newPassword)
  await db.updateTable('users').set({ password_hash: passwordHash, updated_at: new Date(ctx.nowMs()) }).where('id', '=', userId).execute()
  await endAllSessions(ctx, userId, sessionId)
  ctx.messenger.post(noticeLetter(found!.email, 'The password of your account was changed.'))
}

/** By a code of purpose `reset_password`. The code was read in the mailbox, so the e-mail is verified too. Throws `code_wrong`. */
export async function resetPassword(ctx: CodeContext, email: string, code: string, newPassword: string): Promise<void> {
  const db = ctx.database.kysely
  // First, although a wrong code makes it vain: a server too busy to hash must not use the code up.
  const passwordHash = await hashPassword(newPassword)
  await takeCode(ctx, 'reset_password', normalEmail(email), code)
  const account = await accountByEmail(db, normalEmail(email))
  if (account === null) throw new CaduceusError('code_wrong')
  const now = new Date(ctx.nowMs())
  await db.updateTable('users').set({ password_hash: passwordHash, updated_at: now, email_verified_at: account.email_verified_at ?? now }).where('id', '=', account.id).execute()
  await endAllSessions(ctx, account.id)
  ctx.messenger.post(noticeLetter(account.email, 'The password of your account was reset.'))
}

/** A phone that changes is unproven again. A driver's record follows, because it is the same person. Throws `token_invalid` when the account is gone. */
export async function updateProfile(ctx: Pick<EdgeContext, 'database' | 'nowMs'>, userId: string, change: { full_name?: string; phone?: string }) {
  const db = ctx.database.kysely
  if (Object.keys(change).length > 0)
    await db.updateTable('users').set(eb => ({
      ...change, updated_at: new Date(ctx.nowMs()),
      ...(change.phone !== undefined && { phone_verified_at: eb.case().when('phone', '=', change.phone).then(eb.ref('phone_verified_at')).else(null).end() }),
    })).where('id', '=', userId).execute()
  if (Object.keys(change).length > 0)
    await db.updateTable('drivers').set({ ...change, updated_at: new Date(ctx.nowMs()) }).where('user_id', '=', userId).execute()
  const account = await accountById(db, userId)
  if (account === null) throw new CaduceusError('token_invalid', 'the account of this token is gone')
  return account
}
