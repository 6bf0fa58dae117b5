/** Exports that are true, and every way to change one: each is found and named. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../kernel/assets.ts'
import fc from '../testing/properties.ts'
import { canonicalJson } from './canonical.ts'
import { signedCheckpoint } from './checkpoints.ts'
import { commitmentTo, faultOfEntry } from './entries.ts'
import { entriesOf, keyFor, log, logKey, logOf, witness, witnessKey } from './fixture-log.ts'
import { noteKeyOf } from './keys.ts'
import { custodyLogLimits } from './limits.ts'
import { cosignedNote } from './notes.ts'
import { verifyExport } from './verify.ts'

const noTrust = { logKey: null, witnessKeys: [] }
const faultsOf = (
  file: string | Uint8Array,
  trusted: Parameters<typeof verifyExport>[1] = noTrust,
) => [...new Set(verifyExport(Buffer.from(file), trusted).faults.map(fault => fault.code))]

const made = logOf(entriesOf(7), [3, 7])
const ofOrder = (order: number) => made.logged.filter(({ index }) => index % 2 === order)
const file = await made.fileOf(ofOrder(0))
const changed = (change: (custody: any) => void): string => {
  const custody = JSON.parse(file)
  change(custody)
  return canonicalJson(custody, 30)
}

t.test('an export of any log is true', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
      async (count, sizes) => {
        const { logged, fileOf } = logOf(entriesOf(count), [...sizes, count])
        const one = await fileOf(logged.filter(({ index }) => index % 2 === 0))
        return verifyExport(Buffer.from(one), noTrust).faults.length === 0
      },
    ),
    { numRuns: 30 },
  )
  t.match(verifyExport(Buffer.from(file), { logKey, witnessKeys: [witnessKey] }), {
    faults: [],
    proven: {
      subject: 'order/0',
      entries: 4,
      erased: 0,
      treeSize: 7,
      checkpoints: 2,
      witnesses: [{ name: witness.name, seconds: 1_790_000_000n }],
    },
  })
})

t.test('an export stays true when entries are erased, and says so', async t => {
  const erased = ofOrder(0).map(({ index, entry, salt }, i) =>
    i === 1 ? { index, commitment: commitmentTo(entry, salt) } : { index, entry, salt },
  )
  const one = await made.fileOf(erased)
  t.notMatch(one, 'S-2')
  t.match(verifyExport(Buffer.from(one), noTrust), { faults: [], proven: { erased: 1 } })
  const all = ofOrder(0).map(({ index, entry, salt }) => ({
    index,
    commitment: commitmentTo(entry, salt),
  }))
  t.match(verifyExport(Buffer.from(await made.fileOf(all)), noTrust).proven, { subject: null })
})

t.test('every single bit that changes is found', async t => {
  const small = logOf(entriesOf(3), [1, 3])
  const [first, second, third] = small.logged
  const erased = { index: 0, commitment: commitmentTo(first!.entry, first!.salt) }
  void second
  const bytes = Buffer.from(await small.fileOf([erased, third!]))
  t.same(faultsOf(bytes), [])
  const missed: number[] = []
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    if (verifyExport(bytes, noTrust).faults.length === 0) missed.push(bit)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }
  t.same(missed, [])
})

t.test('each kind of change has its name', async t => {
  t.same(faultsOf(changed(c => (c.entries[0].entry.seal = 'S-9'))), ['inclusion_proof_wrong'])
  t.same(faultsOf(changed(c => c.entries.splice(1, 1))), ['entry_number_wrong'])
  t.same(faultsOf(changed(c => c.entries.reverse())), [
    'entry_number_wrong',
    'entries_out_of_order',
  ])
  t.same(faultsOf(changed(c => (c.entries[0].index = 1))), ['inclusion_proof_wrong'])
  t.same(faultsOf(changed(c => c.entries[0].proof.pop())), ['inclusion_proof_wrong'])
  t.same(faultsOf(changed(c => c.consistency[0].pop())), ['consistency_proof_wrong'])
  t.same(faultsOf(changed(c => (c.keys.witnesses = []))), ['signature_of_unknown_key'])
  t.same(faultsOf(changed(c => c.keys.witnesses.push(witnessKey))), ['key_repeated'])
  t.same(faultsOf(changed(c => (c.keys.log = witnessKey))), ['key_malformed'])
  t.same(faultsOf(changed(c => (c.checkpoints[0] = 'a\n'))), ['checkpoint_malformed'])
  t.same(faultsOf(changed(c => (c.checkpoints[0] = c.checkpoints[0].replace('\n3\n', '\n4\n')))), [
    'signature_wrong',
    'consistency_proof_wrong',
  ])
  t.same(faultsOf(changed(c => (c.checkpoints[0] = c.checkpoints[1]))), [
    'checkpoints_out_of_order',
  ])
  t.same(faultsOf(changed(c => (c.checkpoints[0] += c.checkpoints[0].split('\n\n')[1]))), [
    'signature_repeated',
  ])
  const other = (await made.fileOf([ofOrder(0)[0]!, ofOrder(1)[1]!])).toString()
  t.same(faultsOf(other), ['subject_differs'])
  const unsigned = made.checkpoints[1]!.replace(/— log.*\n/, '')
  t.same(faultsOf(changed(c => (c.checkpoints[1] = unsigned))), ['signature_missing'])
  const foreign = made.checkpoints[1]!.replace(log.name, 'other.example')
  t.ok(faultsOf(changed(c => (c.checkpoints[1] = foreign))).includes('origin_differs'))
})

t.test('a log that took an entry back cannot prove its next checkpoint', async t => {
  const before = logOf(entriesOf(3), [3])
  const entries = entriesOf(7)
  entries[0]!['seal'] = 'S-0b'
  const after = logOf(entries, [7])
  const forged = await after.fileOf(
    after.logged.filter(({ index }) => index % 2 === 0),
    [...before.checkpoints, ...after.checkpoints],
  )
  t.same(faultsOf(forged, { logKey, witnessKeys: [witnessKey] }), ['consistency_proof_wrong'])
})

t.test(
  'a whole file by another signer is found by the key of the log and of the witness',
  async t => {
    const thief = { name: log.name, privateKey: keyFor('thief') }
    const tree = logOf(entriesOf(7), [7])
    const forged = changed(c => {
      c.keys.log = noteKeyOf('log', thief.name, thief.privateKey).text
      c.keys.witnesses = []
      c.checkpoints = [signedCheckpoint(7, tree.tree.root(), thief)]
      c.consistency = []
    })
    t.same(faultsOf(forged), [], 'it is true in itself')
    t.same(faultsOf(forged, { logKey, witnessKeys: [witnessKey] }), [
      'log_key_differs',
      'witness_missing',
    ])
    t.throws(() => verifyExport(Buffer.from(file), { logKey: 'x', witnessKeys: [] }), TypeError)
    const late = cosignedNote(signedCheckpoint(7, tree.tree.root(), log), witness, 2 ** 40)
    t.same(faultsOf(changed(c => (c.checkpoints[1] = late))), [])
  },
)

t.test('a file that is no export is refused, whatever it is', async t => {
  for (const [text, code] of [
    ['', 'file_not_canonical'],
    ['{', 'file_not_canonical'],
    [` ${file}`, 'file_not_canonical'],
    [`${file}\n`, 'file_not_canonical'],
    [`\ufeff${file}`, 'file_not_canonical'],
    [file.replace('{', '{"format":"x",'), 'file_not_canonical'],
    ['['.repeat(1_000_000), 'file_not_canonical'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'file_not_canonical'],
    ['null', 'format_unknown'],
    ['{"format":"caduceus-custody-export/2"}', 'format_unknown'],
    ['{"format":"caduceus-custody-export/1"}', 'shape_wrong'],
    [changed(c => (c.more = 1)), 'shape_wrong'],
    [changed(c => (c.entries = [])), 'shape_wrong'],
    [changed(c => (c.entries = {})), 'shape_wrong'],
    [changed(c => (c.entries[0].index = 0.5)), 'shape_wrong'],
    [changed(c => (c.entries[0].commitment = c.entries[0].salt)), 'shape_wrong'],
    [changed(c => (c.entries[0].salt = 'AAAA')), 'shape_wrong'],
    [changed(c => (c.entries[0].entry = [])), 'shape_wrong'],
    [changed(c => (c.checkpoints = [])), 'shape_wrong'],
    [changed(c => (c.consistency = [])), 'shape_wrong'],
    [changed(c => (c.entries[0].proof = Array(111).fill(c.entries[0].salt))), 'shape_wrong'],
    [' '.repeat(custodyLogLimits.exportBytesMax + 1), 'file_too_large'],
  ] as const)
    t.same(faultsOf(text), [code], text.slice(0, 60))
  t.same(faultsOf(Buffer.from([0xff, 0xfe])), ['file_not_canonical'])
})

t.test('a bad entry has no commitment', async t => {
  for (const entry of [
    null,
    [],
    { subject: '', number: 1 },
    { subject: 'a', number: 0 },
    { subject: 'a'.repeat(201), number: 1 },
    { subject: 'a', number: 1, note: 'x'.repeat(20_000) },
    { subject: 'a', number: 1, note: Number.NaN },
  ])
    t.ok(faultOfEntry(entry), JSON.stringify(entry)?.slice(0, 40))
  t.throws(() => commitmentTo({ subject: 'a', number: 1 }, Buffer.alloc(31)), TypeError)
  t.throws(() => commitmentTo({ subject: '', number: 1 }, Buffer.alloc(32)), TypeError)
})

t.test('the command says true, or what is wrong, and nothing to a terminal', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-verify-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const run = (...args: string[]) =>
    spawnSync(
      process.execPath,
      [fileURLToPath(assetUrl('dist/protocol/custody-log/main.js')), ...args],
      { cwd: folder, encoding: 'utf8' },
    )
  writeFileSync(join(folder, 'good'), file)
  writeFileSync(join(folder, 'bad'), file.replace('S-0', 'S-1'))
  writeFileSync(
    join(folder, 'rude'),
    changed(c => (c.checkpoints[0] = c.checkpoints[0].replace('— witness', '— \u009b31m'))),
  )
  const good = run('good', '--key', logKey, '--witness', witnessKey)
  t.match(good, { status: 0, stderr: '', stdout: /^TRUE.*\nSubject: order\/0\nEntries: 4\n/ })
  t.match(good.stdout, 'Witness: witness.example at 2026-09-21T')
  t.notMatch(good.stdout, 'Compare')
  t.match(run('good'), { status: 0, stdout: /Compare it with the key that the log publishes/ })
  t.match(run('bad'), { status: 1, stdout: /^NOT TRUE\n {2}inclusion_proof_wrong: entries\[0\]/ })
  const rude = run('rude')
  t.equal(rude.status, 1)
  t.notMatch(rude.stdout, /\u009b/)
  const key = noteKeyOf('log', log.name, keyFor('other')).text
  t.match(run('good', '--key', key), { status: 1, stdout: /log_key_differs/ })
  t.match(run('--help'), { status: 0, stdout: /^Usage/ })
  for (const args of [[], ['none'], ['.'], ['good', 'bad'], ['good', '--key', 'x'], ['--what']])
    t.match(run(...args), { status: 2, stdout: '', stderr: /^caduceus-verify: / }, args.join(' '))
  t.match(readFileSync(assetUrl('package.json'), 'utf8'), '"caduceus-verify"')
})
