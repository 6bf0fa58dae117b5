/** The whole journal and read model, as the database has them at the end. */
import { orderView, type OrderParts } from '../../../protocol/orders/view-parts.ts'
import pg from 'pg'
import type { DriverEvent, OrderEvent } from '../../../protocol/dispatch/events.ts'
import { upcast } from '../../../protocol/dispatch/upcast.ts'

export interface JournaledEvent {
  actorId: string
  version: number
  slot: number
  seq: number
  kind: 'order' | 'driver'
  atMs: number
  commandId: string | null
  event: OrderEvent | DriverEvent
}
export interface OrderRow {
  id: string
  status: string
  userId: string
  pharmacyId: string | null
  driverId: string | null
  version: number
  expiresAtMs: number | null
}
export interface DriverRow {
  id: string
  status: string
  capacity: number
  activeOrderIds: string[]
  version: number
}

export interface Ledger {
  events: JournaledEvent[]
  orders: Map<string, OrderRow>
  drivers: Map<string, DriverRow>
  /** Per slot: events up to this number were published, and their commands were carried out. */
  cursors: Map<number, number>
}

/** Reads from a server, by a separate connection. */
export async function readLedgerAt(url: string): Promise<Ledger> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await readLedger(text => client.query(text))
  } finally {
    await client.end()
  }
}

/** Reads all of it with the queries of `query`. */
export async function readLedger(
  query: (text: string) => Promise<{ rows: unknown[] }>,
): Promise<Ledger> {
  const rows = async <R>(text: string): Promise<R[]> => (await query(text)).rows as R[]
  const events = await rows<{
    actor_id: string
    version: number
    slot: number
    seq: string | number
    kind: 'order' | 'driver'
    at: Date
    command_id: string | null
    type: string
    v: number
    data: object
  }>(
    'select actor_id, version, slot, seq, kind, at, command_id, type, v, data from events order by slot, seq',
  )
  // `version` is also in `progress`. When the column and the view differ, the version becomes -1,
  // which no check accepts.
  const orders = await rows<{ id: string; user_id: string; version: number } & OrderParts>(
    'select id, user_id, version, placed, progress from orders',
  )
  const drivers = await rows<{
    id: string
    status: string
    capacity: number
    active_order_ids: string[]
    version: number
  }>('select id, status, capacity, active_order_ids::text[], version from drivers')
  const slots = await rows<{ slot: number; cursor_seq: string | number }>(
    'select slot, cursor_seq from slot_progress',
  )
  return {
    events: events.map(row => ({
      actorId: row.actor_id,
      version: row.version,
      slot: row.slot,
      seq: Number(row.seq),
      kind: row.kind,
      atMs: row.at.getTime(),
      commandId: row.command_id,
      event: upcast(row.v, { type: row.type, data: row.data }).event,
    })),
    orders: new Map(
      orders.map(({ id, user_id, version, ...parts }) => {
        const view = orderView(parts)
        return [
          id,
          {
            id,
            status: view.status,
            userId: user_id,
            pharmacyId: view.vendor_id,
            driverId: view.driver_id,
            version: view.version === version ? version : -1,
            expiresAtMs: view.expires_at === null ? null : Date.parse(view.expires_at),
          },
        ]
      }),
    ),
    drivers: new Map(
      drivers.map(row => [
        row.id,
        {
          id: row.id,
          status: row.status,
          capacity: row.capacity,
          activeOrderIds: row.active_order_ids,
          version: row.version,
        },
      ]),
    ),
    cursors: new Map(slots.map(row => [row.slot, Number(row.cursor_seq)])),
  }
}
