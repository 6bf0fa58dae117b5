/**
 * Signed notes, as c2sp.org/signed-note defines them, with the signatures of logs and the
 * timestamped cosignatures of witnesses (c2sp.org/tlog-cosignature).
 */
import { sign, type KeyObject } from 'node:crypto'
import { decodedBase64, encodedBase64 } from './base64.ts'
import { isKeyName, isSignedBy, noteKeyOf, signatureBytes, type NoteKey } from './keys.ts'
import { custodyLogLimits as limits } from './limits.ts'

const idBytes = 4
const timeBytes = 8

export interface NoteSignature {
  name: string
  id: string
  bytes: Buffer
}
export interface SignedNote {
  /** With its last newline. */
  text: string
  signatures: NoteSignature[]
}

/** Throws TypeError when this is no signed note. It checks no signature. */
export function parseNote(note: string): SignedNote {
  if (Buffer.byteLength(note) > limits.noteBytesMax)
    throw new TypeError(`has more than ${limits.noteBytesMax} bytes`)
  // oxlint-disable-next-line no-control-regex -- the format forbids them
  if (/[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u.test(note))
    throw new TypeError('has a control character')
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) throw new TypeError('has no signatures after an empty line')
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > limits.signaturesMax)
    throw new TypeError(`has more than ${limits.signaturesMax} signatures`)
  const signatures = lines.map(line => {
    const [dash, name, encoded, ...rest] = line.split(' ')
    const bytes = decodedBase64(encoded ?? '')
    if (dash !== '—' || !isKeyName(name ?? '') || rest.length > 0 || bytes === null)
      throw new TypeError('has a line that is no signature')
    if (bytes.length <= idBytes) throw new TypeError('has a signature without bytes')
    return {
      name: name!,
      id: bytes.subarray(0, idBytes).toString('hex'),
      bytes: bytes.subarray(idBytes),
    }
  })
  return { text: note.slice(0, end + 1), signatures }
}

const isOf = (key: NoteKey, signature: NoteSignature): boolean =>
  key.name === signature.name && key.id === signature.id

/** The signatures by none of these keys. */
export const unknownSignatures = (note: SignedNote, keys: readonly NoteKey[]): NoteSignature[] =>
  note.signatures.filter(signature => !keys.some(key => isOf(key, signature)))

const cosigned = (text: string, seconds: bigint): string =>
  `cosignature/v1\ntime ${seconds}\n${text}`

export type SignatureVerdict =
  | { outcome: 'good'; /** POSIX seconds, of a witness. */ seconds: bigint | null }
  | { outcome: 'missing' | 'wrong' | 'repeated' }

/** Checks the signature of a log, or the cosignature of a witness, on a note. */
export function signatureBy(key: NoteKey, note: SignedNote): SignatureVerdict {
  const own = note.signatures.filter(signature => isOf(key, signature))
  if (own.length === 0) return { outcome: 'missing' }
  if (own.length > 1) return { outcome: 'repeated' }
  const { bytes } = own[0]!
  if (key.role === 'log')
    return bytes.length === signatureBytes && isSignedBy(key, note.text, bytes)
      ? { outcome: 'good', seconds: null }
      : { outcome: 'wrong' }
  if (bytes.length !== timeBytes + signatureBytes) return { outcome: 'wrong' }
  const seconds = bytes.readBigUInt64BE()
  return seconds < 2n ** 63n &&
    isSignedBy(key, cosigned(note.text, seconds), bytes.subarray(timeBytes))
    ? { outcome: 'good', seconds }
    : { outcome: 'wrong' }
}

/** A name with the private Ed25519 key that signs under it. */
export interface NoteSigner {
  name: string
  privateKey: KeyObject
}

const line = (key: NoteKey, ...parts: Uint8Array[]): string =>
  `— ${key.name} ${encodedBase64(Buffer.concat([Buffer.from(key.id, 'hex'), ...parts]))}\n`

/** A note of this text, which ends in a newline, signed by its log. */
export const signedNote = (text: string, { name, privateKey }: NoteSigner): string =>
  `${text}\n${line(noteKeyOf('log', name, privateKey), sign(null, Buffer.from(text), privateKey))}`

/** The note with the cosignature of a witness, made at this time (POSIX seconds). */
export function cosignedNote(
  note: string,
  { name, privateKey }: NoteSigner,
  seconds: number,
): string {
  const time = Buffer.alloc(timeBytes)
  time.writeBigUInt64BE(BigInt(seconds))
  const text = cosigned(parseNote(note).text, BigInt(seconds))
  return `${note}${line(noteKeyOf('witness', name, privateKey), time, sign(null, Buffer.from(text), privateKey))}`
}
