/**
 * Parses the bytes of one location frame into seven numbers. Untrusted bytes are judged here, at
 * the edge and again at the engine. A frame in the form of our own encoder is read at fixed offsets
 * with one look at each number. Any other frame is read again, field by field, in any of msgpack's
 * number types. Only this second way reports an error, so the fast way accepts or passes on and
 * never refuses.
 *
 * A DataView and not words put together from bytes: it takes 20 ns a frame instead of 80, because a
 * float64 is then one load. The slow way is needed, because other msgpack encoders write 5 as one
 * byte.
 *
 * Only a wrong position or time refuses a frame. An impossible heading, speed or accuracy (a
 * heading of -1, a speed of NaN, an accuracy of 0, a text) counts as unknown, which is nil, as
 * phones mean it. A heading of 360 is north. A fraction of a millisecond is cut off. A receiver
 * reports exactly (0, 0) before it has a fix, so that is no position; a metre beside it is one.
 */
import { limits } from '../kernel/limits.ts'
import { skipValue } from './msgpack-skip.ts'

/** The negative codes of `parseFrame`; `frameErrorName` gives their names. */
export const malformed = -1
export const tooMany = -2
export const outOfRange = -3
export const inFuture = -4

const seqMax = 0xffff_ffff
export const headingEndDeg = 360
const speedMpsMax = 150
const accuracyMMax = 3.4028234663852886e38

