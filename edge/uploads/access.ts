/**
 * Who may read a file, and for which purpose: its owner, an administrator, and parties of an order
 * that names it. The order must name the file in the field for its kind, and the file's owner must
 * be a party of that order too, so naming somebody else's file in one's own order opens nothing.
 *
 * - A prescription: the customer, the pharmacy that has the order, and the pharmacies that were
 *   asked or chosen, while the order is open. The pharmacy that has the order reads it also after
 *   the customer was erased and the order does not name it any more: it is kept because a law asks
 *   that pharmacy for it.
 * - A proof or a signature: the customer, the pharmacy that has the order, and the driver for as
 *   long as the driver sees the order.
 * - A sound: the customer whose request it answers.
 * - A picture of a person, and a paper: nobody else, because no order names it. Others read a paper
 *   as a document, which records the purpose (edge/papers).
 * - Any file: those who see a conversation in which its owner sent it, until it is taken back.
 *
 * The database only looks for the URL in the text of an order, and the order is read here. Each of
 * its JSON functions fails on a whole document with U+0000 or half a surrogate pair anywhere in it,
 * and that would close every file of the people in that order.
 */
import { sql, type Expression, type ExpressionBuilder, type Selectable, type SqlBool } from 'kysely'
import type { Tables, UploadsTable } from '../../migrations/database/tables.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { Standing } from '../../protocol/orders/standings.ts'
import { standingOf } from '../../protocol/orders/visibility.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import { ownRows } from '../conversations/reads.ts'
import { speakerOf } from '../conversations/sides.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { type UploadKind } from './kinds.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'

type UploadRow = Selectable<UploadsTable>
type Orders = ExpressionBuilder<Tables, 'orders'>
type AccessContext = Pick<Kernel, 'database'>
type ReadContext = Pick<Kernel, 'database' | 'nowMs'>

interface Party {
  pharmacyId: string | null
  driverId: string | null
}
/**
 * The URLs of an order that may name a file of the kind, and the standings to which that opens it.
 */
const rules: Record<
  UploadKind,
  {
    urls(order: OrderView, owner: Party): (string | null)[]
    readers: Readonly<Partial<Record<Standing, Purpose>>>
  }
> = {
  prescription: {
    urls: order => [order.prescription_url],
    readers: { customer: 'own_order', winner: 'dispense', chosen: 'decide', asked: 'decide' },
  },
  proof: {
    urls: order => [order.proof_photo_url],
    readers: { customer: 'own_order', winner: 'proof', carrier: 'proof' },
  },
  signature: {
    urls: order => [order.signature_url],
    readers: { customer: 'own_order', winner: 'proof', carrier: 'proof' },
  },
  picture: { urls: () => [], readers: {} },
  document: { urls: () => [], readers: {} },
  audio: {
    urls: (order, owner) =>
      order.responses
        .filter(answer => answer.vendor_id === owner.pharmacyId)
        .map(answer => answer.audio_url),
    readers: { customer: 'own_order' },
  },
}
/** Purpose of opening a file: `decide` before acceptance, `dispense` after it. */
export type Purpose =
  | 'conversation'
  | 'own_file'
  | 'own_order'
  | 'oversight'
  | 'decide'
  | 'dispense'
  | 'proof'
/**
 * `orderId`: the order that opens the file. It is null for the owner and for an administrator while
 * no order is known to name it.
 */
export interface Reading {
  purpose: Purpose
  orderId: string | null
}
/**
 * Bound of the orders that are read because they name one file. Owners name a file in far fewer.
 */
const ordersLookedAtMax = 100

/** Null for a caller who may not read the file. */
export async function readingOf(
  ctx: ReadContext,
  identity: Identity,
  upload: UploadRow,
): Promise<Reading | null> {
  if (identity.userId === upload.owner_id && (await isStillOwn(ctx, identity, upload)))
    return { purpose: 'own_file', orderId: upload.order_id }
  if (identity.role === 'admin') return { purpose: 'oversight', orderId: upload.order_id }
  const reader = principalOf(identity)
  const ofReader = (eb: Orders): Expression<SqlBool> => {
    switch (identity.role) {
      case 'user':
        return eb('user_id', '=', reader.id)
      case 'driver':
        return eb('driver_id', '=', reader.id)
      default:
        return eb.or([
          eb('vendor_id', '=', reader.id),
          eb.and([
            eb('kind', '=', 'broadcast'),
            eb('status', '=', 'pending'),
            sql<SqlBool>`${reader.id}::uuid = any(candidate_ids)`,
          ]),
        ])
    }
  }
  const purposeIn = (order: OrderView): Purpose | null => {
    const standing = standingOf(reader, order, ctx.nowMs())
    // After the end of the order a pharmacy that did not take it has no use for the prescription.
    if (standing === 'chosen' && order.ended_at !== null) return null
    return rules[upload.kind as UploadKind].readers[standing] ?? null
  }
  const through = async (also: (eb: Orders) => Expression<SqlBool>): Promise<Reading | null> => {
    for (const order of await ordersNaming(ctx, upload, also)) {
      const purpose = purposeIn(order)
      if (purpose !== null) return { purpose, orderId: order.id }
    }
    return null
  }
  // The order that opened the file last time is one look-up; a search reads all orders of the
  // reader.
  const known = upload.order_id
  const quick =
    known === null ? null : await through(eb => eb.and([eb('id', '=', known), ofReader(eb)]))
  if (quick !== null) return quick
  const found = await through(ofReader)
  if (found !== null) {
    await noteOrder(ctx, upload, found.orderId!)
    return found
  }
  if (known !== null && upload.kind === 'prescription' && (await hasKeptOrder(ctx, reader, known)))
    return { purpose: 'dispense', orderId: known }
  const isShown = await inConversation(ctx, upload.id, identity)
  return isShown ? { purpose: 'conversation', orderId: upload.order_id } : null
}

