/**
 * The people of a pharmacy in the database: invited by a code, given another role, ended. Every
 * change of somebody's place locks the account and then the pharmacy: a sign-in under way waits for
 * it or fails, and two changes at once cannot leave a pharmacy without an owner.
 */
import type { Kysely, Selectable } from 'kysely'
import type { MembersTable } from '../../migrations/database/tables-members.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { MemberRole } from '../../protocol/pharmacies/members.ts'
import { isUniqueViolation } from '../accounts/accounts.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import { endInvitationsOf } from '../accounts/ended-invitations.ts'
import { revokeSessions } from '../accounts/sessions.ts'
import {
  hashOfInvitation,
  newInvitationCode,
  requireActiveAccount,
  wrongInvitation,
} from '../approval/invitations.ts'
import type { Identity } from '../kernel/identity.ts'
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { endLetter, roleLetter } from './letters.ts'
import { memberLimits } from './limits.ts'

export type MemberContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> &
  WithEndedAccess &
  WithMessenger
type MemberRow = Selectable<MembersTable>

const hourMs = 3_600_000
const notFound = () => new CaduceusError('not_found', 'no such member of this pharmacy')

/**
 * Throws `invitation_limit_reached`, and `forbidden` or `account_inactive` for an owner whose place or
 * account ended a moment ago, so that no code is made after those of the owner ended.
 */
export async function inviteMember(
  { database, nowMs, random }: Pick<MemberContext, 'database' | 'nowMs' | 'random'>,
  pharmacyId: string,
  by: Pick<Identity, 'userId' | 'role'>,
  given: { role: MemberRole; name: string; expires_in_hours?: number },
): Promise<{ id: string; code: string }> {
  const now = new Date(nowMs())
  const code = newInvitationCode()
  const hours = given.expires_in_hours ?? memberLimits.invitationHoursDefault
  const id = uuidV7(nowMs(), random)
  await database.kysely.transaction().execute(async tx => {
    await requireActiveAccount(tx, by.userId)
    await lockPharmacy(tx, pharmacyId)
    if (by.role === 'vendor') await requireOwner(tx, pharmacyId, by.userId)
    const { count } = await tx
      .selectFrom('members')
      .select(eb => eb.fn.countAll<number>().as('count'))
      .where('vendor_id', '=', pharmacyId)
      .where('ended_at', 'is', null)
      .where(eb => eb.or([eb('joined_at', 'is not', null), eb('expires_at', '>', now)]))
      .executeTakeFirstOrThrow()
    if (Number(count) >= memberLimits.perPharmacyMax)
      throw new CaduceusError(
        'invitation_limit_reached',
        `a pharmacy has at most ${memberLimits.perPharmacyMax} members and open invitations`,
      )
    await tx
      .insertInto('members')
      .values({
        id,
        vendor_id: pharmacyId,
        role: given.role,
        name: given.name,
        code_hash: hashOfInvitation(code),
        invited_by: by.userId,
        created_at: now,
        expires_at: new Date(nowMs() + hours * hourMs),
      })
      .execute()
  })
  return { id, code }
}

/**
 * Makes the account a member, in the transaction of the caller. Returns the id of the member. Throws
 * `invitation_invalid` alike for every code that opens nothing, and `vendor_already_exists` for an
 * account that belongs to a pharmacy.
 */
export async function acceptInvitation(
  tx: Kysely<Tables>,
  code: string,
  userId: string,
  nowMs: number,
): Promise<string> {
  const now = new Date(nowMs)
  await lockAccount(tx, userId)
  const joined = await tx
    .updateTable('members')
    .set({ user_id: userId, joined_at: now, changed_at: now, code_hash: null })
    .where('code_hash', '=', hashOfInvitation(code))
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('id')
    .executeTakeFirst()
    .catch((error: unknown) => {
      throw isUniqueViolation(error, 'members_account')
        ? new CaduceusError('vendor_already_exists', 'the account belongs to a pharmacy already')
        : error
    })
  if (joined === undefined) throw wrongInvitation()
  return joined.id
}

/** Throws `invitation_invalid` unless the code opens something now. */
export async function requireInvitation(
  { database, nowMs }: Pick<MemberContext, 'database' | 'nowMs'>,
  code: string,
): Promise<void> {
  const found = await database.kysely
    .selectFrom('members')
    .select('id')
    .where('code_hash', '=', hashOfInvitation(code))
    .where('ended_at', 'is', null)
    .where('expires_at', '>', new Date(nowMs()))
    .executeTakeFirst()
  if (found === undefined) throw wrongInvitation()
}

/**
 * Gives a member another role; access tokens of before end at once, and the sign-in gets new ones.
 * Open invitations of somebody who is no owner now end. A repeat has no effect. Throws `not_found`,
 * `last_owner`.
 */
export async function changeMember(
  ctx: MemberContext,
  by: string,
  pharmacyId: string,
  id: string,
  role: MemberRole,
): Promise<void> {
  const now = new Date(ctx.nowMs())
  const changed = await withMember(ctx, pharmacyId, id, async (tx, row) => {
    if (row.ended_at !== null) throw notFound()
    if (row.role === role) return false
    if (row.user_id !== null) await leaveToOthers(tx, row)
    await tx
      .updateTable('members')
      .set({ role, ...(row.user_id !== null && { changed_at: now }) })
      .where('id', '=', id)
      .execute()
    if (row.user_id !== null) await dropQueuedNews(tx, row.user_id, now)
    if (row.user_id !== null && role !== 'owner') await endInvitationsOf(tx, row.user_id, by, now)
    return true
  })
  if (changed) await tell(ctx, id, (to, pharmacy) => roleLetter(to, pharmacy, role))
}

