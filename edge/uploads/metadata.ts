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
import { strippedJpeg } from './formats/jpeg.ts'
import { strippedPng } from './formats/png.ts'
import { strippedWebp } from './formats/webp.ts'

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
