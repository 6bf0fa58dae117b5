/**
 * The body of `location.<geohash3>`: a msgpack array of `[driver_id, frame]`. The edge copies the
 * bytes of frames that it has validated. The engine, which also hears other services, validates
 * them again with the same code.
 *
 * The edge does not decode and encode again: copying about fifty bytes costs less than either, and
 * the engine reads any msgpack number anyway.
 *
 * A driver's id stays four words and never becomes a string: at a million frames a second most of
 * the engine's garbage would be strings.
 */
import { isUuid } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import { skipValue } from './msgpack-skip.ts'
import { arrayBody, arrayLength, FrameColumns, frameBytesMax, parseFrame } from './frame-parse.ts'
import type { FrameReader } from './frames.ts'

const headerBytes = 5
const uuidLength = 36
/** Bytes before the frame of an entry that we write: array of two, str8 header, the id. */
const entryHeadBytes = 1 + 2 + uuidLength
const entryHeadWords = 10
/** Bytes that a copy by words may write after the last entry. */
const overrunBytes = 3

/**
 * All of an entry but its frame, for a driver's id (UUID text), as little-endian words. Keep it per
 * driver. The last word has one spare byte, which the frame overwrites.
 */
export function entryHead(driverId: string): Int32Array {
  if (!isUuid(driverId)) throw new TypeError(`driver id is not a UUID: ${String(driverId)}`)
  const view = new DataView(new ArrayBuffer(entryHeadWords * 4))
  view.setUint8(0, 0x92)
  view.setUint16(1, 0xd900 | uuidLength)
  for (let index = 0; index < uuidLength; index++)
    view.setUint8(3 + index, driverId.charCodeAt(index))
  return Int32Array.from({ length: entryHeadWords }, (_, word) => view.getInt32(word * 4, true))
}

/**
 * Collects entries until it is full or its owner flushes it. The buffer grows up to `bytesMax` and
 * is reused.
 */
export class LocationBatch {
  count = 0
  /** Size of the body so far, bytes. */
  byteLength = headerBytes
  readonly bytesMax: number
  #bytes!: Uint8Array
  #view!: DataView

  constructor(bytesMax: number = limits.locationBatchBytesMax) {
    this.bytesMax = bytesMax
    this.#resize(Math.min(1024, bytesMax + overrunBytes))
  }

  /**
   * Adds the frames `from` to `to` (exclusive) of the message in the reader, all of one driver, as
   * far as they fit. Returns the first frame that did not fit: call `take`, then append the rest.
   */
  append(head: Int32Array, frames: FrameReader, from: number, to: number): number {
    const { start, end, view: source } = frames
    const room = Math.min(
      this.bytesMax,
      this.byteLength + (to - from) * (entryHeadBytes + frameBytesMax),
    )
    if (room + overrunBytes > this.#bytes.length) this.#grow(room)
    const target = this.#view
    const h0 = head[0]!,
      h1 = head[1]!,
      h2 = head[2]!,
      h3 = head[3]!,
      h4 = head[4]!
    const h5 = head[5]!,
      h6 = head[6]!,
      h7 = head[7]!,
      h8 = head[8]!,
      h9 = head[9]!
    let at = this.byteLength
    let index = from
    for (; index < to; index++) {
      const entryEnd = at + entryHeadBytes + end[index]! - start[index]!
      if (entryEnd > this.bytesMax) break
      // Word by word, and without a loop for the head: 25 ns an entry, against 60 with native
      // copies.
      target.setInt32(at, h0, true)
      target.setInt32(at + 4, h1, true)
      target.setInt32(at + 8, h2, true)
      target.setInt32(at + 12, h3, true)
      target.setInt32(at + 16, h4, true)
      target.setInt32(at + 20, h5, true)
      target.setInt32(at + 24, h6, true)
      target.setInt32(at + 28, h7, true)
      target.setInt32(at + 32, h8, true)
      target.setInt32(at + 36, h9, true)
      copyWords(source, start[index]!, end[index]!, target, at + entryHeadBytes)
      at = entryEnd
    }
    this.byteLength = at
    this.count += index - from
    return index
  }

  /** The finished body. Use it before the next `append`. The batch is empty afterwards. */
  take(): Uint8Array {
    this.#view.setUint8(0, 0xdd)
    this.#view.setUint32(1, this.count)
    const body = this.#bytes.subarray(0, this.byteLength)
    this.count = 0
    this.byteLength = headerBytes
    return body
  }

  #grow(needed: number): void {
    const before = this.#bytes
    this.#resize(Math.min(this.bytesMax, Math.max(needed, before.length * 2)) + overrunBytes)
    this.#bytes.set(before)
  }

