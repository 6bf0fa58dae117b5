/** Base64 in its one correct spelling. Node skips wrong characters, and a changed bit must be found. */

/** The bytes, or null when the text is not the encoding of `length` bytes (or of any number). */
export function decodedBase64(text: string, length?: number): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text && (length === undefined || bytes.length === length)
    ? bytes
    : null
}

export const encodedBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