/** Decoded frames, one array for each field. NaN stands for nil. */
export class FrameColumns {
  readonly seq: Uint32Array
  readonly timestampMs: Float64Array
  readonly latitude: Float64Array
  readonly longitude: Float64Array
  readonly headingDeg: Float64Array
  readonly speedMps: Float64Array
  readonly accuracyM: Float64Array
  /**
   * True when the last frame that was read differs from its bytes. The reader of this flag resets
   * it.
   */
  normalised = false
  /** The sequence number of the last refused frame; -1 when it had none. */
  refusedNumber = -1

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

/** Offset of the first element of the array at `position`; -1 when there is no array header. */
export function arrayBody(view: DataView, position: number, end: number): number {
  if (position >= end) return -1
  const type = view.getUint8(position)
  if ((type & 0xf0) === 0x90) return position + 1
  if (type === 0xdc) return position + 3 <= end ? position + 3 : -1
  if (type === 0xdd) return position + 5 <= end ? position + 5 : -1
  return -1
}

/** Claimed length of the array whose header `arrayBody` found at `position`. */
export function arrayLength(view: DataView, position: number): number {
  const type = view.getUint8(position)
  if (type === 0xdc) return view.getUint16(position + 1)
  if (type === 0xdd) return view.getUint32(position + 1)
  return type & 0x0f
}

/** Bytes of the header, one uint32 and three float64. Three times nil or a float32 follow. */
const fixedBytes = 1 + 5 + 9 + 9 + 9
/** Longest good frame, bytes: an array32 of seven 64-bit numbers. */
export const frameBytesMax = 5 + 7 * 9
/** Longest frame in the form of our encoder, bytes. */
export const canonicalBytesMax = fixedBytes + 5 + 5 + 5

/**
 * Decodes the frame at `position` into entry `index` of `columns`. Returns the offset after it, or
 * a negative code. Bytes from `end` on do not count. `nowMs` bounds the timestamp.
 */
export function parseFrame(
  view: DataView,
  position: number,
  end: number,
  nowMs: number,
  columns: FrameColumns,
  index: number,
): number {
  const next = parseCanonical(view, position, end, nowMs, columns, index)
  return next > 0 ? next : parseAny(view, position, end, nowMs, columns, index)
}

/** The offset after a good frame in canonical form; 0 for any other frame. */
function parseCanonical(
  view: DataView,
  position: number,
  end: number,
  nowMs: number,
  columns: FrameColumns,
  index: number,
): number {
  // The view may reach beyond `end`; numbers read from there are dropped with the frame. Near the
  // end of the view, use the slow way.
  if (position + canonicalBytesMax > view.byteLength || view.getUint16(position) !== 0x97ce)
    return 0
  if (
    view.getUint8(position + 6) !== 0xcb ||
    view.getUint8(position + 15) !== 0xcb ||
    view.getUint8(position + 24) !== 0xcb
  )
    return 0
  const timestampMs = view.getFloat64(position + 7)
  const latitude = view.getFloat64(position + 16)
  const longitude = view.getFloat64(position + 25)
  // NaN is not within bounds, so every comparison must be true for good numbers.
  if (
    !(
      timestampMs >= 0 &&
      timestampMs <= Number.MAX_SAFE_INTEGER &&
      timestampMs === Math.floor(timestampMs)
    )
  )
    return 0
  if (!(timestampMs <= nowMs + limits.frameFutureMsMax)) return 0
  if (!(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180)) return 0
  if (latitude === 0 && longitude === 0) return 0
  let offset = position + fixedBytes
  let headingDeg = NaN
  let speedMps = NaN
  let accuracyM = NaN
  let type = view.getUint8(offset++)
  if (type === 0xca) {
    headingDeg = view.getFloat32(offset)
    offset += 4
    if (!(headingDeg >= 0 && headingDeg < headingEndDeg)) return 0
  } else if (type !== 0xc0) return 0
  type = view.getUint8(offset++)
  if (type === 0xca) {
    speedMps = view.getFloat32(offset)
    offset += 4
    if (!(speedMps >= 0 && speedMps <= speedMpsMax)) return 0
  } else if (type !== 0xc0) return 0
  type = view.getUint8(offset++)
  if (type === 0xca) {
    accuracyM = view.getFloat32(offset)
    offset += 4
    if (!(accuracyM > 0 && accuracyM <= accuracyMMax)) return 0
  } else if (type !== 0xc0) return 0
  if (offset > end) return 0
  columns.seq[index] = view.getUint32(position + 2)
  // Adding zero turns -0 into 0.
  columns.timestampMs[index] = timestampMs + 0
  columns.latitude[index] = latitude + 0
  columns.longitude[index] = longitude + 0
  columns.headingDeg[index] = headingDeg + 0
  columns.speedMps[index] = speedMps + 0
  columns.accuracyM[index] = accuracyM + 0
  return offset
}

const fields = new Float64Array(7)

/**
 * Parses a frame in any of msgpack's ways to write seven numbers. It judges the shape first, then
 * the range.
 */
function parseAny(
  view: DataView,
  position: number,
  end: number,
  nowMs: number,
  columns: FrameColumns,
  index: number,
): number {
  columns.refusedNumber = -1
  let offset = arrayBody(view, position, end)
  if (offset < 0 || arrayLength(view, position) !== 7) return malformed
  // Infinity minus itself is not zero, and neither is NaN minus itself. So this stays 0 while every
  // number of position and time is finite.
  let excess = 0
  let known = 0
  for (let field = 0; field < 7; field++) {
    if (offset >= end) return malformed
    const type = view.getUint8(offset++)
    let value = type
    if (type >= 0xe0) value = type - 256
    else if (type === 0xc0) {
      if (field < 4) return malformed
      fields[field] = NaN
      continue
    } else if (type >= 0x80) {
      const width = numberWidth(type)
      if (width === 0 && field >= 4) {
        // A text or a list is not a number, so the field is unknown.
        offset = skipValue(view, offset - 1, end)
        if (offset < 0) return malformed
        fields[field] = NaN
        known++
        continue
      }
      if (width === 0 || offset + width > end) return malformed
      value = numberAt(view, offset, type)
      offset += width
      if (field < 4) excess += value - value
    }
    if (field >= 4) known++
    fields[field] = value
  }
  const seq = fields[0]!
  if (seq >= 0 && seq <= seqMax && seq === Math.floor(seq)) columns.refusedNumber = seq
  if (excess !== 0) return outOfRange
  const code = checkFields(seq, fields[1]!, fields[2]!, fields[3]!, nowMs)
  if (code < 0) return code
  columns.seq[index] = seq
  const [headingDeg, speedMps, accuracyM] = [
    headingOf(fields[4]!),
    speedOf(fields[5]!),
    accuracyOf(fields[6]!),
  ]
  const believed =
    (Number.isNaN(headingDeg) ? 0 : 1) +
    (Number.isNaN(speedMps) ? 0 : 1) +
    (Number.isNaN(accuracyM) ? 0 : 1)
  columns.normalised =
    believed !== known ||
    (headingDeg !== fields[4]! && !Number.isNaN(headingDeg)) ||
    fields[1]! !== Math.floor(fields[1]!)
  columns.timestampMs[index] = Math.floor(fields[1]!) + 0
  columns.latitude[index] = fields[2]! + 0
  columns.longitude[index] = fields[3]! + 0
  columns.headingDeg[index] = headingDeg + 0
  columns.speedMps[index] = speedMps + 0
  columns.accuracyM[index] = accuracyM + 0
  return offset
}

/** NaN for an impossible heading; 360 degrees become 0. */
export const headingOf = (deg: number): number =>
  deg >= 0 && deg < headingEndDeg ? deg : deg === headingEndDeg ? 0 : NaN
/** NaN for an impossible speed. */
export const speedOf = (mps: number): number => (mps >= 0 && mps <= speedMpsMax ? mps : NaN)
/**
 * NaN for an impossible accuracy. No receiver knows its place to the millimetre, so 0 means
 * unknown.
 */
export const accuracyOf = (m: number): number => (m > 0 && m <= accuracyMMax ? m : NaN)

/** Bytes after the type byte of a msgpack number; 0 for any other type. */
function numberWidth(type: number): number {
  if (type === 0xcb || type === 0xcf || type === 0xd3) return 8
  if (type === 0xca || type === 0xce || type === 0xd2) return 4
  if (type === 0xcd || type === 0xd1) return 2
  if (type === 0xcc || type === 0xd0) return 1
  return 0
}

/** The number after type byte `type`. A 64-bit integer that a double cannot hold becomes NaN. */
function numberAt(view: DataView, offset: number, type: number): number {
  switch (type) {
    case 0xcb:
      return view.getFloat64(offset)
    case 0xca:
      return view.getFloat32(offset)
    case 0xcf:
      return safe(view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4))
    case 0xd3:
      return safe(view.getInt32(offset) * 2 ** 32 + view.getUint32(offset + 4))
    case 0xce:
      return view.getUint32(offset)
    case 0xd2:
      return view.getInt32(offset)
    case 0xcd:
      return view.getUint16(offset)
    case 0xd1:
      return view.getInt16(offset)
    case 0xd0:
      return view.getInt8(offset)
    default:
      return view.getUint8(offset)
  }
}

function safe(value: number): number {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? value : NaN
}

/** Checks the bounds of finite fields. Returns 0 or a negative code. */
export function checkFields(
  seq: number,
  timestampMs: number,
  latitude: number,
  longitude: number,
  nowMs: number,
): number {
  if (seq < 0 || seq > seqMax || seq !== Math.floor(seq)) return outOfRange
  if (timestampMs < 0 || timestampMs > Number.MAX_SAFE_INTEGER) return outOfRange
  if (
    latitude < -90 ||
    latitude > 90 ||
    longitude < -180 ||
    longitude > 180 ||
    (latitude === 0 && longitude === 0)
  )
    return outOfRange
  return Math.floor(timestampMs) <= nowMs + limits.frameFutureMsMax ? 0 : inFuture
}
