/**
 * Shared parts of the readers of pictures. A reader walks through the structure and finds whether
 * the file is a picture, its decoded size, and its end. Nothing is decompressed, so a file that
 * unpacks to gigabytes costs only a look at its header.
 *
 * Bytes after the end of an image are not a part of it and are not kept: most polyglots have their
 * other half there (an archive, a script), and a phone hides a film there.
 *
 * Rejected: a library that reads dimensions. Such a library reads the first header and stops, and a
 * file with a second, larger header exploits that. No such library tells where the image ends.
 */

/**
 * The shape of an image. `end`: number of bytes that belong to it. A reader returns null for other
 * or damaged files.
 */
export interface ImageShape {
  width: number
  height: number
  end: number
}

/** The bytes as numbers. Readers only go forward and stop at the end of the file. */
export const view = (data: Uint8Array): DataView =>
  new DataView(data.buffer, data.byteOffset, data.byteLength)
/** True when the text is at this place. */
export const ascii = (data: Uint8Array, at: number, text: string): boolean => {
  if (at + text.length > data.length) return false
  for (let i = 0; i < text.length; i++) if (data[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** The largest of all sizes that an image names. */
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
