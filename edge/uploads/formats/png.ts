/** PNG: its chunks give the shape, and chunks that the pixels do not need are removed. */
import { ascii, Largest, view, type ImageShape } from './bytes.ts'

/** Recognises a PNG by its first eight bytes. */
export const isPng = (data: Uint8Array): boolean =>
  data[0] === 0x89 && ascii(data, 1, 'PNG\r\n\x1a\n')

/**
 * Reads the chunks from IHDR to IEND. Animations are refused: they are not photos, and each frame
 * has its own pixels.
 */
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

/**
 * Chunks that the picture needs beside the critical ones (with a capital first letter):
 * transparency, and the meaning of its colours.
 */
const pngShown = new Set(['tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'sBIT', 'bKGD', 'pHYs'])

/** Removes metadata. `readPng` accepted `data`, which ends where the image ends. */
export function strippedPng(data: Uint8Array): Uint8Array {
  const bytes = view(data)
  const kept: Uint8Array[] = [data.subarray(0, 8)]
  for (let at = 8; at < data.length;) {
    const end = at + 12 + bytes.getUint32(at)
    const name = Buffer.from(data.buffer, data.byteOffset + at + 4, 4).toString('latin1')
    if (/^[A-Z]/.test(name) || pngShown.has(name)) kept.push(data.subarray(at, end))
    at = end
  }
  return new Uint8Array(Buffer.concat(kept))
}
