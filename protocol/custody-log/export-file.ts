/**
 * The form of an exported custody: one canonical JSON text with entries, proofs, checkpoints and
 * keys. A file of strangers is read strictly: bounded, and in the one spelling that the values have.
 * So nothing in a file can change unseen, and no member can say two things.
 */
import { canonicalJson } from './canonical.ts'
import { decodedBase64 } from './base64.ts'
import { faultOfEntry, saltBytes, type CustodyEntry } from './entries.ts'
import { hashBytes } from './hashes.ts'
import { custodyLogLimits as limits } from './limits.ts'

const exportFormat = 'caduceus-custody-export/1'

/** An entry that is shown, or, after an erasure, the commitment to it alone. */
export type ExportedEntry = { index: number; proof: Buffer[] } & (
  | { entry: CustodyEntry; salt: Buffer }
  | { commitment: Buffer }
)

export interface CustodyExport {
  /** Notes, from the smallest tree to the largest. */
  checkpoints: string[]
  /** From each checkpoint to the next. */
  consistency: Buffer[][]
  /** In the order of the log. The proofs lead to the last checkpoint. */
  entries: ExportedEntry[]
  /** In the text form of signed-note. They say who signed; whether to trust them is not in the file. */
  logKey: string
  witnessKeys: string[]
}

/** Why a file is no export, and where in it. */
export class ExportFault extends Error {
  readonly code: 'file_too_large' | 'file_not_canonical' | 'format_unknown' | 'shape_wrong'

  constructor(code: ExportFault['code'], message: string) {
    super(message)
    this.code = code
  }
}

const wrong = (where: string, fault: string): never => {
  throw new ExportFault('shape_wrong', `${where} ${fault}`)
}

type Members = Record<string, unknown>

/** An object with exactly these members. */
function members(value: unknown, where: string, names: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return wrong(where, 'is no object')
  const found = Object.keys(value)
  if (found.length !== names.length || !names.every(name => Object.hasOwn(value, name)))
    return wrong(where, `must have the members ${names.join(', ')} and no others`)
  return value as Members
}

function list<T>(
  value: unknown,
  where: string,
  { min, max }: { min: number; max: number },
  read: (one: unknown, where: string) => T,
): T[] {
  if (!Array.isArray(value)) return wrong(where, 'is no list')
  if (value.length < min || value.length > max)
    return wrong(where, `must have ${min} to ${max} members`)
  return value.map((one, i) => read(one, `${where}[${i}]`))
}

const text = (value: unknown, where: string): string =>
  typeof value === 'string' ? value : wrong(where, 'is no text')

const bytes =
  (length: number) =>
  (value: unknown, where: string): Buffer =>
    decodedBase64(text(value, where), length) ?? wrong(where, `is not ${length} bytes in base64`)

const proof = (value: unknown, where: string): Buffer[] =>
  list(value, where, { min: 0, max: limits.proofHashesMax }, bytes(hashBytes))

function readEntry(value: unknown, where: string): ExportedEntry {
  const erased = typeof value === 'object' && value !== null && Object.hasOwn(value, 'commitment')
  const found = members(
    value,
    where,
    erased ? ['commitment', 'index', 'proof'] : ['entry', 'index', 'proof', 'salt'],
  )
  const index = found['index']
  if (!Number.isSafeInteger(index) || (index as number) < 0) wrong(`${where}.index`, 'is no index')
  const read = { index: index as number, proof: proof(found['proof'], `${where}.proof`) }
  if (erased)
    return { ...read, commitment: bytes(hashBytes)(found['commitment'], `${where}.commitment`) }
  const fault = faultOfEntry(found['entry'])
  if (fault !== null) wrong(`${where}.entry`, fault)
  return {
    ...read,
    entry: found['entry'] as CustodyEntry,
    salt: bytes(saltBytes)(found['salt'], `${where}.salt`),
  }
}

// Export, list of entries, entry of the list: three levels around an entry of the log.
const depthMax = limits.entryDepthMax + 3

/** Reads the bytes of a file. Throws ExportFault. It checks no proof and no signature. */
export function parseExport(file: Uint8Array): CustodyExport {
  if (file.length > limits.exportBytesMax)
    throw new ExportFault('file_too_large', `the file has more than ${limits.exportBytesMax} bytes`)
  let parsed: unknown
  let spelling: string
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file))
    spelling = canonicalJson(parsed, depthMax)
  } catch (error) {
    throw new ExportFault('file_not_canonical', `the file is no JSON: ${(error as Error).message}`)
  }
  if (Buffer.compare(Buffer.from(spelling), file) !== 0)
    throw new ExportFault('file_not_canonical', 'the file is not in the canonical form of its JSON')
  const format =
    typeof parsed === 'object' && parsed !== null ? (parsed as Members)['format'] : null
  if (format !== exportFormat)
    throw new ExportFault('format_unknown', `the file has not the format ${exportFormat}`)
  const found = members(parsed, 'the file', [
    'checkpoints',
    'consistency',
    'entries',
    'format',
    'keys',
  ])
  const checkpoints = list(
    found['checkpoints'],
    'checkpoints',
    { min: 1, max: limits.checkpointsMax },
    text,
  )
  const between = checkpoints.length - 1
  const keys = members(found['keys'], 'keys', ['log', 'witnesses'])
  return {
    checkpoints,
    consistency: list(found['consistency'], 'consistency', { min: between, max: between }, proof),
    entries: list(found['entries'], 'entries', { min: 1, max: limits.entriesMax }, readEntry),
    logKey: text(keys['log'], 'keys.log'),
    witnessKeys: list(
      keys['witnesses'],
      'keys.witnesses',
      { min: 0, max: limits.witnessesMax },
      text,
    ),
  }
}

const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64')

/** The file. Throws ExportFault when it would be larger than a reader takes. */
export function exportText(custody: CustodyExport): string {
  const file = canonicalJson(
    {
      format: exportFormat,
      checkpoints: custody.checkpoints,
      consistency: custody.consistency.map(hashes => hashes.map(base64)),
      entries: custody.entries.map(one => ({
        index: one.index,
        proof: one.proof.map(base64),
        ...('entry' in one
          ? { entry: one.entry, salt: base64(one.salt) }
          : { commitment: base64(one.commitment) }),
      })),
      keys: { log: custody.logKey, witnesses: custody.witnessKeys },
    },
    depthMax,
  )
  parseExport(Buffer.from(file))
  return file
}
