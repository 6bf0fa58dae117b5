/**
 * Following the journal from a stored position in each slot. A follower reads the events after its
 * positions and moves them in the transaction that writes the consequences, so each event has its
 * consequences exactly once, also after a crash.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { eventColumns, recorded, type EventRow, type Recorded } from './recorded-events.ts'

/** The tables of positions, one for each follower. */
export type PositionsOf =
  | 'webhook_positions'
  | 'notification_positions'
  | 'custody_positions'
  | 'ledger_positions'
  | 'payment_positions'
export interface JournalRow {
  slot: number
  seq: number
  actor_id: string
  kind: string
  type: string
  command_id: string | null
  /** The event in today's shape. Throws UnknownEventVersionError. */
  read(): Recorded
}
type StoredRow = EventRow & Omit<JournalRow, 'read'> & { read_from: number }

/**
 * The next events of each slot, at most `rowsMax` of a slot, by slot and number. The journal
 * numbers without gaps, so an event after a gap follows one whose transaction is not visible yet,
 * and is left for later.
 */
export async function eventsAfterPositions(
  db: Kysely<Tables>,
  positions: PositionsOf,
  rowsMax: number,
): Promise<JournalRow[]> {
  const { rows } = await sql<StoredRow>`
    select e.*, coalesce(p.seq, 0) as read_from from slots as s
    left join ${sql.table(positions)} p on p.slot = s.slot
    cross join lateral (
      select slot, seq, actor_id, kind, command_id, ${sql.join(eventColumns.map(name => sql.ref(name)))} from events
      where events.slot = s.slot and events.seq > coalesce(p.seq, 0) order by seq limit ${rowsMax}
    ) as e order by e.slot, e.seq`.execute(db)
  const next = new Map<number, number>()
  return rows.flatMap(row => {
    const { slot, seq, actor_id, kind, type, command_id } = row
    if (seq !== (next.get(slot) ?? row.read_from + 1)) return []
    next.set(slot, seq + 1)
    return [{ slot, seq, actor_id, kind, type, command_id, read: () => recorded(row) }]
  })
}

/**
 * The last event of each slot. A slot has a row from its first lease on, so every slot with an event
 * has one.
 */
export async function headsOf(tx: Kysely<Tables>): Promise<Map<number, number>> {
  const { rows } = await sql<{ slot: number; seq: number }>`
    select s.slot, head.seq from slots as s
    cross join lateral (select seq from events where events.slot = s.slot order by seq desc limit 1) as head`.execute(
    tx,
  )
  return new Map(rows.map(row => [row.slot, row.seq]))
}

/** Moves the positions behind these events. `more` is true when a slot had a full batch. */
export async function passEvents(
  tx: Kysely<Tables>,
  positions: PositionsOf,
  rows: readonly JournalRow[],
  rowsMax: number,
): Promise<{ more: boolean }> {
  const last = new Map<number, number>()
  const counts = new Map<number, number>()
  for (const row of rows) {
    last.set(row.slot, row.seq)
    counts.set(row.slot, (counts.get(row.slot) ?? 0) + 1)
  }
  await savePositions(tx, positions, last)
  return { more: [...counts.values()].some(count => count >= rowsMax) }
}

/** Sets the position of each slot. A position never goes back. */
export async function savePositions(
  tx: Kysely<Tables>,
  positions: PositionsOf,
  last: ReadonlyMap<number, number>,
): Promise<void> {
  if (last.size === 0) return
  await sql`
    insert into ${sql.table(positions)} as held (slot, seq)
    select * from unnest(${[...last.keys()]}::smallint[], ${[...last.values()]}::bigint[])
    on conflict (slot) do update set seq = excluded.seq where held.seq < excluded.seq`.execute(tx)
}
