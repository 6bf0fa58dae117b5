/**
 * Removes metadata from pictures. A phone writes the position of the patient's home into a photo of
 * a prescription, with its serial number and the time. Data that is not needed to show the picture
 * is removed (Exif, XMP, IPTC, comments, previews). The colour profile stays, and of a JPEG its
 * orientation, because otherwise every photo taken upright would lie on its side.
 *
 * Parts are removed and nothing is decoded, so the pixels do not change by a bit. Rejected:
 * encoding again, which would run a decoder on bytes from outside. Rejected: a list of tags that
 * name places, which is never complete.
 */
import { strippedHeic } from './formats/heic.ts'
import { strippedJpeg } from './formats/jpeg.ts'
import { strippedPng } from './formats/png.ts'
import { strippedWebp } from './formats/webp.ts'

/**
 * The picture without its metadata; a file of any other type unchanged. The reader of its format
 * accepted `image`, which ends where the image ends.
 */
export function withoutMetadata(contentType: string, image: Uint8Array): Uint8Array {
  switch (contentType) {
    case 'image/jpeg':
      return strippedJpeg(image)
    case 'image/png':
      return strippedPng(image)
    case 'image/webp':
      return strippedWebp(image)
    case 'image/heic':
      return strippedHeic(image)
    default:
      return image
  }
}
