/**
 * Orders as a caller may read them. The right to see an order is a part of the query and not a
 * check after it: another caller's order is not found, and its existence stays unknown.
 *
 * A list is ordered by time of creation, newest first. Each ground on which a caller sees an order
 * (it is the caller's own; it is offered to the caller) is a query that one index answers in that
 * order. Rejected: one query with `or` between the grounds, which sorts everything that the caller
 * ever saw to show a page.
 */
import { sql, type Expression, type ExpressionBuilder, type Kysely, type SqlBool } from 'kysely'
import Type from 'typebox'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { dayMs, instantMs } from '../../protocol/kernel/iso-time.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { orderLimits } from '../../protocol/orders/limits.ts'
import { wordsOfView } from '../../protocol/orders/visibility.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import {
  carriedStatuses,
  endedStatuses,
  statusesWith,
  type OrderStatus,
} from '../../protocol/orders/statuses.ts'
import { orderView, type OrderParts } from '../../protocol/orders/view-parts.ts'
import { searchWords, wordForms } from '../../protocol/kernel/search-words.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { TrackingConfig } from '../tracking/config.ts'
import { shownTo } from '../idempotency/order-shown.ts'
import { invalid } from '../kernel/validate.ts'
import { paged } from '../kernel/shapes.ts'

const searchCharactersMax = 100
/** Orders that a search reads one by one; with more the list is walked. */
const searchOrdersMax = 1_000

/** A moment or a day. A day begins at midnight UTC. */
const Moment = Type.Union([Type.String({ format: 'date-time' }), Type.String({ format: 'date' })])
/** Query fields of every list of orders. */
export const orderFilters = {
  created_from: Type.Optional(Moment),
  /** Orders before that moment, or up to the end of that day. */
  created_to: Type.Optional(Moment),
  text: Type.Optional(
    Type.String({
      minLength: 2,
      maxLength: searchCharactersMax,
      description:
        "Words, or beginnings of words, from the order number, the customer's name and the items",
    }),
  ),
}

export interface OrderFilter {
  limit?: number
  cursor?: string
  status?: OrderStatus
  kind?: OrderView['kind']
  vendor_id?: string
  driver_id?: string
  created_from?: string
  created_to?: string
  text?: string
}

export type ReadContext = Pick<Kernel, 'database' | 'nowMs'> &
  WithConfig<KernelConfig & TrackingConfig>
type Orders = ExpressionBuilder<Tables, 'orders'>
type Ground = (eb: Orders) => Expression<SqlBool>

/**
 * The grounds on which a caller may see an order. Customer: own orders. Pharmacy: own orders and
 * the open requests that it was asked. Driver: own orders and the one offered. Administrators and
 * services: all. No order has two of the grounds.
 */
function groundsOf(identity: Identity): {
  own: Ground
  asked: Ground | null
  /** The statuses that an asked order can have. */
  askedStatuses: readonly OrderStatus[]
} {
  const { id } = principalOf(identity)
  switch (identity.role) {
    case 'admin':
    case 'service':
      return { own: eb => eb.lit(true), asked: null, askedStatuses: [] }
    case 'user':
      return { own: eb => eb('user_id', '=', id), asked: null, askedStatuses: [] }
    case 'vendor':
      return {
        own: eb => eb('vendor_id', '=', id),
        asked: eb =>
          eb.and([
            eb('kind', '=', sql.lit('broadcast')),
            eb('vendor_id', 'is', null),
            eb('ended_as', 'is', null),
            sql<SqlBool>`${id}::uuid = any(candidate_ids)`,
          ]),
        askedStatuses: ['pending'],
      }
    case 'driver':
      // A driver who is not a member any more sees only the orders that still must be delivered.
      if (identity.standing?.access === 'carrying')
        return {
          own: eb => eb.and([eb('driver_id', '=', id), eb('status', 'in', [...carriedStatuses])]),
          asked: null,
          askedStatuses: [],
        }
      return {
        own: eb => eb('driver_id', '=', id),
        asked: eb => eb('offered_driver_id', '=', id),
        askedStatuses: statusesWith('seeksDriver', true),
      }
  }
}

function visible(eb: Orders, identity: Identity): Expression<SqlBool> {
  const { own, asked } = groundsOf(identity)
  return asked === null ? own(eb) : eb.or([own(eb), asked(eb)])
}

