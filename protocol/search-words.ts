/**
 * Text as the words that a search compares: small letters, split at everything ASCII that is no letter
 * or digit. The journal writes an order's words with its first event, the edge asks with the words of
 * the query; both cut here, so they cannot disagree.
 *
 * Rejected: the database's own text parsers. They take "ORD-12345678" for a word and a negative number,
 * and lower-case by a locale that an embedded database does not have.
 */
import { limits } from './limits.ts'

/** Words once each, in their order, at most limits.searchWordsMax. */
export function searchWords(text: string): string[] {
  const words = text.toLowerCase().split(/[\u0000-\u002f\u003a-\u0060\u007b-\u00a0]+/u) // eslint-disable-line no-control-regex -- a database takes no U+0000
    .filter(word => word !== '').map(word => word.slice(0, limits.searchWordCharactersMax))
  return [...new Set(words)].slice(0, limits.searchWordsMax)
}
