/** Text that the database cannot store is found at any depth of a value. */
import t from 'tap'
import { composedValue, unstorableText } from './text.ts'

t.test('the field with a NUL or half a surrogate pair is named', async t => {
  for (const [value, where] of [
    ['plain', null],
    ['👋🏽 नमस्ते', null],
    [{ a: [1, null, true, 'x'] }, null],
    [new Uint8Array([0]), null],
    ['a\0b', 'body'],
    ['\ud83d', 'body'],
    ['\udc4b\ud83d', 'body'],
    [{ notes: 'a\0' }, 'notes'],
    [{ items: [{ name: 'x' }, { name: '\ud800' }] }, 'items.1.name'],
    [{ 'a\0': 1 }, 'body'],
  ] as const)
    t.equal(unstorableText(value), where, JSON.stringify(value))
})

t.test('text is composed, and a letter with too many marks is found', async t => {
  const bytes = new Uint8Array([1])
  t.same(
    composedValue({
      name: 'Rene\u0301',
      items: [{ name: 'cafe\u0301', quantity: 2 }],
      bytes,
      none: null,
    }),
    {
      value: { name: 'René', items: [{ name: 'café', quantity: 2 }], bytes, none: null },
      broken: null,
    },
  )
  t.equal(
    composedValue({ items: [{ name: `a${'\u0301\u0316'.repeat(100_000)}` }] }, 'data').broken,
    'data.items.0.name',
  )
  let deep: unknown = 'e\u0301'
  for (let i = 0; i < 100_000; i++) deep = [deep]
  t.equal(
    composedValue(deep).broken,
    null,
    'a value that is too deep for any schema is left to the schemas',
  )
})
