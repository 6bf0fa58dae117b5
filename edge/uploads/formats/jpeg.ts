/**
 * JPEG: one walk over its segments finds the shape, another removes segments that the pixels do not
 * need.
 */
import { ascii, Largest, view, type ImageShape } from './bytes.ts'

const startOfFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
const restart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7
const startOfScan = 0xda
const endOfImage = 0xd9

/** Recognises a JPEG by its first three bytes. */
export const isJpeg = (data: Uint8Array): boolean =>
  data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff

/**
 * Reads the segments up to the end-of-image marker; a thumbnail is inside a segment and is skipped
 * with it.
 */
export function readJpeg(data: Uint8Array): ImageShape | null {
  const bytes = view(data)
  const largest = new Largest()
  let at = 2
  for (;;) {
    if (data[at] !== 0xff) return null
    while (data[at] === 0xff) at++
    const marker = data[at++]
    if (marker === undefined) return null
    if (marker === endOfImage) return largest.at(at)
    if (at + 2 > data.length) return null
    const length = bytes.getUint16(at)
    if (length < 2 || at + length > data.length) return null
    if (startOfFrame(marker)) {
      if (length < 8) return null
      const height = bytes.getUint16(at + 3)
      // Zero lines mean that the number follows in a marker that no camera writes.
      if (height === 0) return null
      largest.add(bytes.getUint16(at + 5), height)
    }
    at += length
    if (marker === startOfScan) {
      at = afterScan(data, at)
      if (at === -1) return null
    }
  }
}

/** The next marker after compressed data, in which zero follows 0xff, or 0xff begins a restart. */
function afterScan(data: Uint8Array, from: number): number {
  for (
    let at = data.indexOf(0xff, from);
    at !== -1 && at + 1 < data.length;
    at = data.indexOf(0xff, at + 2)
  ) {
    const next = data[at + 1]!
    if (next !== 0 && !restart(next)) return at
  }
  return -1
}

const comment = 0xfe
const isApplication = (marker: number): boolean => marker >= 0xe0 && marker <= 0xef
const exifHead = 'Exif\0\0'

/**
 * True for segments that the picture needs: JFIF and Adobe's tell how colours are coded, the
 * profile tells their meaning. Other application segments hold metadata.
 */
const isShown = (data: Uint8Array, marker: number, body: number): boolean =>
  (marker === 0xe0 && ascii(data, body, 'JFIF\0')) ||
  (marker === 0xee && ascii(data, body, 'Adobe')) ||
  (marker === 0xe2 && ascii(data, body, 'ICC_PROFILE\0'))

/**
 * Removes metadata; of Exif only the orientation stays. `readJpeg` accepted `data`, which ends
 * where the image ends.
 */
export function strippedJpeg(data: Uint8Array): Uint8Array {
  const bytes = view(data)
  const kept: Uint8Array[] = []
  let keptUpTo = 0
  let orientation = 1
  const drop = (from: number, to: number): void => {
    if (from > keptUpTo) kept.push(data.subarray(keptUpTo, from))
    keptUpTo = to
  }
  for (let at = 2; at < data.length;) {
    const from = at
    while (data[at] === 0xff) at++
    const marker = data[at++]!
    if (marker === endOfImage) break
    const length = bytes.getUint16(at)
    if (marker === comment || (isApplication(marker) && !isShown(data, marker, at + 2))) {
      if (marker === 0xe1 && ascii(data, at + 2, exifHead))
        orientation =
          orientationOf(data.subarray(at + 2 + exifHead.length, at + length)) ?? orientation
      drop(from, at + length)
    }
    at += length
    if (marker === startOfScan) at = afterScan(data, at)
  }
  kept.push(data.subarray(keptUpTo))
  if (orientation === 1) return joined(kept, data)
  const [first, ...rest] = kept
  return new Uint8Array(
    Buffer.concat([
      first!.subarray(0, 2),
      orientationSegment(orientation),
      first!.subarray(2),
      ...rest,
    ]),
  )
}

const joined = (parts: readonly Uint8Array[], whole: Uint8Array): Uint8Array =>
  parts.length === 1 && parts[0]!.length === whole.length
    ? whole
    : new Uint8Array(Buffer.concat(parts))

const orientationTag = 0x0112
const short = 3

/**
 * Orientation in the first directory of a TIFF, from 2 to 8; null for another value or a damaged
 * TIFF.
 */
function orientationOf(tiff: Uint8Array): number | null {
  if (tiff.length < 14) return null
  const bytes = view(tiff)
  const little = ascii(tiff, 0, 'II')
  if (!little && !ascii(tiff, 0, 'MM')) return null
  const directory = bytes.getUint32(4, little)
  if (directory + 2 > tiff.length) return null
  const count = bytes.getUint16(directory, little)
  for (let entry = directory + 2, i = 0; i < count && entry + 12 <= tiff.length; i++, entry += 12) {
    if (
      bytes.getUint16(entry, little) !== orientationTag ||
      bytes.getUint16(entry + 2, little) !== short
    )
      continue
    const value = bytes.getUint16(entry + 8, little)
    return value >= 2 && value <= 8 ? value : null
  }
  return null
}

/** An Exif segment with the orientation only. */
function orientationSegment(orientation: number): Uint8Array {
  const tiff = Buffer.alloc(26)
  tiff.write('MM\0*', 0, 'latin1')
  tiff.writeUInt32BE(8, 4)
  tiff.writeUInt16BE(1, 8)
  tiff.writeUInt16BE(orientationTag, 10)
  tiff.writeUInt16BE(short, 12)
  tiff.writeUInt32BE(1, 14)
  tiff.writeUInt16BE(orientation, 18)
  const head = Buffer.from(`\xff\xe1\0\0${exifHead}`, 'latin1')
  head.writeUInt16BE(2 + exifHead.length + tiff.length, 2)
  return Buffer.concat([head, tiff])
}
