/**
 * Reads and writes the headers of tus 1.0 (https://tus.io/protocols/resumable-upload): the core and
 * the extensions creation, creation-with-upload, termination, expiration and checksum. Pure.
 */
import { createHash } from 'node:crypto'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { invalid } from '../kernel/validate.ts'
import { uploadKinds, type UploadKind } from './kinds.ts'
import { resumableLimits } from './resumable-limits.ts'

export const tusVersion = '1.0.0'
/** Content type of the body of a part. */
export const partType = 'application/offset+octet-stream'
const checksums = ['sha256', 'sha1', 'md5'] as const

type Headers = Readonly<Record<string, string>>

/** The answer to OPTIONS that describes this server. */
export const discovery = (bytesMax: number): Record<string, string> => ({
  'tus-version': tusVersion,
  'tus-max-size': String(bytesMax),
  'tus-checksum-algorithm': checksums.join(','),
  'tus-extension': 'creation,creation-with-upload,termination,expiration,checksum',
})

/** Throws `tus_version_unsupported`. */
export function requireVersion(headers: Headers): void {
  const given = headers['tus-resumable']
  if (given !== tusVersion)
    throw new CaduceusError(
      'tus_version_unsupported',
      given === undefined
        ? `send Tus-Resumable: ${tusVersion}`
        : `this speaks tus ${tusVersion} and not ${given.slice(0, 20)}`,
    )
}

/** Bytes of the whole file. Throws `invalid_request` or `body_too_large`. */
export function readLength(headers: Headers, bytesMax: number): number {
  if (headers['upload-defer-length'] !== undefined)
    throw invalid([{ field: 'Upload-Defer-Length', rule: 'is not supported; send Upload-Length' }])
  // A part treated as a whole file would be refused for its content at its end.
  if (headers['upload-concat'] !== undefined)
    throw invalid([
      { field: 'Upload-Concat', rule: 'is not supported; send the file as one upload' },
    ])
  const length = wholeNumber(headers, 'Upload-Length')
  if (length === 0)
    throw invalid([
      { field: 'Upload-Length', rule: 'must be at least 1: an empty file is not accepted' },
    ])
  if (length > bytesMax)
    throw new CaduceusError(
      'body_too_large',
      `a file of this kind may have at most ${bytesMax} bytes`,
    )
  return length
}

/** The byte at which the part begins. Throws `invalid_request`. */
export const readOffset = (headers: Headers): number => wholeNumber(headers, 'Upload-Offset')

function wholeNumber(headers: Headers, name: string): number {
  const text = headers[name.toLowerCase()] ?? ''
  if (!/^\d{1,15}$/.test(text))
    throw invalid([
      { field: name, rule: text === '' ? 'is required' : 'must be a number of bytes' },
    ])
  return Number(text)
}

/** The required kind of file from `Upload-Metadata`. Throws `invalid_request`. */
export function readKind(headers: Headers): { kind: UploadKind; metadata: string } {
  const metadata = headers['upload-metadata'] ?? ''
  const refuse = (rule: string) => invalid([{ field: 'Upload-Metadata', rule }])
  if (metadata.length > resumableLimits.metadataCharactersMax)
    throw refuse(`must have at most ${resumableLimits.metadataCharactersMax} characters`)
  const pairs = new Map<string, string>()
  for (const pair of metadata === '' ? [] : metadata.split(',')) {
    const [key = '', value = '', ...rest] = pair.trim().split(' ')
    if (key === '' || rest.length > 0 || pairs.has(key) || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
      throw refuse(
        'must be pairs of a key and its value in Base64, separated by commas, each key once',
      )
    pairs.set(key, Buffer.from(value, 'base64').toString('utf8'))
  }
  const kind = pairs.get('kind')
  if (kind === undefined || !Object.hasOwn(uploadKinds, kind))
    throw refuse(`must hold "kind", one of ${Object.keys(uploadKinds).join(', ')}, in Base64`)
  return { kind: kind as UploadKind, metadata }
}

/**
 * The check of a part; null without the header. Throws `invalid_request`; the check throws
 * `checksum_mismatch` for other bytes.
 */
export function readChecksum(headers: Headers): ((bytes: Uint8Array) => void) | null {
  const given = headers['upload-checksum']
  if (given === undefined) return null
  const [name, expected = ''] = given.split(' ')
  const algorithm = checksums.find(one => one === name)
  if (algorithm === undefined)
    throw invalid([
      { field: 'Upload-Checksum', rule: `must begin with one of ${checksums.join(', ')}` },
    ])
  return bytes => {
    const sum = createHash(algorithm).update(bytes).digest()
    if (!sum.equals(Buffer.from(expected, 'base64')))
      throw new CaduceusError(
        'checksum_mismatch',
        'the part does not have the checksum that was sent with it; it was not taken',
      )
  }
}
