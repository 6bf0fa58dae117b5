/**
 * Approved papers confirm appointments that wait for them. The calendar of a service knows that
 * papers are missing and not which; this room knows them, so it tells the calendar when all are
 * there. A paper must be good on the day of the appointment.
 *
 * A paper that is rejected tells nothing: the hold of the slot ends at its deadline. A paper that is
 * revoked later takes no place away: the pharmacy hears of it and decides. A move to a day on which
 * a paper is over is refused, because then nobody would look at the papers again.
 */
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { havePapers, papersOver, type PaperFacts } from '../../protocol/papers/derive.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { paperFactsOf } from '../kernel/paper-facts.ts'
import { paperLimits } from './limits.ts'

type SettleContext = Pick<Kernel, 'commands' | 'database' | 'log' | 'nowMs'>

interface Waiting {
  id: string
  service_id: string
  version: number
  start_at: Date
  time_zone: string
  required: string[]
  papers: PaperFacts[]
}

/**
 * Confirms one appointment, or those of a customer. The decision upon a paper stands also when the
 * calendar cannot be told; the job does it then.
 */
export async function settleAppointmentsOf(
  ctx: SettleContext,
  which: { id: string } | { customerId: string },
): Promise<void> {
  const waiting = await waitingForPapers(
    ctx,
    'id' in which ? sql`a.id = ${which.id}` : sql`a.user_id = ${which.customerId}`,
  )
  for (const one of waiting) await settle(ctx, one)
}

/** The background job. Rejects while the database is away. */
export async function settleAppointments(
  ctx: SettleContext,
  { signal }: Pick<JobRun, 'signal'>,
): Promise<JobFigures> {
  let settled = 0
  for (let after: string | null = null; ;) {
    const waiting: Waiting[] = await waitingForPapers(
      ctx,
      after === null ? sql`true` : sql`a.id > ${after}`,
    )
    for (const one of waiting) {
      signal.throwIfAborted()
      if (await settle(ctx, one)) settled++
    }
    if (waiting.length < paperLimits.perLook) return { settled }
    after = waiting.at(-1)!.id
  }
}

/**
 * Appointments that wait for papers and have any. A pharmacy that may not work now gives nobody a
 * place.
 */
async function waitingForPapers(
  { database }: SettleContext,
  which: ReturnType<typeof sql>,
): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`
    select a.id, a.service_id, a.version, a.start_at, a.record->>'time_zone' as time_zone,
      s.settings->'required_documents' as required, own.papers
    from appointments a
    join services s on s.id = a.service_id
    join vendors v on v.id = a.vendor_id and v.status = 'active' and not v.papers_held
    cross join lateral (${papersOfAppointment}) as own
    where a.status = 'proposed' and a.record::jsonb->'missing' ? 'documents'
      and own.papers is not null and ${which}
    order by a.id limit ${paperLimits.perLook}`.execute(database.kysely)
  return rows
}

/**
 * Throws `appointment_incomplete` when papers that are good on the day of the appointment are over
 * at `startMs`, to which it shall move. `field` names the time in the request. An appointment that
 * still waits for papers may move, and one that the pharmacy confirmed without them.
 */
export async function requirePapersAt(
  { database, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  id: string,
  startMs: number,
  field: string,
): Promise<void> {
  const { rows } = await sql<Pick<Waiting, 'start_at' | 'time_zone' | 'required' | 'papers'>>`
    select a.start_at, a.record->>'time_zone' as time_zone,
      s.settings->'required_documents' as required, own.papers
    from appointments a
    join services s on s.id = a.service_id
    cross join lateral (${papersOfAppointment}) as own
    where a.id = ${id} and a.start_at is not null and own.papers is not null
      and not a.record::jsonb->'missing' ? 'documents'`.execute(database.kysely)
  for (const { start_at, time_zone, required, papers } of rows) {
    const fromMs = Math.max(nowMs(), start_at.getTime())
    const over = papersOver(required, papers, fromMs, startMs, time_zone)
    if (over.length === 0) continue
    const rule = `must be a day on which these papers are still good: ${over.join(', ')}; hand in newer ones before`
    throw new CaduceusError('appointment_incomplete', `${field} ${rule}`, [{ field, rule }])
  }
}

/** The papers about the appointment `a` and its customer. */
const papersOfAppointment = sql`select ${paperFactsOf} as papers from documents p
  where (p.subject_kind = 'appointment' and p.subject_id = a.id)
    or (p.subject_kind = 'person' and p.subject_id = a.user_id)`

/** Tells the calendar if the papers are all there. Returns whether it did. */
async function settle(
  { commands, log, nowMs }: SettleContext,
  { id, service_id, version, start_at, time_zone, required, papers }: Waiting,
): Promise<boolean> {
  const atMs = Math.max(nowMs(), start_at.getTime())
  if (!havePapers(required, papers, atMs, time_zone)) return false
  try {
    await commands.send({
      actor: 'appointment',
      id: `papers:${id}:${version}`,
      actor_id: service_id,
      verb: 'settle',
      by: { role: 'system', id: 'papers' },
      data: { appointment_id: id, what: 'documents' },
    })
    return true
  } catch (error) {
    // It ended meanwhile, by its deadline or by its customer.
    if (!(error instanceof CaduceusError) || error.code !== 'appointment_state_conflict')
      log.warn({ err: error, appointment_id: id }, 'a calendar did not hear of approved papers')
    return false
  }
}
