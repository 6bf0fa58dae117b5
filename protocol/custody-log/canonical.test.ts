/** Canonical JSON by the rules of RFC 8785, and Base64 in its one spelling. */
import t from 'tap'
import fc from '../testing/properties.ts'
import { decodedBase64, encodedBase64 } from './base64.ts'
import { canonicalJson } from './canonical.ts'

const written = (value: unknown, depthMax = 10): string => {
  try {
    return canonicalJson(value, depthMax)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return error.message
  }
}

t.test('one text for one value', async t => {
  for (const [value, text] of [
    [null, 'null'],
    [true, 'true'],
    [false, 'false'],
    [0, '0'],
    [-0, '0'],
    [1e21, '1e+21'],
    [0.000_000_1, '1e-7'],
    ['', '""'],
    ['é\n"\u000f€', '"é\\n\\"\\u000f€"'],
    ['💊', '"💊"'],
    [[], '[]'],
    [{}, '{}'],
    [[1, [2, 'a']], '[1,[2,"a"]]'],
    [{ b: 1, a: [{ d: null, c: 2 }] }, '{"a":[{"c":2,"d":null}],"b":1}'],
    [
      { '\ufb33': 1, '\u{1f600}': 2, ö: 3, '1': 4, '\r': 5 },
      '{"\\r":5,"1":4,"ö":3,"😀":2,"\ufb33":1}',
    ],
  ] as const)
    t.equal(written(value), text)
})

t.test('a value that JSON cannot say exactly is refused', async t => {
  for (const [value, rule] of [
    [Infinity, 'Infinity is no number of JSON'],
    [NaN, 'NaN is no number of JSON'],
    ['\ud800', 'a text has half of a character'],
    [{ '\udfff': 1 }, 'a text has half of a character'],
    [undefined, 'undefined is no value of JSON'],
    [{ a: undefined }, 'undefined is no value of JSON'],
    [1n, 'bigint is no value of JSON'],
    [() => 1, 'function is no value of JSON'],
  ] as const)
    t.equal(written(value), rule)
})

t.test('the depth is bounded', async t => {
  t.equal(written(1, 0), '1')
  t.equal(written([], 0), 'the value is nested too deeply')
  t.equal(written({}, 0), 'the value is nested too deeply')
  t.equal(written([[1]], 2), '[[1]]')
  t.equal(written([[1]], 1), 'the value is nested too deeply')
  t.equal(written({ a: { b: 1 } }, 2), '{"a":{"b":1}}')
  t.equal(written({ a: { b: 1 } }, 1), 'the value is nested too deeply')
})

t.test('any value is read back, whatever the order of its names', async () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), text => {
      const value: unknown = JSON.parse(text)
      const canonical = canonicalJson(value, 50)
      const turned = (one: unknown): unknown =>
        typeof one !== 'object' || one === null
          ? one
          : Array.isArray(one)
            ? one.map(turned)
            : Object.fromEntries(
                Object.entries(one)
                  .toReversed()
                  .map(([name, inner]) => [name, turned(inner)]),
              )
      return (
        canonicalJson(JSON.parse(canonical), 50) === canonical &&
        canonicalJson(turned(value), 50) === canonical &&
        JSON.stringify(JSON.parse(canonical)).length === JSON.stringify(value).length
      )
    }),
    { seed: 81 },
  )
})

t.test('Base64 has one spelling, and a length where one is asked for', async t => {
  t.same(decodedBase64('AQID'), Buffer.from([1, 2, 3]))
  t.same(decodedBase64('AQI='), Buffer.from([1, 2]))
  t.same(decodedBase64(''), Buffer.alloc(0))
  for (const wrong of ['AQI', 'AQJ=', 'AQID ', 'AQI-', 'AQID\n', '=', 'AQID===='])
    t.equal(decodedBase64(wrong), null, JSON.stringify(wrong))
  t.same(decodedBase64('AQID', 3), Buffer.from([1, 2, 3]))
  t.equal(decodedBase64('AQID', 2), null)
  t.equal(decodedBase64('AQID', 0), null)
  t.equal(encodedBase64(new Uint8Array([1, 2])), 'AQI=')
})
