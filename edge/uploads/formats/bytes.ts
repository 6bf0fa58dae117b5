/**
 * Pictures by their structure: is it one, how large would it be once decoded, and where does it end.
 * Nothing is decompressed, so a file that unpacks to gigabytes costs a look at its header. This file
 * has the parts that all formats share.
 *
 * The bytes after the end of an image are no part of it and are not kept: there the other half of
 * most polyglots sits (an archive, a script), and a phone hides a film there.
 *
 * Rejected: a library that reads dimensions. Such a library reads the first header and stops; a file
 * with a second, larger header counts on that. And no such library says where the image ends.
 */

/** The shape of an image. `end`: bytes that belong to it. A reader gives null for no image, or a damaged one. */
export interface ImageShape {
  width: number
  height: number
  end: number
}

/** The bytes as numbers. Readers go forward only and stop at the end of the file. */
export const view = (data: Uint8Array): DataView =>
  new DataView(data.buffer, data.byteOffset, data.byteLength)
/** Does the text stand at this place? */
export const ascii = (data: Uint8Array, at: number, text: string): boolean => {
  if (at + text.length > data.length) return false
  for (let i = 0; i < text.length; i++) if (data[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** The larger of all sizes that an image names. */
export class Largest {
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