  #resize(length: number): void {
    this.#bytes = new Uint8Array(length)
    this.#view = new DataView(this.#bytes.buffer)
  }
}

/** Copies `start` to `end` and up to three bytes more, which the next entry overwrites. */
function copyWords(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  position: number,
): void {
  for (let from = start, to = position; from < end; from += 4, to += 4)
    target.setInt32(to, source.getInt32(from, true), true)
}

/**
 * Walks a body entry by entry. `next()` moves to the next good entry, or returns false at the end.
 * The fields describe that entry until the following call. It reads each byte at most three times,
 * allocates nothing per entry and never throws.
 */
export class LocationBatchReader {
  /** Entries skipped so far: an id that is not a UUID, a refused frame, or a wrong shape. */
  refused = 0
  /** Good entries so far. */
  accepted = 0
  /**
   * True when the body could not be followed to its end. Entries before that point were delivered.
   */
  broken = false
  /** True when the good entry before has the same driver, so that the look-up can be skipped. */
  sameDriver = false
  /** The place of the current entry's frame in the body. */
  frameStart = 0
  frameEnd = 0
  readonly #columns = new FrameColumns(1)
  readonly #id = new Uint32Array(4)
  #view: DataView = nothing
  #nowMs = 0
  #offset = 0
  #remaining = 0
  /**
   * Offset of the last good entry whose head has our form; -1 when the last good entry has another
   * form.
   */
  #headAt = -1

  /** The driver's UUID as four big-endian words. */
  get id0(): number {
    return this.#id[0]!
  }
  get id1(): number {
    return this.#id[1]!
  }
  get id2(): number {
    return this.#id[2]!
  }
  get id3(): number {
    return this.#id[3]!
  }
  get seq(): number {
    return this.#columns.seq[0]!
  }
  get timestampMs(): number {
    return this.#columns.timestampMs[0]!
  }
  get latitude(): number {
    return this.#columns.latitude[0]!
  }
  get longitude(): number {
    return this.#columns.longitude[0]!
  }
  /** NaN when the device did not know it. */
  get headingDeg(): number {
    return this.#columns.headingDeg[0]!
  }
  get speedMps(): number {
    return this.#columns.speedMps[0]!
  }
  get accuracyM(): number {
    return this.#columns.accuracyM[0]!
  }

  /**
   * Starts on a body. `nowMs` bounds timestamps. The bytes must not change until the last `next`.
   */
  open(bytes: Uint8Array, nowMs: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = view
    this.#nowMs = nowMs
    this.refused = 0
    this.accepted = 0
    this.#headAt = -1
    const body = arrayBody(view, 0, view.byteLength)
    this.broken = body < 0
    this.#offset = Math.max(0, body)
    this.#remaining = this.broken ? 0 : arrayLength(view, 0)
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
      const skipped = skipValue(this.#view, this.#offset, this.#view.byteLength)
      if (skipped < 0) return this.#stop()
      this.#offset = skipped
      this.refused++
    }
    if (this.#offset !== this.#view.byteLength && !this.broken) this.broken = true
    return false
  }

  #stop(): boolean {
    this.broken = true
    this.#remaining = 0
    return false
  }

