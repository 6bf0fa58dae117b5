/**
 * Maps 128-bit ids to dense driver numbers by open addressing over typed arrays. A location names
 * its driver by UUID, and everything behind this table is an array indexed by number.
 *
 * Rejected: a Map keyed by string. It takes 100 B and more per driver, and a string per frame to
 * look it up. Rejected: a mixer that is cheaper than SipHash. Ids come from other services, and for
 * any mixer without a key (and for murmur with any key) one can write down ids that all collide.
 * This is HalfSipHash-1-3 under a key from the environment's randomness; it takes about 20 ns.
 *
 * Memory per driver: 16 B for the id, in pages that are never copied, and 5.3 to 8 B of slots at a
 * load of 0.5 to 0.75: 21 to 24 B together. The table grows by half, not to the double, and
 * rehashes all slots at once. A hash finds its slot by a product and not by a mask (Lemire, "Fast
 * random integer generation in an interval", 2019), so any number of slots works.
 *
 * A removal closes the gap in the slots at once (backward shift). Tombstones would fill the table
 * with every driver that ever existed. The number goes to the next new id.
 */
import { halfSipHash } from './half-sip-hash.ts'

const pageBits = 12
const pageIds = 1 << pageBits
const pageMask = pageIds - 1
const empty = -1

/**
 * Numbers ids from 0 in the order in which they are added; numbers of removed ids go first. Ids are
 * four big-endian uint32 words.
 */
export class IdTable {
  /** Number of ids in the table. */
  count = 0
  /** All numbers ever given out are below this. */
  numberEnd = 0
  readonly countMax: number
  readonly #key0: number
  readonly #key1: number
  readonly #pages: Uint32Array[] = []
  /** Numbers below the end that no id has. */
  readonly #free = new Set<number>()
  #slots: Int32Array = new Int32Array(1024).fill(empty)

  /** `seed0` and `seed1` are 32 random bits each; they should differ from process to process. */
  constructor(seed0: number, seed1: number, countMax: number = 2 ** 24) {
    this.#key0 = seed0 | 0
    this.#key1 = seed1 | 0
    this.countMax = countMax
  }

  /** Bytes held by the arrays. */
  get byteLength(): number {
    return this.#pages.length * pageIds * 16 + this.#slots.byteLength
  }

  /** The number of an id, or -1 when it has none. */
  numberOf(id0: number, id1: number, id2: number, id3: number): number {
    return this.#slots[this.#slotOf(id0, id1, id2, id3)]!
  }

