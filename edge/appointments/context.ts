/** The parts that appointments need, and a command to a calendar with its caller's refusal. */
import type { AppointmentVerb } from '../../protocol/dispatch/commands.ts'
import { CaduceusError, type ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { IdempotencyContext } from '../idempotency/idempotency.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { findAppointment, shownTo } from './reads.ts'
import { withField } from './refusals.ts'

export type VisitContext = Pick<Kernel, 'commands' | 'database' | 'log' | 'nowMs' | 'random'> &
  IdempotencyContext &
  WithConfig<KernelConfig>

/** The appointment as it is now, for the caller. Throws `appointment_not_found`. */
export async function shown(ctx: VisitContext, identity: Identity, id: string) {
  const { record } = await findAppointment(ctx.database.kysely, identity, id)
  return shownTo(identity, record)
}

/**
 * Throws `appointment_not_found`, and `vendor_not_active` when the pharmacy may not work now: it
 * gives nobody a place. An administrator may arrange it all the same.
 */
export async function requireWorkingPharmacy(
  { database }: Pick<Kernel, 'database'>,
  identity: Identity,
  id: string,
): Promise<void> {
  const { record } = await findAppointment(database.kysely, identity, id)
  if (identity.role === 'admin') return
  const vendor = await database.kysely
    .selectFrom('vendors')
    .select(['status', 'papers_held'])
    .where('id', '=', record.vendor_id)
    .executeTakeFirstOrThrow()
  if (vendor.status !== 'active' || vendor.papers_held)
    throw new CaduceusError('vendor_not_active', 'this pharmacy may not work now')
}

/**
 * Sends a command about an appointment of the caller to its calendar. Throws the refusal with its
 * field; an appointment that the calendar has forgotten is over.
 */
export async function tellCalendar(
  ctx: VisitContext,
  { identity, principal }: { identity: Identity; principal: Principal },
  id: string,
  commandId: string,
  verb: AppointmentVerb,
  data: object,
  fields?: Partial<Record<ErrorCode, string>>,
): Promise<void> {
  const { service_id, record } = await findAppointment(ctx.database.kysely, identity, id)
  await ctx.commands
    .send({
      actor: 'appointment',
      id: commandId,
      actor_id: service_id,
      verb,
      by: principal,
      data: { appointment_id: id, ...data },
    })
    .catch((error: unknown) => {
      if (error instanceof CaduceusError && error.code === 'appointment_not_found')
        throw new CaduceusError(
          'appointment_state_conflict',
          `the appointment is over: ${record.status}`,
        )
      throw withField(error, fields)
    })
}
