/**
 * One-time codes: six digits that prove that a mailbox or a phone is at hand. A million is few, so a
 * code lives ten minutes, takes five tries, opens one thing once, and is asked for at a bounded rate
 * (LESSONS of brute force: 100 guesses a day for one destination at most). Only the newest code of a
 * destination counts.
 *
 * Asking costs the same whether or not an account has the destination: the row is written either way,
 * and the message leaves behind the answer. Stored is an HMAC under the server's key: a plain hash of
 * six digits is undone in a second by whoever reads the table.
 */
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import type { CodePurpose, Tables } from '../../migrations/tables.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import type { EdgeContext } from '../context.ts'
import type { Channel } from '../integrations/carrier.ts'
import { accountByEmail, accountByPhone, type Account } from './accounts.ts'
import { codeLetter } from './letters.ts'
import { hashToken } from './tokens.ts'

export type CodeContext = Pick<EdgeContext, 'config' | 'database' | 'endedAccess' | 'messenger' | 'nowMs' | 'random'>

const channels: Record<CodePurpose, Channel> = { verify_email: 'email', reset_password: 'email', sign_in_phone: 'sms' }
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** How long rows count for the rates; after that housekeeping may delete them. */
export const codeMemoryMs = dayMs

export const normalEmail = (email: string): string => email.toLowerCase()
/** The digits and the plus: what is left of all the ways to write one number. */
export const normalPhone = (phone: string): string => phone.replaceAll(/[^0-9+]/g, '')

/**
 * Makes a code and sends it to whom it may concern: always to a mailbox to be verified, otherwise only
 * to an active account's. `destination` must be normal; `from` stands for one client's addresses. Throws `delivery_unconfigured`, and
 * `too_many_requests` with the seconds to wait; neither depends on the account.
 */
export async function requestCode(ctx: CodeContext, purpose: CodePurpose, destination: string, from: string): Promise<void> {
  ctx.messenger.requireChannel(channels[purpose])
  const nowMs = ctx.nowMs()
  const id = uuidV7(nowMs, ctx.random)
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const to = await ctx.database.kysely.transaction().execute(async tx => {
    // The counts hold only while nobody else adds to them. Always in this order, so that two cannot wait for each other.
    for (const key of [`code:${destination}`, `code-from:${from}`])
      await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx)
    await refuseTooMany(tx, nowMs, destination, from)
    await tx.insertInto('one_time_codes').values({
      id, purpose, destination, address: from, code_hash: codeHash(ctx, id, code),
      expires_at: new Date(nowMs + limits.codeLifeMs), created_at: new Date(nowMs),
    }).execute()
    return recipient(tx, purpose, destination)
  })
  if (to !== null) ctx.messenger.post(codeLetter(purpose, to, code))
}

/**
 * Spends one try, and the code if it is right. Throws `code_wrong` alike for a wrong, old, used, expired
 * or exhausted code and for one that was never asked for. Returns the id of the code.
 */
export async function takeCode(ctx: Pick<CodeContext, 'config' | 'database' | 'nowMs'>, purpose: CodePurpose, destination: string, code: string): Promise<string> {
  const db = ctx.database.kysely
  const now = new Date(ctx.nowMs())
  // The try is counted before the code is looked at: of many guesses at once only five are compared.
  const row = await db.updateTable('one_time_codes')
    .set(eb => ({ tries: eb('tries', '+', 1) }))
    .where('id', '=', eb => eb.selectFrom('one_time_codes').select('id')
      .where('destination', '=', destination).where('purpose', '=', purpose).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(1))
    .where('tries', '<', limits.codeTriesMax).where('used_at', 'is', null).where('expires_at', '>', now)
    .returning(['id', 'code_hash']).executeTakeFirst()
  const given = codeHash(ctx, row?.id ?? '', code)
  if (row === undefined || !timingSafeEqual(Buffer.from(given), Buffer.from(row.code_hash))) throw wrongCode()
  const taken = await db.updateTable('one_time_codes').set({ used_at: now }).where('id', '=', row.id).where('used_at', 'is', null).returning('id').executeTakeFirst()
  if (taken === undefined) throw wrongCode()
  return row.id
}

/**
 * Marks the e-mail of the code as verified, on the account that has it or will have it: the proof is
 * shown at registration, within limits.emailProofLifeMs. Without it, whoever registers first would
 * inherit what somebody else proved. Throws `code_wrong`.
 */
