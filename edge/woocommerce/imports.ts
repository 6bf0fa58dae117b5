/**
 * Imports of shop orders. Each is a row before anything is tried, because a shop sends an order
 * once and does not repeat it. An order that cannot be placed now (no coordinates, no engine) waits
 * there for a person or for the next attempt, and the shop gets a success, because WooCommerce
 * disables a webhook after five other answers.
 *
 * The customer is a guest: an id that is the same for an e-mail at a pharmacy, without an account.
 * Anybody can type any e-mail into a shop. Rejected: an account with that e-mail. It would put a
 * shop's orders into the history of the owner of the address, or keep the owner from registering
 * it.
 */
import { createHash } from 'node:crypto'
import { sql, type Selectable } from 'kysely'
import type { ImportsTable } from '../../migrations/database/tables.ts'
import {
  CaduceusError,
  errorCatalogue,
  isErrorCode,
  type ErrorCode,
} from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { shopLimits } from './limits.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { WithMaps } from '../maps/port.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { derivedId } from '../kernel/derived-id.ts'
import type { OrderDraft } from './order.ts'

export type ImportContext = Pick<Kernel, 'database' | 'commands' | 'log' | 'nowMs' | 'random'> &
  WithMaps
export type ImportRow = Selectable<ImportsTable>
export interface Coordinates {
  latitude: number
  longitude: number
}

export type Arrival =
  | { outcome: 'created'; row: ImportRow; order: OrderView }
  | { outcome: 'pending' | 'duplicate'; row: ImportRow }

const rowsPerRetry = 20
/** Time for which a refusal that may pass is tried again; then a person decides. */
const retryForMs = 24 * 3_600_000
const transient = (Object.keys(errorCatalogue) as ErrorCode[]).filter(
  code => errorCatalogue[code].retryable,
)

/**
 * Takes an order with a valid signature. A shop order becomes one of ours at most once. A delivery
 * with the same date is a repeat. One with a later date replaces an import that still waits, and
 * never an order that is being handled.
 */
