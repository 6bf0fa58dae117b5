/**
 * The commands of a pharmacy to its drivers: it ends and approves memberships, and takes drivers
 * off duty.
 */
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Caller } from './clients.ts'

/** A caller that is a pharmacy. */
export type PharmacyCaller = Caller & {
  readonly pharmacyId: string
  readonly driverIds: readonly string[]
}

/** Sends a pharmacy's command to one of its drivers. */
export function tellDriver(
  pharmacy: PharmacyCaller,
  driverId: string,
  verb: 'end_membership' | 'approve_membership' | 'set_status',
  data: { status?: string },
) {
  const by: Principal = { role: 'vendor', id: pharmacy.pharmacyId }
  pharmacy.world.checker.witness.commanded(driverId, { verb, role: by.role, id: by.id, data })
  return pharmacy.post(
    verb,
    { driverId, ...data },
    async (edge, { commandId }) =>
      (await edge.commands.driver({ id: commandId, actor_id: driverId, verb, by, data })).driver,
    () => verb,
    driverId,
  )
}
