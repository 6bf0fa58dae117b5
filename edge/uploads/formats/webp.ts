/** WebP: its chunks give the shape, and chunks that the pixels do not need are removed. */
import { ascii, Largest, view, type ImageShape } from './bytes.ts'

/** Recognises a WebP by the head of its RIFF. */
export const isWebp = (data: Uint8Array): boolean =>
  ascii(data, 0, 'RIFF') && ascii(data, 8, 'WEBP')

/**
 * Reads the chunks of the RIFF. The canvas and the picture in it may each name a size; the larger
 * counts.
 */
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

/** Flags of the canvas for the chunks that are removed. */
const webpMetadataFlags = 0x08 | 0x04

/** Removes metadata. `readWebp` accepted `data`, which ends where the image ends. */
export function strippedWebp(data: Uint8Array): Uint8Array {
  const bytes = view(data)
  const kept: Uint8Array[] = []
  for (let at = 12; at + 8 <= data.length;) {
    const length = bytes.getUint32(at + 4, true)
    const end = Math.min(data.length, at + 8 + length + (length & 1))
    if (ascii(data, at, 'VP8X')) {
      const canvas = data.slice(at, end)
      canvas[8]! &= ~webpMetadataFlags
      kept.push(canvas)
    } else if (['VP8 ', 'VP8L', 'ALPH', 'ICCP'].some(name => ascii(data, at, name)))
      kept.push(data.subarray(at, end))
    at = end
  }
  const head = data.slice(0, 12)
  view(head).setUint32(4, 4 + kept.reduce((sum, part) => sum + part.length, 0), true)
  return new Uint8Array(Buffer.concat([head, ...kept]))
}
