/**
 * Passes a driver's name, phone and vehicle from the profile, which the edge keeps, to the driver's
 * actor, which tells the orders under way. Customers must see the driver's present number.
 *
 * The profile is the truth. When no engine could be reached, or an older release never told the
 * actor, the next change of the driver's status finds the difference and passes it on.
 */
import type { Logger } from 'pino'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { DriverView } from '../../protocol/drivers/view.ts'
import type { Kernel } from '../kernel/kernel.ts'

type ProfileContext = Pick<Kernel, 'database' | 'commands'>
const edge: Principal = { role: 'system', id: 'edge' }

/**
 * Tells the actor the present profile, on behalf of the person who changed it. Never rejects; a
 * profile that cannot be passed on now is passed on later.
 */
export async function tellProfile(
  ctx: ProfileContext,
  driverId: string,
  by: Principal,
  log: Pick<Logger, 'warn'>,
): Promise<void> {
  const row = await profileOf(ctx, driverId)
  if (row === undefined) return
  const { revision, ...data } = row
  try {
    await ctx.commands.driver({
      id: `profile:${driverId}:${revision}`,
      actor_id: driverId,
      verb: 'update',
      by,
      data,
    })
  } catch (error) {
    // A driver whom no engine knows yet is introduced with the whole profile.
    if (!(error instanceof CaduceusError && error.code === 'driver_not_found'))
      log.warn(
        { err: error, driver_id: driverId },
        'the orders of a driver will show the new profile after the next change of status',
      )
  }
}

/** Compares the actor's answer with the profile and passes on a difference. */
export async function healProfile(
  ctx: ProfileContext,
  known: Pick<DriverView, 'id' | 'full_name' | 'phone' | 'vehicle_type'>,
  log: Pick<Logger, 'warn'>,
): Promise<void> {
  const row = await profileOf(ctx, known.id)
  if (
    row === undefined ||
    (row.full_name === known.full_name &&
      row.phone === known.phone &&
      row.vehicle_type === known.vehicle_type)
  )
    return
  await tellProfile(ctx, known.id, edge, log)
}

const profileOf = (ctx: ProfileContext, driverId: string) =>
  ctx.database.kysely
    .selectFrom('drivers')
    .select(['full_name', 'phone', 'vehicle_type', 'revision'])
    .where('id', '=', driverId)
    .executeTakeFirst()
