/** Writes events into the journal's table as an engine does, for tests of what follows it. */
import type { Database } from '../../migrations/database/open.ts'
import { eventVersion } from '../../protocol/dispatch/events.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'

/** `happen` writes one event of an actor; `seqs` has the last number of each slot. */
export function journalWriter({ pool }: Database) {
  const seqs = new Map<number, number>()
  const versions = new Map<string, number>()
  const happen = async (
    actorId: string,
    type: string,
    data: object = {},
    { kind = 'order', by = null as object | null, at = new Date() } = {},
  ): Promise<void> => {
    const slot = slotOf(actorId)
    const seq = (seqs.get(slot) ?? 0) + 1
    const version = (versions.get(actorId) ?? 0) + 1
    seqs.set(slot, seq)
    versions.set(actorId, version)
    await pool.query(
      `insert into slots (slot, owner, epoch, lease_until) values ($1, 'e', 1, now()) on conflict do nothing`,
      [slot],
    )
    await pool.query(
      `insert into events (actor_id, version, slot, seq, kind, at, type, v, command_id, acted_by, data) values ($1, $2, $3, $4, $5, $6, $7, $8, null, $9, $10)`,
      [
        actorId,
        version,
        slot,
        seq,
        kind,
        at,
        type,
        eventVersion,
        by === null ? null : JSON.stringify(by),
        JSON.stringify(data),
      ],
    )
  }
  return { happen, seqs }
}
