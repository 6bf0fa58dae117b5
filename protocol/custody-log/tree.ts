/**
 * A Merkle tree that grows, and proofs over many leaves. The growing tree holds the frontier alone,
 * which is one hash for each bit of its size. A complete subtree never changes, so its hash is
 * stored once under its level and index, and each proof names the stored hashes that it needs.
 */
import { emptyRoot, nodeHash } from './hashes.ts'

/** The complete subtree of the 2^level leaves from index * 2^level. */
export interface NodeId {
  level: number
  index: number
}
export interface StoredNode extends NodeId {
  hash: Uint8Array
}
/** Reads stored hashes, in the order of the ids. It rejects when one is missing. */
export type ReadNodes = (ids: readonly NodeId[]) => Promise<Uint8Array[]>

interface Range {
  from: number
  to: number
}

/** The complete subtrees of a range, from left to right: they get smaller to the right. */
function nodesOf({ from, to }: Range): NodeId[] {
  const nodes: NodeId[] = []
  for (let start = from; start < to;) {
    let level = 0
    let width = 1
    while (width * 2 <= to - start) {
      width *= 2
      level += 1
    }
    nodes.push({ level, index: start / width })
    start += width
  }
  return nodes
}

/** The hash over complete subtrees from left to right. */
const fold = (hashes: readonly Uint8Array[]): Uint8Array =>
  hashes.length === 0 ? emptyRoot() : hashes.reduceRight((right, left) => nodeHash(left, right))

/** The stored hashes from which `GrowingTree` of this size goes on. */
export const frontierOf = (size: number): NodeId[] => nodesOf({ from: 0, to: size })

/** A tree that is appended to. It holds one hash for each complete subtree of its right edge. */
export class GrowingTree {
  readonly #frontier: StoredNode[]
  #size: number

  /** `hashes`: of `frontierOf(size)`. Throws when their number is another one. */
  constructor(size = 0, hashes: readonly Uint8Array[] = []) {
    const ids = frontierOf(size)
    if (ids.length !== hashes.length)
      throw new Error(`a tree of ${size} leaves has a frontier of ${ids.length} hashes`)
    this.#size = size
    this.#frontier = ids.map((id, i) => ({ ...id, hash: hashes[i]! }))
  }

  get size(): number {
    return this.#size
  }

  root(): Uint8Array {
    return fold(this.#frontier.map(({ hash }) => hash))
  }

  /** Appends the hash of a leaf. Returns the subtrees that became complete, which must be stored. */
  append(hash: Uint8Array): StoredNode[] {
    let node: StoredNode = { level: 0, index: this.#size, hash }
    const complete = [node]
    while (this.#frontier.at(-1)?.level === node.level) {
      const left = this.#frontier.pop()!
      node = {
        level: node.level + 1,
        index: left.index / 2,
        hash: nodeHash(left.hash, node.hash),
      }
      complete.push(node)
    }
    this.#frontier.push(node)
    this.#size += 1
    return complete
  }
}

/** The largest power of two below the count, at which the RFC splits a tree. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

/** A proof before its hashes are read: one range of leaves for each hash. */
export type ProofPlan = readonly Range[]

/** PATH of RFC 6962 section 2.1.1. Throws RangeError for a leaf outside of the tree. */
export function inclusionPlan(index: number, size: number): ProofPlan {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError(`no leaf ${index} in a tree of ${size} leaves`)
  const ranges: Range[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const split = from + splitOf(to - from)
    if (index < split) {
      ranges.push({ from: split, to })
      to = split
    } else {
      ranges.push({ from, to: split })
      from = split
    }
  }
  return ranges.toReversed()
}

/** PROOF of RFC 6962 section 2.1.2. Throws RangeError unless 0 < size1 <= size2. */
export function consistencyPlan(size1: number, size2: number): ProofPlan {
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2) || size1 < 1 || size1 > size2)
    throw new RangeError(`a tree of ${size1} leaves is no beginning of one of ${size2}`)
  const ranges: Range[] = []
  let from = 0
  let to = size2
  while (to !== size1) {
    const split = from + splitOf(to - from)
    if (size1 <= split) {
      ranges.push({ from: split, to })
      to = split
    } else {
      ranges.push({ from, to: split })
      from = split
    }
  }
  // The verifier knows the root of the first tree, when that is one complete subtree.
  if (from > 0) ranges.push({ from, to })
  return ranges.toReversed()
}

/** The hashes of several proofs. All stored hashes are read at once. */
export async function makeProofs(
  plans: readonly ProofPlan[],
  read: ReadNodes,
): Promise<Uint8Array[][]> {
  const keyOf = ({ level, index }: NodeId): string => `${level} ${index}`
  const ids = new Map(plans.flat().flatMap(range => nodesOf(range).map(id => [keyOf(id), id])))
  const hashes = await read([...ids.values()])
  const byKey = new Map([...ids.keys()].map((key, i) => [key, hashes[i]!]))
  return plans.map(ranges =>
    ranges.map(range => fold(nodesOf(range).map(id => byKey.get(keyOf(id))!))),
  )
}