/**
 * Newest first. Throws `invalid_request` for a search text without a word.
 *
 * A search can match words that the reader may not see, so each match is checked again in the form
 * that the reader sees. Pages are filled from the next rows: a short page, or a cursor at a hidden
 * order, would reveal the match.
 */
export async function listOrders(
  ctx: ReadContext,
  identity: Identity,
  filter: OrderFilter,
): Promise<{ orders: OrderView[]; next_cursor: string | null }> {
  const limit = filter.limit ?? limits.listLimitDefault
  const words = filter.text === undefined ? null : wordsSought(filter.text)
  const search = words === null ? null : await searchOrders(ctx.database.kysely, words)
  const rowsMax = search === null ? limit + 1 : Math.max(limit + 1, limits.listLimitMax)
  const shown: OrderView[] = []
  let { cursor } = filter
  for (;;) {
    const rows = await listRows(
      ctx,
      identity,
      { ...filter, ...(cursor !== undefined && { cursor }) },
      rowsMax,
      search,
    )
    for (const row of rows) {
      const view = shownTo(ctx, identity, orderView(row))
      if (words === null || saysAll(view, words)) shown.push(view)
    }
    if (shown.length > limit || rows.length < rowsMax) break
    cursor = rows.at(-1)!.id
  }
  const { rows: orders, next_cursor } = paged(shown, limit)
  return { orders, next_cursor }
}

async function listRows(
  ctx: ReadContext,
  identity: Identity,
  filter: OrderFilter,
  rowsMax: number,
  search: Search | null,
): Promise<({ id: string } & OrderParts)[]> {
  const db = ctx.database.kysely
  const parts = listQueries(
    db,
    identity,
    filter,
    rowsMax,
    search,
    new Date(ctx.nowMs() - orderLimits.driverSightMs),
  )
  return parts.length === 1
    ? await parts[0]!.execute()
    : (
        await sql<{ id: string } & OrderParts>`
    select id, placed, progress from (${sql.join(
      parts.map(part => sql`(${part})`),
      sql` union all `,
    )}) as seen
    order by created_at desc, id desc limit ${rowsMax}`.execute(db)
      ).rows
}

/** Number of orders in a list; counting ends at `countMax`. */
export async function countOrders(
  ctx: ReadContext,
  identity: Identity,
  filter: Omit<OrderFilter, 'limit' | 'cursor' | 'text'>,
  countMax: number,
): Promise<number> {
  const db = ctx.database.kysely
  const parts = listQueries(db, identity, filter, countMax)
  const {
    rows: [row],
  } = await sql<{ count: number }>`
    select count(*)::integer as count from (
      select 1 from (${sql.join(
        parts.map(part => sql`(${part.clearSelect().select('id')})`),
        sql` union all `,
      )}) as seen limit ${countMax}
    ) as counted`.execute(db)
  return row!.count
}

/** True when the reader sees every word, or a word that begins with it. */
function saysAll(view: OrderView, sought: readonly string[]): boolean {
  const words = wordsOfView(view)
  return sought.every(one => words.some(word => word.startsWith(one)))
}

/**
 * The queries that together are the list, each with its own index. `sightFrom`: of orders that
 * ended before it a driver sees only the number, so a driver's search matches only the number.
 */
