/**
 * The location frame codec: msgpack arrays of seven numbers, decoded by hand from devices that
 * may be broken or hostile. Nothing recurses, nothing is allocated in proportion to a length that
 * the sender claims, and no input throws: a bad message is a negative number.
 *
 * Why not msgpackr: on untrusted bytes it decodes record definitions and extensions, lets NaN and
 * Infinity through, throws RangeError on deep nesting, and takes twice as long, because it builds
 * an array per frame where this writes into columns that are reused.
 *
 * A shape that is wrong is `frame_malformed`; a number that is wrong (not finite, a fraction where
 * an integer belongs, outside its bounds) is `frame_out_of_range`. Shape is judged first.
 */
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

const malformed = -1
const tooMany = -2
const outOfRange = -3
const inFuture = -4
const errorNames: readonly FrameErrorName[] = ['frame_malformed', 'frame_too_many', 'frame_out_of_range', 'frame_in_future']

/** The stable name of a negative code from `FrameReader.read` or `parseFrame`. */
export function frameErrorName(code: number): FrameErrorName {
  return errorNames[-code - 1] ?? 'frame_malformed'
}

const seqMax = 0xffff_ffff
const headingEndDeg = 360
const speedMpsMax = 150
const accuracyMMax = 3.4028234663852886e38
const framesMax = limits.framesPerMessageMax
/** Longest canonical frame: header, uint32, three float64, three float32. */
const frameBytesMax = 1 + 5 + 9 + 9 + 9 + 5 + 5 + 5

/** Struct of arrays for decoded frames; NaN stands for nil. */
export class FrameColumns {
  readonly seq: Uint32Array
  readonly timestampMs: Float64Array
  readonly latitude: Float64Array
  readonly longitude: Float64Array
  readonly headingDeg: Float64Array
  readonly speedMps: Float64Array
  readonly accuracyM: Float64Array

  constructor(length: number) {
    this.seq = new Uint32Array(length)
    this.timestampMs = new Float64Array(length)
    this.latitude = new Float64Array(length)
    this.longitude = new Float64Array(length)
    this.headingDeg = new Float64Array(length)
    this.speedMps = new Float64Array(length)
    this.accuracyM = new Float64Array(length)
  }
}

/** Decodes messages into columns that the next `read` overwrites. */
export class FrameReader extends FrameColumns {
  /** Where each frame lies in the bytes just read, for copying it verbatim. */
  readonly start = new Uint32Array(framesMax)
  readonly end = new Uint32Array(framesMax)
  /** Index of the frame that a failed `read` refused. */
  refusedIndex = 0

  constructor() {
    super(framesMax)
  }

  /**
   * Reads a message: one frame, or an array of 1 to 64. Returns how many, or a negative code for
   * `frameErrorName`; a message with one bad frame is refused whole. `nowMs` bounds timestamps.
   */
  read(bytes: Uint8Array, nowMs: number): number {
    this.refusedIndex = 0
    const end = bytes.length
    let position = arrayBody(bytes, 0, end)
    if (position < 0 || position >= end) return malformed
    const count = isArrayHeader(bytes[position]!) ? arrayLength(bytes, 0) : 1
    if (isArrayHeader(bytes[position]!)) {
      if (count > framesMax) return tooMany
    } else {
      position = 0
    }
    for (let index = 0; index < count; index++) {
      const next = parseFrame(bytes, position, end, nowMs, this, index)
      if (next < 0) {
        this.refusedIndex = index
        return next
      }
      this.start[index] = position
      this.end[index] = next
      position = next
    }
    return position === end && count > 0 ? count : malformed
  }
}

/** Offset of the first element of the array at `position`, or -1 when no array header is there. */
export function arrayBody(bytes: Uint8Array, position: number, end: number): number {
  if (position >= end) return -1
  const type = bytes[position]!
  if ((type & 0xf0) === 0x90) return position + 1
  if (type === 0xdc) return position + 3 <= end ? position + 3 : -1
  if (type === 0xdd) return position + 5 <= end ? position + 5 : -1
  return -1
}

/** Claimed length of the array whose header `arrayBody` has found at `position`. */
export function arrayLength(bytes: Uint8Array, position: number): number {
  const type = bytes[position]!
  if (type === 0xdc) return (bytes[position + 1]! << 8) | bytes[position + 2]!
  if (type === 0xdd) return uint32(bytes, position + 1)
  return type & 0x0f
}

function isArrayHeader(type: number): boolean {
  return (type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd
}

function uint32(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>> 0
  )
}

// Floats are assembled here, from words: a DataView per message would be an allocation per message.
const float64 = new Float64Array(1)
const float32 = new Float32Array(float64.buffer)
const words = new Int32Array(float64.buffer)
float64[0] = -0
const highWord = words[0] === 0 ? 1 : 0
const fields = new Float64Array(7)

/**
 * Decodes the frame at `position` into entry `index` of `columns`. Returns the offset after it or
 * a negative code. Needs no more than `end` and never reads past it.
 */
