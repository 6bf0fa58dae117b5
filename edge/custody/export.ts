/** The proven custody of an order as a file, and the checkpoints of the log. */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { exportOf } from '../../protocol/custody-log/export.ts'
import { parseKey, type NoteKey } from '../../protocol/custody-log/keys.ts'
import { custodyLogLimits } from '../../protocol/custody-log/limits.ts'
import { parseNote, signatureBy, unknownSignatures } from '../../protocol/custody-log/notes.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { CustodyConfig } from './config.ts'
import { custodyLimits } from './limits.ts'
import { lock, nodesIn, signTree } from './log-tables.ts'
import type { EntryRow } from './timeline.ts'

export type ExportParts = Pick<Kernel, 'database' | 'nowMs'> & WithConfig<CustodyConfig>

export interface Proving {
  /** From the smallest tree to the largest. The last one covers all entries. */
  notes: string[]
  logKey: string
  witnessKeys: string[]
}

/**
 * The checkpoints that first covered each of the entries, and one that covers all: the newest that
 * every witness signed, or else the newest. Signs the tree when none covers the last entry. Throws
 * `unavailable`.
 */
export async function provingNotes(
  { database: { kysely: db }, config, nowMs }: ExportParts,
  rows: readonly EntryRow[],
): Promise<Proving> {
  const { custodySigner: signer, custodyWitnesses } = config
  if (signer === null)
    throw new CaduceusError('unavailable', 'this server does not sign the custody log')
  const covering = (size: number) =>
    db
      .selectFrom('custody_checkpoints')
      .select(['size', 'note'])
      .where('log_key', '=', signer.key)
      .where('size', '>=', size)
  const firstOver = (size: number) => covering(size).orderBy('size').limit(1).executeTakeFirst()
  const needed = rows.at(-1)!.leaf + 1
  if ((await firstOver(needed)) === undefined)
    await db.transaction().execute(async tx => {
      await lock(tx)
      await signTree(tx, signer, nowMs(), 0)
    })
  const newest = await covering(needed)
    .orderBy('size', 'desc')
    .limit(custodyLimits.cosignedAmong)
    .execute()
  const witnessKeys = custodyWitnesses.flatMap(({ key }) => key ?? [])
  const last =
    newest.find(({ note }) => {
      const parsed = parseNote(note)
      return witnessKeys.every(key => signatureBy(key, parsed).outcome === 'good')
    }) ?? newest[0]!
  const notes = new Map([[last.size, last.note]])
  for (const { leaf } of rows) {
    const first = await firstOver(leaf + 1)
    if (first !== undefined && first.size < last.size) notes.set(first.size, first.note)
  }
  const keys = [parseKey('log', signer.key), ...witnessKeys]
  return {
    notes: [...notes]
      .toSorted(([a], [b]) => a - b)
      .slice(-custodyLogLimits.checkpointsMax)
      .map(([, note]) => signedOnlyBy(note, keys)),
    logKey: signer.key,
    witnessKeys: witnessKeys.map(({ text }) => text),
  }
}

/** A witness may have gone since; nobody could check its signature. */
function signedOnlyBy(note: string, keys: readonly NoteKey[]): string {
  const parsed = parseNote(note)
  const strange = new Set(unknownSignatures(parsed, keys))
  const lines = note.slice(parsed.text.length + 1).split('\n')
  return `${parsed.text}\n${lines.filter((_, i) => !strange.has(parsed.signatures[i]!)).join('\n')}`
}

/** The file: the entries with proofs to the last of the checkpoints. */
export const custodyFile = async (
  parts: ExportParts,
  rows: readonly EntryRow[],
): Promise<string> => {
  const { notes, logKey, witnessKeys } = await provingNotes(parts, rows)
  return exportOf({
    entries: rows.map(({ leaf, entry, salt, commitment }) =>
      entry === null || salt === null ? { index: leaf, commitment } : { index: leaf, entry, salt },
    ),
    checkpoints: notes,
    logKey,
    witnessKeys,
    read: nodesIn(parts.database.kysely),
  })
}
