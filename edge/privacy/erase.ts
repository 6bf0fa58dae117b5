/**
 * Erases the people whose grace is over. A pass over a person may stop anywhere, and the next one
 * does again what was done: nothing that is erased can be erased twice. Each person has at least
 * two passes a day apart, because an engine may have written an older snapshot during the first.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import { noticeLetter } from '../accounts/letters.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { WithStorages } from '../uploads/storage/storage.ts'
import type { PrivacyConfig } from './config.ts'
import { eraseAppointments } from './erase-appointments.ts'
import { eraseFiles } from './erase-files.ts'
import { eraseCustody, eraseOrders } from './erase-orders.ts'
import { dayMs } from './erasures.ts'
import type { WithErasureLog } from './erasure-log.ts'
import { conditionOf } from './export.ts'
import type { Known, Person } from './known.ts'
import { knownTables } from './known-tables.ts'
import { privacyLimits } from './limits.ts'

export type EraseContext = Pick<Kernel, 'database' | 'log' | 'nowMs'> &
  WithEndedAccess &
  WithMessenger &
  WithStorages &
  WithErasureLog &
  WithConfig<PrivacyConfig>

/** The job. A failure at one person does not stop the others. */
export async function eraseDue(
  ctx: EraseContext,
  { signal }: Pick<JobRun, 'signal'>,
): Promise<JobFigures> {
  const due = await ctx.database.kysely
    .selectFrom('erasures')
    .select('account_id')
    .where('settled_at', 'is', null)
    .where('next_at', '<=', new Date(ctx.nowMs()))
    .orderBy('next_at')
    .limit(privacyLimits.peoplePerRunMax)
    .execute()
  let [passes, settled, failed] = [0, 0, 0]
  for (const { account_id } of due) {
    if (signal.aborted) break
    try {
      if (await erasePerson(ctx, account_id)) settled++
      passes++
    } catch (error) {
      failed++
      ctx.log.warn({ err: error, account_id }, 'a person could not be erased now')
    }
  }
  return { passes, settled, failed }
}

/** One pass. True when nothing is left to erase. */
async function erasePerson(ctx: EraseContext, accountId: string): Promise<boolean> {
  const db = ctx.database.kysely
  const nowMs = ctx.nowMs()
  const begunMs = await endAccount(ctx, accountId, nowMs)
  if (begunMs === null) return false
  await ctx.erasureLog?.add(accountId, begunMs)
  await eraseRows(db, { accountId, ids: [accountId], mayWork: true })
  const waiting =
    (await eraseOrders(db, accountId, nowMs)) + (await eraseAppointments(db, accountId))
  const recordsMs = ctx.config.recordsRetentionDays * dayMs
  const before = new Date(nowMs - recordsMs)
  const keptMs = [
    await eraseCustody(db, accountId, before),
    await eraseFiles(ctx, accountId, before),
  ].flatMap(at => (at === null ? [] : [at.getTime() + recordsMs]))
  const isAnew = nowMs >= begunMs + privacyLimits.passMs
  const isSettled = isAnew && waiting === 0 && keptMs.length === 0
  const pauseMs = isAnew && waiting === 0 ? privacyLimits.keptPassMs : privacyLimits.passMs
  await db
    .updateTable('erasures')
    .set({
      waiting,
      kept_until: keptMs.length === 0 ? null : new Date(Math.max(...keptMs)),
      next_at: new Date(nowMs + pauseMs),
      settled_at: isSettled ? new Date(nowMs) : null,
    })
    .where('account_id', '=', accountId)
    .execute()
  return isSettled
}

/**
 * Ends the account and empties it, in one transaction with the mark that the wish cannot be taken
 * back. Returns the time of that mark; null when the wish was taken back meanwhile.
 */
async function endAccount(
  ctx: EraseContext,
  accountId: string,
  nowMs: number,
): Promise<number | null> {
  const now = new Date(nowMs)
  const ended = await ctx.database.kysely.transaction().execute(async tx => {
    const erasure = await tx
      .updateTable('erasures')
      .set(eb => ({ erased_at: eb.fn.coalesce('erased_at', eb.val(now)) }))
      .where('account_id', '=', accountId)
      .returning('erased_at')
      .executeTakeFirst()
    if (erasure === undefined) return null
    const account = await tx
      .selectFrom('users')
      .select(['email', 'phone', 'email_verified_at', 'phone_verified_at'])
      .where('id', '=', accountId)
      .forUpdate()
      .executeTakeFirst()
    await tx
      .updateTable('users')
      .set({
        email: '',
        email_twin_of: null,
        full_name: '',
        phone: '',
        address: null,
        picture_id: null,
        password_hash: '',
        email_verified_at: null,
        phone_verified_at: null,
        is_active: false,
        deactivated_at: now,
        updated_at: now,
      })
      .where('id', '=', accountId)
      .where('password_hash', '!=', '')
      .execute()
    // Only those that are proven: a code for another's address is not this person's.
    if (account !== undefined)
      await sql`
        delete from one_time_codes
        where ${account.email_verified_at !== null} and destination = normal_email(${account.email})
          or ${account.phone_verified_at !== null} and destination = ${account.phone}`.execute(tx)
    return { begunMs: erasure.erased_at!.getTime(), email: account?.email ?? '' }
  })
  if (ended === null) return null
  await ctx.endedAccess.announce()
  if (ended.email !== '')
    ctx.messenger.post(noticeLetter(ended.email, 'Your account was erased, as you asked.'))
  return ended.begunMs
}

/** Deletes and empties rows as the list says. */
async function eraseRows(db: Kysely<Tables>, person: Person): Promise<void> {
  for (const [table, known] of Object.entries(knownTables) as [string, Known][])
    for (const part of 'parts' in known ? known.parts : []) {
      const { erase } = part
      const target = sql`${sql.table(table)} as t`
      if (erase === 'delete')
        await sql`delete from ${target} where ${conditionOf(part, person)}`.execute(db)
      else if ('set' in erase) {
        const columns = Object.entries(erase.set).map(
          ([column, value]) => sql`${sql.id(column)} = ${value}`,
        )
        await sql`update ${target} set ${sql.join(columns)} where ${conditionOf(part, person)}`.execute(
          db,
        )
      }
    }
}
