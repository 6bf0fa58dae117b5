/** The proven custody of an order as a file, and the checkpoints of the log. */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { exportOf } from '../../protocol/custody-log/export.ts'
import { custodyLogLimits } from '../../protocol/custody-log/limits.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { CustodyConfig } from './config.ts'
import { lock, nodesIn, signTree } from './log-tables.ts'
import type { EntryRow } from './timeline.ts'

export type ExportParts = Pick<Kernel, 'database' | 'nowMs'> & WithConfig<CustodyConfig>

/**
 * The file: the entries with proofs to the newest checkpoint, and the checkpoints that first covered
 * each of them. Signs the tree when no checkpoint covers the last entry. Throws `unavailable`.
 */
export async function custodyFile(parts: ExportParts, rows: readonly EntryRow[]): Promise<string> {
  const { kysely: db } = parts.database
  const signer = parts.config.custodySigner
  if (signer === null)
    throw new CaduceusError('unavailable', 'this server does not sign the custody log')
  const notesFrom = (size: number, newestFirst = false) =>
    db
      .selectFrom('custody_checkpoints')
      .select(['size', 'note'])
      .where('log_key', '=', signer.key)
      .where('size', '>=', size)
      .orderBy('size', newestFirst ? 'desc' : 'asc')
      .limit(1)
      .executeTakeFirst()
  const needed = rows.at(-1)!.leaf + 1
  if ((await notesFrom(needed)) === undefined)
    await db.transaction().execute(async tx => {
      await lock(tx)
      await signTree(tx, signer, parts.nowMs(), 0)
    })
  const notes = new Map<number, string>()
  for (const { leaf } of rows) {
    const first = await notesFrom(leaf + 1)
    if (first !== undefined) notes.set(first.size, first.note)
  }
  const newest = (await notesFrom(needed, true))!
  notes.set(newest.size, newest.note)
  const chosen = [...notes].toSorted(([a], [b]) => a - b).slice(-custodyLogLimits.checkpointsMax)
  return exportOf({
    entries: rows.map(({ leaf, entry, salt, commitment }) =>
      entry === null || salt === null ? { index: leaf, commitment } : { index: leaf, entry, salt },
    ),
    checkpoints: chosen.map(([, note]) => note),
    logKey: signer.key,
    witnessKeys: [],
    read: nodesIn(db),
  })
}
