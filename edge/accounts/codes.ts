/**
 * One-time codes: six digits that prove access to a mailbox or a phone. A million values are few,
 * so a code lives ten minutes, takes five tries, works once for one purpose, and is sent at a
 * bounded rate. Only the newest code of a destination and a place counts: a stranger who asks for
 * codes neither ends the owner's code nor uses up its tries.
 *
 * Asking costs the same whether or not an account has the destination: the row is always written,
 * and the message is sent after the answer. The stored value is an HMAC under the server's key,
 * because a reader of the table could reverse a plain hash of six digits in a second.
 */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import { tellAccount } from '../kernel/news.ts'
import type { CodePurpose, Tables } from '../../migrations/database/tables.ts'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { accountLimits } from './account-limits.ts'
import type { AccountsConfig } from './config.ts'
import type { WithEndedAccess } from './ended-access.ts'
import type { WithConfiguration } from '../configuration/port.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { addressGroup } from '../kernel/address.ts'
import type { Channel } from '../messenger/carrier.ts'
import {
  accountByEmail,
  accountById,
  accountByProvenPhone,
  isPhoneNamed,
  refuseWhileClosed,
  type Account,
} from './accounts.ts'
import { createEmailProof } from './email-proofs.ts'
import { codeLetter, noticeLetter } from './letters.ts'
import {
  codeAwayTriesMax,
  codePlacesTriedMax,
  codesSlowedEveryMs,
  codesUnslowedPerDay,
} from './limits.ts'
import { noPassword } from './passwords.ts'
import type { Origin } from './places.ts'
import { revokeSessions } from './sessions.ts'
import { refusePhone, refuseTooManySms } from './sms.ts'

export type CodeContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> &
  WithEndedAccess &
  WithMessenger &
  Partial<WithConfiguration> &
  WithConfig<KernelConfig & AccountsConfig>

const channels: Record<CodePurpose, Channel> = {
  verify_email: 'email',
  reset_password: 'email',
  sign_in_phone: 'sms',
}
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Time for which rows count for the rates; housekeeping may delete older rows. */
export const codeMemoryMs = dayMs

/**
 * Makes a code and sends it. A mailbox that is being verified always gets it; any other destination
 * only when an active account has it. `destination` must be normalised; `from` is the group of the
 * client's addresses. Throws `delivery_unconfigured`, `invalid_request` for a phone that gets no
 * SMS, and `too_many_requests` with the seconds to wait; none of them depends on the account.
 */
export async function requestCode(
  ctx: CodeContext,
  purpose: CodePurpose,
  destination: string,
  from: string,
): Promise<void> {
  if (purpose === 'sign_in_phone') refusePhone(ctx.config.sms, destination)
  ctx.messenger.requireChannel(channels[purpose])
  const nowMs = ctx.nowMs()
  const id = uuidV7(nowMs, ctx.random)
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const to = await ctx.database.kysely.transaction().execute(async tx => {
    // The counts are right only while nobody else adds rows. The locks are always taken in this
    // order, so that two transactions cannot wait for each other.
    for (const key of [
      `code:${destination}`,
      `code-from:${from}`,
      ...(purpose === 'sign_in_phone' ? ['code-sms'] : []),
    ])
      await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx)
    await refuseTooMany(tx, nowMs, destination, from, await accountOf(tx, purpose, destination))
    if (purpose === 'sign_in_phone') await refuseTooManySms(tx, ctx.config.sms, nowMs, destination)
    const recipient = await recipientOf(tx, purpose, destination)
    await tx
      .insertInto('one_time_codes')
      .values({
        id,
        purpose,
        destination,
        address: from,
        code_hash: codeHash(ctx, id, code),
        sent_at: recipient === null ? null : new Date(nowMs),
        expires_at: new Date(nowMs + accountLimits.codeLifeMs),
        created_at: new Date(nowMs),
      })
      .execute()
    return recipient
  })
  if (to !== null) ctx.messenger.post(codeLetter(purpose, to, code))
}

