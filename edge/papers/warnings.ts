/**
 * Warns 30, 7 and 1 days before a paper expires, and tells when it has expired, by the calendar of
 * its place. The row of the paper remembers the nearest warning, in the transaction that stores the
 * notification, so each is told once, however many edges run.
 */
import { sql } from 'kysely'
import { daysLeft, warningDays } from '../../protocol/papers/derive.ts'
import type { PaperSubject } from '../../protocol/papers/kinds.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Stored } from '../notifications/take.ts'
import { tellStored } from '../notifications/tell.ts'
import { paperLimits } from './limits.ts'
import { zonesOf } from './subjects.ts'
import { storePaperNews } from './tell.ts'

const dayMs = 24 * 3_600_000

/** The nearest warning that is due, 0 for a paper that has expired; null when none is. */
export const dueWarning = (left: number): number | null =>
  left < 0 ? 0 : (warningDays.findLast(days => left <= days) ?? null)

/** Rejects while the database is away. The rest of many papers waits for the next run. */
export async function warnOfExpiry(
  ctx: Pick<Kernel, 'database' | 'bus' | 'nowMs' | 'random'>,
  { fence }: Pick<JobRun, 'fence'>,
): Promise<JobFigures> {
  const now = ctx.nowMs()
  // Zones differ by up to 26 hours, so two days more are looked at.
  const within = (days: number): string =>
    new Date(now + (days + 2) * dayMs).toISOString().slice(0, 10)
  const stored: Stored[] = []
  await ctx.database.kysely.transaction().execute(async tx => {
    await fence(tx)
    const papers = await tx
      .selectFrom('documents')
      .selectAll()
      .where('decision', '=', 'approved')
      .where('revoked_at', 'is', null)
      .where('expires_on', '<=', within(warningDays[0]))
      .where(eb =>
        eb.or([
          eb('warned_days', 'is', null),
          ...[...warningDays.slice(1), 0].map(days =>
            eb.and([eb('warned_days', '>', days), eb('expires_on', '<=', within(days))]),
          ),
        ]),
      )
      // A paper whose renewal is approved expires unheard.
      .where(
        sql<boolean>`not exists (select from documents newer where newer.subject_kind = documents.subject_kind
          and newer.subject_id = documents.subject_id and newer.kind = documents.kind
          and newer.decision = 'approved' and newer.id > documents.id)`,
      )
      .orderBy('expires_on')
      .orderBy('id')
      .limit(paperLimits.warningsPerRun)
      .execute()
    const subjects = papers.map(row => ({
      kind: row.subject_kind as PaperSubject,
      id: row.subject_id,
    }))
    const zones = await zonesOf(tx, subjects)
    for (const paper of papers) {
      const zone = zones.get(`${paper.subject_kind} ${paper.subject_id}`) ?? 'UTC'
      const due = dueWarning(daysLeft(paper.expires_on!, now, zone))
      if (due === null || (paper.warned_days !== null && paper.warned_days <= due)) continue
      await tx
        .updateTable('documents')
        .set({ warned_days: due })
        .where('id', '=', paper.id)
        .execute()
      const kind = due === 0 ? 'paper.expired' : 'paper.expiring'
      stored.push(...(await storePaperNews(tx, ctx, paper, kind, `expiry.${due}`)))
    }
  })
  if (stored.length > 0) await tellStored(ctx, stored)
  return { warnings: stored.length }
}
