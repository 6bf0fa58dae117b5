/**
 * Verifies inclusion and consistency proofs, by the algorithms of RFC 9162 sections 2.1.3.2 and
 * 2.1.4.2 in their form for subtrees, which has those of the RFC as the case of a start at 0.
 * Numbers are halved by division, because they may be larger than the 32 bits of a shift.
 */
import { emptyRoot, hashBytes, nodeHash, sameHash } from './hashes.ts'

const half = (value: number): number => Math.floor(value / 2)
const isOdd = (value: number): boolean => value % 2 === 1
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** True when the leaves from `start` to before `end` can be a subtree: aligned to its own width. */
function isSubtree(start: number, end: number): boolean {
  if (!isCount(start) || !isCount(end) || start > end) return false
  let width = 1
  while (width < end - start) width *= 2
  return start % width === 0
}

/** True when the leaf `index` is in the subtree from `start` to before `end` with this root. */
export function includedInSubtree(
  proof: readonly Uint8Array[],
  index: number,
  { start, end }: { start: number; end: number },
  leaf: Uint8Array,
  root: Uint8Array,
): boolean {
  if (!isSubtree(start, end) || !isCount(index) || index < start || index >= end) return false
  // A missing leaf and a missing root are equal, and prove nothing.
  if (leaf.length !== hashBytes) return false
  let at = index - start
  let last = end - start - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (isOdd(at) || at === last) {
      hash = nodeHash(sibling, hash)
      while (!isOdd(at) && at > 0) {
        at = half(at)
        last = half(last)
      }
    } else hash = nodeHash(hash, sibling)
    at = half(at)
    last = half(last)
  }
  return last === 0 && sameHash(hash, root)
}

/** True when a tree of `size` leaves with this root has the hash `leaf` at `index`. */
export const isIncluded = (
  proof: readonly Uint8Array[],
  index: number,
  size: number,
  leaf: Uint8Array,
  root: Uint8Array,
): boolean => includedInSubtree(proof, index, { start: 0, end: size }, leaf, root)

/** True when the tree of `size` leaves has the subtree from `start` to before `end`. */
export function consistentWithSubtree(
  proof: readonly Uint8Array[],
  { start, end }: { start: number; end: number },
  size: number,
  subtreeRoot: Uint8Array,
  root: Uint8Array,
): boolean {
  if (!isSubtree(start, end) || !isCount(size) || end > size) return false
  if (start === end) return proof.length === 0 && sameHash(subtreeRoot, emptyRoot())
  // The way up from the first and the last leaf of the subtree, and from the last leaf of the tree.
  let [first, second, last] = [start, end - 1, size - 1]
  while (first !== second && (second === last || isOdd(second)))
    [first, second, last] = [half(first), half(second), half(last)]
  const rest = [...proof]
  let hash = subtreeRoot
  if (first !== second) {
    const seed = rest.shift()
    if (seed === undefined) return false
    hash = seed
  }
  let whole = hash
  for (const sibling of rest) {
    if (last === 0) return false
    if (isOdd(second) || second === last) {
      if (first < second) hash = nodeHash(sibling, hash)
      whole = nodeHash(sibling, whole)
      while (!isOdd(second) && second > 0)
        [first, second, last] = [half(first), half(second), half(last)]
    } else whole = nodeHash(whole, sibling)
    ;[first, second, last] = [half(first), half(second), half(last)]
  }
  return last === 0 && sameHash(hash, subtreeRoot) && sameHash(whole, root)
}

/**
 * True when the tree of `size2` leaves begins with the tree of `size1` leaves. A tree without
 * leaves proves nothing and is refused.
 */
export const isConsistent = (
  proof: readonly Uint8Array[],
  size1: number,
  size2: number,
  root1: Uint8Array,
  root2: Uint8Array,
): boolean =>
  size1 !== 0 && consistentWithSubtree(proof, { start: 0, end: size1 }, size2, root1, root2)
