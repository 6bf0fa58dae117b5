/** Packed state comes out as it went in, whatever it is; stored bytes of older releases keep their meaning. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { pack, unpack, words } from './packed.ts'

const there = (value: unknown): unknown => unpack(Buffer.from(pack(value)))

t.test('any JSON comes out as it went in', async t => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }), fc.string({ maxLength: 40 }), fc.uuid(), fc.uuid().map(id => id.toUpperCase()), fc.uuid().map(id => id.replaceAll('-', '')),
    fc.constantFrom(...words), fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null),
    fc.double({ min: -180, max: 180, noNaN: true }).map(degrees => Math.round(degrees * 1e7) / 1e7), fc.double({ min: -180, max: 180, noNaN: true }))
  const name = fc.oneof(fc.constantFrom(...words), fc.string().filter(text => text !== '__proto__'))
  const { value } = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value'), { maxLength: 20 }), fc.dictionary(name, tie('value'), { maxKeys: 20, noNullPrototype: true })),
  }))
  fc.assert(fc.property(value, one => { assert.deepStrictEqual(there(one), one) }), { numRuns: 150 })
  t.pass()
})

t.test('long things and odd ones', async t => {
  const candidates = Array.from({ length: 2_000 }, (_, i) => ({ vendor_id: `0192d4a0-0000-7000-8000-${String(i).padStart(12, '0')}`, distance_km: i / 7 }))
  t.same(there({ candidates, text: 'ü'.repeat(100_000) }), { candidates, text: 'ü'.repeat(100_000) }, 'the buffer grows')
  t.same(there({ there: 1, gone: undefined }), { there: 1 })
  t.ok(Object.is(there(-0), -0))
  const [self, other] = ['0190a5a0-1234-7abc-8def-f123456789ab', '0190a5a0-1234-7abc-8def-f123456789ac']
  const repeats = [self, other, [other, { id: self }], other]
  t.same(unpack(Buffer.from(pack(repeats, 0, self)), 0, self), repeats, 'ids that come again')
  t.ok(pack(repeats, 0, self).length < 36)
  t.throws(() => unpack(Buffer.from(pack(repeats, 0, self))), /not there/, 'of another actor')
  t.throws(() => pack(() => {}), /cannot be packed/)
  t.throws(() => unpack(new Uint8Array([0x85, 1])), 'cut off')
  t.throws(() => unpack(new Uint8Array([1, 2])), /left over/)
  t.throws(() => unpack(new Uint8Array([0x86, 0xfe])), /newer release/)
})

t.test('words keep their numbers', async t => {
  t.ok(words.length < 0xff)
  t.equal(new Set(words).size, words.length)
  // Appended words change nothing here. Anything else makes stored snapshots say something else.
  const released = words.slice(0, 118)
  t.equal(released.length, 118)
  t.equal(createHash('sha256').update(released.join()).digest('hex').slice(0, 16), 'b52057578b36d604')
})
