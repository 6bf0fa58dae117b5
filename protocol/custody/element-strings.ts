/**
 * Reads GS1 element strings, as scanners hand them over from a DataMatrix, a QR code or a GS1-128:
 * the product (GTIN), the batch, the expiry and the serial number of a package. Pure.
 *
 * Every field whose length its application identifier does not fix ends with the separator GS or
 * with the string. So an unknown identifier can be passed over, and a scanner that drops the
 * separator is noticed rather than misread.
 *
 * Rejected: the parsers on npm. They check no check digit and take day 00 for a day, and none of
 * them was changed for years.
 */

/** What a package says about itself. */
export interface Package {
  /** 14 digits. */
  gtin: string
  batch: string | null
  /** The last day on which it may be used, as YYYY-MM-DD. */
  expiry: string | null
  serial: string | null
}
export type ReadPackage =
  | { ok: true; package: Package }
  /** `field`: the part that is wrong. */
  | { ok: false; field: 'code' | 'gtin' | 'batch' | 'expiry' | 'serial'; why: string }

const separator = '\u001d'
/** The first two digits of identifiers whose whole element has this length, with the identifier. */
const fixedLengths: Readonly<Record<string, number>> = {
  '00': 20,
  '01': 16,
  '02': 16,
  '03': 16,
  '04': 18,
  '11': 8,
  '12': 8,
  '13': 8,
  '14': 8,
  '15': 8,
  '16': 8,
  '17': 8,
  '18': 8,
  '19': 8,
  '20': 4,
  '31': 10,
  '32': 10,
  '33': 10,
  '34': 10,
  '35': 10,
  '36': 10,
  '41': 16,
}
/** Identifiers by their first two digits have 2, 3 or 4 digits; 2 where nothing is written here. */
const digitsOfIdentifier = (head: string): number => {
  if (/^(?:23|24|25|40|41|42|71)$/.test(head)) return 3
  return /^(?:3[1-69]|43|7[02-9]|8[0-2])$/.test(head) ? 4 : 2
}
/** The characters of texts in element strings. */
const textPattern = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/

/** Is the last digit the check digit of the digits before it? */
export function hasCheckDigit(digits: string): boolean {
  let sum = 0
  for (let i = digits.length - 2, weight = 3; i >= 0; i--, weight = 4 - weight)
    sum += Number(digits[i]) * weight
  return (10 - (sum % 10)) % 10 === Number(digits.at(-1))
}

/**
 * A date of six digits; day 00 is the last of the month. The century is the one that makes the date
 * less than 50 years away from `nowMs`.
 */
function dateOf(digits: string, nowMs: number): string | null {
  if (!/^\d{6}$/.test(digits)) return null
  const [short, month, day] = [0, 2, 4].map(at => Number(digits.slice(at, at + 2))) as [
    number,
    number,
    number,
  ]
  const year = new Date(nowMs).getUTCFullYear()
  let full = year - (year % 100) + short
  if (full - year > 50) full -= 100
  else if (full - year < -49) full += 100
  if (month < 1 || month > 12) return null
  const last = new Date(Date.UTC(full, month, 0)).getUTCDate()
  if (day > last) return null
  return new Date(Date.UTC(full, month - 1, day === 0 ? last : day)).toISOString().slice(0, 10)
}

/**
 * The elements of a string; a text says why there are none. Takes the symbology identifier or the
 * first separator away, which scanners may add.
 */
function elementsOf(code: string): Map<string, string> | string {
  let rest = code.replace(/^\](?:d2|Q3|C1|e0|J1)/, '')
  if (rest.startsWith(separator)) rest = rest.slice(1)
  const found = new Map<string, string>()
  while (rest !== '') {
    const head = rest.slice(0, 2)
    const name = rest.slice(0, digitsOfIdentifier(head))
    if (!/^\d{2,4}$/.test(name)) return 'is no GS1 element string'
    const fixed = fixedLengths[head]
    const end = fixed ?? (rest.includes(separator) ? rest.indexOf(separator) : rest.length)
    const element = rest.slice(0, end)
    if (fixed !== undefined && (element.length < fixed || element.includes(separator)))
      return `ends within the element ${name}`
    const value = element.slice(name.length)
    if (value === '') return `has the element ${name} without a value`
    if (found.has(name) && found.get(name) !== value) return `has the element ${name} twice`
    found.set(name, value)
    rest = rest.slice(end)
    if (rest.startsWith(separator)) rest = rest.slice(1)
  }
  return found
}

/** The package of a scanned code. `nowMs` tells the century of its expiry. */
export function readPackage(code: string, nowMs: number): ReadPackage {
  const elements = elementsOf(code)
  if (typeof elements === 'string') return { ok: false, field: 'code', why: elements }
  const gtin = elements.get('01')
  if (gtin === undefined) return { ok: false, field: 'gtin', why: 'is missing' }
  if (!/^\d{14}$/.test(gtin) || !hasCheckDigit(gtin))
    return { ok: false, field: 'gtin', why: 'has a wrong check digit' }
  const texts = { batch: elements.get('10') ?? null, serial: elements.get('21') ?? null }
  for (const [field, value] of Object.entries(texts) as ['batch' | 'serial', string | null][])
    if (value !== null && !textPattern.test(value))
      return {
        ok: false,
        field,
        why: 'has more than 20 characters or one that GS1 does not know; the scanner may drop separators',
      }
  const given = elements.get('17')
  const expiry = given === undefined ? null : dateOf(given, nowMs)
  if (given !== undefined && expiry === null)
    return { ok: false, field: 'expiry', why: 'is no date' }
  return { ok: true, package: { gtin, ...texts, expiry } }
}

/**
 * Is the last day over at this longitude? The time of a place is taken from the sun, so it is right
 * to about an hour, without a table of time zones in the engine.
 */
export function isExpired(expiry: string | null, nowMs: number, longitude: number): boolean {
  if (expiry === null) return false
  const localMs = nowMs + Math.round(longitude / 15) * 3_600_000
  return new Date(localMs).toISOString().slice(0, 10) > expiry
}

/** The part in which two packages differ; null for the same goods. */
export function differenceOf(
  a: Package,
  b: Package,
): 'gtin' | 'batch' | 'expiry' | 'serial' | null {
  for (const field of ['gtin', 'batch', 'expiry', 'serial'] as const)
    if (a[field] !== b[field]) return field
  return null
}
