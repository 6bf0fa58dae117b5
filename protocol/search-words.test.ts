import fc from './testing/properties.ts'
import t from 'tap'
import { limits } from './limits.ts'
import { searchWords } from './search-words.ts'

t.test('words', async t => {
  t.same(searchWords('ORD-12AB34CD John O\'Neil; Ødegård 500mg'), ['ord', '12ab34cd', 'john', 'o', 'neil', 'ødegård', '500mg'])
  t.same(searchWords(' \u0000\t--- '), [])
  t.same(searchWords('aspirin ASPIRIN aspirin'), ['aspirin'])
  t.equal(searchWords('x'.repeat(500))[0]!.length, limits.searchWordCharactersMax)
  t.equal(searchWords(Array.from({ length: 500 }, (_, i) => `w${i}`).join(' ')).length, limits.searchWordsMax)
})

t.test('no word holds what a database or a query would take for more than a letter', async t => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => searchWords(text).every(word => word !== '' && !/[\s'"\\:*&|!()<>\u0000]/.test(word)))) // eslint-disable-line no-control-regex -- the point of the test
  t.pass()
})
