/** Deletes notifications that are old, and the oldest of an account that has too many. */
import { sql } from 'kysely'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { keptSince } from './inbox.ts'
import { notificationLimits } from './limits.ts'

/** Rejects while the database is away. */
export async function deleteOldNotifications(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  { fence }: Pick<JobRun, 'fence'>,
): Promise<JobFigures> {
  return db.transaction().execute(async tx => {
    await fence(tx)
    const { numDeletedRows: old } = await tx
      .deleteFrom('notifications')
      .where('at', '<=', keptSince(nowMs()))
      .executeTakeFirst()
    const { numAffectedRows: beyond = 0n } = await sql`
      with crowded as (select account_id from notifications
        group by account_id having count(*) > ${notificationLimits.perAccountMax})
      delete from notifications using (
        select c.account_id, last.id from crowded as c
        cross join lateral (select id from notifications n where n.account_id = c.account_id
          order by id desc offset ${notificationLimits.perAccountMax} limit 1) as last
      ) as bound where notifications.account_id = bound.account_id and notifications.id <= bound.id`.execute(
      tx,
    )
    return { old: Number(old), beyond_bound: Number(beyond) }
  })
}
