/** Makes the export of a custody: chosen entries of the log, proven to the newest checkpoint. */
import { parseCheckpoint } from './checkpoints.ts'
import type { CustodyEntry } from './entries.ts'
import { exportText } from './export-file.ts'
import { consistencyPlan, inclusionPlan, makeProofs, type ReadNodes } from './tree.ts'

/** An entry of the log as it is stored. Erasure destroys entry and salt and keeps the commitment. */
export type LoggedEntry = { index: number } & (
  | { entry: CustodyEntry; salt: Uint8Array }
  | { commitment: Uint8Array }
)

/**
 * The text of the file. `entries` are those of one subject, in the order of the log. `checkpoints`
 * are signed notes from the smallest tree to the largest. Throws when an entry is not in the last
 * tree, and when the file would be larger than a verifier reads.
 */
export async function exportOf(of: {
  entries: readonly LoggedEntry[]
  checkpoints: readonly string[]
  logKey: string
  witnessKeys: readonly string[]
  read: ReadNodes
}): Promise<string> {
  const sizes = of.checkpoints.map(note => parseCheckpoint(note).size)
  const steps = sizes.slice(1).map((size, i) => consistencyPlan(sizes[i]!, size))
  const paths = of.entries.map(({ index }) => inclusionPlan(index, sizes.at(-1) ?? 0))
  const proofs = (await makeProofs([...steps, ...paths], of.read)).map(hashes =>
    hashes.map(hash => Buffer.from(hash)),
  )
  return exportText({
    checkpoints: [...of.checkpoints],
    consistency: proofs.slice(0, steps.length),
    entries: of.entries.map((one, i) => {
      const { index } = one
      const proof = proofs[steps.length + i]!
      return 'entry' in one
        ? { index, proof, entry: one.entry, salt: Buffer.from(one.salt) }
        : { index, proof, commitment: Buffer.from(one.commitment) }
    }),
    logKey: of.logKey,
    witnessKeys: [...of.witnessKeys],
  })
}
