/**
 * Says of an exported custody whether it is true, or names each fault. It needs the file and the
 * keys that its reader trusts, and nothing else.
 */
import { parseCheckpoint, type Checkpoint } from './checkpoints.ts'
import { commitmentTo } from './entries.ts'
import { ExportFault, parseExport, type CustodyExport, type ExportedEntry } from './export-file.ts'
import { leafHash } from './hashes.ts'
import { parseKey, type KeyRole, type NoteKey } from './keys.ts'
import { signatureBy, unknownSignatures } from './notes.ts'
import { isConsistent, isIncluded } from './proofs.ts'

export type FaultCode =
  | ExportFault['code']
  | 'key_malformed'
  | 'key_repeated'
  | 'log_key_differs'
  | 'checkpoint_malformed'
  | 'origin_differs'
  | 'signature_missing'
  | 'signature_wrong'
  | 'signature_repeated'
  | 'signature_of_unknown_key'
  | 'witness_missing'
  | 'checkpoints_out_of_order'
  | 'consistency_proof_wrong'
  | 'inclusion_proof_wrong'
  | 'entries_out_of_order'
  | 'entry_number_wrong'
  | 'subject_differs'

export interface Fault {
  code: FaultCode
  /** A sentence that says where. It may quote the file. */
  text: string
}

export interface Verdict {
  /** Empty when the export is true. */
  faults: Fault[]
  /** The facts that were proven; null when there are faults. */
  proven: Proven | null
}

export interface Proven {
  /** Null when all entries are erased. */
  subject: string | null
  entries: number
  erased: number
  logKey: string
  treeSize: number
  checkpoints: number
  /** The witnesses of the last checkpoint, with the times of their cosignatures in POSIX seconds. */
  witnesses: { name: string; seconds: bigint }[]
}

type Report = (code: FaultCode, text: string) => void

/** Keys that the reader has from elsewhere, as texts. */
export interface Trusted {
  /** The log's key; null takes the key of the file, which then proves no identity. */
  logKey: string | null
  /** Each of these must have cosigned the last checkpoint. */
  witnessKeys: readonly string[]
}

/** The keys of the file. */
function keysOf(custody: CustodyExport, report: Report): NoteKey[] {
  const read = (role: KeyRole, text: string, where: string): NoteKey[] => {
    try {
      return [parseKey(role, text)]
    } catch (error) {
      report('key_malformed', `${where}: ${(error as Error).message}`)
      return []
    }
  }
  const keys = [
    ...read('log', custody.logKey, 'keys.log'),
    ...custody.witnessKeys.flatMap((text, i) => read('witness', text, `keys.witnesses[${i}]`)),
  ]
  if (new Set(keys.map(key => key.text)).size !== keys.length)
    report('key_repeated', 'keys.witnesses has a key twice')
  return keys
}

function checkpointsOf(custody: CustodyExport, report: Report): Checkpoint[] {
  return custody.checkpoints.flatMap((note, i) => {
    try {
      return [parseCheckpoint(note)]
    } catch (error) {
      report('checkpoint_malformed', `checkpoints[${i}] ${(error as Error).message}`)
      return []
    }
  })
}

function checkSignatures(
  checkpoints: readonly Checkpoint[],
  keys: readonly NoteKey[],
  report: Report,
): void {
  for (const [i, { origin, note }] of checkpoints.entries()) {
    const where = `checkpoints[${i}]`
    for (const key of keys) {
      const { outcome } = signatureBy(key, note)
      if (key.role === 'log' && origin !== key.name)
        report('origin_differs', `${where} is of the log ${origin}, and the key is of ${key.name}`)
      // Witnesses come and go, so a checkpoint without one of them is good.
      if (outcome === 'missing' && key.role === 'log')
        report('signature_missing', `${where} is not signed by ${key.name}`)
      if (outcome === 'wrong' || outcome === 'repeated')
        report(`signature_${outcome}`, `${where}: the signature of ${key.name}`)
    }
    // A note may have signatures of strangers. An export may not, because nobody could check them.
    for (const { name } of unknownSignatures(note, keys))
      report('signature_of_unknown_key', `${where}: ${name} has no such key in the file`)
  }
}