/**
 * Spends one try, and the code if it is right. `from` is the group of addresses that shows it. The
 * newest code of each place counts and has its own tries for that place. Other places have a few
 * tries, so that a phone may change its network and a stranger cannot use up the owner's tries.
 * Throws `code_wrong` alike for a wrong, old, used, expired or exhausted code and for a code that
 * was never asked for. Returns the id of the code.
 */
export async function takeCode(
  ctx: Pick<CodeContext, 'config' | 'database' | 'nowMs'>,
  purpose: CodePurpose,
  destination: string,
  code: string,
  from: string,
): Promise<string> {
  const db = ctx.database.kysely
  const now = new Date(ctx.nowMs())
  // The try is counted before the code is compared, so of many guesses at once only the allowed
  // number is compared.
  const { rows } = await sql<{ id: string; code_hash: string }>`
    update one_time_codes set tries = tries + (address = ${from})::int, away_tries = away_tries + (address <> ${from})::int
    where id in (
      select id from (
        select distinct on (address) id, address, created_at, used_at, expires_at from one_time_codes
        where destination = ${destination} and purpose = ${purpose} and created_at > ${new Date(ctx.nowMs() - accountLimits.codeLifeMs)}
        order by address, created_at desc, id desc) newest
      where used_at is null and expires_at > ${now}
      order by address = ${from} desc, created_at desc limit ${codePlacesTriedMax + 1})
    and used_at is null
    and case when address = ${from} then tries < ${accountLimits.codeTriesMax} else away_tries < ${codeAwayTriesMax} end
    returning id, code_hash`.execute(db)
  const right = rows.filter(row =>
    timingSafeEqual(Buffer.from(codeHash(ctx, row.id, code)), Buffer.from(row.code_hash)),
  )[0]
  // Without a row a hash is computed too, so that the time does not tell.
  if (rows.length === 0) codeHash(ctx, '', code)
  if (right === undefined) throw wrongCode()
  const taken = await db
    .updateTable('one_time_codes')
    .set({ used_at: now })
    .where('id', '=', right.id)
    .where('used_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (taken === undefined) throw wrongCode()
  return right.id
}

/**
 * Verifies an e-mail for a caller who is not signed in. The code only proves that the caller reads
 * that mailbox; the account that names the address may belong to somebody who was there first.
 * Throws `code_wrong`.
 */
export async function verifyEmail(
  ctx: CodeContext,
  email: string,
  code: string,
  origin: Origin,
): Promise<{ proof: string }> {
  const id = await takeCode(
    ctx,
    'verify_email',
    normalEmail(email),
    code,
    addressGroup(origin.address),
  )
  return { proof: await createEmailProof(ctx.database.kysely, id, origin) }
}

/**
 * Verifies the e-mail of the signed-in account. The account owns the address from now on. An
 * account that owned it without proof stays and only names it, and its sign-ins end. Throws
 * `code_wrong`, `invalid_request` for another address, `email_taken` when another account has
 * proven it too.
 */
export async function proveOwnEmail(
  ctx: CodeContext,
  userId: string,
  email: string,
  code: string,
  origin: Origin,
): Promise<Account> {
  const db = ctx.database.kysely
  const account = await accountById(db, userId)
  if (account === null || normalEmail(account.email) !== normalEmail(email))
    throw notOwn('email', 'is not the e-mail of the account that is signed in')
  await takeCode(ctx, 'verify_email', normalEmail(email), code, addressGroup(origin.address))
  const now = new Date(ctx.nowMs())
  await db.transaction().execute(async tx => {
    const { email_twin_of: ownerId } = await tx
      .selectFrom('users')
      .select('email_twin_of')
      .where('id', '=', userId)
      .forUpdate()
      .executeTakeFirstOrThrow()
    if (ownerId !== null) {
      const displaced = await tx
        .updateTable('users')
        .set({ email_twin_of: userId })
        .where('id', '=', ownerId)
        .where('email_verified_at', 'is', null)
        .returning('id')
        .executeTakeFirst()
      if (displaced === undefined)
        throw new CaduceusError(
          'email_taken',
          'another account has proven this e-mail; sign in to that one',
        )
      await revokeSessions(ctx, tx, ownerId)
    }
    await tx
      .updateTable('users')
      .set(eb => ({
        email_twin_of: null,
        email_verified_at: eb.fn.coalesce('email_verified_at', eb.val(now)),
      }))
      .where('id', '=', userId)
      .execute()
  })
  await ctx.endedAccess.announce()
  return (await accountById(db, userId))!
}

/**
 * Verifies the phone of the signed-in account; codes then sign in to this account. An account that
 * had proven the phone before loses it, as when the network gives a number to another person.
 * Throws `code_wrong`, `invalid_request` for another phone, `forbidden` for an administrator.
 */
export async function proveOwnPhone(
  ctx: CodeContext,
  userId: string,
  phone: string,
  code: string,
  from: string,
): Promise<Account> {
  const db = ctx.database.kysely
  const account = await accountById(db, userId)
  if (account === null || account.phone !== phone)
    throw notOwn(
      'phone',
      'is not the phone of the account that is signed in; PATCH /api/auth/me changes it',
    )
  if (account.role === 'admin')
    throw new CaduceusError('forbidden', "a phone opens no administrator's account")
  await takeCode(ctx, 'sign_in_phone', phone, code, from)
  const lost = await db.transaction().execute(async tx => {
    const others = await tx
      .updateTable('users')
      .set({ phone_verified_at: null })
      .where('phone', '=', phone)
      .where('phone_verified_at', 'is not', null)
      .where('id', '!=', userId)
      .returning(['id', 'email'])
      .execute()
    for (const { id } of others)
      await tellAccount(tx, { kind: 'account.phone_lost', accountId: id }, ctx)
    await tx
      .updateTable('users')
      .set(eb => ({
        phone_verified_at: eb.fn.coalesce('phone_verified_at', eb.val(new Date(ctx.nowMs()))),
      }))
      .where('id', '=', userId)
      .where('phone', '=', phone)
      .execute()
    return others
  })
  for (const { email } of lost)
    if (email !== '')
      ctx.messenger.post(
        noticeLetter(
          email,
          'The phone number of your account was proven by another account. Codes sent to it no longer open yours.',
        ),
      )
  return (await accountById(db, userId))!
}

/**
 * The account that a code of a phone signs in to: the one that has proven the number. Accounts that
 * only name the number are not opened, because it may not be theirs; the holder of the phone gets a
 * new account. Throws `code_wrong`, `account_inactive`, `registration_closed` for a new account while
 * nobody may register, and `not_found` when no account of the
 * wanted role has proven the number.
 */
export async function accountByPhoneCode(
  ctx: CodeContext,
  phone: string,
  code: string,
  from: string,
  role?: Account['role'],
): Promise<{ account: Account; isNew: boolean }> {
  const db = ctx.database.kysely
  await takeCode(ctx, 'sign_in_phone', phone, code, from)
  const known = await accountByProvenPhone(db, phone)
  const wanted = (account: Account): Account => {
    if (role !== undefined && account.role !== role) throw otherRole()
    if (!account.is_active) throw new CaduceusError('account_inactive')
    return account
  }
  if (known !== null) return { account: wanted(known), isNew: false }
  if (role !== undefined && role !== 'user') throw otherRole()
  if (!(await isPhoneNamed(db, phone))) throw wrongCode()
  refuseWhileClosed(ctx)
  const id = uuidV7(ctx.nowMs(), ctx.random)
  await db
    .insertInto('users')
    .values({
      id,
      email: '',
      full_name: 'Customer',
      phone,
      role: 'user',
      password_hash: noPassword,
      phone_verified_at: new Date(ctx.nowMs()),
    })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  // With two codes of one phone at once, the second signs in to the account of the first.
  const account = await accountByProvenPhone(db, phone)
  if (account === null) throw wrongCode()
  return { account: wanted(account), isNew: account.id === id }
}

const otherRole = () =>
  new CaduceusError(
    'not_found',
    'no account of this role has proven the number; sign in with its password and prove it there',
  )
const notOwn = (field: string, rule: string) =>
  new CaduceusError('invalid_request', `${field} ${rule}`, [{ field, rule }])
const wrongCode = () =>
  new CaduceusError('code_wrong', 'the code is wrong, has expired or was used; ask for a new one')

/**
 * The recipient of the code; null for none. It is the account's own spelling of an e-mail, never
 * the caller's, because letters may look alike.
 */
async function recipientOf(
  db: Kysely<Tables>,
  purpose: CodePurpose,
  destination: string,
): Promise<string | null> {
  switch (purpose) {
    case 'verify_email':
      return destination
    case 'sign_in_phone':
      return (await isPhoneNamed(db, destination)) ? destination : null
    case 'reset_password': {
      const account = await accountByEmail(db, destination)
      return account?.is_active === true ? account.email : null
    }
  }
}

/**
 * The account that owns the e-mail, or that has proven the phone; null for none. Addresses from
 * which it is signed in are not slowed.
 */
const accountOf = (
  db: Kysely<Tables>,
  purpose: CodePurpose,
  destination: string,
): Promise<Account | null> =>
  purpose === 'sign_in_phone'
    ? accountByProvenPhone(db, destination)
    : accountByEmail(db, destination)

/**
 * Refuses beyond the rates. Codes count for destination and address together, so that nobody spends
 * another's allowance; for the address; and for the destination alone, when many addresses ask. The
 * last only slows and never stops, and does not apply to an address from which the account is
 * signed in.
 */
async function refuseTooMany(
  db: Kysely<Tables>,
  nowMs: number,
  destination: string,
  from: string,
  account: Account | null,
): Promise<void> {
  const refuse = (untilMs: number): never => {
    const waitSeconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1000))
    throw new CaduceusError(
      'too_many_requests',
      `too many codes were asked for; try again in ${waitSeconds} s`,
      undefined,
      waitSeconds,
    )
  }
  for (const [column, windowMs, max] of [
    ['both', hourMs, accountLimits.codesPerDestinationPerHourMax],
    ['both', dayMs, accountLimits.codesPerDestinationPerDayMax],
    ['address', hourMs, accountLimits.codesPerAddressPerHourMax],
    ['destination', dayMs, codesUnslowedPerDay],
  ] as const) {
    let query = db
      .selectFrom('one_time_codes')
      .select(eb => [
        eb.fn.countAll<number>().as('count'),
        eb.fn.min('created_at').as('oldest'),
        eb.fn.max('created_at').as('newest'),
      ])
      .where('created_at', '>', new Date(nowMs - windowMs))
    if (column !== 'address') query = query.where('destination', '=', destination)
    if (column !== 'destination') query = query.where('address', '=', from)
    const { count, oldest, newest } = await query.executeTakeFirstOrThrow()
    if (Number(count) < max) continue
    if (column !== 'destination') refuse((oldest as Date).getTime() + windowMs)
    const untilMs = (newest as Date).getTime() + codesSlowedEveryMs
    if (untilMs > nowMs && !(await isUsualPlace(db, account, from))) refuse(untilMs)
  }
}

async function isUsualPlace(
  db: Kysely<Tables>,
  account: Account | null,
  from: string,
): Promise<boolean> {
  if (account === null) return false
  const rows = await db
    .selectFrom('sessions')
    .select('address')
    .distinct()
    .where('user_id', '=', account.id)
    .where('revoked_at', 'is', null)
    .limit(accountLimits.sessionsPerAccountMax)
    .execute()
  return rows.some(row => row.address !== null && addressGroup(row.address) === from)
}

/** The id is a part of the hash, so that equal codes do not look equal. */
const codeHash = (ctx: Pick<CodeContext, 'config'>, id: string, code: string): string =>
  createHmac('sha256', ctx.config.jwtSecret)
    .update(`caduceus one-time code\0${id}\0${code}`)
    .digest('base64url')
