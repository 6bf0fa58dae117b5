/**
 * The table of events as edges read it. Every row passes `upcast`, so no other code here knows the
 * shapes of older releases. A test allows other queries of that table only columns whose meaning
 * never changes.
 */
import { sql, type Kysely, type RawBuilder, type Selectable } from 'kysely'
import type { EventsTable, Tables } from '../../migrations/database/tables.ts'
import type { DriverEvent, OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { upcast } from '../../protocol/dispatch/upcast.ts'

/** The columns of a row that describe the event. */
export type EventRow = Pick<
  Selectable<EventsTable>,
  'version' | 'at' | 'type' | 'v' | 'acted_by' | 'data'
>
export const eventColumns = [
  'version',
  'at',
  'type',
  'v',
  'acted_by',
  'data',
] as const satisfies readonly (keyof EventRow)[]

export interface Recorded<Event extends OrderEvent | DriverEvent = OrderEvent | DriverEvent> {
  version: number
  at: Date
  /** The acting principal; null when an older release did not record it. */
  by: Principal | null
  event: Event
}

/** The event in today's shape. Throws UnknownEventVersionError for an event of a newer release. */
export function recorded<Event extends OrderEvent | DriverEvent>({
  version,
  at,
  type,
  v,
  acted_by,
  data,
}: EventRow): Recorded<Event> {
  const { event, by } = upcast(v, { type, data: data as object, by: acted_by })
  return { version, at, by, event: event as Event }
}

/** Events of one actor after version `afterVersion`, oldest first, at most `rowsMax`. */
export async function eventsAfter<Event extends OrderEvent | DriverEvent>(
  db: Kysely<Tables>,
  actorId: string,
  afterVersion: number,
  rowsMax: number,
): Promise<Recorded<Event>[]> {
  const rows = await db
    .selectFrom('events')
    .select(eventColumns)
    .where('actor_id', '=', actorId)
    .where('version', '>', afterVersion)
    .orderBy('version')
    .limit(rowsMax)
    .execute()
  return rows.map(row => recorded<Event>(row))
}

/** Rows of a page of `eventsWhere`. */
const pageRows = 2_000

/**
 * Every event that satisfies a condition on the table `events`, by actor and version, read page by
 * page. `extra` is one more column for values that only the database can compute (days of a
 * calendar).
 */
export async function* eventsWhere<Extra>(
  db: Kysely<Tables>,
  condition: RawBuilder<unknown>,
  extra: RawBuilder<Extra>,
): AsyncGenerator<Recorded & { actorId: string; extra: Extra }> {
  let last = { actor_id: '00000000-0000-0000-0000-000000000000', version: 0 }
  for (;;) {
    const { rows } = await sql<EventRow & { actor_id: string; extra: Extra }>`
      select actor_id, ${sql.join(eventColumns.map(name => sql.ref(name)))}, ${extra} as extra from events
      where ${condition} and (actor_id, version) > (${last.actor_id}::uuid, ${last.version}::integer)
      order by actor_id, version limit ${pageRows}`.execute(db)
    for (const row of rows) yield { actorId: row.actor_id, extra: row.extra, ...recorded(row) }
    if (rows.length < pageRows) return
    last = rows.at(-1)!
  }
}
