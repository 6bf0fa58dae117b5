/**
 * The codec of location frames: msgpack arrays of seven numbers, decoded by hand, from devices that
 * may be broken or hostile. Nothing recurses. Nothing is allocated in proportion to a length that
 * the sender claims. No input throws: a bad message gives a negative number.
 *
 * Rejected: msgpackr. On untrusted bytes it decodes record definitions and extensions, lets NaN and
 * Infinity through, and throws RangeError on deep nesting. It also takes twice as long, because it
 * builds an array per frame; this codec writes into columns that are reused. `frame-parse.ts` reads
 * the bytes of one frame.
 *
 * A wrong shape is `frame_malformed`. A wrong number of position or time (not finite, or outside
 * its bounds) is `frame_out_of_range`. The shape is judged first. Either refuses its own frame, not
 * its neighbours.
 */
import {
  accuracyOf,
  arrayBody,
  arrayLength,
  canonicalBytesMax,
  checkFields,
  FrameColumns,
  headingOf,
  malformed,
  parseFrame,
  speedOf,
  tooMany,
} from './frame-parse.ts'
import { skipValue } from './msgpack-skip.ts'
import { limits } from '../kernel/limits.ts'

/** One position of a driver. Nullable fields are null when the device does not know them. */
export interface LocationFrame {
  /** Sequence number of the device, a uint32. */
  seq: number
  /** Device clock, ms since 1970, an integer up to 2^53 - 1. */
  timestampMs: number
  latitude: number
  longitude: number
  /** Degrees clockwise from north, [0, 360). */
  headingDeg: number | null
  /** Metres per second, [0, 150]. */
  speedMps: number | null
  /** Radius of uncertainty in metres, 0 to the largest float32. */
  accuracyM: number | null
}

export type FrameErrorName =
  | 'frame_malformed'
  | 'frame_too_many'
  | 'frame_out_of_range'
  | 'frame_in_future'

const errorNames: readonly FrameErrorName[] = [
  'frame_malformed',
  'frame_too_many',
  'frame_out_of_range',
  'frame_in_future',
]

/** The stable name of a negative code from `FrameReader.read` or `parseFrame`. */
export function frameErrorName(code: number): FrameErrorName {
  return errorNames[-code - 1] ?? 'frame_malformed'
}

const framesMax = limits.framesPerMessageMax
/**
 * Longest message, bytes: an array32 of frames, with room for a text of a hundred characters in
 * place of a number.
 */
const messageBytesMax = 5 + framesMax * 176

/** Decodes messages into columns that the next `read` overwrites. */
export class FrameReader extends FrameColumns {
  /** The place of each frame of the last message in `bytes`, for copying it verbatim. */
  readonly start = new Uint32Array(framesMax)
  readonly end = new Uint32Array(framesMax)
  /**
   * Of the last message: the number of refused frames, the code of the first of them, and its place
   * in the message.
   */
  refused = 0
  refusedCode = 0
  refusedIndex = 0
  /**
   * The sequence number of that frame, and the highest one of all refused frames; -1 when none of
   * them had one.
   */
  refusedSeq = -1
  refusedSeqLast = -1
  /**
   * The last good message from its first byte on. After `messageBytesMax` follow the frames that
   * were written anew.
   */
  readonly view = new DataView(new ArrayBuffer(messageBytesMax + framesMax * canonicalBytesMax + 4))
  readonly #bytes = new Uint8Array(this.view.buffer)

  constructor() {
    super(framesMax)
  }

  /**
   * Reads a message: one frame, or an array of 1 to 64. Returns the number of good frames, which
   * are then the first entries of the columns. A wrong position or time refuses only its own frame.
   * Returns a negative code for `frameErrorName` when no frame is good or the bytes cannot be
   * followed. `nowMs` bounds timestamps.
   */
  read(bytes: Uint8Array, nowMs: number): number {
    if (bytes.length > messageBytesMax) {
      const count = this.#readView(
        new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        bytes.length,
        nowMs,
      )
      return count < 0 ? count : malformed
    }
    // Copy into a view that is kept. Making a view of the message's own bytes takes twice as long.
    this.#bytes.set(bytes)
    return this.#readView(this.view, bytes.length, nowMs)
  }

  #readView(view: DataView, end: number, nowMs: number): number {
    this.refused = 0
    this.refusedIndex = 0
    this.refusedSeq = this.refusedSeqLast = -1
    let position = arrayBody(view, 0, end)
    if (position < 0 || position >= end) return this.#refuseAll(malformed)
    let count = 1
    if (isArrayHeader(view.getUint8(position))) {
      count = arrayLength(view, 0)
      if (count > framesMax) return this.#refuseAll(tooMany)
    } else {
      position = 0
    }
    let good = 0
    for (let index = 0; index < count; index++) {
      const next = parseFrame(view, position, end, nowMs, this, good)
      if (next < 0) {
        const after = skipValue(view, position, end)
        if (after < 0) return this.#refuseAll(malformed)
        this.#refuse(next, index, this.refusedNumber)
        position = after
        continue
      }
      this.start[good] = position
      this.end[good] = next
      if (this.normalised) this.#rewrite(good)
      position = next
      good++
    }
    if (position !== end || count === 0) return this.#refuseAll(malformed)
    return good > 0 ? good : this.refusedCode
  }

  #refuse(code: number, index: number, seq: number): void {
    if (seq > this.refusedSeqLast) this.refusedSeqLast = seq
    if (this.refused++ > 0) return
    this.refusedCode = code
    this.refusedIndex = index
    this.refusedSeq = seq
  }

  /** Bytes that cannot be followed contain no number that could be acknowledged. */
  #refuseAll(code: number): number {
    this.refused = 1
    this.refusedCode = code
    this.refusedSeq = this.refusedSeqLast = -1
    return code
  }

  /**
   * Writes the frame anew, so that a copy of it has the normalised values and not the original
   * ones.
   */
  #rewrite(index: number): void {
    this.normalised = false
    const start = messageBytesMax + index * canonicalBytesMax
    const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
    this.start[index] = start
    this.end[index] = writeFrame(this.view, start, {
      seq: this.seq[index]!,
      timestampMs: this.timestampMs[index]!,
      latitude: this.latitude[index]!,
      longitude: this.longitude[index]!,
      headingDeg: orNull(this.headingDeg[index]!),
      speedMps: orNull(this.speedMps[index]!),
      accuracyM: orNull(this.accuracyM[index]!),
    })
  }
}

