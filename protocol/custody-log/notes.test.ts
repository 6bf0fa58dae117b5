/** Canonical JSON and signed notes, by the examples of their specifications and with wrong ones. */
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import fc from '../testing/properties.ts'
import { canonicalJson } from './canonical.ts'
import { parseCheckpoint, signedCheckpoint } from './checkpoints.ts'
import { emptyRoot } from './hashes.ts'
import { noteKey, noteKeyOf, parseKey } from './keys.ts'
import { cosignedNote, parseNote, signatureBy, unknownSignatures } from './notes.ts'

t.test('JSON is canonical as in the examples of RFC 8785', async t => {
  t.equal(
    canonicalJson(
      JSON.parse(
        '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
      ),
      5,
    ),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
  const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6']
  t.same(
    [
      ...canonicalJson(Object.fromEntries(names.map(name => [name, 0])), 2).matchAll(/"(.+?)"/g),
    ].map(found => found[1]),
    ['\\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33'],
  )
  for (const value of [Number.NaN, '\ud800', undefined, 1n, { a: undefined }, [[[[]]]]])
    t.throws(() => canonicalJson(value, 3), TypeError)
})

t.test('the canonical text of a value has the same value', async t => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnpairedSurrogates: true } as object), value => {
      const text = canonicalJson(value, 100)
      return canonicalJson(JSON.parse(text), 100) === text
    }),
  )
  t.pass()
})

// The example of golang.org/x/mod/sumdb/note, by whose form the specification goes.
const neumann = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const advice =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'

t.test('the note of another implementation is read', async t => {
  const key = parseKey('log', neumann)
  t.equal(key.id, 'c74f20a3')
  t.equal(signatureBy(key, parseNote(advice)).outcome, 'good')
  t.equal(signatureBy(key, parseNote(advice.replace('answer', 'Answer'))).outcome, 'wrong')
  t.equal(
    signatureBy(key, parseNote(advice + advice.slice(advice.indexOf('—')))).outcome,
    'repeated',
  )
})

const signer = (name: string) => ({ name, privateKey: generateKeyPairSync('ed25519').privateKey })

t.test('a checkpoint is signed by its log and cosigned by a witness', async t => {
  const log = signer('log.example/1')
  const witness = signer('witness.example')
  const note = cosignedNote(signedCheckpoint(0, emptyRoot(), log), witness, 1_790_000_000)
  const checkpoint = parseCheckpoint(note)
  t.match(checkpoint, { origin: log.name, size: 0 })
  const keys = [
    noteKeyOf('log', log.name, log.privateKey),
    noteKeyOf('witness', witness.name, witness.privateKey),
  ]
  t.same(signatureBy(keys[0]!, checkpoint.note), { outcome: 'good', seconds: null })
  t.same(signatureBy(keys[1]!, checkpoint.note), { outcome: 'good', seconds: 1_790_000_000n })
  t.same(unknownSignatures(checkpoint.note, keys), [])
  t.equal(unknownSignatures(checkpoint.note, keys.slice(1)).length, 1)
  const stranger = noteKeyOf('log', log.name, signer('x').privateKey)
  t.equal(signatureBy(stranger, checkpoint.note).outcome, 'missing', 'a name alone is no key')
  const as = noteKeyOf('witness', log.name, log.privateKey)
  t.equal(signatureBy(as, checkpoint.note).outcome, 'missing', 'a log is no witness')
})

t.test('what is no key, no note and no checkpoint is refused', async t => {
  for (const text of [
    '',
    neumann.replace('c74f20a3', 'c74f20a4'),
    neumann.replace('ARpc', 'BBpc'),
    neumann.slice(0, -1),
    neumann.replace('Peter', 'Peter '),
  ])
    t.throws(() => parseKey('log', text), TypeError, text)
  t.throws(() => parseKey('witness', neumann), TypeError)
  const weak = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]
  for (const point of weak)
    t.throws(() => noteKey('log', 'a', Buffer.from(point, 'hex')), TypeError, point)
  for (const text of [
    'a\n',
    'a\n\n',
    'a\n\n— b\n',
    'a\n\n- b AAAAAAA=\n',
    'a\n\n— b AAAAAA==\n',
    'a\n\n— b AAAAAAB=\n',
    'a\n\n— b AAAAAAA=',
    'a\u0007\n\n— b AAAAAAA=\n',
    `a\n\n${'— b AAAAAAA=\n'.repeat(33)}`,
    `${'a'.repeat(20_000)}\n\n— b AAAAAAA=\n`,
  ])
    t.throws(() => parseNote(text), TypeError, JSON.stringify(text.slice(0, 50)))
  t.ok(parseNote('a\n\n\n\n— b AAAAAAA=\n'), 'a text may have empty lines')
  const root = emptyRoot().toString('base64')
  for (const text of [
    `a\n01\n${root}\n`,
    `a\n-1\n${root}\n`,
    `a\n9999999999999999\n${root}\n`,
    `a\n1\n${root.slice(4)}\n`,
    `\n1\n${root}\n`,
    `a\n1\n`,
    `a\n1\n${root}\n\nb\n`,
  ])
    t.throws(() => parseCheckpoint(`${text}\n— b AAAAAAA=\n`), TypeError, JSON.stringify(text))
  t.ok(parseCheckpoint(`a\n1\n${root}\nmore\n\n— b AAAAAAA=\n`), 'further lines are allowed')
})
