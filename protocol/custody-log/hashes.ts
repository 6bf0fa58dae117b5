/** The hashes of a Merkle tree, as RFC 6962 section 2.1 and RFC 9162 section 2.1.1 define them. */
import { createHash } from 'node:crypto'

export const hashBytes = 32

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

// The prefixes keep a node from being shown as a leaf.
const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

/** The root of a tree without leaves. */
export const emptyRoot = (): Buffer => sha256()
export const leafHash = (data: Uint8Array): Buffer => sha256(leafPrefix, data)
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  sha256(nodePrefix, left, right)

export const sameHash = (one: Uint8Array, other: Uint8Array): boolean =>
  Buffer.compare(one, other) === 0
