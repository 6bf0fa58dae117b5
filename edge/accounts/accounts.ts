/**
 * Accounts in the database: making them, finding them, and reading them as identities. The owner of
 * a pharmacy and a driver are an account plus a record; other people of a pharmacy are its members.
 * An account that registered with a role makes its record later, so an identity may lack its record.
 */
import { sql, type Insertable, type Kysely } from 'kysely'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { MemberRole } from '../../protocol/pharmacies/members.ts'
import type { Tables, UsersTable } from '../../migrations/database/tables.ts'
import type { WithEndedAccess } from './ended-access.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { WithConfiguration } from '../configuration/port.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithRates } from '../rate/rate-limits.ts'
import { spendEmailProof, type ShownProof } from './email-proofs.ts'
import type { Role } from '../kernel/identity.ts'
import { namedLetter } from './letters.ts'
import { namedLetterMs, twinsTriedMax } from './limits.ts'
import { comparePassword, hashPassword } from './passwords.ts'
import { countedRegistration } from './registrations.ts'

export interface Account {
  id: string
  email: string
  full_name: string
  phone: string
  role: Role
  is_active: boolean
  /** Time at which the owner proved the mailbox; null before. */
  email_verified_at: Date | null
  phone_verified_at: Date | null
  address: string | null
  /** The upload that shows the person; null for none. */
  picture_id: string | null
  /** The account that owns the e-mail, when this account only names it; null otherwise. */
  email_twin_of: string | null
  /** The administrator on whom the account may depend; see `edge/kernel/sponsors.ts`. */
  sponsored_by: string | null
  sponsored_at: Date | null
  created_at: Date
  updated_at: Date
  /** Pharmacy of which the account is a member now. */
  vendor_id: string | null
  member_role: MemberRole | null
  driver_id: string | null
}
export interface NewAccount {
  email: string
  full_name: string
  phone: string
  role: Role
  password: string
  /**
   * The group of addresses that registers: the time for hashing is shared between groups. Absent
   * for the program itself.
   */
  from?: string
  /** The proof of the mailbox. */
  proof?: ShownProof
}
/**
 * The parts that making an account needs. The command line passes only the first two, and then no
 * letter is written.
 */
export type Registrar = Pick<Kernel, 'nowMs' | 'random'> &
  Partial<WithConfiguration & WithMessenger & WithEndedAccess & WithRates>

const accounts = (db: Kysely<Tables>) =>
  db
    .selectFrom('users')
    .leftJoin('members', join =>
      join.onRef('members.user_id', '=', 'users.id').on('members.ended_at', 'is', null),
    )
    .leftJoin('drivers', 'drivers.user_id', 'users.id')
    .select([
      'users.id',
      'users.email',
      'users.full_name',
      'users.phone',
      'users.role',
      'users.is_active',
      'users.email_verified_at',
      'users.phone_verified_at',
      'users.address',
      'users.picture_id',
      'users.email_twin_of',
      'users.sponsored_by',
      'users.sponsored_at',
      'users.created_at',
      'users.updated_at',
      'members.vendor_id',
      'members.role as member_role',
      'drivers.id as driver_id',
    ])

/** The account with its pharmacy and driver records, active or not; null when there is none. */
export const accountById = async (db: Kysely<Tables>, id: string): Promise<Account | null> =>
  (await accounts(db).where('users.id', '=', id).executeTakeFirst()) ?? null

/** Newest first; `cursor` is the last id of the page before. The caller adds filters. */
export function accountsPage(db: Kysely<Tables>, limit: number, cursor?: string) {
  const query = accounts(db).orderBy('users.id', 'desc').limit(limit)
  return cursor === undefined ? query : query.where('users.id', '<', cursor)
}

/** The account that owns the address. `email` must be normalised. */
export const accountByEmail = async (db: Kysely<Tables>, email: string): Promise<Account | null> =>
  (await accounts(db)
    .where(sql`normal_email(users.email)`, '=', email)
    .where('users.email', '!=', '')
    .where('users.email_twin_of', 'is', null)
    .executeTakeFirst()) ?? null

/**
 * The one account that has proven the phone, in E.164. An administrator's account is never
 * returned, because a SIM card must not open it.
 */
