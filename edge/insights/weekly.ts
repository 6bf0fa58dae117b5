/**
 * The weekly job: when a week is over in a pharmacy's zone, its totals are stored, and the pharmacy
 * gets them by mail if it wants them. Only the last week is made, so weeks that were missed do not
 * come all at once.
 *
 * Two statements make sure that nothing happens twice. The row of a week is inserted once, and a
 * letter is noted in the row before it is posted.
 */
import { sql } from 'kysely'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { totalsOf, type Figures } from './insights.ts'
import { letterOf } from './letter.ts'
import { insightLimits } from './limits.ts'
import { definitionsVersion } from './metrics.ts'
import { lastWeek, weeksBefore } from './week.ts'

type Context = Pick<Kernel, 'database' | 'nowMs'> & WithMessenger

/** Rejects while the database is away, and when another edge does the job. */
export async function makeWeeks(ctx: Context, run: JobRun): Promise<JobFigures> {
  const weeks = await storeTotals(ctx, run)
  const letters = await postLetters(ctx, run)
  const db = ctx.database.kysely
  await db
    .deleteFrom('weekly_insights')
    .where('week', '<', weeksBefore(lastWeek(ctx.nowMs(), 'UTC'), insightLimits.weeksKept))
    .execute()
  return { weeks, letters }
}

/** The Monday of the last week that is over in the zone of the pharmacy's row. */
const lastWeekHere = (nowMs: number) =>
  sql<string>`(date_trunc('week', ${new Date(nowMs)}::timestamptz at time zone vendors.time_zone)::date - 7)::text`

/** Stores the last week of each active pharmacy that has none; returns the number of weeks. */
async function storeTotals({ database, nowMs }: Context, { signal, fence }: JobRun) {
  const db = database.kysely
  const at = nowMs()
  let weeks = 0
  let last = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const pharmacies = await db
      .selectFrom('vendors')
      .select(['id', 'time_zone', 'delivery_promise_minutes', lastWeekHere(at).as('week')])
      .where('status', '=', 'active')
      .where('id', '>', last)
      .where(
        sql<boolean>`not exists (select from weekly_insights
          where vendor_id = vendors.id and week = ${lastWeekHere(at)}::date)`,
      )
      .orderBy('id')
      .limit(insightLimits.pharmaciesAtOnce)
      .execute()
    for (const { id, time_zone, delivery_promise_minutes, week } of pharmacies) {
      signal.throwIfAborted()
      const pharmacy = { id, timeZone: time_zone, promiseMinutes: delivery_promise_minutes }
      const figures = await totalsOf(db, pharmacy, week)
      const { numInsertedOrUpdatedRows } = await db.transaction().execute(async tx => {
        await fence(tx)
        return tx
          .insertInto('weekly_insights')
          .values({
            vendor_id: id,
            week,
            time_zone,
            definitions: definitionsVersion,
            figures: JSON.stringify(figures),
            made_at: new Date(at),
          })
          .onConflict(conflict => conflict.columns(['week', 'vendor_id']).doNothing())
          .executeTakeFirstOrThrow()
      })
      weeks += Number(numInsertedOrUpdatedRows)
    }
    if (pharmacies.length < insightLimits.pharmaciesAtOnce) return weeks
    last = pharmacies.at(-1)!.id
  }
}

/** Posts the letters of the last week that are wanted and were not posted; returns their number. */
async function postLetters({ database, nowMs, messenger }: Context, { signal, fence }: JobRun) {
  if (messenger.channels.email === 'none') return 0
  const db = database.kysely
  const at = nowMs()
  const rows = await db
    .selectFrom('weekly_insights as now')
    .innerJoin('insight_letters', 'insight_letters.vendor_id', 'now.vendor_id')
    .innerJoin('vendors', 'vendors.id', 'now.vendor_id')
    .leftJoin('weekly_insights as before', join =>
      join
        .onRef('before.vendor_id', '=', 'now.vendor_id')
        .on(sql<boolean>`before.week = now.week - 7`),
    )
    .select([
      'now.vendor_id',
      sql<string>`now.week::text`.as('week'),
      'now.figures',
      'before.figures as before',
      'vendors.email',
      'vendors.business_name',
    ])
    .where('now.mailed_at', 'is', null)
    .where('vendors.status', '=', 'active')
    // A pharmacy that asks for letters gets them from the next week on.
    .where(sql<boolean>`now.made_at >= insight_letters.wanted_at`)
    .where('now.week', '>=', weeksBefore(lastWeek(at, 'UTC'), 1))
    .execute()
  for (const { vendor_id, week, figures, before, email, business_name } of rows) {
    signal.throwIfAborted()
    await db.transaction().execute(async tx => {
      await fence(tx)
      await tx
        .updateTable('weekly_insights')
        .set({ mailed_at: new Date(at) })
        .where('vendor_id', '=', vendor_id)
        .where('week', '=', week)
        .execute()
    })
    messenger.post(letterOf(email, business_name, week, figures, (before ?? {}) as Figures))
  }
  return rows.length
}
