/**
 * JPEG, PNG and WebP by their structure: is it one, how large would it be once decoded, and where
 * does it end. Nothing is decompressed, so a file that unpacks to gigabytes costs a look at its header.
 *
 * What follows the end of an image is no part of it and is not kept: that is where the other half of
 * most polyglots sits (an archive, a script), and where a phone hides a film.
 *
 * Rejected: a library that reads dimensions. Those read the first header they find and stop, which
 * is what a file with a second, larger header counts on; and none says where the image ends.
 */

/** `end`: bytes that belong to the image. Null from a reader: it is none, or a damaged one. */
export interface ImageShape {
  width: number
  height: number
  end: number
}

/** Little of a file may be looked at twice; these readers go forward only and stop at its end. */
const view = (data: Uint8Array): DataView =>
  new DataView(data.buffer, data.byteOffset, data.byteLength)
const ascii = (data: Uint8Array, at: number, text: string): boolean => {
  if (at + text.length > data.length) return false
  for (let i = 0; i < text.length; i++) if (data[at + i] !== text.charCodeAt(i)) return false
  return true
}

class Largest {
  width = 0
  height = 0
  add(width: number, height: number): void {
    this.width = Math.max(this.width, width)
    this.height = Math.max(this.height, height)
  }
  at(end: number): ImageShape | null {
    return this.width > 0 && this.height > 0
      ? { width: this.width, height: this.height, end }
      : null
  }
}

const startOfFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
const restart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7
const startOfScan = 0xda
const endOfImage = 0xd9

export const isJpeg = (data: Uint8Array): boolean =>
  data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff

/** Segments up to the end-of-image marker; a thumbnail sits inside a segment and is passed over with it. */
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
      // Zero lines: the number comes later, in a marker that no camera writes.
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

/** The next marker after compressed data, in which 0xff is followed by zero or is a restart. */
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

export const isPng = (data: Uint8Array): boolean =>
  data[0] === 0x89 && ascii(data, 1, 'PNG\r\n\x1a\n')

/** Chunks from IHDR to IEND. Animations are refused: they are no photo, and each frame is pixels anew. */
export function readPng(data: Uint8Array): ImageShape | null {
  const bytes = view(data)
  const largest = new Largest()
  let pixels = false
  for (let at = 8; at + 12 <= data.length;) {
    const length = bytes.getUint32(at)
    const end = at + 12 + length
    if (end > data.length) return null
    const first = at === 8
    if (first !== ascii(data, at + 4, 'IHDR')) return null
    if (first) {
      if (length !== 13) return null
      largest.add(bytes.getUint32(at + 8), bytes.getUint32(at + 12))
    }
    if (ascii(data, at + 4, 'acTL')) return null
    if (ascii(data, at + 4, 'IDAT')) pixels = true
    if (ascii(data, at + 4, 'IEND')) return pixels ? largest.at(end) : null
    at = end
  }
  return null
}

export const isWebp = (data: Uint8Array): boolean =>
  ascii(data, 0, 'RIFF') && ascii(data, 8, 'WEBP')

/** Chunks of the RIFF; the canvas and the picture in it may each name a size, and the larger counts. */
export function readWebp(data: Uint8Array): ImageShape | null {
  const bytes = view(data)
  const end = 8 + bytes.getUint32(4, true)
  if (end > data.length) return null
  const largest = new Largest()
  let picture = false
  for (let at = 12; at + 8 <= end;) {
    const length = bytes.getUint32(at + 4, true)
    const body = at + 8
    if (body + length > end) return null
    if (ascii(data, at, 'VP8X')) {
      if (length < 10) return null
      largest.add(1 + uint24(data, body + 4), 1 + uint24(data, body + 7))
    } else if (ascii(data, at, 'VP8L')) {
      if (length < 5 || data[body] !== 0x2f) return null
      const packed = bytes.getUint32(body + 1, true)
      largest.add(1 + (packed & 0x3fff), 1 + ((packed >>> 14) & 0x3fff))
      picture = true
    } else if (ascii(data, at, 'VP8 ')) {
      if (
        length < 10 ||
        data[body + 3] !== 0x9d ||
        data[body + 4] !== 0x01 ||
        data[body + 5] !== 0x2a
      )
        return null
      largest.add(
        bytes.getUint16(body + 6, true) & 0x3fff,
        bytes.getUint16(body + 8, true) & 0x3fff,
      )
      picture = true
    } else if (ascii(data, at, 'ANIM') || ascii(data, at, 'ANMF')) return null
    at = body + length + (length & 1)
  }
  return picture ? largest.at(end) : null
}

const uint24 = (data: Uint8Array, at: number): number =>
  data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16)