  /** Offset after a good entry, or a negative number. */
  #readEntry(): number {
    const offset = this.#offset
    const same = this.#sameHead(offset)
    const frameStart = same ? offset + entryHeadBytes : this.#readHead(offset)
    if (frameStart < 0) return -1
    const frameEnd = parseFrame(
      this.#view,
      frameStart,
      this.#view.byteLength,
      this.#nowMs,
      this.#columns,
      0,
    )
    // A refused frame has overwritten the driver's id, so the next entry is compared with nothing.
    this.#headAt = frameEnd > 0 && frameStart === offset + entryHeadBytes ? offset : -1
    this.sameDriver = same
    this.frameStart = frameStart
    this.frameEnd = frameEnd
    return frameEnd
  }

  /**
   * Offset of the frame of the entry at `offset`, after reading its id; -1 when there is no head of
   * an entry.
   */
  #readHead(offset: number): number {
    const view = this.#view
    const entry = arrayBody(view, offset, view.byteLength)
    if (entry < 0 || arrayLength(view, offset) !== 2) return -1
    const text = stringBody(view, entry, view.byteLength)
    return text >= 0 && uuidWords(view, text, this.#id) ? text + uuidLength : -1
  }

  /**
   * Whether the bytes before the frame equal those of the last good entry. A message of 64 frames
   * is 64 entries of one driver, and comparing forty bytes costs an eighth of reading, hashing and
   * finding a UUID.
   */
  #sameHead(offset: number): boolean {
    const view = this.#view
    const headAt = this.#headAt
    if (headAt < 0 || offset + entryHeadWords * 4 > view.byteLength) return false
    // Compared as float64, half as many as words. The last good head is ASCII, so none of its five
    // float64 is zero or NaN, and only the same bytes are equal to it.
    return (
      view.getFloat64(offset, true) === view.getFloat64(headAt, true) &&
      view.getFloat64(offset + 8, true) === view.getFloat64(headAt + 8, true) &&
      view.getFloat64(offset + 16, true) === view.getFloat64(headAt + 16, true) &&
      view.getFloat64(offset + 24, true) === view.getFloat64(headAt + 24, true) &&
      view.getFloat64(offset + 32, true) === view.getFloat64(headAt + 32, true)
    )
  }
}

const nothing = new DataView(new ArrayBuffer(0))

/**
 * Offset of the characters of a 36-byte string at `position` that lies wholly before `end`; -1
 * otherwise.
 */
function stringBody(view: DataView, position: number, end: number): number {
  let body = -1
  if (position + 5 > end) return -1
  const type = view.getUint8(position)
  if (type === 0xd9 && view.getUint8(position + 1) === uuidLength) body = position + 2
  else if (type === 0xda && view.getUint16(position + 1) === uuidLength) body = position + 3
  else if (type === 0xdb && view.getUint32(position + 1) === uuidLength) body = position + 5
  return body >= 0 && body + uuidLength <= end ? body : -1
}

// Value of each hexadecimal digit by character code. -1 for other bytes survives any "or".
const hexValues = new Int8Array(256).fill(-1)
for (let value = 0; value < 16; value++) {
  hexValues[value.toString(16).charCodeAt(0)] = value
  hexValues[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

/** The value of four hexadecimal digits; negative when one of them is not a digit. */
function hex4(view: DataView, offset: number): number {
  const four = view.getUint32(offset)
  return (
    (hexValues[four >>> 24]! << 12) |
    (hexValues[(four >>> 16) & 0xff]! << 8) |
    (hexValues[(four >>> 8) & 0xff]! << 4) |
    hexValues[four & 0xff]!
  )
}

/**
 * Parses 36 bytes of UUID text, in either case, into four big-endian words. False when it is not a
 * UUID.
 */
function uuidWords(view: DataView, offset: number, out: Uint32Array): boolean {
  const dash = 0x2d
  if (view.getUint8(offset + 8) !== dash || view.getUint8(offset + 13) !== dash) return false
  if (view.getUint8(offset + 18) !== dash || view.getUint8(offset + 23) !== dash) return false
  const a = hex4(view, offset)
  const b = hex4(view, offset + 4)
  const c = hex4(view, offset + 9)
  const d = hex4(view, offset + 14)
  const e = hex4(view, offset + 19)
  const f = hex4(view, offset + 24)
  const g = hex4(view, offset + 28)
  const h = hex4(view, offset + 32)
  if ((a | b | c | d | e | f | g | h) < 0) return false
  out[0] = (a << 16) | b
  out[1] = (c << 16) | d
  out[2] = (e << 16) | f
  out[3] = (g << 16) | h
  return true
}
