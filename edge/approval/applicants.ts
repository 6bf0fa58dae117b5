/**
 * Writes to administrators when pharmacies wait for a decision: once an hour over all edges, with
 * the number of pharmacies, because anybody can register and a letter for each would fill the
 * mailbox. One statement checks whether a letter is due and claims it, so that only one of many
 * edges writes. A letter that is lost with its edge is replaced when the next pharmacy waits; a
 * table of letters to send would cost more than a reminder is worth.
 */
import { sql } from 'kysely'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { JobFigures } from '../kernel/job.ts'
import { tellAccount } from '../kernel/news.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { applicantsLetter } from './letters.ts'
import { approvalLimits } from './limits.ts'

type ApplicantsContext = Pick<Kernel, 'database' | 'log' | 'nowMs' | 'random'> & WithMessenger

/**
 * Writes to the administrators if a pharmacy began to wait since the last letter and the last
 * letter is an hour old. Rejects while the database is away.
 */
export async function tellAdministrators(ctx: ApplicantsContext): Promise<JobFigures> {
  const { messenger } = ctx
  const db = ctx.database.kysely
  const { rows } = await sql<{ waiting: number }>`
    update applicant_letters set written_at = clock_timestamp()
    where written_at < clock_timestamp() - make_interval(secs => ${approvalLimits.applicantLetterMs / 1_000})
      and exists (select from vendors where (status = 'pending' and created_at > written_at) or (status = 'active' and move_asked_at > written_at))
    returning (select count(*)::integer from vendors where status = 'pending' or (status = 'active' and move_asked_at is not null)) as waiting`.execute(
    db,
  )
  const [due] = rows
  if (due === undefined) return { letters: 0 }
  await tellAccount(db, { kind: 'admin.pharmacies_wait', accountId: null }, ctx)
  if (messenger.channels.email === 'none') return { letters: 0 }
  const administrators = await db
    .selectFrom('users')
    .select('email')
    .where('role', '=', 'admin')
    .where('is_active', '=', true)
    .where('email', '!=', '')
    .orderBy('id')
    .limit(approvalLimits.applicantLettersMax)
    .execute()
  for (const { email } of administrators) messenger.post(applicantsLetter(email, due.waiting))
  return { letters: administrators.length }
}

/** Like `tellAdministrators`, for a request that must neither fail nor wait for it. */
export function tellAdministratorsSoon(ctx: ApplicantsContext): void {
  tellAdministrators(ctx).catch((error: unknown) =>
    ctx.log.warn(
      { err: error },
      'administrators could not be written to about a pharmacy that waits; they will be later',
    ),
  )
}
