/** The invitations of an account that ends, whichever feature they belong to. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'

/**
 * Ends the open invitations that the account made, of members and of drivers, when it may invite
 * nobody any more. Otherwise the person could come back by a code made before.
 */
export async function endInvitationsOf(
  tx: Kysely<Tables>,
  accountId: string,
  by: string,
  now: Date,
): Promise<void> {
  await tx
    .updateTable('members')
    .set({ ended_at: now, ended_by: by, code_hash: null })
    .where('invited_by', '=', accountId)
    .where('joined_at', 'is', null)
    .where('ended_at', 'is', null)
    .execute()
  await tx
    .updateTable('driver_invitations')
    .set({ revoked_at: now })
    .where('created_by', '=', accountId)
    .where('revoked_at', 'is', null)
    .execute()
}
