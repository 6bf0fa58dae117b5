/** Deletes ratings that are too old to count, and counts their subjects anew. */
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { countedSince, lockSubject, recount } from './figures.ts'
import { ratingLimits } from './limits.ts'
import type { Subject } from './subjects.ts'

/** Rejects while the database is away. The rest of many subjects waits for the next run. */
export async function deleteOldRatings({
  database: { kysely: db },
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'>): Promise<JobFigures> {
  const now = nowMs()
  const old = await db
    .selectFrom('ratings')
    .select(['subject_kind as kind', 'subject_id as id'])
    .distinct()
    .where('created_at', '<=', countedSince(now))
    .limit(ratingLimits.subjectsPerSweepMax)
    .execute()
  for (const subject of old as Subject[])
    await db.transaction().execute(async tx => {
      await lockSubject(tx, subject)
      await tx
        .deleteFrom('ratings')
        .where('subject_kind', '=', subject.kind)
        .where('subject_id', '=', subject.id)
        .where('created_at', '<=', countedSince(now))
        .execute()
      await recount(tx, subject, now)
    })
  return { subjects: old.length }
}
