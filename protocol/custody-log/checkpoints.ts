/** Checkpoints: signed notes that state size and root of a log's tree (c2sp.org/tlog-checkpoint). */
import { decodedBase64, encodedBase64 } from './base64.ts'
import { hashBytes } from './hashes.ts'
import { parseNote, signedNote, type NoteSigner, type SignedNote } from './notes.ts'

export interface Checkpoint {
  /** The identity of the log, which is also the name of its key. */
  origin: string
  size: number
  root: Buffer
  note: SignedNote
}

/** The signed checkpoint of a tree. */
export const signedCheckpoint = (size: number, root: Uint8Array, signer: NoteSigner): string =>
  signedNote(`${signer.name}\n${size}\n${encodedBase64(root)}\n`, signer)

/** Throws TypeError when this is no checkpoint. It checks no signature. */
export function parseCheckpoint(text: string): Checkpoint {
  const note = parseNote(text)
  const [origin, size, root, ...extensions] = note.text.slice(0, -1).split('\n')
  if (origin === '' || extensions.includes('')) throw new TypeError('has an empty line')
  if (!/^(0|[1-9]\d{0,15})$/.test(size ?? '') || !Number.isSafeInteger(Number(size)))
    throw new TypeError('has no size of a tree in its second line')
  const hash = decodedBase64(root ?? '', hashBytes)
  if (hash === null) throw new TypeError('has no root of a tree in its third line')
  return { origin: origin!, size: Number(size), root: hash, note }
}