  /** The number of an id, given out now if it had none; -1 when the table is full. */
  add(id0: number, id1: number, id2: number, id3: number): number {
    const slot = this.#slotOf(id0, id1, id2, id3)
    const known = this.#slots[slot]!
    if (known !== empty) return known
    if (this.count >= this.countMax) return empty
    const number = this.#nextNumber()
    this.count++
    const page = this.#pages[number >> pageBits]!
    const at = (number & pageMask) * 4
    page[at] = id0
    page[at + 1] = id1
    page[at + 2] = id2
    page[at + 3] = id3
    this.#slots[slot] = number
    if (this.count * 4 > this.#slots.length * 3) this.#growSlots()
    return number
  }

  has(number: number): boolean {
    return number >= 0 && number < this.numberEnd && !this.#free.has(number)
  }

  /** Removes an id. Its number may be given to another id from now on. */
  remove(number: number): void {
    if (!this.has(number)) return
    const slots = this.#slots
    const { length } = slots
    const after = (slot: number): number => (slot + 1 === length ? 0 : slot + 1)
    const behind = (slot: number, other: number): number =>
      slot >= other ? slot - other : slot - other + length
    let gap = this.#homeOf(number)
    while (slots[gap] !== number) gap = after(gap)
    // An id behind the gap that belongs at the gap or before it moves up; otherwise it would not be
    // found again.
    for (let slot = after(gap); slots[slot] !== empty; slot = after(slot)) {
      if (behind(slot, this.#homeOf(slots[slot]!)) < behind(slot, gap)) continue
      slots[gap] = slots[slot]!
      gap = slot
    }
    slots[gap] = empty
    this.#free.add(number)
    this.count--
  }

  #nextNumber(): number {
    for (const number of this.#free) {
      this.#free.delete(number)
      return number
    }
    if ((this.numberEnd & pageMask) === 0) this.#pages.push(new Uint32Array(pageIds * 4))
    return this.numberEnd++
  }

  /** The id of a number as lowercase UUID text; empty for a number that is not given out. */
  idString(number: number): string {
    if (!this.has(number)) return ''
    const page = this.#pages[number >> pageBits]!
    const at = (number & pageMask) * 4
    let hex = ''
    for (let word = 0; word < 4; word++) hex += page[at + word]!.toString(16).padStart(8, '0')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  /**
   * Largest number of slots that a look-up of a known id visits. It walks the whole table, and is
   * for tests.
   */
  longestProbe(): number {
    const { length } = this.#slots
    let longest = 0
    for (let slot = 0; slot < length; slot++) {
      const number = this.#slots[slot]!
      if (number === empty) continue
      const home = this.#homeOf(number)
      longest = Math.max(longest, (slot >= home ? slot - home : slot - home + length) + 1)
    }
    return longest
  }

  /** The slot where the search for a known number's id begins. */
  #homeOf(number: number, length: number = this.#slots.length): number {
    const page = this.#pages[number >> pageBits]!
    const at = (number & pageMask) * 4
    return slotIn(
      length,
      halfSipHash(this.#key0, this.#key1, page[at]!, page[at + 1]!, page[at + 2]!, page[at + 3]!),
    )
  }

  /** The slot that holds the id, or the empty slot where it belongs. */
  #slotOf(id0: number, id1: number, id2: number, id3: number): number {
    const slots = this.#slots
    const { length } = slots
    let slot = slotIn(length, halfSipHash(this.#key0, this.#key1, id0, id1, id2, id3))
    for (;;) {
      const number = slots[slot]!
      if (number === empty) return slot
      const page = this.#pages[number >> pageBits]!
      const at = (number & pageMask) * 4
      // Time-ordered ids differ most in their last words, so compare those first.
      if (
        page[at + 3] === id3 >>> 0 &&
        page[at + 2] === id2 >>> 0 &&
        page[at + 1] === id1 >>> 0 &&
        page[at] === id0 >>> 0
      ) {
        return slot
      }
      if (++slot === length) slot = 0
    }
  }

  #growSlots(): void {
    const length = Math.ceil(this.#slots.length * 1.5)
    const slots = new Int32Array(length).fill(empty)
    for (let number = 0; number < this.numberEnd; number++) {
      if (this.#free.has(number)) continue
      let slot = this.#homeOf(number, length)
      while (slots[slot] !== empty) if (++slot === length) slot = 0
      slots[slot] = number
    }
    this.#slots = slots
  }
}

/** The slot for a 32-bit hash, evenly over `length` slots. */
const slotIn = (length: number, hash: number): number =>
  Math.floor(((hash >>> 0) * length) / 2 ** 32)

const dash = 0x2d

/**
 * Parses UUID text of 36 characters, in either case, into four big-endian words. False when the
 * text is no UUID; then `out` has no meaning.
 */
export function parseUuid(text: string, out: Uint32Array): boolean {
  if (text.length !== 36) return false
  let word = 0
  let digits = 0
  for (let index = 0; index < 36; index++) {
    const code = text.charCodeAt(index)
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (code !== dash) return false
      continue
    }
    const digit = hexDigit(code)
    if (digit < 0) return false
    word = (word << 4) | digit
    if ((++digits & 7) === 0) out[(digits >> 3) - 1] = word
  }
  return true
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
