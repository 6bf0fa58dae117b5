/**
 * Chooses the one edge that delivers: it holds a row of the database for a while. The holder stops
 * by its own clock before the row may pass on. The row's epoch also fences its writes about events,
 * so an edge that paused for longer than its lease skips nothing and repeats nothing.
 *
 * Rejected: an advisory lock of a session. It needs a connection of its own, and it ends without a
 * word when that connection does.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { webhookLimits } from './limits.ts'

const name = 'webhooks'
export interface Lease {
  owner: string
  epoch: number
  /** By our own clock, counted from before the question. */
  untilMs: number
}
/** Thrown when another edge has taken the lease. */
export class LeaseLost extends Error {}

/**
 * Takes or renews the lease; null while another edge holds it. `alone`: no other edge can run, so
 * another holder has died.
 */
export async function takeLease(
  db: Kysely<Tables>,
  owner: string,
  nowMs: number,
  alone: boolean,
): Promise<Lease | null> {
  const {
    rows: [row],
  } = await sql<{ epoch: number }>`
    insert into webhook_lease as held (name, owner, epoch, lease_until)
    values (${name}, ${owner}, 1, clock_timestamp() + ${webhookLimits.webhookLeaseMs} * interval '1 millisecond')
    on conflict (name) do update set owner = excluded.owner, lease_until = excluded.lease_until,
      epoch = held.epoch + case when held.owner = excluded.owner then 0 else 1 end
    where held.owner = excluded.owner or held.lease_until < clock_timestamp() or ${alone}::boolean
    returning epoch`.execute(db)
  return row === undefined
    ? null
    : { owner, epoch: row.epoch, untilMs: nowMs + webhookLimits.webhookLeaseMs }
}

/**
 * Within a transaction: nobody takes the lease before the transaction ends. Throws LeaseLost when
 * another edge has taken it.
 */
export async function fence(tx: Kysely<Tables>, lease: Lease): Promise<void> {
  const { rows } =
    await sql`select 1 from webhook_lease where name = ${name} and owner = ${lease.owner} and epoch = ${lease.epoch} for share`.execute(
      tx,
    )
  if (rows.length === 0) throw new LeaseLost('another edge delivers webhooks now')
}

/** Ends the lease of this edge, so that another edge can take it at once. */
export async function releaseLease(db: Kysely<Tables>, owner: string): Promise<void> {
  await sql`update webhook_lease set lease_until = '-infinity' where name = ${name} and owner = ${owner}`.execute(
    db,
  )
}