export async function verifyEmail(ctx: CodeContext, email: string, code: string): Promise<{ proof: string }> {
  const destination = normalEmail(email)
  const id = await takeCode(ctx, 'verify_email', destination, code)
  const proof = randomBytes(24).toString('base64url')
  const db = ctx.database.kysely
  await db.updateTable('one_time_codes').set({ proof_hash: hashToken(proof) }).where('id', '=', id).execute()
  await db.updateTable('users').set({ email_verified_at: new Date(ctx.nowMs()) })
    .where(sql`lower(email)`, '=', destination).where('email_verified_at', 'is', null).execute()
  return { proof }
}

/** Spends the proof of a verified e-mail on a new account. Throws `code_wrong`. */
export async function redeemEmailProof(ctx: Pick<CodeContext, 'nowMs'>, tx: Kysely<Tables>, userId: string, email: string, proof: string): Promise<void> {
  const now = ctx.nowMs()
  const found = await tx.updateTable('one_time_codes').set({ proof_hash: null })
    .where('proof_hash', '=', hashToken(proof)).where('destination', '=', normalEmail(email)).where('used_at', '>', new Date(now - limits.emailProofLifeMs))
    .returning('id').executeTakeFirst()
  if (found === undefined) throw new CaduceusError('code_wrong', 'verification_token is wrong, was used, has expired or is of another e-mail')
  await tx.updateTable('users').set({ email_verified_at: new Date(now) }).where('id', '=', userId).execute()
}

/** The account that a phone's code signs in to, whose phone is then verified. Throws `code_wrong` or `account_inactive`. */
export async function accountByPhoneCode(ctx: CodeContext, phone: string, code: string, role?: Account['role']): Promise<{ account: Account; firstProof: boolean }> {
  const destination = normalPhone(phone)
  await takeCode(ctx, 'sign_in_phone', destination, code)
  const account = await accountByPhone(ctx.database.kysely, destination, role)
  if (account === null) throw wrongCode()
  if (!account.is_active) throw new CaduceusError('account_inactive')
  const proven = await ctx.database.kysely.updateTable('users').set({ phone_verified_at: new Date(ctx.nowMs()) })
    .where('id', '=', account.id).where('phone_verified_at', 'is', null).returning('id').executeTakeFirst()
  return { account, firstProof: proven !== undefined }
}

const wrongCode = () => new CaduceusError('code_wrong', 'the code is wrong, has expired or was used; ask for a new one')

/** Where the code goes, null for nowhere. The account's own spelling of an e-mail, never the caller's: letters may look alike. */
async function recipient(db: Kysely<Tables>, purpose: CodePurpose, destination: string): Promise<string | null> {
  switch (purpose) {
    case 'verify_email': return destination
    case 'sign_in_phone': return (await accountByPhone(db, destination))?.is_active === true ? destination : null
    case 'reset_password': {
      const account = await accountByEmail(db, destination)
      return account?.is_active === true ? account.email : null
    }
  }
}

async function refuseTooMany(db: Kysely<Tables>, nowMs: number, destination: string, from: string): Promise<void> {
  const rows = (column: 'destination' | 'address', value: string, windowMs: number) => db.selectFrom('one_time_codes')
    .select(eb => [eb.fn.countAll<number>().as('count'), eb.fn.min('created_at').as('oldest')])
    .where(column, '=', value).where('created_at', '>', new Date(nowMs - windowMs)).executeTakeFirstOrThrow()
  for (const [column, value, windowMs, max] of [
    ['destination', destination, hourMs, limits.codesPerDestinationPerHourMax],
    ['destination', destination, dayMs, limits.codesPerDestinationPerDayMax],
    ['address', from, hourMs, limits.codesPerAddressPerHourMax],
  ] as const) {
    const { count, oldest } = await rows(column, value, windowMs)
    if (Number(count) < max) continue
    const waitSeconds = Math.max(1, Math.ceil(((oldest as Date).getTime() + windowMs - nowMs) / 1000))
    throw new CaduceusError('too_many_requests', `too many codes were asked for; try again in ${waitSeconds} s`, undefined, waitSeconds)
  }
}

/** The id is part of it, so that equal codes do not look equal. */
const codeHash = (ctx: Pick<CodeContext, 'config'>, id: string, code: string): string =>
  createHmac('sha256', ctx.config.jwtSecret).update(`caduceus one-time code\0${id}\0${code}`).digest('base64url')
