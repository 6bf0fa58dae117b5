/** Proofs against published vectors, and against the definitions of the RFC for trees of any size. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { assetUrl } from '../kernel/assets.ts'
import fc from '../testing/properties.ts'
import { emptyRoot, leafHash, nodeHash } from './hashes.ts'
import { consistentWithSubtree, includedInSubtree, isConsistent, isIncluded } from './proofs.ts'
import {
  consistencyPlan,
  frontierOf,
  GrowingTree,
  inclusionPlan,
  makeProofs,
  type NodeId,
} from './tree.ts'

interface Vector {
  name: string
  desc: string
  wantErr: boolean
  proof: string[] | null
  leafIdx: number
  treeSize: number
  leafHash: string
  root: string
  size1: number
  size2: number
  size: number
  root1: string
  root2: string
  start: number
  end: number
}

t.test('the published vectors: what must be refused is refused', async t => {
  const { vectors } = JSON.parse(
    readFileSync(assetUrl('protocol/custody-log/rfc6962-vectors.json'), 'utf8'),
  ) as { vectors: Vector[] }
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64')
  const checks: Record<string, (v: Vector, proof: Buffer[]) => boolean> = {
    inclusion: (v, proof) =>
      isIncluded(proof, v.leafIdx, v.treeSize, bytes(v.leafHash), bytes(v.root)),
    consistency: (v, proof) =>
      isConsistent(proof, v.size1, v.size2, bytes(v.root1), bytes(v.root2)),
    subtreeinclusion: (v, proof) =>
      includedInSubtree(proof, v.leafIdx, v, bytes(v.leafHash), bytes(v.root)),
    subtreeconsistency: (v, proof) =>
      consistentWithSubtree(proof, v, v.size, bytes(v.root1), bytes(v.root2)),
  }
  t.equal(vectors.length, 518)
  t.same(
    vectors
      .filter(v => checks[v.name.split('/')[0]!]!(v, (v.proof ?? []).map(bytes)) === v.wantErr)
      .map(v => `${v.name}: ${v.desc}`),
    [],
  )
})

const data = (index: number): Buffer => Buffer.from(`leaf ${index}`)

/** MTH of RFC 6962 section 2.1, word for word. */
function rootOf(from: number, to: number): Buffer {
  const count = to - from
  if (count === 0) return emptyRoot()
  if (count === 1) return leafHash(data(from))
  const k = 2 ** (Math.ceil(Math.log2(count)) - 1)
  return nodeHash(rootOf(from, from + k), rootOf(from + k, to))
}
/** PATH of section 2.1.1. */
function path(m: number, from: number, to: number): Buffer[] {
  if (to - from === 1) return []
  const k = 2 ** (Math.ceil(Math.log2(to - from)) - 1)
  return m < k
    ? [...path(m, from, from + k), rootOf(from + k, to)]
    : [...path(m - k, from + k, to), rootOf(from, from + k)]
}
/** SUBPROOF of section 2.1.2. */
function subproof(m: number, from: number, to: number, isWhole: boolean): Buffer[] {
  if (m === to - from) return isWhole ? [] : [rootOf(from, to)]
  const k = 2 ** (Math.ceil(Math.log2(to - from)) - 1)
  return m <= k
    ? [...subproof(m, from, from + k, isWhole), rootOf(from + k, to)]
    : [...subproof(m - k, from + k, to, false), rootOf(from, from + k)]
}

/** A grown tree, with a store of its complete subtrees. */
function grown(size: number) {
  const stored = new Map<string, Uint8Array>()
  const key = ({ level, index }: NodeId): string => `${level}/${index}`
  const tree = new GrowingTree()
  for (let i = 0; i < size; i++)
    for (const node of tree.append(leafHash(data(i)))) {
      if (stored.has(key(node))) throw new Error('a subtree became complete twice')
      stored.set(key(node), node.hash)
    }
  const read = async (ids: readonly NodeId[]): Promise<Uint8Array[]> =>
    ids.map(id => stored.get(key(id)) ?? (t.bailout(`no hash ${key(id)}`) as never))
  return { tree, read }
}

const sizes = fc.integer({ min: 1, max: 300 })
const plain = (hashes: readonly Uint8Array[]): string[] =>
  hashes.map(hash => Buffer.from(hash).toString('hex'))

t.test('a tree of any size has the root of the definition, also when it goes on', async t => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(300), async (size, more) => {
      const { tree, read } = grown(size)
      if (!rootOf(0, size).equals(tree.root())) return false
      const resumed = new GrowingTree(size, await read(frontierOf(size)))
      for (let i = size; i < size + more; i++) resumed.append(leafHash(data(i)))
      return resumed.size === size + more && rootOf(0, size + more).equals(resumed.root())
    }),
    { numRuns: 60 },
  )
  t.ok(emptyRoot().equals(new GrowingTree().root()))
  t.throws(() => new GrowingTree(3, [emptyRoot()]))
})

t.test('each leaf of a tree of any size is proven, and no other leaf or place', async t => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(1000), fc.nat(1000), async (size, at, other) => {
      const index = at % size
      const { tree, read } = grown(size)
      const [proof] = await makeProofs([inclusionPlan(index, size)], read)
      const holds = (leaf: number, place: number): boolean =>
        isIncluded(proof!, place, size, leafHash(data(leaf)), tree.root())
      const wrong = other % size
      return (
        String(plain(proof!)) === String(plain(path(index, 0, size))) &&
        holds(index, index) &&
        (wrong === index || (!holds(wrong, index) && !holds(index, wrong)))
      )
    }),
    { numRuns: 150 },
  )
  t.throws(() => inclusionPlan(3, 3), RangeError)
  t.throws(() => inclusionPlan(-1, 3), RangeError)
})

t.test('any two sizes of a log are proven, and no other root of the first', async t => {
  await fc.assert(
    fc.asyncProperty(sizes, sizes, async (one, other) => {
      const [size1, size2] = [Math.min(one, other), Math.max(one, other)]
      const { tree, read } = grown(size2)
      const [proof] = await makeProofs([consistencyPlan(size1, size2)], read)
      const holds = (root: Uint8Array): boolean =>
        isConsistent(proof!, size1, size2, root, tree.root())
      return (
        String(plain(proof!)) === String(plain(subproof(size1, 0, size2, true))) &&
        holds(rootOf(0, size1)) &&
        !holds(leafHash(data(size2)))
      )
    }),
    { numRuns: 150 },
  )
  t.throws(() => consistencyPlan(0, 3), RangeError)
  t.throws(() => consistencyPlan(4, 3), RangeError)
})

t.test('sizes beyond 32 bits are planned exactly', async t => {
  const size = 2 ** 40 + 1
  t.equal(inclusionPlan(0, size).length, 41)
  t.same(inclusionPlan(2 ** 40, size), [{ from: 0, to: 2 ** 40 }])
  t.same(frontierOf(size), [
    { level: 40, index: 0 },
    { level: 0, index: 2 ** 40 },
  ])
})
