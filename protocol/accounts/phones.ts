/**
 * Phone numbers as people write them, in one form: E.164 where the country is known. Without a country a
 * number is kept as it was written, because the pharmacist who reads it can still dial it, but it is
 * nobody's identity and no SMS goes to it. A number in international form is kept however unlikely it is:
 * numbering plans change faster than anybody's table of them.
 */
import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
} from 'libphonenumber-js/max'
import { withoutInvisible } from './emails.ts'

export type { CountryCode }

/** Of a number as it is written, with spaces, brackets and what was copied along. */
export const phoneCharactersMax = 60
/** Of an E.164 number, country code included. */
const digitsMax = 15
/** Below this a text with digits is no number of anybody. */
const digitsMin = 3

/** PHONE_COUNTRY as the library knows it, null for a text that names no country. */
export function countryOf(text: string): CountryCode | null {
  const country = text.toUpperCase()
  return isSupportedCountry(country) ? country : null
}

/** Whether codes may be sent to it and an account may be found by it: a plus and digits. */
export const isInternational = (phone: string): boolean => /^\+[1-9][0-9]{2,14}$/.test(phone)

/** Told beside a number that was kept as it was written. */
export const phoneNotice =
  'the number names no country: no SMS is sent to it and no code signs in by it; write it with + and the country code'
export const phoneNoticeOf = (phone: string): string | null =>
  phone === '' || isInternational(phone) ? null : phoneNotice

export const phoneRule = 'must be a phone number, such as +977 984 123 4567'

/** The number's form of record, or null for a text that is no number. `country`: whose numbers need no country code; null for none. */
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
  // Each country has its own digits for the plus: 011, 0011, 00700. Where they are known, they say the country.
  const dialled =
    country === null || number.includes('+')
      ? undefined
      : parsePhoneNumberFromString(number, { defaultCountry: country, extract: false })
  if (dialled?.isValid() === true) return `${dialled.number}${tail}`
  // Two zeros stand for the plus nearly everywhere, and no national number begins so.
  const international = number.includes('+') || (digits.startsWith('00') && digits.length >= 2 + 7)
  if (!international) return dialled?.isPossible() === true ? `${dialled.number}${tail}` : written
  const significant = digits.replace(/^0+/, '')
  if (significant.length < digitsMin || significant.length > digitsMax) return null
  // Only of a number that exists is it known which digits are for callers at home, as in +44 (0)20.
  const known = parsePhoneNumberFromString(number.includes('+') ? number : `+${significant}`, {
    extract: false,
  })
  return (known?.isValid() === true ? known.number : `+${significant}`) + tail
}

/** Digits of all scripts as 0 to 9, dashes and blanks of all kinds as one, and nothing invisible. */
function plainCharacters(text: string): string {
  return withoutInvisible(text)
    .normalize('NFKC')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/\p{Nd}/gu, digitOf)
    .replaceAll(/[\p{Pd}\u2212]/gu, '-')
    .replaceAll(/\s+/gu, ' ')
}

/** The digits of a script stand in a row that begins with its zero, and no two rows touch once NFKC has taken out the mathematical ones. */
function digitOf(digit: string): string {
  const point = digit.codePointAt(0)!
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(point - value - 1))) value++
  return String(value)
}
