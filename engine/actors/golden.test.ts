/**
 * This release reads snapshots that older releases stored. `golden/head-<n>.json` has snapshots
 * with head version n: the bytes and their content. Such a file is written once and never edited.
 * After a new head version run GOLDEN=write node dist/engine/actors/golden.test.js, and commit the
 * file.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { kinds as allKinds } from '../kinds.ts'
import { Kinds } from './kind.ts'
import { decodeSnapshot, encodeSnapshot, snapshotHead, type SnapshotBody } from './snapshot.ts'

interface Golden extends SnapshotBody {
  kind: string
  actorId: string
  version: number
  wakeAtMs: number | null
  attentive: boolean
  /** Bytes of the snapshot, in base64. */
  bytes: string
}

const kinds = new Kinds(allKinds)
const fileOf = (head: number): string =>
  fileURLToPath(assetUrl(`engine/actors/golden/head-${head}.json`))
const read = (head: number): Record<string, Golden> =>
  JSON.parse(readFileSync(fileOf(head), 'utf8')) as Record<string, Golden>
const written = (golden: Golden): Buffer =>
  Buffer.from(encodeSnapshot(golden.actorId, golden, kinds.named(golden.kind), golden))

/** Writes the file of a head version, with the states of the file before it. */
function write(head: number): void {
  const goldens = Object.entries(read(head - 1)).map(([name, golden]) => [
    name,
    { ...golden, bytes: written(golden).toString('base64') },
  ])
  writeFileSync(fileOf(head), `${JSON.stringify(Object.fromEntries(goldens), null, 1)}\n`)
}
if (process.env['GOLDEN'] === 'write' && !existsSync(fileOf(3))) write(3)

for (const head of [2, 3])
  t.test(`snapshots of head version ${head} are read`, async t => {
    for (const [name, golden] of Object.entries(read(head))) {
      const bytes = Buffer.from(golden.bytes, 'base64')
      const { kind, actorId, state, acceptedIds, version, updatedAtMs, wakeAtMs, attentive } =
        golden
      t.equal(bytes[1], head, name)
      const { kindByte, ...told } = snapshotHead(bytes)!
      t.equal(kinds.ofByte(kindByte).name, kind, name)
      t.same(told, { version, updatedAtMs, wakeAtMs, attentive }, name)
      const body = decodeSnapshot(actorId, bytes, kinds.named(kind))
      t.same(body, { state, acceptedIds, updatedAtMs }, name)
    }
  })

t.test('this release writes the newest version byte by byte', async t => {
  for (const [name, golden] of Object.entries(read(3)))
    t.equal(written(golden).toString('base64'), golden.bytes, name)
})

t.test('a snapshot of an unknown kind is refused, and the error has its number', async t => {
  const [, golden] = Object.entries(read(3))[0]!
  const bytes = Buffer.from(golden.bytes, 'base64')
  bytes[23] = 200
  t.throws(() => kinds.ofByte(snapshotHead(bytes)!.kindByte), /no kind of actor number 200/)
})
