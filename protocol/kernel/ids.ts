/**
 * Ids. Rows and actors have UUIDv7 (RFC 9562), which sort by creation time and so keep indexes
 * warm. Tracking tokens and tickets must not be guessed, so they are 128 random bits instead.
 */

/** A UUID of any version, in either case. */
export const uuidPattern =
  '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'
const uuidRegExp = new RegExp(uuidPattern)

/** Is it the text of a UUID? */
export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && uuidRegExp.test(value)

/** The two hexadecimal digits of each byte. */
const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const pair = (n: number, shift: number): string => pairs[(n >>> shift) & 0xff]!

/**
 * A UUIDv7 from a time in ms and a source of random numbers in [0, 1). The source is a parameter,
 * so that the ids of the simulator come from its seed.
 */
export function uuidV7(nowMs: number, random: () => number): string {
  const high = Math.floor(nowMs / 2 ** 32)
  const low = nowMs % 2 ** 32
  const a = 0x7000 | Math.floor(random() * 0x1000)
  const b = 0x8000 | Math.floor(random() * 0x4000)
  const c = Math.floor(random() * 0x1000000)
  const d = Math.floor(random() * 0x1000000)
  return (
    pair(high, 8) +
    pair(high, 0) +
    pair(low, 24) +
    pair(low, 16) +
    '-' +
    pair(low, 8) +
    pair(low, 0) +
    '-' +
    pair(a, 8) +
    pair(a, 0) +
    '-' +
    pair(b, 8) +
    pair(b, 0) +
    '-' +
    pair(c, 16) +
    pair(c, 8) +
    pair(c, 0) +
    pair(d, 16) +
    pair(d, 8) +
    pair(d, 0)
  )
}

/** The creation time of a UUIDv7, in ms since the epoch. */
export const uuidTimeMs = (id: string): number =>
  Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/**
 * 'ORD-' and eight characters without look-alikes (Crockford base 32), from the id's random bits.
 */
export function orderNumber(orderId: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  // The last ten digits contain no dash. They are 40 bits, read as two numbers that fit into 32.
  const high = Number.parseInt(orderId.slice(-10, -5), 16)
  const low = Number.parseInt(orderId.slice(-5), 16)
  let out = 'ORD-'
  for (let shift = 15; shift >= 0; shift -= 5) out += alphabet[(high >> shift) & 31]
  for (let shift = 15; shift >= 0; shift -= 5) out += alphabet[(low >> shift) & 31]
  return out
}
