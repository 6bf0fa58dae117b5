/**
 * The body of `location.<geohash3>`: a msgpack array of `[driver_id, frame]`. The edge copies the
 * bytes of frames that it has validated; the engine, which also hears other services, validates
 * them again with the same code.
 *
 * Why not decode and re-encode at the edge: a copy of some fifty bytes costs less than either, and
 * the engine reads any msgpack number anyway.
 * Why a driver's id stays four words and never becomes a string: at a million frames a second the
 * strings would be the engine's largest product.
 */
import { isUuid } from './ids.ts'
import { limits } from './limits.ts'
import { arrayBody, arrayLength, FrameColumns, parseFrame } from './frames.ts'

const headerBytes = 5
const uuidLength = 36

/** A driver's id (UUID text) as the msgpack string that `LocationBatch.append` takes; keep it per driver. */
export function encodeDriverId(id: string): Uint8Array {
  if (!isUuid(id)) throw new TypeError(`driver id is not a UUID: ${String(id)}`)
  const bytes = new Uint8Array(2 + uuidLength)
  bytes[0] = 0xd9
  bytes[1] = uuidLength
  for (let index = 0; index < uuidLength; index++) bytes[2 + index] = id.charCodeAt(index)
  return bytes
}

/** Collects entries until it is full or its owner flushes it. The buffer grows up to `bytesMax` and is reused. */
export class LocationBatch {
  count = 0
  /** Size of the body so far, bytes. */
  byteLength = headerBytes
  readonly bytesMax: number
  #bytes: Uint8Array

  constructor(bytesMax: number = limits.locationBatchBytesMax) {
    this.bytesMax = bytesMax
    this.#bytes = new Uint8Array(Math.min(1024, bytesMax))
  }

