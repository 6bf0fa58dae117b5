/**
 * One-time codes: six digits that prove that a mailbox or a phone is at hand. A million is few, so a
 * code lives ten minutes, takes five tries, opens one thing once, and is asked for at a bounded rate.
 * Only the newest code of a destination and a place counts: a stranger who asks for codes too neither ends
 * nor wears out the one that its owner holds.
 *
 * Asking costs the same whether or not an account has the destination: the row is written either way,
 * and the message leaves behind the answer. Stored is an HMAC under the server's key: a plain hash of
 * six digits is undone in a second by whoever reads the table.
 */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import type { CodePurpose, Tables } from '../../migrations/database/tables.ts'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { accountLimits } from './account-limits.ts'
import type { AccountsConfig } from './config.ts'
import type { WithEndedAccess } from './ended-access.ts'
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
  WithConfig<KernelConfig & AccountsConfig>

const channels: Record<CodePurpose, Channel> = {
  verify_email: 'email',
  reset_password: 'email',
  sign_in_phone: 'sms',
}
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** How long rows count for the rates; after that housekeeping may delete them. */
export const codeMemoryMs = dayMs

/**
 * Makes a code and sends it to whom it may concern: always to a mailbox to be verified, otherwise only
 * to an active account's. `destination` must be normal; `from` stands for one client's addresses. Throws
 * `delivery_unconfigured`, `invalid_request` for a phone that gets no SMS, and `too_many_requests` with the
 * seconds to wait; none depends on the account.
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
    // The counts hold only while nobody else adds to them. Always in this order, so that two cannot wait for each other.
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
 * Spends one try, and the code if it is right. `from` is the group of addresses that shows it. The newest
 * code of each place counts, and has tries of its own for that place; from elsewhere a few more open it, so
 * that a phone may change its network and a stranger cannot use up its owner's tries. Throws `code_wrong`
 * alike for a wrong, old, used, expired or exhausted code and for one that was never asked for. Returns the
 * id of the code.
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
  // The try is counted before the code is looked at: of many guesses at once only so many are compared.
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
  // Hashed as often where there is none, so that the time does not tell.
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
 * A code of an e-mail, shown by somebody who is not signed in: a proof that they read that mailbox, and no
 * more. The account that names the address may be somebody else's, who was there first. Throws `code_wrong`.
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
 * The same, shown by the signed-in account that names the address: it is verified, and owns the address
 * from now on. An account that owned it without proof stays, as one that names it, and its sign-ins end.
 * Throws `code_wrong`, `invalid_request` for another address, `email_taken` when another has proven it too.
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
 * A code of the phone that the signed-in account names: the phone is verified, and codes sign in to this
 * account from now on. Whoever had proven it before has lost it, as with a number that the network gave to
 * somebody else. Throws `code_wrong`, `invalid_request` for another phone, `forbidden` for an administrator.
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
      .returning('email')
      .execute()
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
 * The account that a phone's code signs in to: the one that has proven the number. Where accounts only name
 * it, none of them is opened, because whoever named it first may not be whose it is; the one who holds the
 * phone is given an account of their own. Throws `code_wrong`, `account_inactive`, and `not_found` when the
 * role that was asked for has no account that has proven the number.
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
  // Two codes of one phone at once: the second signs in to what the first made.
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

/** Where the code goes, null for nowhere. The account's own spelling of an e-mail, never the caller's: letters may look alike. */
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

/** The account that the destination belongs to for certain, whose usual places keep an allowance of their own. */
const accountOf = (
  db: Kysely<Tables>,
  purpose: CodePurpose,
  destination: string,
): Promise<Account | null> =>
  purpose === 'sign_in_phone'
    ? accountByProvenPhone(db, destination)
    : accountByEmail(db, destination)

/**
 * Counted for the destination and the address together, so that nobody spends the allowance of somebody
 * else; for the address; and for the destination alone, where many addresses ask: that slows and never
 * ends, and does not hold for an address from which the account is signed in.
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

/** The id is part of it, so that equal codes do not look equal. */
const codeHash = (ctx: Pick<CodeContext, 'config'>, id: string, code: string): string =>
  createHmac('sha256', ctx.config.jwtSecret)
    .update(`caduceus one-time code\0${id}\0${code}`)
    .digest('base64url')
