/**
 * Entries of the custody log. A leaf of the tree is not the entry but a commitment to it under a
 * random salt. When salt and entry are erased, the tree and all proofs stay whole, and nobody can
 * find the entry by trying.
 */
import { createHmac } from 'node:crypto'
import { canonicalJson, type Json } from './canonical.ts'
import { custodyLogLimits as limits } from './limits.ts'

export const saltBytes = 32

/**
 * One step of custody. `subject` is the thing whose custody it is, such as an order. `number` counts
 * the entries of a subject from 1, so that an entry that is left out of an export leaves a gap. The
 * further members belong to the writer.
 */
export interface CustodyEntry {
  subject: string
  number: number
  [name: string]: Json
}

/** Null for a good entry, otherwise its fault. */
export function faultOfEntry(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'is no object'
  const { subject, number } = entry as Partial<CustodyEntry>
  if (typeof subject !== 'string' || subject === '' || subject.length > limits.subjectCharactersMax)
    return `has no subject of 1 to ${limits.subjectCharactersMax} characters`
  if (!Number.isSafeInteger(number) || number! < 1) return 'has no number from 1'
  try {
    const bytes = Buffer.byteLength(canonicalJson(entry, limits.entryDepthMax))
    return bytes > limits.entryBytesMax ? `has more than ${limits.entryBytesMax} bytes` : null
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * The data of a leaf: HMAC-SHA-256 of the canonical entry under its salt. Throws for a bad entry and
 * for a salt of another length.
 */
export function commitmentTo(entry: CustodyEntry, salt: Uint8Array): Buffer {
  const fault = faultOfEntry(entry)
  if (fault !== null) throw new TypeError(`the entry ${fault}`)
  // A key of another length could be made to equal this one by padding.
  if (salt.length !== saltBytes) throw new TypeError(`a salt has ${saltBytes} bytes`)
  return createHmac('sha256', salt).update(canonicalJson(entry, limits.entryDepthMax)).digest()
}