export function parseFrame(
  bytes: Uint8Array,
  position: number,
  end: number,
  nowMs: number,
  columns: FrameColumns,
  index: number,
): number {
  let offset = arrayBody(bytes, position, end)
  if (offset < 0 || arrayLength(bytes, position) !== 7) return malformed
  // Infinity minus itself is not zero, and neither is NaN: stays 0 while every number is finite.
  let excess = 0
  for (let field = 0; field < 7; field++) {
    if (offset >= end) return malformed
    const type = bytes[offset++]!
    let value = type
    if (type === 0xcb) {
      // First and in place, because three or more of the seven are float64.
      if (offset + 8 > end) return malformed
      words[highWord] = uint32(bytes, offset)
      words[1 - highWord] = uint32(bytes, offset + 4)
      value = float64[0]!
      offset += 8
      excess += value - value
    } else if (type >= 0xe0) value = type - 256
    else if (type === 0xc0) {
      if (field < 4) return malformed
      fields[field] = NaN
      continue
    } else if (type >= 0x80) {
      const width = numberWidth(type)
      if (width === 0 || offset + width > end) return malformed
      value = numberAt(bytes, offset, type)
      offset += width
      excess += value - value
    }
    fields[field] = value
  }
  if (excess !== 0) return outOfRange
  const code = checkFields(fields[0]!, fields[1]!, fields[2]!, fields[3]!, fields[4]!, fields[5]!, fields[6]!, nowMs)
  if (code < 0) return code
  columns.seq[index] = fields[0]!
  // Adding zero turns -0 into 0.
  columns.timestampMs[index] = fields[1]! + 0
  columns.latitude[index] = fields[2]! + 0
  columns.longitude[index] = fields[3]! + 0
  columns.headingDeg[index] = fields[4]! + 0
  columns.speedMps[index] = fields[5]! + 0
  columns.accuracyM[index] = fields[6]! + 0
  return offset
}

/** Bytes after the type byte of a msgpack number other than float64, 0 for anything else. */
function numberWidth(type: number): number {
  if (type === 0xcf || type === 0xd3) return 8
  if (type === 0xca || type === 0xce || type === 0xd2) return 4
  if (type === 0xcd || type === 0xd1) return 2
  if (type === 0xcc || type === 0xd0) return 1
  return 0
}

/** The number after type byte `type`, float64 excepted; a 64-bit integer that a double cannot hold comes out as NaN. */
function numberAt(bytes: Uint8Array, offset: number, type: number): number {
  const high = bytes[offset]!
  switch (type) {
    case 0xca:
      words[0] = uint32(bytes, offset)
      return float32[0]!
    case 0xce:
      return uint32(bytes, offset)
    case 0xd2:
      return uint32(bytes, offset) | 0
    case 0xcf:
      return safe(uint32(bytes, offset) * 2 ** 32 + uint32(bytes, offset + 4))
    case 0xd3:
      return safe((uint32(bytes, offset) | 0) * 2 ** 32 + uint32(bytes, offset + 4))
    case 0xcd:
      return (high << 8) | bytes[offset + 1]!
    case 0xd1:
      return (((high << 8) | bytes[offset + 1]!) << 16) >> 16
    case 0xd0:
      return (high << 24) >> 24
    default:
      return high
  }
}

function safe(value: number): number {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? value : NaN
}

/** Bounds of finite fields, NaN standing for nil in the last three: 0 or a negative code. */
function checkFields(
  seq: number,
  timestampMs: number,
  latitude: number,
  longitude: number,
  headingDeg: number,
  speedMps: number,
  accuracyM: number,
  nowMs: number,
): number {
  // Comparisons with NaN are false, so "not below and not above" lets nil through.
  if (seq < 0 || seq > seqMax || seq !== Math.floor(seq)) return outOfRange
  if (timestampMs < 0 || timestampMs > Number.MAX_SAFE_INTEGER || timestampMs !== Math.floor(timestampMs)) return outOfRange
  if (latitude < -90 || latitude > 90 || longitude < -180 || longitude > 180) return outOfRange
  if (headingDeg < 0 || headingDeg >= headingEndDeg) return outOfRange
  if (speedMps < 0 || speedMps > speedMpsMax) return outOfRange
  if (accuracyM < 0 || accuracyM > accuracyMMax) return outOfRange
  return timestampMs <= nowMs + limits.frameFutureMsMax ? 0 : inFuture
}

/** What is wrong with a frame that arrived as an object, or null. Fields of a wrong type are `frame_malformed`. */
export function checkFrame(frame: LocationFrame, nowMs: number): FrameErrorName | null {
  const required = [frame.seq, frame.timestampMs, frame.latitude, frame.longitude]
  const optional = [frame.headingDeg, frame.speedMps, frame.accuracyM].filter((value) => value !== null)
  const numbers: unknown[] = [...required, ...optional]
  if (numbers.some((value) => typeof value !== 'number')) return 'frame_malformed'
  if (!numbers.every((value) => Number.isFinite(value))) return 'frame_out_of_range'
  const code = checkFields(
    frame.seq,
    frame.timestampMs,
    frame.latitude,
    frame.longitude,
    frame.headingDeg ?? NaN,
    frame.speedMps ?? NaN,
    frame.accuracyM ?? NaN,
    nowMs,
  )
  return code < 0 ? frameErrorName(code) : null
}

/** One frame as a message. Throws on a frame that `checkFrame` refuses, but for its time. */
export function encodeFrame(frame: LocationFrame): Uint8Array {
  const view = new DataView(new ArrayBuffer(frameBytesMax))
  return new Uint8Array(view.buffer, 0, writeFrame(view, 0, frame))
}

/** 1 to 64 frames as one message, oldest first. Throws as `encodeFrame` does. */
export function encodeFrames(frames: readonly LocationFrame[]): Uint8Array {
  if (frames.length < 1 || frames.length > framesMax) {
    throw new RangeError(`frame_too_many: ${frames.length} frames, 1 to ${framesMax} fit a message`)
  }
  const view = new DataView(new ArrayBuffer(3 + frames.length * frameBytesMax))
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
