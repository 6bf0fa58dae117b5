/**
 * Text as the words that a search compares: small letters, split at everything ASCII that is no letter
 * or digit. The journal writes an order's words with its first event, the edge asks with the words of
 * the query; both cut here, so they cannot disagree.
 *
 * Rejected: the database's own text parsers. They take "ORD-12345678" for a word and a negative number,
 * and lower-case by a locale that an embedded database does not have.
 */
import { limits } from './limits.ts'

/**
 * JavaScript's small letters but for two that depend on their place or country: a sigma is one at the end of a
 * word too, because a search has the beginnings of words, and the capital I with a dot is an i without a second.
 */
const smallLetters = (text: string): string =>
  text.normalize('NFC').toLowerCase().replaceAll('i\u0307', 'i').replaceAll('ς', 'σ')

/** The word, and what the words of orders of an earlier release may have in its place. */
export const wordForms = (word: string): readonly string[] => [
  ...new Set([
    word,
    word.replace(/^i/, 'i\u0307'),
    word.replaceAll('i', 'i\u0307'),
    word.replace(/σ$/, 'ς'),
  ]),
]

/** Words once each, in their order, at most limits.searchWordsMax. */
export function searchWords(text: string): string[] {
  const words = smallLetters(text)
    .split(/[\u0000-\u002f\u003a-\u0060\u007b-\u00a0]+/u) // eslint-disable-line no-control-regex -- a database takes no U+0000
    .filter(word => word !== '')
    .map(word => word.slice(0, limits.searchWordCharactersMax))
  return [...new Set(words)].slice(0, limits.searchWordsMax)
}
