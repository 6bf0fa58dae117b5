/**
 * Accounts in the database: made, found, and read as identities. A pharmacy or driver is an account
 * plus a record of its own; either may exist first (an account registered with a role completes itself
 * later), so an identity may lack its record.
 */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/errors.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import type { Tables } from '../../migrations/tables.ts'
import type { Role } from './identity.ts'
import { hashPassword, verifyPassword } from './passwords.ts'

export interface Account {
  id: string
  email: string
  full_name: string
  phone: string
  role: Role
  is_active: boolean
  /** Null while nobody has shown that it is theirs. */
  email_verified_at: Date | null
  phone_verified_at: Date | null
  created_at: Date
  updated_at: Date
  vendor_id: string | null
  driver_id: string | null
}
export interface NewAccount { email: string; full_name: string; phone: string; role: Role; password: string }
interface Clock { nowMs(): number; random(): number }

const accounts = (db: Kysely<Tables>) => db.selectFrom('users')
  .leftJoin('vendors', 'vendors.user_id', 'users.id')
  .leftJoin('drivers', 'drivers.user_id', 'users.id')
  .select(['users.id', 'users.email', 'users.full_name', 'users.phone', 'users.role', 'users.is_active', 'users.email_verified_at', 'users.phone_verified_at',
    'users.created_at', 'users.updated_at', 'vendors.id as vendor_id', 'drivers.id as driver_id'])

export const accountById = async (db: Kysely<Tables>, id: string): Promise<Account | null> =>
  await accounts(db).where('users.id', '=', id).executeTakeFirst() ?? null

/** Newest first; `cursor` is the id to go on after. The caller adds what narrows it. */
export function accountsPage(db: Kysely<Tables>, limit: number, cursor?: string) {
  const query = accounts(db).orderBy('users.id', 'desc').limit(limit)
  return cursor === undefined ? query : query.where('users.id', '<', cursor)
}

/** `email` in lower case. */
export const accountByEmail = async (db: Kysely<Tables>, email: string): Promise<Account | null> =>
  await accounts(db).where(sql`lower(users.email)`, '=', email).executeTakeFirst() ?? null

/**
 * The account that a phone opens; `phone` as digits with its plus. Several may name the same number:
 * one that has proven it goes before those that merely say so, then the oldest; an active one before
 * all. Never an administrator's, whose account a SIM card must not open.
 */
export const accountByPhone = async (db: Kysely<Tables>, phone: string, role?: Role): Promise<Account | null> => {
  let query = accounts(db).where(sql`regexp_replace(users.phone, '[^0-9+]', '', 'g')`, '=', phone).where('users.role', '!=', 'admin')
  if (role !== undefined) query = query.where('users.role', '=', role)
  return await query.orderBy('users.is_active', 'desc').orderBy(sql`users.phone_verified_at is null`).orderBy('users.created_at').orderBy('users.id').limit(1).executeTakeFirst() ?? null
}

/** Throws `credentials_wrong` alike for an unknown e-mail and a wrong password, after the same time. */
export async function accountByPassword(db: Kysely<Tables>, email: string, password: string): Promise<Account> {
  const found = await accounts(db).select('users.password_hash').where(sql`lower(users.email)`, '=', email.toLowerCase()).executeTakeFirst()
  if (!await verifyPassword(found?.password_hash ?? null, password)) throw new CaduceusError('credentials_wrong')
  const { password_hash: _, ...account } = found!
  if (!account.is_active) throw new CaduceusError('account_inactive')
  return account
}

/**
 * Makes the account, and within the same transaction what belongs to it. Throws `email_taken`.
 * `complete`: an account of that e-mail that has the role but not yet its record is taken instead,
 * when the password is its own.
 */
export async function createAccount<T>(
  db: Kysely<Tables>, clock: Clock, given: NewAccount, withAccount: (tx: Kysely<Tables>, userId: string) => Promise<T>,
  complete?: (account: Account) => boolean,
): Promise<{ userId: string; record: T }> {
  const passwordHash = await hashPassword(given.password)
  try {
    return await db.transaction().execute(async tx => {
      const userId = uuidV7(clock.nowMs(), clock.random)
      const { password: _, ...row } = given
      await tx.insertInto('users').values({ id: userId, ...row, password_hash: passwordHash }).execute()
      return { userId, record: await withAccount(tx, userId) }
    })
  } catch (error) {
    if (!isUniqueViolation(error, 'users_email')) throw error
  }
  const taken = () => new CaduceusError('email_taken', 'an account with this e-mail exists already')
  if (complete === undefined) throw taken()
  const account = await accountByPassword(db, given.email, given.password).catch((error: unknown) => {
    if (error instanceof CaduceusError && (error.code === 'credentials_wrong' || error.code === 'account_inactive')) return null
    throw error
  })
  if (account === null || account.role !== given.role || !complete(account)) throw taken()
  return db.transaction().execute(async tx => ({ userId: account.id, record: await withAccount(tx, account.id) }))
}

export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: name } = error as { code?: unknown; constraint?: unknown }
  return code === '23505' && name === constraint
}
