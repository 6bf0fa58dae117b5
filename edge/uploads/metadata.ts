/**
 * What a picture says beside its pixels is not kept: a phone writes the position of the patient's home
 * into a photo of a prescription, and with it the phone's serial number and the hour. Whatever is not
 * needed to show the picture goes (Exif, XMP, IPTC, comments, previews); what is, stays: the colour
 * profile, and of a JPEG its orientation, or every photo taken upright would lie on its side.
 *
 * Parts are dropped and nothing is decoded, so the pixels are the sender's to the bit. Rejected:
 * encoding anew, which is a decoder for strangers' bytes; and a list of the tags that name places,
 * which is never complete.
 */

/** `image` was read through by its reader before, and ends where the image ends. */
export function withoutMetadata(contentType: string, image: Uint8Array): Uint8Array {
  switch (contentType) {
    case 'image/jpeg':
      return strippedJpeg(image)
    case 'image/png':
      return strippedPng(image)
    case 'image/webp':
      return strippedWebp(image)
    default:
      return image
  }
}

const view = (data: Uint8Array): DataView =>
  new DataView(data.buffer, data.byteOffset, data.byteLength)
const named = (data: Uint8Array, at: number, name: string): boolean =>
  Buffer.from(data.buffer, data.byteOffset + at, Math.min(name.length, data.length - at)).toString(
    'latin1',
  ) === name
const joined = (parts: readonly Uint8Array[], whole: Uint8Array): Uint8Array =>
  parts.length === 1 && parts[0]!.length === whole.length
    ? whole
    : new Uint8Array(Buffer.concat(parts))

const startOfScan = 0xda
const endOfImage = 0xd9
const comment = 0xfe
const isApplication = (marker: number): boolean => marker >= 0xe0 && marker <= 0xef
const exifHead = 'Exif\0\0'

/** JFIF and Adobe's say how colours are coded, the profile what they mean; every other application segment tells of something else. */
const isShown = (data: Uint8Array, marker: number, body: number): boolean =>
  (marker === 0xe0 && named(data, body, 'JFIF\0')) ||
  (marker === 0xee && named(data, body, 'Adobe')) ||
  (marker === 0xe2 && named(data, body, 'ICC_PROFILE\0'))

function strippedJpeg(data: Uint8Array): Uint8Array {
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
      if (marker === 0xe1 && named(data, at + 2, exifHead))
        orientation =
          orientationOf(data.subarray(at + 2 + exifHead.length, at + length)) ?? orientation
      drop(from, at + length)
    }
    at += length
    if (marker === startOfScan) at = nextMarker(data, at)
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

/** After compressed data, in which 0xff is followed by zero or is a restart. */
function nextMarker(data: Uint8Array, from: number): number {
  for (let at = data.indexOf(0xff, from); at !== -1; at = data.indexOf(0xff, at + 2)) {
    const next = data[at + 1]!
    if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at
  }
  return data.length
}

const orientationTag = 0x0112
const short = 3

/** Of the first directory of a TIFF; 2 to 8 where it says so, null otherwise, also where it is damaged. */
function orientationOf(tiff: Uint8Array): number | null {
  if (tiff.length < 14) return null
  const bytes = view(tiff)
  const little = named(tiff, 0, 'II')
  if (!little && !named(tiff, 0, 'MM')) return null
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

/** An Exif segment that says this one thing. */
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

/** What shows the picture: the critical chunks (a capital first), transparency, and how its colours are meant. */
const pngShown = new Set(['tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'sBIT', 'bKGD', 'pHYs'])

function strippedPng(data: Uint8Array): Uint8Array {
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

/** The canvas' flags for what is dropped. */
const webpMetadataFlags = 0x08 | 0x04

function strippedWebp(data: Uint8Array): Uint8Array {
  const bytes = view(data)
  const kept: Uint8Array[] = []
  for (let at = 12; at + 8 <= data.length;) {
    const length = bytes.getUint32(at + 4, true)
    const end = Math.min(data.length, at + 8 + length + (length & 1))
    if (named(data, at, 'VP8X')) {
      const canvas = data.slice(at, end)
      canvas[8]! &= ~webpMetadataFlags
      kept.push(canvas)
    } else if (['VP8 ', 'VP8L', 'ALPH', 'ICCP'].some(name => named(data, at, name)))
      kept.push(data.subarray(at, end))
    at = end
  }
  const head = data.slice(0, 12)
  view(head).setUint32(4, 4 + kept.reduce((sum, part) => sum + part.length, 0), true)
  return new Uint8Array(Buffer.concat([head, ...kept]))
}
