/**
 * Brings phone numbers to one form: E.164 where the country is known. A number without a country is
 * stored as written: a pharmacist can still dial it, but it identifies no account and gets no SMS.
 * An international number is stored however unlikely it is, because numbering plans change faster
 * than any table of them.
 */
import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
} from 'libphonenumber-js/max'
import { withoutInvisible } from './emails.ts'

export type { CountryCode }

/** Characters of a number as written, with spaces, brackets and copied text. */
export const phoneCharactersMax = 60
/** Digits of an E.164 number, country code included. */
const digitsMax = 15
/** A text with fewer digits is not a phone number. */
const digitsMin = 3

/** PHONE_COUNTRY in the library's form; null when the text names no country. */
export function countryOf(text: string): CountryCode | null {
  const country = text.toUpperCase()
  return isSupportedCountry(country) ? country : null
}

/** Whether codes may be sent to the number and an account may be found by it: a plus and digits. */
export const isInternational = (phone: string): boolean => /^\+[1-9][0-9]{2,14}$/.test(phone)

/** The notice beside a number that was stored as written. */
export const phoneNotice =
  'the number names no country: no SMS is sent to it and no code signs in by it; write it with + and the country code'
/** The notice for a number in the stored form; null when none is needed. */
export const phoneNoticeOf = (phone: string): string | null =>
  phone === '' || isInternational(phone) ? null : phoneNotice

export const phoneRule = 'must be a phone number, such as +977 984 123 4567'

/**
 * The number in the form that is stored; null when the text is not a number. `country`: the country
 * whose numbers need no country code; null for none.
 */
export function normalPhone(text: string, country: CountryCode | null): string | null {
  if (text.length > phoneCharactersMax) return null
  const written = plainCharacters(text)
    .trim()
    .replace(/^tel: ?/i, '')
  const [number = '', extension] = written.split(/ ?(?:ext\.?|x|#|;ext=) ?(?=\d{1,7}$)/i, 2)
  if (!/^[(]? ?[+]?[0-9 ()./-]+$/.test(number)) return null
  const digits = number.replaceAll(/[^0-9]/g, '')
  if (digits.length < digitsMin) return null
  const tail = extension === undefined ? '' : ` ext. ${extension}`
  // Each country dials its own digits for the plus: 011, 0011, 00700. Where they are known, they
  // imply the country.
  const dialled =
    country === null || number.includes('+')
      ? undefined
      : parsePhoneNumberFromString(number, { defaultCountry: country, extract: false })
  if (dialled?.isValid() === true) return `${dialled.number}${tail}`
  // Two zeros stand for the plus nearly everywhere, and no national number begins with them.
  const international = number.includes('+') || (digits.startsWith('00') && digits.length >= 2 + 7)
  if (!international) return dialled?.isPossible() === true ? `${dialled.number}${tail}` : written
  const significant = digits.replace(/^0+/, '')
  if (significant.length < digitsMin || significant.length > digitsMax) return null
  // The digits that only domestic callers dial, as in +44 (0)20, are known only for an existing
  // number.
  const known = parsePhoneNumberFromString(number.includes('+') ? number : `+${significant}`, {
    extract: false,
  })
  return (known?.isValid() === true ? known.number : `+${significant}`) + tail
}

/**
 * Digits of all scripts become 0 to 9, dashes and blanks of all kinds become one kind, and
 * invisible characters are removed.
 */
function plainCharacters(text: string): string {
  return withoutInvisible(text)
    .normalize('NFKC')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/\p{Nd}/gu, digitOf)
    .replaceAll(/[\p{Pd}\u2212]/gu, '-')
    .replaceAll(/\s+/gu, ' ')
}

/**
 * The digits of a script are consecutive from its zero. No two such rows touch once NFKC has
 * removed the mathematical digits.
 */
function digitOf(digit: string): string {
  const point = digit.codePointAt(0)!
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(point - value - 1))) value++
  return String(value)
}
