/**
 * A packed state is unpacked unchanged, for any values. Stored bytes of older releases keep their
 * meaning.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { recorded } from '../../protocol/testing/recorded.ts'
import { kinds } from '../kinds.ts'
import { pack as packWith, unpack as unpackWith, wordTable } from './packed.ts'
import { wordsOfVersion2 } from './packed-words-2.ts'

const words = wordsOfVersion2.list
const pack = (value: unknown, headBytes = 0, self = '') =>
  packWith(value, wordsOfVersion2, headBytes, self)
const unpack = (bytes: Uint8Array, headBytes = 0, self = '') =>
  unpackWith(bytes, wordsOfVersion2, headBytes, self)

const roundTrip = (value: unknown): unknown => unpack(Buffer.from(pack(value)))

t.test('any JSON value is unpacked unchanged', async t => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ maxLength: 40 }),
    fc.uuid(),
    fc.uuid().map(id => id.toUpperCase()),
    fc.uuid().map(id => id.replaceAll('-', '')),
    fc.constantFrom(...words),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    fc.double({ min: -180, max: 180, noNaN: true }).map(degrees => Math.round(degrees * 1e7) / 1e7),
    fc.double({ min: -180, max: 180, noNaN: true }),
  )
  const name = fc.oneof(
    fc.constantFrom(...words),
    fc.string().filter(text => text !== '__proto__'),
  )
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(name, tie('value'), { maxKeys: 20, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(value, one => {
      assert.deepStrictEqual(roundTrip(one), one)
    }),
    { numRuns: 150 },
  )
  t.pass()
})

t.test('long and unusual values are unpacked unchanged, and other bytes are refused', async t => {
  const candidates = Array.from({ length: 2_000 }, (_, i) => ({
    vendor_id: `0192d4a0-0000-7000-8000-${String(i).padStart(12, '0')}`,
    distance_km: i / 7,
  }))
  t.same(
    roundTrip({ candidates, text: 'ü'.repeat(100_000) }),
    { candidates, text: 'ü'.repeat(100_000) },
    'the buffer grows',
  )
  t.same(roundTrip({ kept: 1, gone: undefined }), { kept: 1 })
  t.ok(Object.is(roundTrip(-0), -0))
  const [self, other] = [
    '0190a5a0-1234-7abc-8def-f123456789ab',
    '0190a5a0-1234-7abc-8def-f123456789ac',
  ]
  const repeats = [self, other, [other, { id: self }], other]
  t.same(unpack(Buffer.from(pack(repeats, 0, self)), 0, self), repeats, 'ids that are repeated')
  t.ok(pack(repeats, 0, self).length < 36)
  t.throws(
    () => unpack(Buffer.from(pack(repeats, 0, self))),
    /not there/,
    'with the id of another actor',
  )
  t.throws(() => pack(() => {}), /cannot be packed/)
  t.throws(() => unpack(new Uint8Array([0x85, 1])), 'cut off')
  t.throws(() => unpack(new Uint8Array([1, 2])), /left over/)
  t.throws(() => unpack(new Uint8Array([0x86, 0xfe])), /newer release/)
})

t.test('words keep their numbers', async t => {
  const digest = (list: readonly string[]): string =>
    createHash('sha256').update(list.join()).digest('hex').slice(0, 16)
  t.equal(words.length, 126)
  t.equal(digest(words), 'b5c9eb6c38eacf9a')
  // New words are appended and change no digest here. Any other change would give stored snapshots
  // another meaning.
  for (const [name, count, released] of [
    ['order', 100, 'b8d180b578713308'],
    ['driver', 40, 'b7c913772d408848'],
  ] as const) {
    const { list } = kinds.find(kind => kind.name === name)!.words
    t.equal(new Set(list).size, list.length, name)
    t.equal(digest(list.slice(0, count)), released, name)
  }
  t.throws(() => wordTable(Array.from({ length: 256 }, String)), /256 words, 255 at the most/)
})

t.test('every release writes the same bytes, and no more than needed', async t => {
  const id = '0190a5a0-1234-7abc-8def-f123456789ab'
  const edges = [
    0,
    1,
    127,
    128,
    255,
    256,
    2 ** 16 - 1,
    2 ** 16,
    2 ** 24 - 1,
    2 ** 24,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 40 - 1,
    2 ** 40,
    2 ** 48 - 1,
    2 ** 48,
    -1,
    -0,
  ]
  const decimals = [
    0.5,
    -0.5,
    52.5200066,
    -180,
    2 ** 39 / 1e7,
    (2 ** 39 - 1) / 1e7,
    -(2 ** 39 - 1) / 1e7,
    1 / 3,
    1e300,
  ]
  const texts = [
    '',
    'a',
    'ü',
    words[0]!,
    words.at(-1)!,
    ...[31, 32, 63, 64, 127, 128, 255, 256, 65_536].map(length => 'x'.repeat(length)),
  ]
  const values: unknown[] = [
    null,
    true,
    false,
    ...edges,
    ...decimals,
    ...texts,
    id,
    id.toUpperCase(),
    `${id}x`,
    [],
    [1, [2]],
    Array.from({ length: 300 }, () => 1),
    {},
    { a: 1, [words[0]!]: id },
    { none: undefined },
    [id, id, [id]],
    Array.from({ length: 40 }, (_, i) => id.replace(/..$/, String(i + 10))).flatMap(one => [
      one,
      one,
    ]),
  ]
  const written = (value: unknown): string => {
    const hex = Buffer.from(pack(value)).toString('hex')
    return hex.length <= 400
      ? hex
      : `${hex.slice(0, 40)} and more, ${hex.length / 2} bytes, ${createHash('sha256').update(hex).digest('hex').slice(0, 16)}`
  }
  recorded(
    t,
    'engine/actors/packed.json',
    Object.fromEntries(
      values.map((value, i) => [`${i}`, { bytes: written(value), ofActor: written([value, id]) }]),
    ),
  )
})
