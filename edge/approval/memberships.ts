/**
 * A driver's membership, as the pharmacy decides it. The driver's actor keeps it, because the
 * driver may hold an offer at the same moment. This file sends the decision to the actor and tells
 * the people concerned.
 */
import type { Logger } from 'pino'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { DriverView } from '../../protocol/drivers/view.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { accountById } from '../accounts/accounts.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { DriverRow } from './driver-reads.ts'
import { refuseTooManyDrivers } from './bounds.ts'
import { redeemInvitation } from './invitations.ts'
import { askingLetter, membershipLetter } from './letters.ts'
import { approvalLimits } from './limits.ts'

export type MembershipContext = Pick<Kernel, 'commands' | 'database' | 'nowMs' | 'random'> &
  WithMessenger &
  WithStandings
export type MembershipVerb = 'approve_membership' | 'end_membership' | 'ask_membership'
type Profile = Pick<
  DriverRow,
  'id' | 'vendor_id' | 'full_name' | 'phone' | 'vehicle_type' | 'capacity' | 'membership'
>

/**
 * Introduces the driver to the actor. The command id is fixed, so every repeat is the same command.
 */
export async function registerActor(
  ctx: Pick<MembershipContext, 'commands'>,
  { id, vendor_id, full_name, phone, vehicle_type, capacity, membership }: Profile,
): Promise<void> {
  const data = {
    vendor_id,
    full_name,
    phone,
    vehicle_type,
    capacity,
    ...(membership !== 'active' && { membership: 'pending' }),
  }
  await ctx.commands.driver({
    id: `register:${id}`,
    actor_id: id,
    verb: 'register',
    by: { role: 'system', id: 'edge' },
    data,
  })
}

/**
 * Sends a command to a driver. When the registration reached no engine, the engine does not know
 * the driver; then the driver is registered first.
 */
export async function tellDriver(
  ctx: Pick<MembershipContext, 'commands'>,
  row: Profile,
  commandId: string,
  verb: MembershipVerb | 'set_status',
  by: Principal,
  data: object = {},
): Promise<DriverView> {
  const command = { id: commandId, actor_id: row.id, verb, by, data }
  try {
    return (await ctx.commands.driver(command)).driver
  } catch (error) {
    if (!(error instanceof CaduceusError) || error.code !== 'driver_not_found') throw error
    await registerActor(ctx, row)
    return (await ctx.commands.driver({ ...command, id: `${commandId}:2` })).driver
  }
}

/** Approves or ends a membership. A repeat has no effect. Throws the actor's refusal. */
export async function decideMembership(
  ctx: MembershipContext,
  row: Profile & Pick<DriverRow, 'user_id'>,
  verb: 'approve_membership' | 'end_membership',
  by: Principal,
  commandId: string,
  from: { readonly log: Logger },
): Promise<DriverView> {
  const driver = await tellDriver(ctx, row, commandId, verb, by)
  await ctx.standings.announce()
  if (driver.membership === row.membership || driver.membership === 'pending') return driver
  from.log.info(
    { driver_id: row.id, vendor_id: row.vendor_id, membership: driver.membership, by },
    'a driver was decided upon',
  )
  const [account, pharmacy] = await Promise.all([
    row.user_id === null ? null : accountById(ctx.database.kysely, row.user_id),
    ctx.database.kysely
      .selectFrom('vendors')
      .select('business_name')
      .where('id', '=', row.vendor_id)
      .executeTakeFirst(),
  ])
  if (account !== null)
    ctx.messenger.post(
      membershipLetter(account.email, pharmacy?.business_name ?? 'the pharmacy', driver.membership),
    )
  return driver
}

/** Writes to the pharmacy after a driver began to wait. The engine tells the pharmacy's sockets. */
export async function tellPharmacyOf(
  ctx: Pick<MembershipContext, 'database' | 'messenger'>,
  pharmacyId: string,
  driverName: string,
): Promise<void> {
  const pharmacy = await ctx.database.kysely
    .selectFrom('vendors')
    .innerJoin('users', 'users.id', 'vendors.user_id')
    .select(['vendors.business_name', 'users.email'])
    .where('vendors.id', '=', pharmacyId)
    .executeTakeFirst()
  if (pharmacy !== undefined)
    ctx.messenger.post(askingLetter(pharmacy.email, pharmacy.business_name, driverName))
}

/**
 * A driver whose membership ended asks again. With an invitation the driver is a member at once, at
 * any time. Without one the driver may ask approvalLimits.askAgainMs after the end, and then waits.
 * Throws `too_many_requests`, `invitation_invalid`, and `vendor_not_found` for a pharmacy that does
 * not work.
 */
export async function askAgain(
  ctx: MembershipContext,
  row: Profile & Pick<DriverRow, 'standing_at'>,
  commandId: string,
  invitationCode: string | undefined,
): Promise<DriverView> {
  const by: Principal = { role: 'driver', id: row.id }
  const db = ctx.database.kysely
  const pharmacy = await db
    .selectFrom('vendors')
    .select('id')
    .where('id', '=', row.vendor_id)
    .where('is_active', '=', true)
    .executeTakeFirst()
  if (pharmacy === undefined)
    throw new CaduceusError('vendor_not_found', 'your pharmacy is not active')
  if (invitationCode !== undefined && row.membership !== 'active') {
    await db
      .transaction()
      .execute(tx => redeemInvitation(tx, invitationCode, row.vendor_id, ctx.nowMs()))
    // The invitation is the pharmacy's approval, given in advance.
    const driver = await tellDriver(ctx, row, commandId, 'approve_membership', {
      role: 'system',
      id: 'invitation',
    })
    await ctx.standings.announce()
    return driver
  }
  const waitMs =
    row.membership === 'ended'
      ? row.standing_at.getTime() + approvalLimits.askAgainMs - ctx.nowMs()
      : 0
  if (waitMs > 0)
    throw new CaduceusError(
      'too_many_requests',
      'the pharmacy has said no; ask again tomorrow, or ask it for an invitation',
      undefined,
      Math.ceil(waitMs / 1_000),
    )
  if (row.membership === 'ended')
    await db.transaction().execute(tx => refuseTooManyDrivers(tx, row.vendor_id, null))
  const driver = await tellDriver(ctx, row, commandId, 'ask_membership', by)
  await ctx.standings.announce()
  if (row.membership === 'ended' && driver.membership === 'pending')
    await tellPharmacyOf(ctx, row.vendor_id, row.full_name)
  return driver
}
