/**
 * The location frame codec: msgpack arrays of seven numbers, decoded by hand from devices that
 * may be broken or hostile. Nothing recurses, nothing is allocated in proportion to a length that
 * the sender claims, and no input throws: a bad message is a negative number.
 *
 * Why not msgpackr: on untrusted bytes it decodes record definitions and extensions, lets NaN and
 * Infinity through, throws RangeError on deep nesting, and takes twice as long, because it builds
 * an array per frame where this writes into columns that are reused. The bytes of one frame are
 * read in `frame-parse.ts`.
 *
 * A shape that is wrong is `frame_malformed`; a number that is wrong (not finite, a fraction where
 * an integer belongs, outside its bounds) is `frame_out_of_range`. Shape is judged first.
 */
import { arrayBody, arrayLength, canonicalBytesMax, checkFields, FrameColumns, frameBytesMax, headingEndDeg, inFuture, malformed, parseFrame, tooMany } from './frame-parse.ts'
import { limits } from './limits.ts'

/** One position of a driver. Nullable fields are null when the device does not know them. */
export interface LocationFrame {
  /** uint32, counted by the device. */
  seq: number
  /** Device clock, ms since 1970, an integer up to 2^53 - 1. */
  timestampMs: number
  latitude: number
  longitude: number
  /** Clockwise from north, [0, 360). */
  headingDeg: number | null
  /** [0, 150]. */
  speedMps: number | null
  /** Radius of uncertainty, 0 to the largest float32. */
  accuracyM: number | null
}

export type FrameErrorName = 'frame_malformed' | 'frame_too_many' | 'frame_out_of_range' | 'frame_in_future'

const errorNames: readonly FrameErrorName[] = ['frame_malformed', 'frame_too_many', 'frame_out_of_range', 'frame_in_future']

/** The stable name of a negative code from `FrameReader.read` or `parseFrame`. */
export function frameErrorName(code: number): FrameErrorName {
  return errorNames[-code - 1] ?? 'frame_malformed'
}

const framesMax = limits.framesPerMessageMax
/** No message that is good is longer: an array32 of frames. */
const messageBytesMax = 5 + framesMax * frameBytesMax

/** Decodes messages into columns that the next `read` overwrites. */
export class FrameReader extends FrameColumns {
  /** Where each frame of the last message lies in `bytes`, for copying it verbatim. */
  readonly start = new Uint32Array(framesMax)
  readonly end = new Uint32Array(framesMax)
  /** Index of the frame that a failed `read` refused; its columns are filled when it was only in the future. */
  refusedIndex = 0
  /** The last message that was good, from its first byte on; what lies behind it is older. */
  readonly view = new DataView(new ArrayBuffer(messageBytesMax))
  readonly #bytes = new Uint8Array(this.view.buffer)

  constructor() {
    super(framesMax)
  }

  /**
   * Reads a message: one frame, or an array of 1 to 64. Returns how many, or a negative code for
   * `frameErrorName`; a message with one bad frame is refused whole. `nowMs` bounds timestamps.
   */
  read(bytes: Uint8Array, nowMs: number): number {
    // A copy into a view that is kept: a view of the message's own bytes takes twice as long to make.
    if (bytes.length > messageBytesMax) return this.#readView(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes.length, nowMs)
    this.#bytes.set(bytes)
    return this.#readView(this.view, bytes.length, nowMs)
  }

  #readView(view: DataView, end: number, nowMs: number): number {
    this.refusedIndex = 0
    let position = arrayBody(view, 0, end)
    if (position < 0 || position >= end) return malformed
    let count = 1
    if (isArrayHeader(view.getUint8(position))) {
      count = arrayLength(view, 0)
      if (count > framesMax) return tooMany
    } else {
      position = 0
    }
    for (let index = 0; index < count; index++) {
      const next = parseFrame(view, position, end, nowMs, this, index)
      if (next < 0) {
        this.refusedIndex = index
        // Well-formed but too early: the sender is told which number it was.
        if (next === inFuture) parseFrame(view, position, end, Infinity, this, index)
        return next
      }
      this.start[index] = position
      this.end[index] = next
      position = next
    }
    return position === end && count > 0 ? count : malformed
  }
}

