/**
 * The type of a file, by its bytes; its name and the type that its sender states are ignored. Each
 * type is recognised by its first bytes and then read through, so a file that only begins like an
 * image is refused as damaged and not kept.
 *
 * Rejected: a library that knows a hundred types. Its current version needs a newer Node than ours,
 * and it runs the parsers of ninety formats that are refused anyway on a stranger's bytes.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { fileLimits } from './storage/file-limits.ts'
import type { ImageShape } from './formats/bytes.ts'
import { isHeic, readHeic } from './formats/heic.ts'
import { isIsoMedia } from './formats/boxes.ts'
import { isJpeg, readJpeg } from './formats/jpeg.ts'
import { isPng, readPng } from './formats/png.ts'
import { isWebp, readWebp } from './formats/webp.ts'
import { isDoc, isDocx, isText, readDoc, readDocx, readText } from './formats/writings.ts'
import { withoutMetadata } from './metadata.ts'
import {
  isMp3,
  isOgg,
  isWav,
  isWebm,
  readM4a,
  readMp3,
  readOgg,
  readWav,
  readWebm,
} from './sounds.ts'

export type MediaFamily = 'image' | 'photo' | 'sound' | 'document' | 'writing'

export interface Media {
  contentType: string
  /** Extension of the name that the server makes. */
  extension: string
  family: MediaFamily
  /** The kept part of the file: nothing behind its end, and of a picture no metadata. */
  data: Uint8Array
}

interface MediaType {
  contentType: string
  extension: string
  family: MediaFamily
  begins(data: Uint8Array): boolean
  read(data: Uint8Array): ImageShape | number | null
}

const mediaTypes: readonly MediaType[] = [
  { contentType: 'image/jpeg', extension: 'jpg', family: 'image', begins: isJpeg, read: readJpeg },
  { contentType: 'image/png', extension: 'png', family: 'image', begins: isPng, read: readPng },
  { contentType: 'image/webp', extension: 'webp', family: 'image', begins: isWebp, read: readWebp },
  { contentType: 'image/heic', extension: 'heic', family: 'photo', begins: isHeic, read: readHeic },
  {
    contentType: 'application/pdf',
    extension: 'pdf',
    family: 'document',
    begins: isPdf,
    read: readPdf,
  },
  { contentType: 'audio/wav', extension: 'wav', family: 'sound', begins: isWav, read: readWav },
  { contentType: 'audio/ogg', extension: 'ogg', family: 'sound', begins: isOgg, read: readOgg },
  { contentType: 'audio/webm', extension: 'webm', family: 'sound', begins: isWebm, read: readWebm },
  {
    contentType: 'audio/mp4',
    extension: 'm4a',
    family: 'sound',
    begins: isIsoMedia,
    read: readM4a,
  },
  { contentType: 'audio/mpeg', extension: 'mp3', family: 'sound', begins: isMp3, read: readMp3 },
  {
    contentType: 'application/msword',
    extension: 'doc',
    family: 'writing',
    begins: isDoc,
    read: readDoc,
  },
  {
    contentType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    extension: 'docx',
    family: 'writing',
    begins: isDocx,
    read: readDocx,
  },
  // Everything is text that nothing else is, so this type stands last.
  {
    contentType: 'text/plain',
    extension: 'txt',
    family: 'writing',
    begins: isText,
    read: readText,
  },
]

/** Names of the families for texts of answers. */
export const familyNames: Readonly<Record<MediaFamily, string>> = {
  image: 'JPEG, PNG or WebP',
  photo: 'HEIC',
  document: 'PDF',
  sound: 'MP3, Ogg, WebM, WAV or M4A',
  writing: 'DOC, DOCX or TXT',
}

/** Throws `unsupported_media_type`, `file_malformed` or `image_too_large`. */
export function inspectMedia(data: Uint8Array, families: readonly MediaFamily[]): Media {
  const type = mediaTypes.find(one => one.begins(data))
  if (type === undefined || !families.includes(type.family))
    throw new CaduceusError(
      'unsupported_media_type',
      `the file is not ${families.map(family => familyNames[family]).join(' or ')}`,
    )
  const shape = type.read(data)
  if (shape === null)
    throw new CaduceusError(
      'file_malformed',
      `the file begins as ${type.contentType} and the rest of it does not fit`,
    )
  if (typeof shape !== 'number') admitPixels(shape)
  const whole = data.subarray(0, typeof shape === 'number' ? shape : shape.end)
  return {
    contentType: type.contentType,
    extension: type.extension,
    family: type.family,
    data: withoutMetadata(type.contentType, whole),
  }
}

function admitPixels({ width, height }: ImageShape): void {
  if (
    width > fileLimits.imageSidePixelsMax ||
    height > fileLimits.imageSidePixelsMax ||
    width * height > fileLimits.imagePixelsMax
  )
    throw new CaduceusError(
      'image_too_large',
      `the image is ${width} by ${height} pixels; it may have ${fileLimits.imageSidePixelsMax} a side and ${fileLimits.imagePixelsMax} in all`,
    )
}

/**
 * The mark must be at the very first byte. The format allows it anywhere in the first thousand,
 * which lets a PDF be another type too.
 */
function isPdf(data: Uint8Array): boolean {
  return /^%PDF-[12]\.\d/.test(latin1(data.subarray(0, 8)))
}

/** A PDF without its trailer was cut off. */
function readPdf(data: Uint8Array): number | null {
  return latin1(data.subarray(-1_024)).includes('%%EOF') ? data.length : null
}

const latin1 = (data: Uint8Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')