export function listQueries(
  db: Kysely<Tables>,
  identity: Identity,
  filter: OrderFilter,
  rowsMax: number,
  search: Search | null = null,
  sightFrom: Date | null = null,
) {
  const { own, asked, askedStatuses } = groundsOf(identity)
  // An order that is only offered has no driver yet, and a request that a pharmacy was only asked
  // has no pharmacy yet.
  const wantsAsked =
    asked !== null &&
    filter.driver_id === undefined &&
    (identity.role === 'driver' || (filter.vendor_id === undefined && filter.kind !== 'direct')) &&
    (filter.status === undefined || askedStatuses.includes(filter.status))
  return (wantsAsked ? [own, asked] : [own]).map(ground => {
    let query = db
      .selectFrom('orders')
      .select(['id', 'created_at', 'placed', 'progress'])
      .where(ground)
    // No index contains a status before the last: an order passes through six or more statuses, and
    // each would be a write to the index.
    if (filter.status !== undefined)
      query = endedStatuses.includes(filter.status)
        ? query.where('ended_as', '=', filter.status)
        : query.where('ended_as', 'is', null).where('status', '=', filter.status)
    if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
    if (filter.vendor_id !== undefined) query = query.where('vendor_id', '=', filter.vendor_id)
    if (filter.driver_id !== undefined) query = query.where('driver_id', '=', filter.driver_id)
    if (filter.created_from !== undefined)
      query = query.where('created_at', '>=', new Date(startOf(filter.created_from)))
    if (filter.created_to !== undefined)
      query = query.where('created_at', '<', endOf(filter.created_to))
    if (search !== null)
      query =
        search.ids !== null
          ? query.where(sql<SqlBool>`orders.id = any(${search.ids}::uuid[])`)
          : // A scalar subquery cannot become a join, so the words of each order of the walk are
            // looked up.
            query.where(
              sql<SqlBool>`(select words @@ ${search.words}::tsquery from order_words where order_id = orders.id)`,
            )
    // This only spares reading rows: the shown form of an order decides whether the search finds
    // it.
    if (search !== null && identity.role === 'driver' && sightFrom !== null)
      query = query.where(
        sql<SqlBool>`(ended_as is null or updated_at >= ${sightFrom} or array_to_tsvector(string_to_array(lower(order_number), '-')) @@ ${search.words}::tsquery)`,
      )
    if (filter.cursor !== undefined)
      query = query.where(
        sql<SqlBool>`(created_at, orders.id) < ((select created_at from orders where id = ${filter.cursor}::uuid), ${filter.cursor}::uuid)`,
      )
    return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(rowsMax)
  })
}

/** A moment, or the midnight that begins a day. The schema admitted one of the two. */
const startOf = (moment: string): number => (instantMs(moment) ?? dayMs(moment))!
/**
 * A moment, or the end of a day. The last possible day ends at the last instant that the database
 * can store.
 */
const endOf = (moment: string): Date =>
  new Date(
    instantMs(moment) ??
      Math.min(dayMs(moment)! + 24 * 3_600_000, instantMs('9999-12-31T23:59:59.999Z')!),
  )

/** `ids`: all orders with these words, of any caller; null when they are too many to list. */
export interface Search {
  words: string
  ids: string[] | null
}

/**
 * Few orders have a rare word, so those orders are read. A common word is found soon by walking the
 * caller's list. The database cannot choose by itself, because it estimates that every prefix
 * matches 2 %.
 */
async function searchOrders(db: Kysely<Tables>, sought: readonly string[]): Promise<Search> {
  const words = searchQuery(sought)
  const { rows } = await sql<{
    id: string
  }>`select id from orders_with_words(${words}::tsquery, ${searchOrdersMax + 1}) as id`.execute(db)
  return { words, ids: rows.length > searchOrdersMax ? null : rows.map(row => row.id) }
}

/**
 * Every word, or a word that begins with it, must match. Words contain no quote and no backslash,
 * the only characters with a meaning in a quoted tsquery.
 */
const searchQuery = (words: readonly string[]): string =>
  words
    .map(
      word =>
        `(${wordForms(word)
          .map(form => `'${form}':*`)
          .join(' | ')})`,
    )
    .join(' & ')

function wordsSought(text: string): string[] {
  const words = searchWords(text)
  if (words.length === 0) throw invalid([{ field: 'text', rule: 'must have a letter or a digit' }])
  return words
}

/** Throws `order_not_found` for an order that does not exist or that the caller may not see. */
export async function findOrder(
  ctx: ReadContext,
  identity: Identity,
  id: string,
): Promise<OrderView> {
  const row = await ctx.database.kysely
    .selectFrom('orders')
    .select(['placed', 'progress'])
    .where('id', '=', id)
    .where(eb => visible(eb, identity))
    .executeTakeFirst()
  if (row === undefined) throw new CaduceusError('order_not_found', 'no such order')
  return shownTo(ctx, identity, orderView(row))
}

/**
 * The origin of an order: a request or a direct order; null when it does not exist. A caller must
 * not learn it from here.
 */
export async function kindOf(db: Kysely<Tables>, id: string): Promise<OrderView['kind'] | null> {
  const row = await db.selectFrom('orders').select('kind').where('id', '=', id).executeTakeFirst()
  return row?.kind ?? null
}
