/**
 * The boxes of ISO media files (ISO 14496-12): MP4 and HEIC are made of them. A box that does not
 * fit into its parent ends the walk.
 */
import { ascii, view } from './bytes.ts'

/** The content of a box, without its header. `at` is the beginning of the header. */
export interface Box {
  type: string
  at: number
  from: number
  to: number
}

/** The boxes from `from` to `to`, in their order. */
export function* boxes(data: Uint8Array, from: number, to: number): Generator<Box> {
  const bytes = view(data)
  for (let at = from; at + 8 <= to;) {
    const size = bytes.getUint32(at)
    const large = size === 1 && at + 16 <= to
    const length =
      size === 0
        ? to - at
        : large
          ? bytes.getUint32(at + 8) * 2 ** 32 + bytes.getUint32(at + 12)
          : size
    const header = large ? 16 : 8
    if (length < header || at + length > to) return
    yield { type: textAt(data, at + 4, 4), at, from: at + header, to: at + length }
    at += length
  }
}

/** The boxes of one type in another box, of which `skipped` bytes come before them. */
export const inside = (data: Uint8Array, box: Box, type: string, skipped = 0): Box[] =>
  [...boxes(data, box.from + skipped, box.to)].filter(one => one.type === type)

/** The file begins with a box that names its brand. */
export const isIsoMedia = (data: Uint8Array): boolean => ascii(data, 4, 'ftyp')

/** Bytes as Latin 1; empty where the file ends before them. */
export const textAt = (data: Uint8Array, at: number, length: number): string =>
  at + length > data.length ? '' : String.fromCharCode(...data.subarray(at, at + length))
