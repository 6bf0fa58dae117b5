/**
 * Pharmacists decide upon the prescriptions of their pharmacy's orders and upon all papers of its
 * appointments. They are members with a good licence of their own. An administrator decides upon no
 * prescription of an order and may revoke a verification. A paper of a person counts everywhere, so
 * administrators alone decide upon it.
 */
import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import { goodPaper } from '../../protocol/papers/derive.ts'
import { uploadIdOf } from '../../protocol/uploads/url.ts'
import type { RegistrationConfig } from '../approval/registration.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { memberRoleOf, requireRole } from '../kernel/member-rights.ts'
import { paperLimits } from './limits.ts'
import { zonesOf } from './subjects.ts'
import { factsOf } from './views.ts'

type PharmacistContext = Pick<Kernel, 'database' | 'nowMs'> & WithConfig<RegistrationConfig>

/**
 * Throws `forbidden` for a member who may not decide upon papers. Where whoever registers works at
 * once, the owner counts as a pharmacist. Administrators pass: they have queues of their own.
 */
export async function requirePharmacist(ctx: PharmacistContext, identity: Identity): Promise<void> {
  if (identity.role === 'admin') return
  requireRole(identity, 'pharmacist', 'the review of papers')
  if (ctx.config.registration === 'open' && memberRoleOf(identity) === 'owner') return
  const { kysely: db } = ctx.database
  const papers = await db
    .selectFrom('documents')
    .selectAll()
    .where('subject_kind', '=', 'person')
    .where('subject_id', '=', identity.userId)
    .where('kind', '=', 'pharmacist_licence')
    .orderBy('id')
    .execute()
  const zones = await zonesOf(db, [{ kind: 'person', id: identity.userId }])
  const zone = zones.get(`person ${identity.userId}`) ?? 'UTC'
  if (goodPaper(papers.map(factsOf), 'pharmacist_licence', ctx.nowMs(), zone) === undefined)
    throw new CaduceusError(
      'forbidden',
      'papers are reviewed by a pharmacist whose licence is approved and good today; hand yours in with POST /api/documents',
    )
}

/** The papers upon which the caller may decide. */
export const decidedBy = ({ role, pharmacyId }: Identity): RawBuilder<SqlBool> =>
  role === 'admin'
    ? sql<SqlBool>`not (documents.kind = 'prescription' and documents.subject_kind = 'order')`
    : sql<SqlBool>`(documents.subject_kind = 'order' and documents.kind = 'prescription' and exists (
          select from orders o where o.id = documents.subject_id and o.vendor_id = ${pharmacyId}::uuid
            and o.ended_as is null and o.status <> 'pending')
        or documents.subject_kind = 'appointment' and exists (select from appointments a
          where a.id = documents.subject_id and a.vendor_id = ${pharmacyId}::uuid and a.ended_at is null))`

/**
 * An order may name its prescription by the URL of an upload, as the older APIs do. Of each such
 * order of the pharmacy that is under way, the upload becomes a document, handed in by its owner. A
 * URL that names no upload of the order's owner is passed over and holds no other order up.
 */
export async function adoptPrescriptions(
  { database: { kysely: db }, nowMs, random }: Pick<Kernel, 'database' | 'nowMs' | 'random'>,
  pharmacyId: string,
): Promise<void> {
  const pageRows = paperLimits.adoptedAtOnce
  let adopted = 0
  let after: string | undefined
  do {
    const rows = await prescribedOrders(db, pharmacyId, after, pageRows)
    for (const row of rows) {
      const uploadId = uploadIdOf(orderView(row).prescription_url ?? '')
      if (uploadId === null) continue
      const named = { orderId: row.id, ownerId: row.user_id, uploadId }
      if (await db.transaction().execute(tx => adopt(tx, named, nowMs(), random))) adopted++
    }
    after = rows.length < pageRows ? undefined : rows.at(-1)!.id
  } while (after !== undefined && adopted < pageRows)
}

/** Orders under way that name a prescription and have no document of it, in the order of their ids. */
function prescribedOrders(
  db: Kysely<Tables>,
  pharmacyId: string,
  after: string | undefined,
  rowsMax: number,
) {
  const orders = db
    .selectFrom('orders')
    .select(['id', 'user_id', 'placed', 'progress'])
    .where('vendor_id', '=', pharmacyId)
    .where('ended_as', 'is', null)
    .where('status', '!=', 'pending')
    .where(sql<SqlBool>`placed::text like '%"prescription_url":"%'`)
    .where(
      sql<SqlBool>`not exists (select from documents d
        where d.subject_kind = 'order' and d.subject_id = orders.id and d.kind = 'prescription')`,
    )
    .orderBy('id')
    .limit(rowsMax)
  return (after === undefined ? orders : orders.where('id', '>', after)).execute()
}

/** False when the upload is no whole prescription of the owner. */
async function adopt(
  tx: Kysely<Tables>,
  { orderId, ownerId, uploadId }: { orderId: string; ownerId: string; uploadId: string },
  nowMs: number,
  random: () => number,
): Promise<boolean> {
  const upload = await tx
    .updateTable('uploads')
    .set({ is_paper: true })
    .where('id', '=', uploadId)
    .where('owner_id', '=', ownerId)
    .where('kind', '=', 'prescription')
    .where('stored_at', 'is not', null)
    .returning('digest')
    .executeTakeFirst()
  if (upload === undefined || upload.digest === null) return false
  await tx
    .insertInto('documents')
    .values({
      id: uuidV7(nowMs, random),
      kind: 'prescription',
      subject_kind: 'order',
      subject_id: orderId,
      upload_id: uploadId,
      digest: upload.digest,
      uploaded_by: ownerId,
      created_at: new Date(nowMs),
      decision: null,
      warned_days: null,
    })
    // Another edge has made it at the same moment.
    .onConflict(conflict => conflict.doNothing())
    .execute()
  return true
}