export async function takeOrder(
  ctx: ImportContext,
  scopeId: string,
  pharmacyId: string,
  draft: OrderDraft,
  readable = true,
): Promise<Arrival> {
  const placed = (row: ImportRow): Promise<Arrival> =>
    readable ? place(ctx, row, null) : waits(ctx, row, 'import_unreadable')
  const db = ctx.database.kysely
  const at = new Date(ctx.nowMs())
  const fresh = {
    id: uuidV7(ctx.nowMs(), ctx.random),
    vendor_id: pharmacyId,
    scope_id: scopeId,
    external_id: draft.external_id,
    external_modified: draft.modified,
    order_id: uuidV7(ctx.nowMs(), ctx.random),
    status: 'pending' as const,
    draft: JSON.stringify(draft),
    created_at: at,
    updated_at: at,
  }
  const inserted = await db
    .insertInto('imports')
    .values(fresh)
    .onConflict(c => c.columns(['scope_id', 'external_id']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (inserted !== undefined) return placed(inserted)
  const newer = await db
    .updateTable('imports')
    .set({ external_modified: draft.modified, draft: fresh.draft, reason: null, updated_at: at })
    .where('scope_id', '=', scopeId)
    .where('external_id', '=', draft.external_id)
    .where('status', '=', 'pending')
    .where('external_modified', '<', draft.modified)
    .returningAll()
    .executeTakeFirst()
  if (newer !== undefined) return placed(newer)
  return {
    outcome: 'duplicate',
    row: await db
      .selectFrom('imports')
      .selectAll()
      .where('scope_id', '=', scopeId)
      .where('external_id', '=', draft.external_id)
      .executeTakeFirstOrThrow(),
  }
}

/**
 * Keeps a signed delivery that is not an order with an id: a row without a draft, once for the same
 * bytes. Its contents are not kept, because nobody knows whose data they are; the shop still has
 * the order.
 */
export async function keepUnreadable(
  ctx: ImportContext,
  scopeId: string,
  pharmacyId: string,
  bytes: Uint8Array,
): Promise<ImportRow> {
  const db = ctx.database.kysely
  const external_id = `unreadable ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
  const at = new Date(ctx.nowMs())
  await db
    .insertInto('imports')
    .values({
      id: uuidV7(ctx.nowMs(), ctx.random),
      vendor_id: pharmacyId,
      scope_id: scopeId,
      external_id,
      external_modified: '',
      order_id: uuidV7(ctx.nowMs(), ctx.random),
      status: 'pending',
      reason: 'import_unreadable',
      draft: null,
      created_at: at,
      updated_at: at,
    })
    .onConflict(c => c.columns(['scope_id', 'external_id']).doNothing())
    .execute()
  ctx.log.warn(
    { vendor_id: pharmacyId, external_id },
    'a shop sent a delivery that cannot be read as an order',
  )
  return db
    .selectFrom('imports')
    .selectAll()
    .where('scope_id', '=', scopeId)
    .where('external_id', '=', external_id)
    .executeTakeFirstOrThrow()
}

/**
 * Places a waiting order with coordinates that a person found. Throws `import_not_pending`, or the
 * reason why it could not be placed.
 */
export async function complete(
  ctx: ImportContext,
  row: ImportRow,
  coordinates: Coordinates,
): Promise<OrderView> {
  if (row.status !== 'pending')
    throw new CaduceusError('import_not_pending', `this import is ${row.status}`)
  if (row.draft === null)
    throw new CaduceusError(
      'import_unreadable',
      'this delivery cannot be read as an order; look at the order in the shop, place it by hand and dismiss this',
    )
  const arrival = await place(ctx, row, coordinates)
  if (arrival.outcome === 'created') return arrival.order
  const reason = arrival.row.reason
  throw new CaduceusError(isErrorCode(reason) ? reason : 'unavailable')
}

/**
 * Places the order of a row. Never throws a refusal; the row gets it as its reason. The ids of the
 * order and of the command come from the row, so two simultaneous attempts place one order.
 */
async function place(
  ctx: ImportContext,
  row: ImportRow,
  coordinates: Coordinates | null,
): Promise<Arrival> {
  const db = ctx.database.kysely
  const draft = row.draft as OrderDraft
  try {
    const { latitude, longitude } =
      coordinates ?? draft.coordinates ?? (await locate(ctx, draft.delivery_address))
    const { order } = await ctx.commands.order({
      id: `import-${row.id}`,
      actor_id: row.order_id,
      verb: 'create',
      by: { role: 'service', id: `woocommerce:${row.scope_id}` },
      data: {
        order_id: row.order_id,
        customer_id: guestId(row.vendor_id, draft.customer_key),
        customer_name: draft.customer_name,
        customer_phone: draft.customer_phone,
        vendor_id: row.vendor_id,
        delivery_address: draft.delivery_address,
        delivery_latitude: latitude,
        delivery_longitude: longitude,
        items: draft.items,
        notes: draft.notes,
      },
    })
    // The order contains everything now, so the copy of somebody's address is deleted.
    const done = await db
      .updateTable('imports')
      .set({ status: 'imported', reason: null, draft: null, updated_at: new Date(ctx.nowMs()) })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirst()
    return { outcome: 'created', row: done ?? row, order }
  } catch (error) {
    if (!(error instanceof CaduceusError)) throw error
    return waits(ctx, row, error.code)
  }
}

async function waits(
  ctx: ImportContext,
  row: ImportRow,
  reason: ErrorCode,
): Promise<Extract<Arrival, { outcome: 'pending' | 'duplicate' }>> {
  ctx.log.info({ import_id: row.id, reason }, 'an order of a shop waits')
  const waiting = await ctx.database.kysely
    .updateTable('imports')
    .set({ reason, updated_at: new Date(ctx.nowMs()) })
    .where('id', '=', row.id)
    .where('status', '=', 'pending')
    .returningAll()
    .executeTakeFirst()
  return { outcome: 'pending', row: waiting ?? row }
}

async function locate(ctx: ImportContext, address: string): Promise<Coordinates> {
  if (address === '') throw new CaduceusError('address_not_found', 'the shop sent no address')
  return ctx.maps.locate(address)
}

/** A UUID made of the pharmacy and the shop's key of its customer. */
export const guestId = (pharmacyId: string, customerKey: string): string =>
  derivedId(`guest\0${pharmacyId}\0${customerKey}`)

/**
 * Tries again imports that were refused for a passing reason or cut off. Returns the number of
 * attempts.
 */
export async function retryImports(ctx: ImportContext): Promise<number> {
  const nowMs = ctx.nowMs()
  // The rows are claimed by changing their time, so another edge that looks now finds other rows.
  const { rows } = await sql<ImportRow>`
    update imports set updated_at = ${new Date(nowMs)} where id in (
      select id from imports where status = 'pending' and (reason is null or reason = any(${transient}::text[]))
        and updated_at < ${new Date(nowMs - shopLimits.importRetryMs)} and created_at > ${new Date(nowMs - retryForMs)}
      order by updated_at limit ${rowsPerRetry} for update skip locked
    ) returning *`.execute(ctx.database.kysely)
  for (const row of rows) await place(ctx, row, null)
  return rows.length
}

/** Repeats `retryImports` about every importRetryMs. Returns the function that stops it. */
export function startImportRetries(
  ctx: ImportContext,
  after: (ms: number, run: () => void) => () => void,
): () => void {
  let cancel = () => {}
  let stopped = false
  const next = (): void => {
    if (stopped) return
    cancel = after(shopLimits.importRetryMs * (0.5 + ctx.random()), () => {
      retryImports(ctx)
        .catch((error: unknown) => ctx.log.warn({ err: error }, 'imports could not be tried again'))
        .finally(next)
    })
  }
  next()
  return () => {
    stopped = true
    cancel()
  }
}