/**
 * Takes an invitation back, or ends somebody's place: sign-ins, sockets, links and calendars of the
 * account end at once, and so do the open invitations that it made. A repeat has no effect. Throws
 * `not_found`, `last_owner`.
 */
export async function endMember(
  ctx: MemberContext,
  by: string,
  pharmacyId: string,
  id: string,
): Promise<void> {
  const now = new Date(ctx.nowMs())
  const ended = await withMember(ctx, pharmacyId, id, async (tx, row) => {
    if (row.ended_at !== null) return false
    if (row.user_id !== null) await leaveToOthers(tx, row)
    await tx
      .updateTable('members')
      .set({ ended_at: now, ended_by: by, changed_at: now, code_hash: null })
      .where('id', '=', id)
      .execute()
    if (row.user_id === null) return false
    await endInvitationsOf(tx, row.user_id, by, now)
    await dropQueuedNews(tx, row.user_id, now)
    await revokeSessions(ctx, tx, row.user_id)
    await tx
      .updateTable('calendar_feeds')
      .set({ ended_at: now })
      .where('account_id', '=', row.user_id)
      .where('ended_at', 'is', null)
      .execute()
    return true
  })
  if (ended) await tell(ctx, id, endLetter)
}

/**
 * News of the pharmacy that wait for the morning or for a digest are not sent to somebody whose place
 * has ended or changed. News about the own account are.
 */
const dropQueuedNews = (tx: Kysely<Tables>, userId: string, now: Date): Promise<unknown> =>
  tx
    .updateTable('notification_deliveries')
    .set({ state: 'replaced', ended_at: now })
    .where('account_id', '=', userId)
    .where('state', '=', 'waiting')
    .where('about_kind', '<>', 'account')
    .execute()

/** Deletes invitations that nobody accepted, memberLimits.invitationMemoryDays after their end. */
export async function deleteOldInvitations({
  database,
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'>): Promise<JobFigures> {
  const before = new Date(nowMs() - memberLimits.invitationMemoryDays * 24 * hourMs)
  const { numDeletedRows } = await database.kysely
    .deleteFrom('members')
    .where('joined_at', 'is', null)
    .where('expires_at', '<', before)
    .executeTakeFirstOrThrow()
  return { deleted: Number(numDeletedRows) }
}

const lockAccount = (tx: Kysely<Tables>, userId: string) =>
  tx.selectFrom('users').select('id').where('id', '=', userId).forUpdate().execute()
const lockPharmacy = (tx: Kysely<Tables>, id: string) =>
  tx.selectFrom('vendors').select('id').where('id', '=', id).forUpdate().execute()

/** Throws `forbidden`. The pharmacy is locked. */
async function requireOwner(tx: Kysely<Tables>, pharmacyId: string, userId: string): Promise<void> {
  const owner = await tx
    .selectFrom('members')
    .select('id')
    .where('vendor_id', '=', pharmacyId)
    .where('user_id', '=', userId)
    .where('role', '=', 'owner')
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  if (owner === undefined)
    throw new CaduceusError('forbidden', 'you are no owner of the pharmacy any more')
}

/** Runs `change` on the member with the account and the pharmacy locked. */
async function withMember(
  ctx: Pick<Kernel, 'database'>,
  pharmacyId: string,
  id: string,
  change: (tx: Kysely<Tables>, row: MemberRow) => Promise<boolean>,
): Promise<boolean> {
  const db = ctx.database.kysely
  const member = (tx: Kysely<Tables>) =>
    tx.selectFrom('members').selectAll().where('id', '=', id).where('vendor_id', '=', pharmacyId)
  const seen = await member(db).executeTakeFirst()
  if (seen === undefined) throw notFound()
  const outcome = await db.transaction().execute(async tx => {
    if (seen.user_id !== null) await lockAccount(tx, seen.user_id)
    await lockPharmacy(tx, pharmacyId)
    const row = await member(tx).forUpdate().executeTakeFirst()
    if (row === undefined) throw notFound()
    return row.user_id === seen.user_id ? change(tx, row) : null
  })
  // Somebody accepted the invitation meanwhile, and that account was not locked.
  return outcome ?? withMember(ctx, pharmacyId, id, change)
}

/**
 * Sees to it that another owner stays when this one stops being an owner, and that the pharmacy's
 * record names an owner. Throws `last_owner`.
 */
async function leaveToOthers(tx: Kysely<Tables>, row: MemberRow): Promise<void> {
  if (row.role !== 'owner') return
  const other = await tx
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('users.id')
    .where('vendor_id', '=', row.vendor_id)
    .where('members.role', '=', 'owner')
    .where('ended_at', 'is', null)
    .where('members.id', '!=', row.id)
    .where('users.is_active', '=', true)
    .orderBy('members.id')
    .executeTakeFirst()
  if (other === undefined)
    throw new CaduceusError('last_owner', 'make somebody else an owner before')
  await tx
    .updateTable('vendors')
    .set({ user_id: other.id })
    .where('id', '=', row.vendor_id)
    .where('user_id', '=', row.user_id)
    .execute()
}

/** Tells every edge, and writes to the person. */
async function tell(
  ctx: MemberContext,
  id: string,
  letter: (to: string, pharmacy: string) => Parameters<MemberContext['messenger']['post']>[0],
): Promise<void> {
  await ctx.endedAccess.announce()
  const person = await ctx.database.kysely
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .innerJoin('vendors', 'vendors.id', 'members.vendor_id')
    .select(['users.email', 'vendors.business_name'])
    .where('members.id', '=', id)
    .executeTakeFirst()
  if (person !== undefined && person.email !== '')
    ctx.messenger.post(letter(person.email, person.business_name))
}
