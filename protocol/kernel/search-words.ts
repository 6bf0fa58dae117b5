/**
 * Splits text into the words that a search compares: lower case, split at every ASCII character
 * that is not a letter or digit, at the control characters after them and at white space of any
 * script, such as the ideographic space in a Japanese name. The journal writes an order's words with
 * its first event, and the edge asks with the words of the query. Both use this file, so they cannot
 * disagree. Rejected: the text parsers of the database. They read "ORD-12345678" as a word and a
 * negative number, and they lower-case by a locale that an embedded database does not have.
 */
import { limits } from './limits.ts'

/**
 * Lower case as JavaScript does it, except for two letters that depend on position or country. A
 * final sigma becomes a normal one, because a search also has beginnings of words. The capital I
 * with a dot becomes an i without a second dot.
 */
const smallLetters = (text: string): string =>
  text.normalize('NFC').toLowerCase().replaceAll('i\u0307', 'i').replaceAll('ς', 'σ')

/** The word, and the forms in which an earlier release may have stored it. */
export const wordForms = (word: string): readonly string[] => [
  ...new Set([
    word,
    word.replace(/^i/, 'i\u0307'),
    word.replaceAll('i', 'i\u0307'),
    word.replace(/σ$/, 'ς'),
  ]),
]

/** The words of the text, each once, in their order, at most `limits.searchWordsMax`. */
export function searchWords(text: string): string[] {
  const words = smallLetters(text)
    .split(/[\u0000-\u002f\u003a-\u0060\u007b-\u00a0\s]+/u) // eslint-disable-line no-control-regex -- a database takes no U+0000
    .filter(word => word !== '')
    .map(word => word.slice(0, limits.searchWordCharactersMax))
  return [...new Set(words)].slice(0, limits.searchWordsMax)
}
