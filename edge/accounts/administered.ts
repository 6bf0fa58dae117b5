/**
 * Accounts as an administrator makes and changes them. A new role ends every sign-in of the
 * account, because tokens carry the role, and the keys and calendar links that it made. Nobody
 * changes the own account here, so the last administrator cannot end or demote themselves. The
 * account remembers who made it, gave it its role or set its e-mail (`edge/kernel/sponsors.ts`).
 */
import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { tellAccount } from '../kernel/news.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Role } from '../kernel/identity.ts'
import { sponsoredBy } from '../kernel/sponsors.ts'
import { accountById, createAccount, isUniqueViolation, type Account } from './accounts.ts'
import { storeProfile, type ProfileChange } from './credentials.ts'
import { refuseOwnAccount, type DeactivationContext } from './deactivation.ts'
import { noticeLetter } from './letters.ts'
import { revokeSessions } from './sessions.ts'

export interface AdministeredAccount {
  email: string
  full_name: string
  phone: string
  role: Role
  /** Absent: nobody can sign in until the owner of the mailbox has reset the password. */
  password?: string
}

/** Throws `email_taken`. No limit counts the account, and its owner is not told. */
export async function makeAccountFor(
  ctx: DeactivationContext,
  adminId: string,
  { password = randomBytes(32).toString('base64url'), ...given }: AdministeredAccount,
): Promise<Account> {
  const db = ctx.database.kysely
  const { nowMs, random } = ctx
  const made = await createAccount(
    db,
    { nowMs, random },
    { ...given, password },
    async (tx, userId) => {
      await tx
        .updateTable('users')
        .set(sponsoredBy(adminId, nowMs()))
        .where('id', '=', userId)
        .execute()
    },
  )
  return (await accountById(db, made.userId))!
}

export interface AdministeredChange extends Omit<ProfileChange, 'picture_url'> {
  email?: string
  role?: Role
}

/**
 * Makes all of the change or nothing of it. Throws `not_found`, `email_taken`,
 * `account_role_conflict` for a role that does not fit the pharmacy or driver of the account and for
 * an erased account, and `invalid_request` for the administrator's own account.
 */
export async function changeAccount(
  ctx: DeactivationContext,
  adminId: string,
  id: string,
  { email, role, ...profile }: AdministeredChange,
): Promise<void> {
  refuseOwnAccount(adminId, id)
  const db = ctx.database.kysely
  const before = await accountById(db, id)
  if (before === null) throw new CaduceusError('not_found', 'no such account')
  const newRole = role === before.role ? undefined : role
  const newEmail = email === before.email ? undefined : email
  await db.transaction().execute(async tx => {
    if (newRole !== undefined) await giveRole(ctx, tx, adminId, before, newRole)
    if (newEmail !== undefined) await giveEmail(ctx, tx, adminId, before, newEmail)
    if (Object.keys(profile).length > 0) await storeProfile(tx, id, profile, new Date(ctx.nowMs()))
  })
  if (newRole !== undefined) await ctx.endedAccess.announce()
  if (before.email === '') return
  // The former owner of an address is told at that address.
  const tell = (text: string): void => ctx.messenger.post(noticeLetter(before.email, text))
  if (newRole !== undefined)
    tell(`An administrator changed the role of your account to ${newRole}. Sign in again.`)
  if (newEmail !== undefined) tell('An administrator changed the e-mail address of your account.')
}

async function giveRole(
  ctx: DeactivationContext,
  tx: Kysely<Tables>,
  adminId: string,
  account: Account,
  role: Role,
): Promise<void> {
  for (const [record, of, name] of [
    [account.vendor_id, 'vendor', 'pharmacy'],
    [account.driver_id, 'driver', 'driver'],
  ] as const)
    if (record !== null && role !== of)
      throw new CaduceusError(
        'account_role_conflict',
        `the account has a ${name} record, so its role is ${of}; end the account and make another`,
      )
  const now = new Date(ctx.nowMs())
  await tx
    .updateTable('users')
    .set({ role, updated_at: now, ...sponsoredBy(adminId, ctx.nowMs()) })
    .where('id', '=', account.id)
    .execute()
  await revokeSessions(ctx, tx, account.id)
  // Only customers are erased. Who has another role now has taken the wish back.
  await tx
    .deleteFrom('erasures')
    .where('account_id', '=', account.id)
    .where('erased_at', 'is', null)
    .execute()
  const begun = await tx
    .selectFrom('erasures')
    .select('account_id')
    .where('account_id', '=', account.id)
    .executeTakeFirst()
  if (begun !== undefined)
    throw new CaduceusError('account_role_conflict', 'the account was erased; make another')
  // Keys have more rights than any role but the administrator's.
  await tx
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('created_by', '=', account.id)
    .where('revoked_at', 'is', null)
    .execute()
  await tx
    .updateTable('calendar_feeds')
    .set({ ended_at: now })
    .where('account_id', '=', account.id)
    .where('ended_at', 'is', null)
    .execute()
  await tellAccount(tx, { kind: 'account.role_changed', accountId: account.id }, ctx)
}

/** The new address is unproven. */
async function giveEmail(
  ctx: DeactivationContext,
  tx: Kysely<Tables>,
  adminId: string,
  account: Account,
  email: string,
): Promise<void> {
  await tx
    .updateTable('users')
    .set({
      email,
      email_verified_at: null,
      email_twin_of: null,
      ...sponsoredBy(adminId, ctx.nowMs()),
      updated_at: new Date(ctx.nowMs()),
    })
    .where('id', '=', account.id)
    .execute()
    .catch((error: unknown) => {
      throw isUniqueViolation(error, 'users_email')
        ? new CaduceusError('email_taken', 'an account with this e-mail exists already')
        : error
    })
  await tellAccount(tx, { kind: 'account.email_changed', accountId: account.id }, ctx)
}
