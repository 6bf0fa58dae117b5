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
import type { FileContext } from '../uploads/stored-files.ts'
import type { PrivacyConfig } from './config.ts'
import { eraseAppointments } from './erase-appointments.ts'
import { eraseFiles, noteFiles } from './erase-files.ts'
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
  FileContext &
  WithErasureLog &
  WithConfig<PrivacyConfig>

/** The job. Somebody at whom it fails waits an hour, so that the others have their turn. */
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
  let [passes, settled] = [0, 0]
  const failed = await each(ctx, due, signal, async id => {
    const outcome = await erasePerson(ctx, id)
    if (outcome !== 'not begun') passes++
    if (outcome === 'settled') settled++
  })
  return { passes, settled, failed: failed.length }
}

/** Begins the erasure of these people, whoever else is due. Returns those at whom it failed. */
export const erasePeople = (
  ctx: EraseContext,
  accountIds: readonly string[],
): Promise<readonly string[]> =>
  each(
    ctx,
    accountIds.map(account_id => ({ account_id })),
    new AbortController().signal,
    id => erasePerson(ctx, id),
  )

async function each(
  ctx: EraseContext,
  people: readonly { account_id: string }[],
  signal: AbortSignal,
  run: (accountId: string) => Promise<unknown>,
): Promise<string[]> {
  const failed: string[] = []
  for (const { account_id } of people) {
    if (signal.aborted) break
    try {
      await run(account_id)
    } catch (error) {
      failed.push(account_id)
      ctx.log.warn({ err: error, account_id }, 'a person could not be erased now')
      await comeAgain(ctx.database.kysely, account_id, ctx.nowMs())
    }
  }
  return failed
}

/** The next pass is in a while. */
const comeAgain = (db: Kysely<Tables>, accountId: string, nowMs: number): Promise<unknown> =>
  db
    .updateTable('erasures')
    .set({ next_at: new Date(nowMs + privacyLimits.failedPassMs) })
    .where('account_id', '=', accountId)
    .execute()

/** One pass. */
async function erasePerson(
  ctx: EraseContext,
  accountId: string,
): Promise<'not begun' | 'begun' | 'settled'> {
  const db = ctx.database.kysely
  const nowMs = ctx.nowMs()
  const begunMs = await endAccount(ctx, accountId, nowMs)
  if (begunMs === null) return 'not begun'
  await ctx.erasureLog?.add(accountId, begunMs)
  await eraseRows(db, { accountId, ids: [accountId], mayWork: true })
  await noteFiles(ctx, accountId)
  const waiting =
    (await eraseOrders(db, accountId, nowMs)) + (await eraseAppointments(db, accountId))
  const recordsMs = ctx.config.recordsRetentionDays * dayMs
  const before = new Date(nowMs - recordsMs)
  const keptMs = [
    await eraseCustody(db, accountId, before),
    await eraseFiles(ctx, accountId, before),
  ].flatMap(at => (at === null ? [] : [at.getTime() + recordsMs]))
  await destroyConversationKeys(db, accountId)
  await ctx.vault.destroyPersonKey(accountId)
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
  return isSettled ? 'settled' : 'begun'
}

/**
 * Ends the account and empties it, in one transaction with the mark that the wish cannot be taken
 * back. Returns the time of that mark; null when the wish was taken back meanwhile, when the person
 * is no customer any more, and for a while when an order of theirs is under way.
 */
async function endAccount(
  ctx: EraseContext,
  accountId: string,
  nowMs: number,
): Promise<number | null> {
  const now = new Date(nowMs)
  const ended = await ctx.database.kysely.transaction().execute(async tx => {
    // The account first, as a change of its role does.
    const account = await tx
      .selectFrom('users')
      .select(['role', 'email', 'phone', 'email_verified_at', 'phone_verified_at'])
      .where('id', '=', accountId)
      .forUpdate()
      .executeTakeFirst()
    const wish = await tx
      .selectFrom('erasures')
      .select(['due_at', 'erased_at'])
      .where('account_id', '=', accountId)
      .forUpdate()
      .executeTakeFirst()
    if (wish === undefined) return null
    // A restored backup may have the role of an earlier time.
    const hasBegun = wish.erased_at !== null || ctx.erasureLog?.has(accountId) === true
    if (!hasBegun && account !== undefined && account.role !== 'user') {
      await tx.deleteFrom('erasures').where('account_id', '=', accountId).execute()
      return null
    }
    if (
      !hasBegun &&
      nowMs < wish.due_at.getTime() + privacyLimits.underWayMs &&
      (await isUnderWay(tx, accountId))
    ) {
      await comeAgain(tx, accountId, nowMs)
      return null
    }
    const begun = wish.erased_at ?? now
    await tx
      .updateTable('erasures')
      .set({ erased_at: begun })
      .where('account_id', '=', accountId)
      .execute()
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
      // So a later pass changes nothing.
      .where(eb =>
        eb.or([
          eb('deactivated_at', 'is', null),
          eb('full_name', '<>', ''),
          eb('phone', '<>', ''),
          eb('email', '<>', ''),
        ]),
      )
      .execute()
    // Only those that are proven: a code for another's address is not this person's.
    if (account !== undefined)
      await sql`
        delete from one_time_codes
        where ${account.email_verified_at !== null} and destination = normal_email(${account.email})
          or ${account.phone_verified_at !== null} and destination = ${account.phone}`.execute(tx)
    return { begunMs: begun.getTime(), email: account?.email ?? '' }
  })
  if (ended === null) return null
  await ctx.endedAccess.announce()
  if (ended.email !== '')
    ctx.messenger.post(noticeLetter(ended.email, 'Your account was erased, as you asked.'))
  return ended.begunMs
}

/** The keys of conversations that have no words any more; a pharmacy or a driver reads the others. */
const destroyConversationKeys = (db: Kysely<Tables>, accountId: string): Promise<unknown> =>
  sql`
    delete from file_keys as k using conversations as c
    where k.upload_id = c.id and c.customer_id = ${accountId} and not exists (
      select from conversation_texts as t where t.conversation_id = c.id and t.sealed is not null)`.execute(
    db,
  )

/** An account that is emptied while a driver is on the way leaves a parcel without a door. */
const isUnderWay = async (db: Kysely<Tables>, accountId: string): Promise<boolean> =>
  (await db
    .selectFrom('orders')
    .select('id')
    .where('user_id', '=', accountId)
    .where('ended_as', 'is', null)
    .executeTakeFirst()) !== undefined

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
        await sql`
          update ${target} set ${sql.join(columns)}
          where ${conditionOf(part, person)} and ${erase.only ?? sql`true`}`.execute(db)
      }
    }
}