  /**
   * Adds the frame at `start` to `end` of `bytes`, as `FrameReader` found it. False, and nothing
   * is added, when it does not fit: `take` first, then append again.
   */
  append(driverId: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
    const needed = this.byteLength + 1 + driverId.length + end - start
    if (needed > this.bytesMax) return false
    if (needed > this.#bytes.length) this.#grow(needed)
    const target = this.#bytes
    let offset = this.byteLength
    target[offset++] = 0x92
    target.set(driverId, offset)
    offset += driverId.length
    // Native copies: a loop over some ninety bytes takes up to three times as long.
    target.set(end - start === bytes.length ? bytes : bytes.subarray(start, end), offset)
    this.byteLength = offset + end - start
    this.count++
    return true
  }

  /** The finished body, a copy of its own; the batch is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes
    bytes[0] = 0xdd
    bytes[1] = this.count >>> 24
    bytes[2] = this.count >>> 16
    bytes[3] = this.count >>> 8
    bytes[4] = this.count
    const body = bytes.slice(0, this.byteLength)
    this.count = 0
    this.byteLength = headerBytes
    return body
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.min(this.bytesMax, Math.max(needed, this.#bytes.length * 2)))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

/**
 * Walks a body entry by entry. `next()` stands on the next good entry or returns false at the end;
 * the fields then describe that entry until the following call. Whatever the bytes are, it reads
 * each at most twice, allocates nothing and does not throw.
 */
export class LocationBatchReader {
  /** Entries skipped so far: a driver id that is no UUID, a frame that is refused, a wrong shape. */
  refused = 0
  /** Good entries so far. */
  accepted = 0
  /** True when the body could not be followed to its end; entries before that point were delivered. */
  broken = false
  /** Where the current entry's frame lies in the body. */
  frameStart = 0
  frameEnd = 0
  readonly #columns = new FrameColumns(1)
  readonly #id = new Uint32Array(4)
  #bytes: Uint8Array = new Uint8Array(0)
  #nowMs = 0
  #offset = 0
  #remaining = 0

  /** The driver's UUID as four big-endian words. */
  get id0(): number { return this.#id[0]! }
  get id1(): number { return this.#id[1]! }
  get id2(): number { return this.#id[2]! }
  get id3(): number { return this.#id[3]! }
  get seq(): number { return this.#columns.seq[0]! }
  get timestampMs(): number { return this.#columns.timestampMs[0]! }
  get latitude(): number { return this.#columns.latitude[0]! }
  get longitude(): number { return this.#columns.longitude[0]! }
  /** NaN when the device did not know. */
  get headingDeg(): number { return this.#columns.headingDeg[0]! }
  get speedMps(): number { return this.#columns.speedMps[0]! }
  get accuracyM(): number { return this.#columns.accuracyM[0]! }

  /** Starts on a body; `nowMs` bounds timestamps. The bytes must stay unchanged until the last `next`. */
  open(bytes: Uint8Array, nowMs: number): void {
    this.#bytes = bytes
    this.#nowMs = nowMs
    this.refused = 0
    this.accepted = 0
    const body = arrayBody(bytes, 0, bytes.length)
    this.broken = body < 0
    this.#offset = Math.max(0, body)
    this.#remaining = this.broken ? 0 : arrayLength(bytes, 0)
  }

  /** Moves to the next good entry. */
  next(): boolean {
    while (this.#remaining > 0) {
      this.#remaining--
      const end = this.#readEntry()
      if (end > 0) {
        this.#offset = end
        this.accepted++
        return true
      }
      const skipped = skipValue(this.#bytes, this.#offset, this.#bytes.length)
      if (skipped < 0) return this.#stop()
      this.#offset = skipped
      this.refused++
    }
    if (this.#offset !== this.#bytes.length && !this.broken) this.broken = true
    return false
  }

  #stop(): boolean {
    this.broken = true
    this.#remaining = 0
    return false
  }

  /** Offset after a good entry, or a negative number. */
  #readEntry(): number {
    const bytes = this.#bytes
    const entry = arrayBody(bytes, this.#offset, bytes.length)
    if (entry < 0 || arrayLength(bytes, this.#offset) !== 2) return -1
    const text = stringBody(bytes, entry, bytes.length)
    if (text < 0 || !uuidWords(bytes, text, this.#id)) return -1
    this.frameStart = text + uuidLength
    this.frameEnd = parseFrame(bytes, this.frameStart, bytes.length, this.#nowMs, this.#columns, 0)
    return this.frameEnd
  }
}

/** Offset of the characters of a 36-byte string at `position` that lies wholly before `end`, or -1. */
function stringBody(bytes: Uint8Array, position: number, end: number): number {
  let body = -1
  if (position + 5 > end) return -1
  const type = bytes[position]!
  if (type === 0xd9 && bytes[position + 1] === uuidLength) body = position + 2
  else if (type === 0xda && bytes[position + 1] === 0 && bytes[position + 2] === uuidLength) body = position + 3
  else if (type === 0xdb && lengthIs36(bytes, position)) body = position + 5
  return body >= 0 && body + uuidLength <= end ? body : -1
}

function lengthIs36(bytes: Uint8Array, position: number): boolean {
  return (bytes[position + 1]! | bytes[position + 2]! | bytes[position + 3]!) === 0 && bytes[position + 4] === uuidLength
}

// Value of each hexadecimal digit by character code; -1, which survives any "or", for other bytes.
const hexValues = new Int8Array(256).fill(-1)
for (let value = 0; value < 16; value++) {
  hexValues[value.toString(16).charCodeAt(0)] = value
  hexValues[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

/** Four hexadecimal digits, negative when one of them is not. */
function hex4(bytes: Uint8Array, offset: number): number {
  return (
    (hexValues[bytes[offset]!]! << 12) |
    (hexValues[bytes[offset + 1]!]! << 8) |
    (hexValues[bytes[offset + 2]!]! << 4) |
    hexValues[bytes[offset + 3]!]!
  )
}

/** Parses 36 bytes of UUID text, either case, into four big-endian words; false when it is not one. */
function uuidWords(bytes: Uint8Array, offset: number, out: Uint32Array): boolean {
  const dash = 0x2d
  if (bytes[offset + 8] !== dash || bytes[offset + 13] !== dash || bytes[offset + 18] !== dash || bytes[offset + 23] !== dash) {
    return false
  }
  const a = hex4(bytes, offset)
  const b = hex4(bytes, offset + 4)
  const c = hex4(bytes, offset + 9)
  const d = hex4(bytes, offset + 14)
  const e = hex4(bytes, offset + 19)
  const f = hex4(bytes, offset + 24)
  const g = hex4(bytes, offset + 28)
  const h = hex4(bytes, offset + 32)
  if ((a | b | c | d | e | f | g | h) < 0) return false
  out[0] = (a << 16) | b
  out[1] = (c << 16) | d
  out[2] = (e << 16) | f
  out[3] = (g << 16) | h
  return true
}

/**
 * Offset after the msgpack value at `position`, whatever it is, or -1 when the bytes end first or
 * hold the one type byte that msgpack never uses. Nesting is a count of values still owed and not
 * a stack; every value owed takes a byte, so a count above the bytes left is a lie.
 */
function skipValue(bytes: Uint8Array, position: number, end: number): number {
  let offset = position
  let owed = 1
  while (owed > 0) {
    if (owed > end - offset) return -1
    owed--
    const type = bytes[offset++]!
    if (type <= 0x7f || type >= 0xe0 || type === 0xc0 || type === 0xc2 || type === 0xc3) continue
    if (type === 0xc1) return -1
    if (type <= 0x8f) owed += (type & 0x0f) * 2
    else if (type <= 0x9f) owed += type & 0x0f
    else if (type <= 0xbf) offset += type & 0x1f
    else if (type >= 0xca && type <= 0xd3) offset += scalarWidths[type - 0xca]!
    else if (type >= 0xd4 && type <= 0xd8) offset += 1 + (1 << (type - 0xd4))
    else {
      const width = lengthWidths[type - 0xc4]!
      if (offset + width > end) return -1
      let length = 0
      for (let index = 0; index < width; index++) length = length * 256 + bytes[offset++]!
      if (type >= 0xde) owed += length * 2
      else if (type >= 0xdc) owed += length
      else offset += length + (type >= 0xc7 && type <= 0xc9 ? 1 : 0)
    }
  }
  return offset <= end ? offset : -1
}

/** float32 float64 uint8..64 int8..64. */
const scalarWidths = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]
/** Bytes of the length after each type from 0xc4: bin, ext, then str, array and map at their places. */
const lengthWidths = [1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4]