function checkTrust(
  custody: CustodyExport,
  last: Checkpoint,
  trusted: Trusted,
  report: Report,
): void {
  if (trusted.logKey !== null && custody.logKey !== trusted.logKey)
    report('log_key_differs', `the file is signed by ${custody.logKey}`)
  for (const text of trusted.witnessKeys)
    if (signatureBy(parseKey('witness', text), last.note).outcome !== 'good')
      report('witness_missing', `the last checkpoint has no cosignature by ${text}`)
}

function checkConsistency(
  custody: CustodyExport,
  checkpoints: readonly Checkpoint[],
  report: Report,
): void {
  for (const [i, next] of checkpoints.entries()) {
    const before = checkpoints[i - 1]
    if (before === undefined) continue
    const where = `from checkpoints[${i - 1}] to checkpoints[${i}]`
    if (before.size >= next.size) report('checkpoints_out_of_order', `${where} no tree grew`)
    else if (
      !isConsistent(custody.consistency[i - 1]!, before.size, next.size, before.root, next.root)
    )
      report('consistency_proof_wrong', `${where} the log was rewritten or the proof is damaged`)
  }
}

const leafOf = (one: ExportedEntry): Buffer =>
  leafHash('entry' in one ? commitmentTo(one.entry, one.salt) : one.commitment)

function checkEntries(
  entries: readonly ExportedEntry[],
  last: Checkpoint,
  report: Report,
): string | null {
  let subject: string | null = null
  for (const [i, one] of entries.entries()) {
    const where = `entries[${i}]`
    if (i > 0 && entries[i - 1]!.index >= one.index)
      report('entries_out_of_order', `${where} has the index ${one.index}`)
    if (!isIncluded(one.proof, one.index, last.size, leafOf(one), last.root))
      report('inclusion_proof_wrong', `${where} is not leaf ${one.index} of the log`)
    if (!('entry' in one)) continue
    if (one.entry.number !== i + 1)
      report('entry_number_wrong', `${where} is number ${one.entry.number} of its subject`)
    subject ??= one.entry.subject
    if (one.entry.subject !== subject)
      report('subject_differs', `${where} is of ${one.entry.subject}, and not of ${subject}`)
  }
  return subject
}

/** The verdict on the bytes of a file. Throws TypeError when a trusted key is no key. */
export function verifyExport(file: Uint8Array, trusted: Trusted): Verdict {
  if (trusted.logKey !== null) parseKey('log', trusted.logKey)
  for (const text of trusted.witnessKeys) parseKey('witness', text)
  const faults: Fault[] = []
  const report: Report = (code, text) => faults.push({ code, text })
  let custody: CustodyExport
  try {
    custody = parseExport(file)
  } catch (error) {
    if (!(error instanceof ExportFault)) throw error
    report(error.code, error.message)
    return { faults, proven: null }
  }
  const keys = keysOf(custody, report)
  const checkpoints = checkpointsOf(custody, report)
  // Without all keys and checkpoints the rest would only name the same faults again.
  if (faults.length > 0) return { faults, proven: null }
  const last = checkpoints.at(-1)!
  checkSignatures(checkpoints, keys, report)
  checkTrust(custody, last, trusted, report)
  checkConsistency(custody, checkpoints, report)
  const subject = checkEntries(custody.entries, last, report)
  if (faults.length > 0) return { faults, proven: null }
  return {
    faults,
    proven: {
      subject,
      entries: custody.entries.length,
      erased: custody.entries.filter(one => !('entry' in one)).length,
      logKey: custody.logKey,
      treeSize: last.size,
      checkpoints: checkpoints.length,
      witnesses: keys.flatMap(key => {
        const verdict = signatureBy(key, last.note)
        return verdict.outcome === 'good' && verdict.seconds !== null
          ? [{ name: key.name, seconds: verdict.seconds }]
          : []
      }),
    },
  }
}