function isArrayHeader(type: number): boolean {
  return (type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd
}

/**
 * The error in the position or time of a frame that arrived as an object, or null. A field of a
 * wrong type is `frame_malformed`. Impossible values of the other fields count as unknown and are
 * left out when the frame is encoded.
 */
export function checkFrame(frame: LocationFrame, nowMs: number): FrameErrorName | null {
  const { seq, timestampMs, latitude, longitude } = frame
  // Field by field, because loops over lists of fields were most of the cost of encoding.
  if (!isNumber(seq) || !isNumber(timestampMs) || !isNumber(latitude) || !isNumber(longitude))
    return 'frame_malformed'
  if (
    !Number.isFinite(seq) ||
    !Number.isFinite(timestampMs) ||
    !Number.isFinite(latitude) ||
    !Number.isFinite(longitude)
  )
    return 'frame_out_of_range'
  const code = checkFields(seq, timestampMs, latitude, longitude, nowMs)
  return code < 0 ? frameErrorName(code) : null
}

const isNumber = (value: unknown): boolean => typeof value === 'number'

/**
 * Slab for frames that are encoded one by one. A buffer for each frame costs several times the work
 * of filling it.
 */
const slabBytes = 8 * 1024
let slab = new Uint8Array(0)
let slabView = new DataView(slab.buffer)
let slabUsed = 0

/**
 * One frame as a message. Throws on a frame that `checkFrame` refuses, except for its time. The
 * caller owns the bytes, which share their buffer with other frames: keeping one frame keeps 8 KB.
 */
export function encodeFrame(frame: LocationFrame): Uint8Array {
  if (slabUsed + canonicalBytesMax > slab.length) {
    slab = new Uint8Array(slabBytes)
    slabView = new DataView(slab.buffer)
    slabUsed = 0
  }
  const start = slabUsed
  slabUsed = writeFrame(slabView, start, frame)
  return slab.subarray(start, slabUsed)
}

/** 1 to 64 frames as one message, oldest first. Throws as `encodeFrame` does. */
export function encodeFrames(frames: readonly LocationFrame[]): Uint8Array {
  if (frames.length < 1 || frames.length > framesMax) {
    throw new RangeError(`frame_too_many: ${frames.length} frames, 1 to ${framesMax} fit a message`)
  }
  const view = new DataView(new ArrayBuffer(3 + frames.length * canonicalBytesMax))
  let offset = 1
  if (frames.length < 16) {
    view.setUint8(0, 0x90 | frames.length)
  } else {
    view.setUint8(0, 0xdc)
    view.setUint16(1, frames.length)
    offset = 3
  }
  for (const frame of frames) offset = writeFrame(view, offset, frame)
  return new Uint8Array(view.buffer, 0, offset)
}

/**
 * Writes the canonical form: uint32, three float64, three times a float32 or nil. The timestamp is
 * a float64 and not a uint64, because other JavaScript decoders turn a uint64 into a BigInt.
 */
function writeFrame(view: DataView, position: number, frame: LocationFrame): number {
  const problem = checkFrame(frame, Infinity)
  if (problem !== null) throw new RangeError(`${problem}: ${JSON.stringify(frame)}`)
  view.setUint8(position, 0x97)
  view.setUint8(position + 1, 0xce)
  view.setUint32(position + 2, frame.seq)
  let offset = writeFloat64(view, position + 6, Math.floor(frame.timestampMs))
  offset = writeFloat64(view, offset, frame.latitude)
  offset = writeFloat64(view, offset, frame.longitude)
  // 359.99999 rounds up to 360 as a float32, which means 0.
  offset = writeFloat32OrNil(view, offset, headingOf(rounded(frame.headingDeg)))
  offset = writeFloat32OrNil(view, offset, speedOf(rounded(frame.speedMps)))
  return writeFloat32OrNil(view, offset, accuracyOf(rounded(frame.accuracyM)))
}

/** The value as a float32; NaN when it is not a number. */
const rounded = (value: unknown): number => (typeof value === 'number' ? Math.fround(value) : NaN)

function writeFloat64(view: DataView, offset: number, value: number): number {
  view.setUint8(offset, 0xcb)
  view.setFloat64(offset + 1, value)
  return offset + 9
}

/** Writes nil for NaN. */
function writeFloat32OrNil(view: DataView, offset: number, value: number): number {
  if (Number.isNaN(value)) {
    view.setUint8(offset, 0xc0)
    return offset + 1
  }
  view.setUint8(offset, 0xca)
  view.setFloat32(offset + 1, value)
  return offset + 5
}
