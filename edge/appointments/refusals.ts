/**
 * The refusals of calendars as callers hear them: with the field and the rule, and for a slot that
 * is taken with the next free ones.
 */
import { nextFree } from '../../protocol/appointments/availability.ts'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { CaduceusError, type ErrorCode } from '../../protocol/kernel/errors.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { takenOf, termsOf } from '../services/records.ts'
import type { ServiceRow } from '../services/views.ts'

/** The field that each refusal of a calendar is about. */
const fieldOf: Partial<Record<ErrorCode, string>> = {
  slot_taken: 'start',
  slot_past: 'start',
  slot_too_soon: 'start',
  slot_too_far: 'start',
  slot_closed: 'start',
  appointment_incomplete: 'settles',
  step_out_of_order: 'step_id',
  code_wrong: 'code',
}

/** The error with its field. Errors that are about no field stay as they are. */
export function withField(
  error: unknown,
  fields: Partial<Record<ErrorCode, string>> = {},
): unknown {
  if (!(error instanceof CaduceusError) || error.fields !== undefined) return error
  const field = fields[error.code] ?? fieldOf[error.code]
  return field === undefined
    ? error
    : new CaduceusError(error.code, error.message, [{ field, rule: error.message }])
}

/** The same, and for a taken slot the next free ones as `next_free`. */
export async function withNextFree(
  ctx: Pick<Kernel, 'database' | 'nowMs'>,
  service: ServiceRow,
  startMs: number,
  error: unknown,
): Promise<unknown> {
  const refusal = withField(error)
  if (!(refusal instanceof CaduceusError) || refusal.code !== 'slot_taken') return refusal
  const db = ctx.database.kysely
  const now = ctx.nowMs()
  const terms = await termsOf(db, service, now)
  const taken = await takenOf(db, service.id, startMs)
  const free = nextFree(terms, taken, { fromMs: startMs }, now, appointmentLimits.nextFreeMax + 1)
    // A seat that is promised to somebody who waits is not in the rows.
    .filter(atMs => atMs !== startMs)
    .slice(0, appointmentLimits.nextFreeMax)
  return new CaduceusError(refusal.code, refusal.message, refusal.fields, undefined, {
    next_free: free.map(isoTime),
  })
}
