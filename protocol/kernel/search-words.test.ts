/** The words by which orders are found, from texts in any alphabet. */
import fc from '../testing/properties.ts'
import t from 'tap'
import { limits } from './limits.ts'
import { searchWords, wordForms } from './search-words.ts'

t.test('words are in small letters, each once, and bounded in length and number', async t => {
  t.same(searchWords("ORD-12AB34CD John O'Neil; Ødegård 500mg"), [
    'ord',
    '12ab34cd',
    'john',
    'o',
    'neil',
    'ødegård',
    '500mg',
  ])
  t.same(searchWords(' \u0000\t--- '), [])
  t.same(searchWords('田中\u3000太郎\u2003x\u2028y\ufeffz'), ['田中', '太郎', 'x', 'y', 'z'])
  t.same(searchWords('aspirin ASPIRIN aspirin'), ['aspirin'])
  for (const [one, other] of [
    ['İlaç BİTKİ', 'ilaç bitki'],
    ['i̇laç', 'İLAÇ'],
    ['ΠΑΡΑΣ', 'παρασ'],
    ['παρας', 'ΠΑΡΑΣ'],
    ['Zoe\u0308', 'ZOË'],
  ] as const)
    t.same(searchWords(one), searchWords(other), `${one} ${other}`)
  t.ok(
    ['İlaç', 'BİTKİ', 'ΠΑΡΑΣ'].every(text =>
      wordForms(searchWords(text)[0]!).includes(text.toLowerCase()),
    ),
    'orders that an earlier release stored are found too',
  )
  t.equal(searchWords('x'.repeat(500))[0]!.length, limits.searchWordCharactersMax)
  t.equal(
    searchWords(Array.from({ length: 500 }, (_, i) => `w${i}`).join(' ')).length,
    limits.searchWordsMax,
  )
})

t.test('no word has a character with a meaning for a database or a query', async t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text =>
      // oxlint-disable-next-line no-control-regex -- the point of the test
      searchWords(text).every(word => word !== '' && !/[\s'"\\:*&|!()<>\u0000]/.test(word)),
    ),
  )
  t.pass()
})
