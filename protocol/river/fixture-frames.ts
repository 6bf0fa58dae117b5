/**
 * Messages of frames for the tests of positions: bytes that are written by hand, and a reader whose
 * answer is given as a text.
 */
import { frameErrorName, FrameReader, type LocationFrame } from './frames.ts'

export const nowMs = 1_760_000_000_000
export const good: LocationFrame = {
  seq: 7,
  timestampMs: nowMs,
  latitude: 51.5,
  longitude: -0.1,
  headingDeg: 90,
  speedMps: 12.5,
  accuracyM: 5,
}
export const reader = new FrameReader()

/** Bytes of a message from numbers and byte lists: `raw(0x97, f64(1.5))`. */
export const raw = (...parts: (number | number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(part => (typeof part === 'number' ? [part] : [...part])))
const scalar = (type: number, width: number, write: (view: DataView) => void): number[] => {
  const view = new DataView(new ArrayBuffer(width))
  write(view)
  return [type, ...new Uint8Array(view.buffer)]
}
export const f64 = (value: number): number[] => scalar(0xcb, 8, view => view.setFloat64(0, value))
export const f32 = (value: number): number[] => scalar(0xca, 4, view => view.setFloat32(0, value))
export const u64 = (value: bigint): number[] => scalar(0xcf, 8, view => view.setBigUint64(0, value))
export const i64 = (value: bigint): number[] => scalar(0xd3, 8, view => view.setBigInt64(0, value))
export const u32 = (value: number): number[] => scalar(0xce, 4, view => view.setUint32(0, value))
export const i32 = (value: number): number[] => scalar(0xd2, 4, view => view.setInt32(0, value))
export const nil = 0xc0
/** A frame in the form that we write, with other bytes as its field `at`. */
export const withField = (at: number, bytes: number[] | number): Uint8Array => {
  const fields = [u32(1), f64(nowMs), f64(1), f64(2), f32(3), f32(4), f32(5)].map((field, index) =>
    index === at ? bytes : field,
  )
  return raw(0x97, ...fields)
}
/** The answer of the reader to a message: the error's name, or the number of frames. */
export const verdict = (bytes: Uint8Array): string | number => {
  const code = reader.read(bytes, nowMs)
  return code < 0 ? frameErrorName(code) : code
}
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
/** The frame that the reader read at an index of the last message. */
export const frameAt = (index: number): LocationFrame => {
  return {
    seq: reader.seq[index]!,
    timestampMs: reader.timestampMs[index]!,
    latitude: reader.latitude[index]!,
    longitude: reader.longitude[index]!,
    headingDeg: orNull(reader.headingDeg[index]!),
    speedMps: orNull(reader.speedMps[index]!),
    accuracyM: orNull(reader.accuracyM[index]!),
  }
}
