/**
 * Which pictures are read. The bytes decide and not the type that a sender states. The structure is
 * walked and the size is bounded before anything is unpacked.
 */
import { CaduceusError, type ErrorCode } from '../../protocol/kernel/errors.ts'
import { isJpeg, readJpeg } from '../uploads/formats/jpeg.ts'
import { isPng, readPng } from '../uploads/formats/png.ts'
import { codeLimits } from './limits.ts'
import { unpackedBytes } from './png.ts'

/** A refusal that names the part of the form. */
export const refusedPicture = (code: ErrorCode, rule: string): CaduceusError =>
  new CaduceusError(code, `file ${rule}`, [{ field: 'file', rule }])

export const damagedPicture = (): CaduceusError =>
  refusedPicture('file_malformed', 'must be a whole picture; this one is damaged')

/** Throws `unsupported_media_type`, `file_malformed` or `image_too_large`. */
export function admitPicture(data: Uint8Array): void {
  const png = isPng(data)
  if (!png && !isJpeg(data))
    throw refusedPicture('unsupported_media_type', 'must be a PNG or a JPEG')
  const shape = png ? readPng(data) : readJpeg(data)
  const unpacked = png ? unpackedBytes(data) : 0
  if (shape === null || unpacked === null) throw damagedPicture()
  const { jpegScansMax, picturePixelsMax, pictureSidePixelsMax, unpackedBytesMax } = codeLimits
  if (
    Math.max(shape.width, shape.height) > pictureSidePixelsMax ||
    shape.width * shape.height > picturePixelsMax ||
    unpacked > unpackedBytesMax
  )
    throw refusedPicture(
      'image_too_large',
      `must have at most ${pictureSidePixelsMax} pixels a side, ${picturePixelsMax} pixels in all and ${unpackedBytesMax} unpacked bytes; it is ${shape.width} by ${shape.height}`,
    )
  if (!png && scansOf(data) > jpegScansMax)
    throw refusedPicture('image_too_large', `must have at most ${jpegScansMax} scans`)
}

/**
 * Heads of scans in a JPEG. Compressed data never contain one; metadata may contain one by chance.
 */
function scansOf(data: Uint8Array): number {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  let scans = 0
  for (let at = bytes.indexOf(scanHead); at !== -1; at = bytes.indexOf(scanHead, at + 2)) scans++
  return scans
}
const scanHead = Buffer.from([0xff, 0xda])
