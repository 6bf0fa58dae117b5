/**
 * A pharmacy's fleet on a map, and the progress of its orders. The first message contains every
 * driver with the last position. After that one message a tick contains the drivers that moved, and
 * one message follows each changed duty. Open requests go to the terminal only, which answers them;
 * each is told once.
 */
import { isUuid } from '../../protocol/kernel/ids.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { firstRows } from '../sockets/first-rows.ts'
import { saidOf, type SaidContext } from '../conversations/said.ts'
import { CommandsInFlight, MessageTable } from '../kernel/messages.ts'
import { refusals } from '../kernel/refusal.ts'
import type { Entrance } from '../kernel/socket.ts'
import { fleetRows } from '../sockets/rows.ts'
import type { Opened, Session } from '../kernel/session.ts'
import { socketLimits } from '../kernel/limits.ts'

/**
 * Size of the first message. A socket may not have much more than this queued, and is closed as a
 * slow reader beyond it.
 */
const fleetBytesMax = (socketLimits.backpressureBytesMax * 3) / 4

/**
 * Shortens the names of the drivers when the fleet does not fit in one message. Drivers choose
 * their names, so long names could otherwise make the message too large, and the pharmacy would see
 * no driver at all. Rejected: several messages, because all of them are queued until the reader has
 * taken them.
 */
function fittingFleet<D extends { full_name: string }>(
  drivers: readonly D[],
  bytesMax: number,
): D[] {
  const bytes = bytesOf(drivers)
  if (bytes <= bytesMax) return [...drivers]
  const rest = bytes - drivers.reduce((sum, driver) => sum + bytesOf(driver.full_name), 0)
  const nameBytes = (bytesMax - rest) / drivers.length
  return drivers.map(driver => {
    let name = driver.full_name
    while (name !== '' && bytesOf(name) > nameBytes)
      name = [...name]
        .slice(0, -1 - Math.floor((bytesOf(name) - nameBytes) / jsonBytesPerCharacterMax))
        .join('')
    return { ...driver, full_name: name }
  })
}
/** Size as sent: JSON in UTF-8. */
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
/** Size of an escape such as `\u0001`. */
const jsonBytesPerCharacterMax = 6

/**
 * Opens the fleet view of one pharmacy. Throws a Refusal for another role, for another pharmacy,
 * for one that does not exist, and for too many sockets of the account.
 */
export async function openFleet(
  ctx: Pick<Kernel, 'commands' | 'database' | 'hub'> & SaidContext,
  session: Session,
  entrance: Entrance,
): Promise<Opened> {
  const identity = await entrance.identify()
  const pharmacyId = entrance.parameter
  if (identity.role !== 'vendor' && identity.role !== 'admin')
    throw refusals.wrongRole('only pharmacies and admins connect here')
  if (identity.role === 'vendor' && identity.pharmacyId === null)
    throw refusals.noSuchRecord('this account has no pharmacy record')
  if (identity.role === 'vendor' && identity.pharmacyId !== pharmacyId)
    throw refusals.wrongRole('this is another pharmacy')
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  const pharmacy = isUuid(pharmacyId)
    ? await firstRows(ctx.database).pharmacy(pharmacyId)
    : undefined
  if (pharmacy === undefined) throw refusals.noSuchRecord('there is no such pharmacy')
  ctx.hub.watchFleet(session, pharmacy.id)
  ctx.hub.subscribe(session, topics.fleet(pharmacy.id))
  ctx.hub.subscribe(session, topics.pharmacy(pharmacy.id))

  const drivers = await Promise.all(
    (await fleetRows(ctx.database, pharmacy.id)).map(async driver => {
      const { position } =
        driver.status === 'offline'
          ? { position: null }
          : await ctx.commands.position({ driver_id: driver.id }).catch(() => ({ position: null }))
      return {
        driver_id: driver.id,
        full_name: driver.full_name,
        phone: driver.phone,
        vehicle_type: driver.vehicle_type,
        status: driver.status,
        active_order_ids: driver.active_order_ids,
        latitude: position?.latitude ?? null,
        longitude: position?.longitude ?? null,
        heading: position?.heading ?? null,
        speed: position?.speed ?? null,
        at: position ? new Date(position.at_ms).toISOString() : null,
      }
    }),
  )
  const table = MessageTable.of('fleet')
  // An administrator talks at /ws/chat, and not in the name of the pharmacy.
  if (identity.role === 'vendor') {
    const said = saidOf(ctx, session, identity, new CommandsInFlight())
    table.on('send', said.send).on('read', said.read).on('resume', said.resume)
  }
  return {
    handler: {
      onText: message => table.dispatch(session, message),
      // Words are read by an administrator with a reason, which the people then see.
      onPush: message => identity.role !== 'admin' || !message.type.startsWith('conversation_'),
    },
    greeting: [
      {
        type: 'fleet',
        vendor_id: pharmacy.id,
        vendor_name: pharmacy.business_name,
        drivers: fittingFleet(drivers, fleetBytesMax),
      },
    ],
  }
}
