/** The tree of the custody log in its tables. Only the holder of the lock appends. */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { signedCheckpoint } from '../../protocol/custody-log/checkpoints.ts'
import {
  frontierOf,
  GrowingTree,
  type ReadNodes,
  type StoredNode,
} from '../../protocol/custody-log/tree.ts'
import type { LogSigner } from './config.ts'
import { custodyLimits } from './limits.ts'

type Db = Kysely<Tables>

const lockKey = sql`hashtext('custody log')`
/** Takes the log for this transaction; false when another writer has it. */
export async function tryLock(tx: Db): Promise<boolean> {
  const { rows } = await sql<{
    led: boolean
  }>`select pg_try_advisory_xact_lock(${lockKey}) as led`.execute(tx)
  return rows[0]!.led
}
/** Waits for the log and takes it. Rejects when that takes too long. */
export async function lock(tx: Db): Promise<void> {
  await sql`select set_config('lock_timeout', ${String(custodyLimits.writerWaitMs)}, true)`.execute(
    tx,
  )
  await sql`select pg_advisory_xact_lock(${lockKey})`.execute(tx)
}

/** Reads stored hashes, for proofs and for the frontier. */
export const nodesIn =
  (db: Db): ReadNodes =>
  async ids => {
    const { rows } = await sql<{ hash: Buffer | null }>`
      select n.hash from unnest(${ids.map(id => id.level)}::smallint[], ${ids.map(id => id.index)}::bigint[])
        with ordinality as w(level, index, place)
      left join custody_nodes n on n.level = w.level and n.index = w.index order by w.place`.execute(
      db,
    )
    return rows.map(({ hash }, i) => {
      if (hash === null)
        throw new Error(`the custody log lacks node ${ids[i]!.level}/${ids[i]!.index}`)
      return hash
    })
  }

/** The number of entries. */
async function sizeOf(db: Db): Promise<number> {
  const { rows } = await sql<{
    size: number
  }>`select coalesce(max(leaf) + 1, 0) as size from custody_entries`.execute(db)
  return rows[0]!.size
}

/** The tree as it is, ready to grow. Call it under the lock. */
export async function treeIn(tx: Db): Promise<GrowingTree> {
  const size = await sizeOf(tx)
  return new GrowingTree(size, await nodesIn(tx)(frontierOf(size)))
}

export async function storeNodes(tx: Db, nodes: readonly StoredNode[]): Promise<void> {
  await sql`
    insert into custody_nodes (level, index, hash)
    select * from unnest(${nodes.map(n => n.level)}::smallint[], ${nodes.map(n => n.index)}::bigint[],
      ${nodes.map(n => Buffer.from(n.hash))}::bytea[])`.execute(tx)
}

/**
 * Signs the tree, unless the newest checkpoint covers it or is younger than `unlessYoungerMs`. Call
 * it under the lock: two checkpoints of one size would not be wrong, but one is enough.
 */
export async function signTree(
  tx: Db,
  signer: LogSigner,
  nowMs: number,
  unlessYoungerMs: number,
): Promise<boolean> {
  const last = await tx
    .selectFrom('custody_checkpoints')
    .select(['size', 'signed_at'])
    .where('log_key', '=', signer.key)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  const size = await sizeOf(tx)
  if (size === 0 || last?.size === size) return false
  if (last !== undefined && nowMs - last.signed_at.getTime() < unlessYoungerMs) return false
  const tree = await treeIn(tx)
  await tx
    .insertInto('custody_checkpoints')
    .values({
      log_key: signer.key,
      size,
      note: signedCheckpoint(size, tree.root(), signer),
      signed_at: new Date(nowMs),
    })
    .execute()
  return true
}
