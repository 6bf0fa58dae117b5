/**
 * A pharmacy's invitations to drivers: a code that makes its holder a driver of the pharmacy. An
 * invitation expires, works a limited number of times, can be revoked, and is stored as a hash.
 * About 127 random bits need no slow hash. Wrong tries are still counted by address, so that
 * guessing does not load the database.
 */
import { createHash, randomBytes } from 'node:crypto'
import { sql, type Kysely, type Selectable } from 'kysely'
import { RateLimiterRes } from 'rate-limiter-flexible'
import type { DriverInvitationsTable, Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { BoundedMemoryLimiter } from '../rate/memory.ts'
import { approvalLimits } from './limits.ts'

type Context = Pick<Kernel, 'database' | 'nowMs' | 'random'>
export type InvitationRow = Selectable<DriverInvitationsTable>

const hourMs = 3_600_000
/**
 * Letters and digits that people do not confuse when they read them aloud. A and B are there twice,
 * so that there are 32 entries and a random byte chooses one without a remainder.
 */
const alphabet = 'ABCDEFGHJKMNPQRSTVWXYZ23456789AB'
const codeCharacters = 26
export const invitationCodePattern = '^[A-Za-z0-9-]{8,64}$'

/** Stored form of a code. Small letters and the hyphens that make it readable do not matter. */
export const hashOfInvitation = (code: string): string =>
  createHash('sha256').update(code.toUpperCase().replaceAll('-', '')).digest('base64url')

/** A random code for an invitation, in groups of five. */
export function newInvitationCode(): string {
  const letters = [...randomBytes(codeCharacters)].map(byte => alphabet[byte % 32]!).join('')
  return letters.match(/.{1,5}/g)!.join('-')
}

/** Throws `invitation_limit_reached`. */
export async function createInvitation(
  ctx: Context,
  pharmacyId: string,
  by: string,
  given: { uses?: number; expires_in_hours?: number; note?: string },
): Promise<{ code: string; row: InvitationRow }> {
  const nowMs = ctx.nowMs()
  const code = newInvitationCode()
  const row = await ctx.database.kysely.transaction().execute(async tx => {
    await requireActiveAccount(tx, by)
    await sql`select pg_advisory_xact_lock(hashtextextended(${`invitations-of:${pharmacyId}`}, 0))`.execute(
      tx,
    )
    const { count } = await tx
      .selectFrom('driver_invitations')
      .select(eb => eb.fn.countAll<number>().as('count'))
      .where('vendor_id', '=', pharmacyId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', new Date(nowMs))
      .whereRef('uses', '<', 'uses_max')
      .executeTakeFirstOrThrow()
    if (Number(count) >= approvalLimits.invitationsPerPharmacyMax)
      throw new CaduceusError(
        'invitation_limit_reached',
        `${count} invitations of this pharmacy are still good; take some back`,
      )
    return tx
      .insertInto('driver_invitations')
      .values({
        id: uuidV7(nowMs, ctx.random),
        vendor_id: pharmacyId,
        code_hash: hashOfInvitation(code),
        note: given.note ?? null,
        uses_max: given.uses ?? 1,
        created_by: by,
        created_at: new Date(nowMs),
        expires_at: new Date(
          nowMs + (given.expires_in_hours ?? approvalLimits.invitationHoursDefault) * hourMs,
        ),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
  })
  return { code, row }
}

/** Newest first. */
export function listInvitations(
  ctx: Context,
  pharmacyId: string,
  limit: number,
  cursor?: string,
): Promise<InvitationRow[]> {
  const query = ctx.database.kysely
    .selectFrom('driver_invitations')
    .selectAll()
    .where('vendor_id', '=', pharmacyId)
  return (cursor === undefined ? query : query.where('id', '<', cursor))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** A repeat has no effect. Throws `not_found`, also for another pharmacy's invitation. */
export async function revokeInvitation(
  ctx: Context,
  pharmacyId: string,
  id: string,
): Promise<InvitationRow> {
  const db = ctx.database.kysely
  const row = await db
    .updateTable('driver_invitations')
    .set({ revoked_at: sql`coalesce(revoked_at, ${new Date(ctx.nowMs())}::timestamptz)` })
    .where('id', '=', id)
    .where('vendor_id', '=', pharmacyId)
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) throw new CaduceusError('not_found', 'no such invitation')
  return row
}

/**
 * Locks the account, so that its end waits for what it makes now. Throws `account_inactive` for an
 * account that has ended.
 */
export async function requireActiveAccount(tx: Kysely<Tables>, accountId: string): Promise<void> {
  const account = await tx
    .selectFrom('users')
    .select('is_active')
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
  if (account?.is_active !== true) throw new CaduceusError('account_inactive')
}

/**
 * Deletes invitations approvalLimits.invitationMemoryDays after they expired. Used and revoked
 * invitations expire too, so the time alone decides.
 */
export async function deleteOldInvitations(
  ctx: Pick<Context, 'database' | 'nowMs'>,
): Promise<JobFigures> {
  const { numDeletedRows } = await ctx.database.kysely
    .deleteFrom('driver_invitations')
    .where(
      'expires_at',
      '<',
      new Date(ctx.nowMs() - approvalLimits.invitationMemoryDays * 24 * hourMs),
    )
    .executeTakeFirstOrThrow()
  return { deleted: Number(numDeletedRows) }
}

/** The refusal of every code that does not open anything. */
export const wrongInvitation = (): CaduceusError =>
  new CaduceusError(
    'invitation_invalid',
    'the invitation is wrong, has ended, was taken back or was used',
  )

/**
 * Spends one use, in the transaction that admits the driver. Throws `invitation_invalid` alike for
 * every code that is not valid for this pharmacy.
 */
export async function redeemInvitation(
  tx: Kysely<Tables>,
  code: string,
  pharmacyId: string,
  nowMs: number,
): Promise<void> {
  const spent = await tx
    .updateTable('driver_invitations')
    .set({ uses: sql`uses + 1` })
    .where('code_hash', '=', hashOfInvitation(code))
    .where('vendor_id', '=', pharmacyId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date(nowMs))
    .whereRef('uses', '<', 'uses_max')
    .returning('id')
    .executeTakeFirst()
  if (spent === undefined) throw wrongInvitation()
}

/** The pharmacy of a valid invitation. Throws `invitation_invalid`. */
export async function pharmacyOfInvitation(ctx: Context, code: string): Promise<string> {
  const row = await ctx.database.kysely
    .selectFrom('driver_invitations')
    .select('vendor_id')
    .where('code_hash', '=', hashOfInvitation(code))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date(ctx.nowMs()))
    .whereRef('uses', '<', 'uses_max')
    .executeTakeFirst()
  if (row === undefined) throw wrongInvitation()
  return row.vendor_id
}

/** Parts with the counter of wrong codes. */
export interface WithInvitationTries {
  readonly invitationTries: InvitationTries
}

export interface InvitationTries {
  /**
   * Runs a function that may find a code wrong. Throws `too_many_requests` for an address with too
   * many wrong codes.
   */
  guard<T>(from: string, run: () => Promise<T>): Promise<T>
}

/**
 * Counts wrong codes by address, in this process. It protects the time of the database, not the
 * code.
 */
export function createInvitationTries(nowMs: () => number): InvitationTries {
  const limiter = new BoundedMemoryLimiter(
    'invitation',
    {
      requestsMax: approvalLimits.invitationTriesMax,
      windowSeconds: approvalLimits.invitationTriesWindowSeconds,
    },
    nowMs,
  )
  return {
    async guard(from, run) {
      const before = await limiter.get(from)
      if (before !== null && before.consumedPoints >= approvalLimits.invitationTriesMax)
        throw new CaduceusError(
          'too_many_requests',
          'too many wrong invitations from this address',
          undefined,
          Math.ceil(before.msBeforeNext / 1_000),
        )
      try {
        return await run()
      } catch (error) {
        if (error instanceof CaduceusError && error.code === 'invitation_invalid')
          await limiter.consume(from).catch((refusal: unknown) => {
            if (!(refusal instanceof RateLimiterRes)) throw refusal
          })
        throw error
      }
    },
  }
}
