/**
 * A pharmacy's fleet on a map, and what happens to its orders. The first message is every driver with its last
 * position; afterwards one message a tick carries those that moved, and one each a changed duty. Open requests are
 * the terminal's: it answers them, and each is told once.
 */
import { isUuid } from '../../protocol/ids.ts'
import { topics } from '../../protocol/pushes.ts'
import type { EdgeContext } from '../context.ts'
import { firstRows } from './first-rows.ts'
import { identify, type Handshake } from './handshake.ts'
import { MessageTable } from './messages.ts'
import { refusals } from './refusal.ts'
import { fleetRows } from './rows.ts'
import type { Opened, Session } from './session.ts'

export async function openVendor(ctx: EdgeContext, session: Session, handshake: Handshake): Promise<Opened> {
  const identity = await identify(ctx, handshake)
  const vendorId = handshake.parameter
  if (identity.role !== 'vendor' && identity.role !== 'admin') throw refusals.wrongRole('only pharmacies and admins connect here')
  if (identity.role === 'vendor' && identity.vendorId === null) throw refusals.noSuchRecord('this account has no pharmacy record')
  if (identity.role === 'vendor' && identity.vendorId !== vendorId) throw refusals.wrongRole('this is another pharmacy')
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  const vendor = isUuid(vendorId) ? await firstRows(ctx.database).vendor(vendorId) : undefined
  if (vendor === undefined) throw refusals.noSuchRecord('there is no such pharmacy')
  ctx.hub.watchFleet(session, vendor.id)
  ctx.hub.subscribe(session, topics.fleet(vendor.id))
  ctx.hub.subscribe(session, topics.vendor(vendor.id))

  const drivers = await Promise.all((await fleetRows(ctx.database, vendor.id)).map(async driver => {
    const { position } = driver.status === 'offline'
      ? { position: null }
      : await ctx.commands.position({ driver_id: driver.id }).catch(() => ({ position: null }))
    return {
      driver_id: driver.id, full_name: driver.full_name, phone: driver.phone, vehicle_type: driver.vehicle_type,
      status: driver.status, active_order_ids: driver.active_order_ids,
      latitude: position?.latitude ?? null, longitude: position?.longitude ?? null,
      heading: position?.heading ?? null, speed: position?.speed ?? null,
      at: position ? new Date(position.at_ms).toISOString() : null,
    }
  }))
  const table = new MessageTable()
  return {
    handler: { onText: message => table.dispatch(session, message) },
    greeting: [{ type: 'fleet', vendor_id: vendor.id, vendor_name: vendor.business_name, drivers }],
  }
}
