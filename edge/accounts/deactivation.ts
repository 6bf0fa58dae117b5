/**
 * Ends or restores the access of an account, for an administrator. Tokens, tickets and sockets end
 * at once, everywhere. The pharmacy of the account takes no more requests. Its driver goes off
 * duty, unless an order is under way, which the pharmacy must settle. API keys that an
 * administrator made are revoked, because the administrator may still know them; a service then
 * gets a new key from another administrator. Open invitations of the account end too. After a
 * return each pharmacy and driver goes on duty by themselves.
 */
import type { Logger } from 'pino'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { WithEndedAccess } from './ended-access.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { announcePharmacy } from '../kernel/announce-pharmacy.ts'
import { accountById, type Account } from './accounts.ts'
import { endInvitationsOf } from './ended-invitations.ts'
import { noticeLetter } from './letters.ts'

export type DeactivationContext = Pick<
  Kernel,
  'bus' | 'commands' | 'database' | 'nowMs' | 'random'
> &
  WithEndedAccess &
  WithMessenger

/** Throws `invalid_request` for the administrator's own account. */
export function refuseOwnAccount(adminId: string, id: string): void {
  if (id === adminId)
    throw new CaduceusError(
      'invalid_request',
      'this is the account you are signed in with; another administrator can change or end it',
    )
}

/**
 * A repeat has no effect. Throws `not_found`, and `invalid_request` for the administrator's own
 * account.
 */
export async function setAccountActive(
  ctx: DeactivationContext,
  adminId: string,
  id: string,
  active: boolean,
  from: { readonly log: Logger },
): Promise<Account> {
  refuseOwnAccount(adminId, id)
  const now = new Date(ctx.nowMs())
  const pharmacy = await ctx.database.kysely.transaction().execute(async tx => {
    const changed = await tx
      .updateTable('users')
      .set({ is_active: active, deactivated_at: active ? null : now, updated_at: now })
      .where('id', '=', id)
      .where('is_active', '!=', active)
      .returning('id')
      .executeTakeFirst()
    if (changed === undefined || active) return undefined
    await tx
      .updateTable('sessions')
      .set({ revoked_at: now })
      .where('user_id', '=', id)
      .where('revoked_at', 'is', null)
      .execute()
    await endInvitationsOf(tx, id, adminId, now)
    const keys = await tx
      .updateTable('api_keys')
      .set({ revoked_at: now })
      .where('created_by', '=', id)
      .where('revoked_at', 'is', null)
      .returning('name')
      .execute()
    if (keys.length > 0)
      from.log.warn(
        { account_id: id, api_keys: keys.map(key => key.name) },
        'API keys were revoked with the account that made them',
      )
    return tx
      .updateTable('vendors')
      .set({ paused: true })
      .where('user_id', '=', id)
      .where('paused', '=', false)
      .returningAll()
      .executeTakeFirst()
  })
  await ctx.endedAccess.announce()
  if (pharmacy !== undefined) announcePharmacy(ctx, pharmacy, from)
  const account = await accountById(ctx.database.kysely, id)
  if (account === null) throw new CaduceusError('not_found', 'no such account')
  if (!active && account.driver_id !== null) {
    // The command is not in the administrator's name: a duty status set by a pharmacy or an
    // administrator would bind the driver after the return.
    const command = {
      id: uuidV7(ctx.nowMs(), ctx.random),
      actor_id: account.driver_id,
      verb: 'set_status',
      by: { role: 'system' as const, id: 'edge' },
      data: { status: 'offline' },
    }
    await ctx.commands
      .driver(command)
      .catch((error: unknown) =>
        from.log.warn(
          { err: error, driver_id: account.driver_id },
          'the driver of a deactivated account is still on duty',
        ),
      )
  }
  ctx.messenger.post(
    noticeLetter(
      account.email,
      active
        ? 'Your account was activated again; sign in as before.'
        : 'Your account was deactivated by an administrator.',
    ),
  )
  return account
}