function isArrayHeader(type: number): boolean {
  return (type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd
}

/** What is wrong with a frame that arrived as an object, or null. Fields of a wrong type are `frame_malformed`. */
export function checkFrame(frame: LocationFrame, nowMs: number): FrameErrorName | null {
  const { seq, timestampMs, latitude, longitude, headingDeg, speedMps, accuracyM } = frame
  // Field by field: lists of the fields were most of what encoding a frame cost.
  if (!isNumber(seq) || !isNumber(timestampMs) || !isNumber(latitude) || !isNumber(longitude)) return 'frame_malformed'
  if (!isNumberOrNull(headingDeg) || !isNumberOrNull(speedMps) || !isNumberOrNull(accuracyM)) return 'frame_malformed'
  // NaN stands for null in the columns, so a NaN that was sent must be found before.
  if (!isFiniteOrNull(headingDeg) || !isFiniteOrNull(speedMps) || !isFiniteOrNull(accuracyM)) return 'frame_out_of_range'
  if (!Number.isFinite(seq) || !Number.isFinite(timestampMs) || !Number.isFinite(latitude) || !Number.isFinite(longitude)) return 'frame_out_of_range'
  const code = checkFields(seq, timestampMs, latitude, longitude, headingDeg ?? NaN, speedMps ?? NaN, accuracyM ?? NaN, nowMs)
  return code < 0 ? frameErrorName(code) : null
}

const isNumber = (value: unknown): boolean => typeof value === 'number'
const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === 'number'
const isFiniteOrNull = (value: number | null): boolean => value === null || Number.isFinite(value)

/** Frames that are encoded one by one lie in slabs: a buffer for each is several times the work of filling it. */
const slabBytes = 8 * 1024
let slab = new Uint8Array(0)
let slabView = new DataView(slab.buffer)
let slabUsed = 0

/**
 * One frame as a message. Throws on a frame that `checkFrame` refuses, but for its time. The bytes are
 * the caller's for good, and share their buffer with other frames: keeping one keeps 8 KB.
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
 * Canonical form: uint32, three float64, three float32 or nil. The timestamp is a float64 and not
 * a uint64, because JavaScript decoders other than ours turn a uint64 into a BigInt.
 */
function writeFrame(view: DataView, position: number, frame: LocationFrame): number {
  const problem = checkFrame(frame, Infinity)
  if (problem !== null) throw new RangeError(`${problem}: ${JSON.stringify(frame)}`)
  view.setUint8(position, 0x97)
  view.setUint8(position + 1, 0xce)
  view.setUint32(position + 2, frame.seq)
  let offset = writeFloat64(view, position + 6, frame.timestampMs)
  offset = writeFloat64(view, offset, frame.latitude)
  offset = writeFloat64(view, offset, frame.longitude)
  // 359.99999 rounds up to 360 as a float32, which is out of range and means 0.
  const heading = frame.headingDeg !== null && Math.fround(frame.headingDeg) >= headingEndDeg ? 0 : frame.headingDeg
  offset = writeFloat32OrNil(view, offset, heading)
  offset = writeFloat32OrNil(view, offset, frame.speedMps)
  return writeFloat32OrNil(view, offset, frame.accuracyM)
}

function writeFloat64(view: DataView, offset: number, value: number): number {
  view.setUint8(offset, 0xcb)
  view.setFloat64(offset + 1, value)
  return offset + 9
}

function writeFloat32OrNil(view: DataView, offset: number, value: number | null): number {
  if (value === null) {
    view.setUint8(offset, 0xc0)
    return offset + 1
  }
  view.setUint8(offset, 0xca)
  view.setFloat32(offset + 1, value)
  return offset + 5
}