export const accountByProvenPhone = async (
  db: Kysely<Tables>,
  phone: string,
): Promise<Account | null> =>
  (await accounts(db)
    .where('users.phone', '=', phone)
    .where('users.phone_verified_at', 'is not', null)
    .where('users.role', '!=', 'admin')
    .executeTakeFirst()) ?? null

/** True when an active account names the phone, proven or not, so that a code is worth sending. */
export async function isPhoneNamed(db: Kysely<Tables>, phone: string): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('phone', '=', phone)
    .where('is_active', '=', true)
    .where('role', '!=', 'admin')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** An account at sign-in. Tokens are issued only while its password is still this one. */
export type SeenAccount = Account & { password_hash: string }

/**
 * Throws `credentials_wrong` for an unknown e-mail and for a wrong password alike, after the same
 * time. When several accounts name the same e-mail the password decides, and the account that owns
 * the e-mail comes first. Throws `account_inactive` for the right password of a deactivated
 * account, and `overloaded`. `from`: the group of addresses that asks.
 */
export async function accountByPassword(
  db: Kysely<Tables>,
  email: string,
  password: string,
  from: string | null = null,
): Promise<SeenAccount> {
  const found = await accounts(db)
    .select('users.password_hash')
    .where(sql`normal_email(users.email)`, '=', normalEmail(email))
    .where('users.email', '!=', '')
    .orderBy(sql`users.email_twin_of is not null`)
    .orderBy('users.created_at')
    .limit(twinsTriedMax)
    .execute()
  const verdicts = await Promise.all(
    (found.length === 0 ? [null] : found).map(one =>
      comparePassword(one?.password_hash ?? null, password, from),
    ),
  )
  const index = verdicts.findIndex(verdict => verdict !== 'wrong')
  const account = found[index]
  if (account === undefined) throw new CaduceusError('credentials_wrong')
  if (!account.is_active) throw new CaduceusError('account_inactive')
  return verdicts[index] === 'outdated'
    ? await rewritePassword(db, account, password, from)
    : account
}

/** Stores the same password in today's form. A password that was changed meanwhile stays. */
async function rewritePassword(
  db: Kysely<Tables>,
  account: SeenAccount,
  password: string,
  from: string | null,
): Promise<SeenAccount> {
  const password_hash = await hashPassword(password, from)
  const written = await db
    .updateTable('users')
    .set({ password_hash })
    .where('id', '=', account.id)
    .where('password_hash', '=', account.password_hash)
    .returning('id')
    .executeTakeFirst()
  return written === undefined ? account : { ...account, password_hash }
}

/**
 * Makes the account and, in the same transaction, its record. Throws `email_taken`, `code_wrong`
 * for an invalid proof, and `too_many_requests` beyond the accounts that an address may make in a
 * day.
 *
 * When the address is taken: with `complete`, an existing account of that e-mail that has the role
 * but no record yet is used instead, if the password is its own. A caller who has proven the
 * mailbox becomes its owner, unless the present owner has proven it too. The present owner's
 * account stays and only names the address, and its sign-ins end. A caller who has proven the
 * mailbox, when its owner has proven it too, gets `email_taken`. A caller without a proof gets a
 * new account when mail can be sent: the new account names the address and does not own it, so that
 * the answer does not tell strangers who has an account; the owner gets a letter. When no mail can
 * be sent, nothing else would tell an owner who registers again, so the answer is `email_taken`.
 * Throws `registration_closed` while the configuration refuses those who register by themselves.
 */
export const createAccount = async <T>(
  db: Kysely<Tables>,
  ctx: Registrar,
  given: NewAccount,
  withAccount: (tx: Kysely<Tables>, userId: string) => Promise<T>,
  complete?: (account: Account) => boolean | Promise<boolean>,
): Promise<{ userId: string; record: T }> => {
  const { from = null } = given
  if (from !== null) refuseWhileClosed(ctx)
  return countedRegistration(ctx.rates ?? null, from, () =>
    makeAccount(db, ctx, given, withAccount, complete),
  )
}

