/**
 * Writings of an office: DOC, DOCX and plain text. A reader checks that the file is one, and opens
 * nothing in it; nobody here shows such a file, people download it.
 */
import { view } from './bytes.ts'
import { textAt } from './boxes.ts'

const compoundMark = 'd0cf11e0a1b11ae1'
/** Name of the stream that makes a compound file a document of Word. */
const wordStream = Buffer.from('WordDocument', 'utf16le')

const bufferOf = (data: Uint8Array): Buffer =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength)

/** Recognises a compound file (MS-CFB) by its first eight bytes. */
export const isDoc = (data: Uint8Array): boolean =>
  bufferOf(data).subarray(0, 8).toString('hex') === compoundMark

/** The head must name a sector of 512 or 4,096 bytes, and a directory the stream of Word. */
export function readDoc(data: Uint8Array): number | null {
  if (data.length < 1_536) return null
  const bytes = view(data)
  const [version, order, shift] = [26, 28, 30].map(at => bytes.getUint16(at, true))
  if (order !== 0xfffe || !((version === 3 && shift === 9) || (version === 4 && shift === 12)))
    return null
  return bufferOf(data).includes(wordStream) ? data.length : null
}

/** Recognises a ZIP archive by its first entry. */
export const isDocx = (data: Uint8Array): boolean => textAt(data, 0, 4) === 'PK\x03\x04'

/** Longest comment behind the end record of an archive. */
const commentBytesMax = 0xffff
/** A document has about 20 entries, and one for each picture. */
const entriesMax = 5_000

/**
 * The directory at the end must name the parts of a document of Word, and no macros. What follows
 * the archive is not kept.
 */
export function readDocx(data: Uint8Array): number | null {
  const bytes = view(data)
  const file = bufferOf(data)
  const end = file.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  if (end < data.length - 22 - commentBytesMax || end < 0 || end + 22 > data.length) return null
  const entries = bytes.getUint16(end + 10, true)
  const stop = end + 22 + bytes.getUint16(end + 20, true)
  if (entries > entriesMax || stop > data.length) return null
  const names = new Set<string>()
  let at = bytes.getUint32(end + 16, true)
  for (let i = 0; i < entries; i++) {
    if (at + 46 > end || textAt(data, at, 4) !== 'PK\x01\x02') return null
    const [name, extra, comment] = [28, 30, 32].map(from => bytes.getUint16(at + from, true))
    names.add(file.toString('latin1', at + 46, Math.min(at + 46 + name!, end)))
    at += 46 + name! + extra! + comment!
  }
  const isWord = names.has('[Content_Types].xml') && names.has('word/document.xml')
  return isWord && !names.has('word/vbaProject.bin') ? stop : null
}

const strict = new TextDecoder('utf-8', { fatal: true })

/** Plain text is UTF-8 without control characters, except those of lines. */
export function isText(data: Uint8Array): boolean {
  if (data.length === 0 || data.some(byte => byte < 0x20 && !(byte >= 9 && byte <= 13)))
    return false
  try {
    strict.decode(data)
    return true
  } catch {
    return false
  }
}
export const readText = (data: Uint8Array): number => data.length
