/** The texts of notifications: no holes, every language whole, and the language of the reader. */
import t from 'tap'
import { notificationKindNames, notificationSubjects, rowOfKind } from './kinds.ts'
import {
  languageOf,
  notificationText,
  notificationTexts,
  placeholdersOf,
  type Language,
} from './texts.ts'

const languages = Object.keys(notificationTexts) as Language[]

t.test('each text has only the placeholders of its subject, the same in each language', async t => {
  for (const kind of notificationKindNames) {
    const names: readonly string[] = notificationSubjects[rowOfKind(kind).about]
    for (const language of languages) {
      const text = notificationTexts[language][kind]
      t.same(placeholdersOf(text), names, `${kind} ${language}`)
      const filled = notificationText(language, kind, { order: 'ORD-7', notes: 'secret' })
      t.notMatch(filled, /[{}]|undefined/, filled)
      t.equal(filled.includes('ORD-7'), names.includes('order'))
    }
  }
})

t.test('a missing value leaves its place empty, and a value is no template', async t => {
  t.equal(notificationText('en', 'order.placed', {}), 'New order .')
  t.equal(
    notificationText('en', 'order.placed', { order: '{order} $& $1' }),
    'New order {order} $& $1.',
  )
})

t.test('the language that the reader likes best', async t => {
  for (const [header, expected] of [
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['DE-at', 'de'],
    ['fr, de;q=0.5', 'de'],
    ['en;q=0.3, de;q=0.9', 'de'],
    ['de;q=0.3, en;q=0.9', 'en'],
    ['de, en', 'de'],
    ['de;q=0', 'en'],
    ['de;q=x', 'en'],
    ['*', 'en'],
    ['constructor', 'en'],
    [`${'fr,'.repeat(20)}de`, 'en'],
    [';;;,,,=', 'en'],
  ] as const)
    t.equal(languageOf(header), expected, String(header))
})
