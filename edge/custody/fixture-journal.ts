/** An edge whose journal the test writes, and whose custody log follows it. */
import type { Test } from 'tap'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { eventVersion, type OrderEvent } from '../../protocol/dispatch/events.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import type { Environment } from '../../protocol/kernel/environment.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'
import { takeCustody } from './take.ts'
import { entriesOf } from './timeline.ts'

/** The events of an order that is on its way. */
export const walk = ['order_accepted', 'driver_assigned', 'picked_up', 'out_for_delivery'] as const

export async function startWithJournal(t: Test, environment: Environment = {}) {
  const edge = await startFixture(environment)
  t.teardown(() => edge.stop())
  const { database } = edge
  const { parts } = edge.edge
  const db = database.kysely
  const seqs = new Map<number, number>()
  const versions = new Map<string, number>()

  return {
    ...edge,
    parts,
    db,
    /** Writes an event as the journal does. */
    async happen(
      actorId: string,
      type: OrderEvent['type'],
      data: object = orderEvents[type].example,
    ): Promise<void> {
      const slot = slotOf(actorId)
      const seq = (seqs.get(slot) ?? 0) + 1
      const version = (versions.get(actorId) ?? 0) + 1
      seqs.set(slot, seq)
      versions.set(actorId, version)
      await database.pool.query(
        `insert into slots (slot, owner, epoch, lease_until) values ($1, 'e', 1, now()) on conflict do nothing`,
        [slot],
      )
      await database.pool.query(
        `insert into events (actor_id, version, slot, seq, kind, at, type, v, command_id, acted_by, data) values ($1, $2, $3, $4, 'order', $5, $6, $7, null, null, $8)`,
        [actorId, version, slot, seq, new Date(), type, eventVersion, JSON.stringify(data)],
      )
    },
    /** Takes batches until nothing is left; the edge's own follower may take some of them. */
    async settled(): Promise<void> {
      for (;;) {
        const { led, more } = await takeCustody(parts)
        const { rows } = await database.pool.query(
          `select 1 from events e where seq > coalesce((select p.seq from custody_positions p where p.slot = e.slot), 0) limit 1`,
        )
        if (led && !more && rows.length === 0) return
      }
    },
    async newOrder(given: Partial<Parameters<typeof viewOf>[0]> = {}): Promise<string> {
      const view = viewOf({ id: newId(), ...given })
      await edge.store(view)
      return view.id
    },
    async kindsOf(orderId: string): Promise<(string | undefined)[]> {
      return (await entriesOf(db, orderId)).map(row => row.entry?.kind)
    },
  }
}
