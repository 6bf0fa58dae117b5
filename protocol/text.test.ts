/** Text that the database cannot keep is found wherever it is. */
import t from 'tap'
import { unstorableText } from './text.ts'

t.test('table', async t => {
  for (const [value, where] of [
    ['plain', null], ['👋🏽 नमस्ते', null], [{ a: [1, null, true, 'x'] }, null], [new Uint8Array([0]), null],
    ['a\0b', 'body'], ['\ud83d', 'body'], ['\udc4b\ud83d', 'body'],
    [{ notes: 'a\0' }, 'notes'], [{ items: [{ name: 'x' }, { name: '\ud800' }] }, 'items.1.name'], [{ 'a\0': 1 }, 'body'],
  ] as const) t.equal(unstorableText(value), where, JSON.stringify(value))
})
