/**
 * Decides when two spellings of an e-mail address are one address. The code and the database must
 * agree, or an account is registered under one form and looked up under another. So the rule is a
 * table of letters that JavaScript and SQL read alike, not the `lower` function of either, because
 * these differ.
 *
 * Rejected: `toLowerCase()`, which makes two characters of the Turkish capital I with a dot where
 * the database makes one or none. Also rejected: an index on a value that the code computes,
 * because other writers forget to compute it.
 */
import { domainToUnicode } from 'node:url'

/**
 * Scripts with capitals, as ranges of code points. All were assigned long ago, so no release of
 * Unicode adds a pair.
 */
const ranges: readonly (readonly [number, number])[] = [
  [0x41, 0x5a],
  [0xc0, 0x24f],
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x531, 0x556],
  [0x1e00, 0x1ffe],
  [0xff21, 0xff3a],
]
/** The final sigma, and the dotted capital I, whose small letter would be two characters. */
const pairs = new Map<string, string>([
  ['ς', 'σ'],
  ['İ', 'i'],
])
for (const [first, last] of ranges)
  for (let point = first; point <= last; point++) {
    const capital = String.fromCodePoint(point)
    const small = capital.toLowerCase()
    if (small !== capital && small.length === 1 && !pairs.has(capital)) pairs.set(capital, small)
  }

/**
 * Characters without a width that are copied along with an address: soft hyphen, joiners, marks of
 * direction, byte order mark.
 */
export const invisibleCharacters = [
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x206f],
  [0xfeff, 0xfeff],
]
  .flatMap(([first, last]) =>
    Array.from({ length: last! - first! + 1 }, (_, i) => String.fromCodePoint(first! + i)),
  )
  .join('')

const invisible = new RegExp(`[${invisibleCharacters}]`, 'gu')

/** The text without invisible characters. */
export const withoutInvisible = (text: string): string => text.replaceAll(invisible, '')

/**
 * Full-width characters, which East Asian keyboards write. They become the ASCII characters that
 * they stand for; no mailbox has them.
 */
const fullWidth = /[\uff01-\uff5e]/gu
const narrow = (wide: string): string => String.fromCodePoint(wide.codePointAt(0)! - 0xfee0)
/** The dot of a small letter that keeps its dot under another mark. Only Lithuanian writes it. */
const dotBelowMark = /(?<=[ij\u012f])\u0307(?=\p{M})/gu

/**
 * The form in which an address is stored: trimmed, because phones append blanks, and composed, so
 * that the database need not compose with another release of Unicode. A domain of other letters is
 * stored in those letters: browsers send it as `xn--`, apps as the user typed it.
 */
export function writtenEmail(email: string): string {
  const plain = withoutInvisible(email).trim()
  if (!beyondAscii.test(plain) && !plain.toLowerCase().includes('xn--')) return plain
  const composed = plain
    .replaceAll(fullWidth, narrow)
    .normalize('NFC')
    .replaceAll(/\u0130(?=\p{M})/gu, 'i')
    .replaceAll(dotBelowMark, '')
    .normalize('NFC')
  const at = composed.lastIndexOf('@')
  const domain = composed.slice(at + 1)
  // domainToUnicode gives '' for an invalid domain; the check of the form reports it.
  return at === -1 || !(beyondAscii.test(domain) || xnLabel.test(domain))
    ? composed
    : `${composed.slice(0, at + 1)}${domainToUnicode(domain) || domain}`
}
const beyondAscii = /[^\0-\x7f]/
const xnLabel = /(?:^|\.)xn--/i

/**
 * The form in which addresses are compared and looked up. `normal_email` of the database computes
 * the same from `writtenEmail`.
 */
export function normalEmail(email: string): string {
  let small = ''
  for (const character of writtenEmail(email)) small += pairs.get(character) ?? character
  return small.replaceAll('i\u0307', 'i')
}

/**
 * The statement that creates the same function in the database. A change of the table above needs a
 * migration that runs this again and rebuilds the indexes on it.
 */
export function createNormalEmail(): string {
  const literal = (text: string): string =>
    `U&'${[...text].map(one => `\\${one.codePointAt(0)!.toString(16).padStart(4, '0')}`).join('')}'`
  const from = literal([...pairs.keys()].join('') + invisibleCharacters)
  const to = literal([...pairs.values()].join(''))
  return `create or replace function normal_email(email text) returns text language sql immutable strict parallel safe as $$
    select replace(translate(email, ${from}, ${to}), U&'i\\0307', 'i')
  $$`
}
