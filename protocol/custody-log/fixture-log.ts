/** A small custody log with two orders, a signer and a witness, from which tests make exports. */
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { signedCheckpoint } from './checkpoints.ts'
import { commitmentTo, type CustodyEntry } from './entries.ts'
import { exportOf, type LoggedEntry } from './export.ts'
import { leafHash } from './hashes.ts'
import { noteKeyOf } from './keys.ts'
import { cosignedNote } from './notes.ts'
import { GrowingTree } from './tree.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The same key for the same name, so that a failure can be repeated. */
export const keyFor = (name: string): KeyObject =>
  createPrivateKey({
    // The head of an Ed25519 key in PKCS 8, and its 32 bytes.
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), digest(name)]),
    format: 'der',
    type: 'pkcs8',
  })

export const log = { name: 'log.example/custody', privateKey: keyFor('log') }
export const witness = { name: 'witness.example', privateKey: keyFor('witness') }
export const logKey = noteKeyOf('log', log.name, log.privateKey).text
export const witnessKey = noteKeyOf('witness', witness.name, witness.privateKey).text

/** A log of these entries, with a checkpoint at each of these sizes. */
export function logOf(entries: readonly CustodyEntry[], sizes: readonly number[]) {
  const stored = new Map<string, Uint8Array>()
  const tree = new GrowingTree()
  const logged: { index: number; entry: CustodyEntry; salt: Buffer }[] = []
  const checkpoints: string[] = []
  for (const [index, entry] of entries.entries()) {
    const salt = digest(`salt ${index}`)
    logged.push({ index, entry, salt })
    for (const { level, index: at, hash } of tree.append(leafHash(commitmentTo(entry, salt))))
      stored.set(`${level} ${at}`, hash)
    if (sizes.includes(tree.size))
      checkpoints.push(
        cosignedNote(signedCheckpoint(tree.size, tree.root(), log), witness, 1_790_000_000),
      )
  }
  const fileOf = (
    chosen: readonly LoggedEntry[],
    notes: readonly string[] = checkpoints,
  ): Promise<string> =>
    exportOf({
      entries: chosen,
      checkpoints: notes,
      logKey,
      witnessKeys: [witnessKey],
      read: async ids => ids.map(({ level, index }) => stored.get(`${level} ${index}`)!),
    })
  return { logged, checkpoints, fileOf, tree }
}

/** The steps of two orders in turns. */
export const entriesOf = (count: number): CustodyEntry[] =>
  Array.from({ length: count }, (_, i) => ({
    subject: `order/${i % 2}`,
    number: Math.floor(i / 2) + 1,
    kind: 'sealed',
    seal: `S-${i}`,
  }))