/** Throws `registration_closed` while the configuration refuses those who register by themselves. */
export function refuseWhileClosed({ configuration }: Partial<WithConfiguration>): void {
  if (configuration?.values.takes_registrations === false)
    throw new CaduceusError('registration_closed', 'nobody can register here at the moment')
}

async function makeAccount<T>(
  db: Kysely<Tables>,
  ctx: Registrar,
  given: NewAccount,
  withAccount: (tx: Kysely<Tables>, userId: string) => Promise<T>,
  complete?: (account: Account) => boolean | Promise<boolean>,
): Promise<{ userId: string; record: T }> {
  const { password, from = null, proof, ...row } = given
  const password_hash = await hashPassword(password, from)
  const proven = async (tx: Kysely<Tables>): Promise<{ email_verified_at: Date | null }> => ({
    email_verified_at:
      proof !== undefined && (await spendEmailProof(tx, ctx.nowMs(), given.email, proof))
        ? new Date(ctx.nowMs())
        : null,
  })
  const insert = async (tx: Kysely<Tables>, more: Partial<Insertable<UsersTable>>) => {
    const userId = more.id ?? uuidV7(ctx.nowMs(), ctx.random)
    await tx
      .insertInto('users')
      .values({ id: userId, ...row, password_hash, ...more })
      .execute()
    return { userId, record: await withAccount(tx, userId) }
  }
  try {
    return await db.transaction().execute(async tx => insert(tx, await proven(tx)))
  } catch (error) {
    if (!isUniqueViolation(error, 'users_email')) throw error
  }
  const own =
    complete === undefined
      ? null
      : await accountByPassword(db, given.email, password, from).catch((error: unknown) => {
          if (
            error instanceof CaduceusError &&
            (error.code === 'credentials_wrong' || error.code === 'account_inactive')
          )
            return null
          throw error
        })
  if (own !== null && own.role === given.role && (await complete!(own)))
    return db.transaction().execute(async tx => {
      const { email_verified_at } = await proven(tx)
      if (
        email_verified_at !== null &&
        own.email_verified_at === null &&
        own.email_twin_of === null
      )
        await tx.updateTable('users').set({ email_verified_at }).where('id', '=', own.id).execute()
      return { userId: own.id, record: await withAccount(tx, own.id) }
    })
  const taken = () => new CaduceusError('email_taken', 'an account with this e-mail exists already')
  return db
    .transaction()
    .execute(async tx => {
      const { email_verified_at } = await proven(tx)
      const owner = await tx
        .selectFrom('users')
        .select(['id', 'email', 'email_verified_at'])
        .where(sql`normal_email(email)`, '=', normalEmail(given.email))
        .where('email', '!=', '')
        .where('email_twin_of', 'is', null)
        .forUpdate()
        .executeTakeFirst()
      if (owner === undefined) throw taken()
      if (email_verified_at !== null && owner.email_verified_at === null) {
        const made = { id: uuidV7(ctx.nowMs(), ctx.random) }
        await tx
          .updateTable('users')
          .set({ email_twin_of: made.id })
          .where('id', '=', owner.id)
          .execute()
        await tx
          .updateTable('sessions')
          .set({ revoked_at: new Date(ctx.nowMs()) })
          .where('user_id', '=', owner.id)
          .where('revoked_at', 'is', null)
          .execute()
        return insert(tx, { ...made, email_verified_at })
      }
      if (email_verified_at !== null || ctx.messenger?.channels.email !== 'smtp') throw taken()
      const told = await tx
        .updateTable('users')
        .set({ email_named_at: new Date(ctx.nowMs()) })
        .where('id', '=', owner.id)
        .where(eb =>
          eb.or([
            eb('email_named_at', 'is', null),
            eb('email_named_at', '<', new Date(ctx.nowMs() - namedLetterMs)),
          ]),
        )
        .returning('id')
        .executeTakeFirst()
      const made = await insert(tx, { email_twin_of: owner.id })
      if (told !== undefined) ctx.messenger.post(namedLetter(owner.email))
      return made
    })
    .then(async made => {
      await ctx.endedAccess?.announce()
      return made
    })
}

/** True for an error of PostgreSQL that a row breaks this unique constraint. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: name } = error as { code?: unknown; constraint?: unknown }
  return code === '23505' && name === constraint
}
