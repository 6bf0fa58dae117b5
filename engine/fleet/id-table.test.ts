/**
 * The table of ids compared with a plain map, and its hash compared with a second implementation.
 */
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { halfSipHash } from './half-sip-hash.ts'
import { IdTable, parseUuid } from './id-table.ts'

const word = fc.integer({ min: 0, max: 0xffff_ffff })
const textOf = (number: number): string =>
  `0190a5a0-1234-7abc-8def-${number.toString(16).padStart(12, '0')}`
const id = fc.tuple(word, word, word, word)

t.test('ids are numbered in order and found again', async t => {
  fc.assert(
    fc.property(fc.array(id, { maxLength: 300 }), word, word, (ids, seed0, seed1) => {
      const table = new IdTable(seed0, seed1)
      const oracle = new Map<string, number>()
      for (const each of ids) {
        const text = each.join()
        t.equal(table.numberOf(...each), oracle.get(text) ?? -1)
        if (!oracle.has(text)) oracle.set(text, oracle.size)
        t.equal(table.add(...each), oracle.get(text))
        t.equal(table.add(...each), oracle.get(text), 'an id that is added again keeps its number')
      }
      t.equal(table.count, oracle.size)
    }),
    { numRuns: 30 },
  )
})

t.test('ids that come and go have the numbers of a plain map', async t => {
  const step = fc.record({ id: fc.integer({ min: 0, max: 40 }), add: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), word, word, (steps, seed0, seed1) => {
      const table = new IdTable(seed0, seed1)
      const oracle = new Map<number, number>()
      // A large part of the smallest table, so that ids collide.
      for (let n = 0; n < 700; n++) table.add(7, 7, 7, n)
      for (const { id, add } of steps) {
        if (add) {
          const number = table.add(id, 0, 0, 0)
          assert.ok(
            oracle.get(id) === number || ![...oracle.values()].includes(number),
            'no two ids have one number',
          )
          oracle.set(id, number)
        } else {
          table.remove(table.numberOf(id, 0, 0, 0))
          oracle.delete(id)
        }
        for (let other = 0; other <= 40; other++)
          assert.equal(table.numberOf(other, 0, 0, 0), oracle.get(other) ?? -1)
        assert.equal(table.count, 700 + oracle.size)
        assert.ok(table.numberEnd <= 741, 'numbers are used again')
      }
      for (let n = 0; n < 700; n++)
        assert.equal(table.numberOf(7, 7, 7, n), n, 'ids that stay keep their numbers')
    }),
    { numRuns: 60 },
  )
  const table = new IdTable(1, 2)
  table.add(1, 2, 3, 4)
  table.remove(0)
  table.remove(0)
  t.same([table.idString(0), table.has(0), table.count], ['', false, 0])
})

t.test('a hundred thousand ids: growth, text and memory', async t => {
  const table = new IdTable(1, 2)
  const count = 100_000
  const words = new Uint32Array(4)
  for (let number = 0; number < count; number++) {
    parseUuid(textOf(number), words)
    if (table.add(words[0]!, words[1]!, words[2]!, words[3]!) !== number) t.fail(`added ${number}`)
  }
  for (let number = 0; number < count; number++) {
    parseUuid(textOf(number), words)
    if (table.numberOf(words[0]!, words[1]!, words[2]!, words[3]!) !== number)
      t.fail(`found ${number}`)
    if (table.idString(number) !== textOf(number)) t.fail(`text of ${number}`)
  }
  t.ok(table.byteLength / count <= 28, `${(table.byteLength / count).toFixed(1)} B per driver`)
  t.equal(table.numberOf(1, 2, 3, 4), -1)
  t.equal(table.idString(count), '')
  t.equal(table.idString(-1), '')
})

t.test('ids that are chosen to look alike do not make look-ups long', async t => {
  // Counting, bit-shifted and mirrored ids ruin a weak mixer: a look-up would walk thousands of
  // slots.
  const patterns: ((n: number) => [number, number, number, number])[] = [
    n => [0, 0, 0, n],
    n => [n, 0, 0, 0],
    n => [n * 65_536, 0, 0, 0],
    n => [n, n, n, n],
    n => [n, -n, n, -n],
    n => [0, Math.imul(n, 0x9e3779b1), 0, 0],
  ]
  const lookups = 20_000
  for (const [index, pattern] of patterns.entries()) {
    const table = new IdTable(index, 99)
    for (let n = 0; n < lookups; n++) {
      const [a, b, c, d] = pattern(n)
      if (table.add(a, b, c, d) !== n) t.fail(`pattern ${index}, ${n}`)
    }
    t.ok(table.longestProbe() < 200, `pattern ${index}: longest probe ${table.longestProbe()}`)
  }
})

t.test('a full table gives no number', async t => {
  const table = new IdTable(1, 2, 2)
  t.same(
    [table.add(1, 0, 0, 0), table.add(2, 0, 0, 0), table.add(3, 0, 0, 0), table.add(2, 0, 0, 0)],
    [0, 1, -1, 1],
  )
})

/**
 * HalfSipHash as in its paper: a state of four words, one round for a word and three at the end.
 */
function plainHalfSipHash(key0: number, key1: number, words: readonly number[]): number {
  const v = new Uint32Array([key0, key1, 0x6c796765 ^ key0, 0x74656462 ^ key1])
  const turned = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
  const round = (): void => {
    for (const [a, b, left, half] of [
      [0, 1, 5, true],
      [2, 3, 8, false],
      [0, 3, 7, false],
      [2, 1, 13, true],
    ] as const) {
      v[a] = v[a]! + v[b]!
      v[b] = turned(v[b]!, left) ^ v[a]!
      if (half) v[a] = turned(v[a]!, 16)
    }
  }
  // The last word is the length in bytes, in the highest byte.
  for (const word of [...words, (words.length * 4) << 24]) {
    v[3]! ^= word
    round()
    v[0]! ^= word
  }
  v[2]! ^= 0xff
  for (let n = 0; n < 3; n++) round()
  return v[1]! ^ v[3]!
}

t.test('the hash is HalfSipHash-1-3', async () => {
  fc.assert(
    fc.property(word, word, id, (key0, key1, words) => {
      assert.equal(
        halfSipHash(key0, key1, ...words) >>> 0,
        plainHalfSipHash(key0, key1, words) >>> 0,
      )
    }),
  )
})

t.test('parseUuid reads the four words of a UUID and nothing else', async t => {
  const out = new Uint32Array(4)
  const text = '0190a5a0-1234-7abc-8def-f123456789ab'
  for (const each of [text, text.toUpperCase()]) {
    t.ok(parseUuid(each, out))
    t.same([...out], [0x0190a5a0, 0x12347abc, 0x8deff123, 0x456789ab])
  }
  for (const bad of [
    '',
    text.slice(1),
    `${text}0`,
    text.replaceAll('-', ''),
    text.replace('-', '0'),
    text.replace('a', 'g'),
    text.replace('0', '/'),
    text.replace('0', '-'),
    text.replace('0', 'İ'),
    `{${text.slice(2)}}`,
  ]) {
    t.notOk(parseUuid(bad, out), bad)
  }
  fc.assert(
    fc.property(id, words => {
      const table = new IdTable(3, 4)
      table.add(...words)
      return parseUuid(table.idString(0), out) && words.every((each, index) => out[index] === each)
    }),
  )
})