/** Somebody who has left a pharmacy does not open what they uploaded while they worked there. */
async function isStillOwn(
  { database }: AccessContext,
  identity: Identity,
  upload: UploadRow,
): Promise<boolean> {
  if (identity.role !== 'vendor') return true
  const left = await database.kysely
    .selectFrom('members')
    .select('id')
    .where('user_id', '=', identity.userId)
    .where('joined_at', '<=', upload.created_at)
    .where('ended_at', '>=', upload.created_at)
    .executeTakeFirst()
  return left === undefined
}

/** Has the reader the order of a customer who was erased? */
async function hasKeptOrder(
  { database, nowMs }: ReadContext,
  reader: Principal,
  orderId: string,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('orders')
    .select(['placed', 'progress'])
    .where('id', '=', orderId)
    .where(eb =>
      eb.exists(
        eb
          .selectFrom('erasures')
          .select('account_id')
          .whereRef('erasures.account_id', '=', 'orders.user_id')
          .where('erased_at', 'is not', null),
      ),
    )
    .executeTakeFirst()
  return row !== undefined && standingOf(reader, orderView(row), nowMs()) === 'winner'
}

/** Does a message name the file in a conversation that the reader may see? */
async function inConversation(
  ctx: AccessContext,
  uploadId: string,
  identity: Identity,
): Promise<boolean> {
  const { rows } = await sql`
    select from conversation_texts as t join conversations as c on c.id = t.conversation_id
    where t.upload_id = ${uploadId} and ${ownRows(speakerOf(identity))} limit 1`.execute(
    ctx.database.kysely,
  )
  return rows.length > 0
}

/** Remembers an order that names the file, so that the file does not count as an orphan. */
export async function noteOrder(
  ctx: AccessContext,
  upload: Pick<UploadRow, 'id' | 'order_id'>,
  orderId: string,
): Promise<void> {
  if (upload.order_id === null)
    await ctx.database.kysely
      .updateTable('uploads')
      .set({ order_id: orderId })
      .where('id', '=', upload.id)
      .where('order_id', 'is', null)
      .execute()
}

/** Id of an order that names the file, has its owner as a party, and satisfies `also`. */
export const orderNaming = async (
  ctx: AccessContext,
  upload: UploadRow,
  also: (eb: Orders) => Expression<SqlBool>,
): Promise<string | null> => (await ordersNaming(ctx, upload, also)).at(0)?.id ?? null

async function ordersNaming(
  ctx: AccessContext,
  upload: UploadRow,
  also: (eb: Orders) => Expression<SqlBool>,
): Promise<OrderView[]> {
  const db = ctx.database.kysely
  const [owner, kind] = [await partyOf(ctx, upload.owner_id), upload.kind as UploadKind]
  const url = uploadUrl(upload.id)
  const rows = await db
    .selectFrom('orders')
    .select(['placed', 'progress'])
    .where(also)
    .where(sql<SqlBool>`(placed::text like ${`%${url}"%`} or progress::text like ${`%${url}"%`})`)
    // A pharmacy that refused with a sound is no party to the order, but the order contains its
    // answer.
    .$if(kind !== 'audio', query =>
      query.where(eb =>
        eb.or([
          eb('user_id', '=', upload.owner_id),
          ...(owner.driverId === null ? [] : [eb('driver_id', '=', owner.driverId)]),
          ...(owner.pharmacyId === null ? [] : [eb('vendor_id', '=', owner.pharmacyId)]),
        ]),
      ),
    )
    .limit(ordersLookedAtMax)
    .execute()
  // A URL may have its host in front, as the older API shows it.
  return rows
    .map(orderView)
    .filter(order => rules[kind].urls(order, owner).some(given => given?.endsWith(url)))
}

/** The records with which an account takes part in orders. */
export async function partyOf(ctx: AccessContext, accountId: string): Promise<Party> {
  const db = ctx.database.kysely
  // Files of somebody who has left the pharmacy stay in its orders.
  const place = await db
    .selectFrom('members')
    .select('vendor_id')
    .where('user_id', '=', accountId)
    .orderBy(sql`ended_at is null`, 'desc')
    .orderBy('joined_at', 'desc')
    .executeTakeFirst()
  const driver = await db
    .selectFrom('drivers')
    .select('id')
    .where('user_id', '=', accountId)
    .executeTakeFirst()
  return { pharmacyId: place?.vendor_id ?? null, driverId: driver?.id ?? null }
}
