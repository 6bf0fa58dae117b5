/**
 * An administrator's decision upon a pharmacy. A decision is one statement on a locked row, so that
 * two administrators cannot overwrite each other's decision unseen; a repeat has no effect. After
 * the commit the decision goes to the engines, to every edge and its sockets, and to the pharmacy,
 * and the orders of a suspended pharmacy are cancelled.
 */
import type { PharmacyStatus } from '../../protocol/pharmacies/statuses.ts'
import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Logger } from 'pino'
import type { Tables, VendorsTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { accountById } from '../accounts/accounts.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { paperStandings } from '../kernel/paper-facts.ts'
import type { NotificationKind } from '../../protocol/notifications/kinds.ts'
import { tellAccount } from '../kernel/news.ts'
import { announcePharmacy } from '../kernel/announce-pharmacy.ts'
import { requireRevision } from '../http/preconditions.ts'
import { pharmacyLetter, type PharmacyDecision } from './letters.ts'
import { decidedAt, movedColumns, refusedMoveColumns } from './moving.ts'
import { cancelSuspendedOrders } from './suspension.ts'

export type DecisionContext = Pick<
  Kernel,
  'bus' | 'commands' | 'database' | 'log' | 'nowMs' | 'random'
> &
  WithMessenger &
  WithStandings
export type DecisionVerb = 'approve' | 'reject' | 'suspend'
type PharmacyRow = Selectable<VendorsTable>

interface Plan {
  decision: PharmacyDecision
  columns: Updateable<VendorsTable>
}

const kindOf = {
  approved: 'vendor.approved',
  rejected: 'vendor.rejected',
  suspended: 'vendor.suspended',
  'move approved': 'vendor.move_approved',
  'move refused': 'vendor.move_refused',
} as const satisfies Readonly<Record<PharmacyDecision, NotificationKind>>

const conflict = (status: PharmacyStatus, wanted: string, instead: string) =>
  new CaduceusError(
    'vendor_status_conflict',
    `a pharmacy that is ${status} cannot be ${wanted}; ${instead}`,
  )

/**
 * The change of the row; null when the row is decided so already. Throws `vendor_status_conflict`.
 */
function planDecision(row: PharmacyRow, verb: DecisionVerb): Plan | null {
  const { status } = row
  const moves = row.move_asked_at !== null
  switch (verb) {
    case 'approve':
      // A move that the pharmacy asked for meanwhile must be asked for again; otherwise a repeat of
      // this approval would approve the move.
      if (status !== 'active')
        return {
          decision: 'approved',
          columns: {
            status: 'active',
            ...refusedMoveColumns,
            ...(row.decided_latitude === null && decidedAt(row.latitude, row.longitude)),
          },
        }
      return moves ? { decision: 'move approved', columns: movedColumns(row) } : null
    case 'reject':
      if (status === 'rejected') return null
      if (status !== 'active') return { decision: 'rejected', columns: { status: 'rejected' } }
      if (moves) return { decision: 'move refused', columns: refusedMoveColumns }
      throw conflict(status, 'rejected', 'suspend it')
    case 'suspend':
      if (status === 'suspended') return null
      if (status !== 'active')
        throw conflict(status, 'suspended', 'it does not work anyway; reject it')
      return { decision: 'suspended', columns: { status: 'suspended' } }
  }
}

/** Nobody becomes active while required papers are not approved; grace is for those who work. */
async function requirePapers(tx: Kysely<Tables>, id: string, nowMs: number): Promise<void> {
  const standing = (await paperStandings(tx, 'pharmacy', [id], nowMs)).get(id)
  const missing = standing?.requirements.filter(
    one => one.requirement.blocking && one.requirement.goodsClass === null && !one.satisfied,
  )
  if (missing !== undefined && missing.length > 0)
    throw new CaduceusError(
      'papers_missing',
      `these papers are not approved: ${missing.map(one => one.requirement.kind).join(', ')}`,
    )
}

/** Throws `vendor_not_found`, `vendor_status_conflict`, `papers_missing`, `precondition_failed`. */
export async function decidePharmacy(
  ctx: DecisionContext,
  adminId: string,
  pharmacyId: string,
  verb: DecisionVerb,
  reason: string | null,
  request: { readonly headers: Readonly<Record<string, string>>; readonly log: Logger },
): Promise<PharmacyRow> {
  const { row, decision } = await ctx.database.kysely.transaction().execute(async tx => {
    const known = await tx
      .selectFrom('vendors')
      .selectAll()
      .where('id', '=', pharmacyId)
      .forUpdate()
      .executeTakeFirst()
    if (known === undefined) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
    const plan = planDecision(known, verb)
    // A repeat is answered before its If-Match is compared, because its first attempt changed the
    // record.
    if (plan === null) return { row: known, decision: null }
    requireRevision(request.headers, known.revision)
    if (plan.decision === 'approved') await requirePapers(tx, known.id, ctx.nowMs())
    const changed = await tx
      .updateTable('vendors')
      .set({
        ...plan.columns,
        decision_reason: reason,
        decided_by: adminId,
        decided_at: new Date(ctx.nowMs()),
      })
      .where('id', '=', pharmacyId)
      .returningAll()
      .executeTakeFirstOrThrow()
    await tellAccount(
      tx,
      {
        kind: kindOf[plan.decision],
        accountId: changed.user_id,
        about: { kind: 'vendor', id: pharmacyId },
      },
      ctx,
    )
    return { row: changed, decision: plan.decision }
  })
  // A repeat announces too, because the first attempt may have died before it told anybody.
  announcePharmacy(ctx, row, request)
  await ctx.standings.announce()
  if (row.status === 'suspended')
    void cancelSuspendedOrders(ctx, row.id).catch((error: unknown) =>
      request.log.warn(
        { err: error, vendor_id: row.id },
        'orders of a suspended pharmacy are still open; they are looked for again',
      ),
    )
  if (decision !== null) {
    request.log.info(
      { vendor_id: row.id, decision, admin_id: adminId },
      'a pharmacy was decided upon',
    )
    const owner = await accountById(ctx.database.kysely, row.user_id)
    if (owner !== null)
      ctx.messenger.post(pharmacyLetter(owner.email, row.business_name, decision, reason))
  }
  return row
}
