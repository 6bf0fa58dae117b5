/**
 * Encrypts a message for one browser, by RFC 8291 in the coding `aes128gcm` of RFC 8188. The push
 * service sees neither the text nor, because of the padding, its length.
 */
import { createCipheriv, createECDH, hkdfSync, randomBytes, type ECDH } from 'node:crypto'

const curve = 'prime256v1'
/** A point of the curve, uncompressed. */
const pointBytes = 65
const authBytes = 16
const saltBytes = 16
const tagBytes = 16
const recordBytes = 4_096
/** Ends the last record, before the padding. */
const lastRecord = 2
/** Longest text that fits into one record. */
export const plainBytesMax = recordBytes - tagBytes - 1

/** The keys of a subscription, as the browser gave them: base64url. */
export interface BrowserKeys {
  p256dh: string
  auth: string
}

/** True for keys with which a message can be encrypted. */
export function areKeys({ p256dh, auth }: BrowserKeys): boolean {
  const point = Buffer.from(p256dh, 'base64url')
  if (point.length !== pointBytes || Buffer.from(auth, 'base64url').length !== authBytes)
    return false
  const own = newPair()
  try {
    // It throws for a point that is not on the curve.
    own.computeSecret(point)
    return true
  } catch {
    return false
  }
}

function newPair(): ECDH {
  const pair = createECDH(curve)
  pair.generateKeys()
  return pair
}

/** Random by default; a test gives those of the RFC. */
export interface Chosen {
  sender?: ECDH
  salt?: Buffer
}

/**
 * The body of the request to the push service. It is padded so that texts up to `paddedTo` bytes
 * have the same length. Throws for keys that are none, and for more than `plainBytesMax` bytes.
 */
export function encrypt(
  text: Uint8Array,
  keys: BrowserKeys,
  paddedTo: number,
  { sender = newPair(), salt = randomBytes(saltBytes) }: Chosen = {},
): Buffer {
  if (text.length > plainBytesMax)
    throw new RangeError(`a message is at most ${plainBytesMax} bytes`)
  const browser = Buffer.from(keys.p256dh, 'base64url')
  const auth = Buffer.from(keys.auth, 'base64url')
  const own = sender.getPublicKey()
  const shared = sender.computeSecret(browser)
  const about = Buffer.concat([Buffer.from('WebPush: info\0'), browser, own])
  const input = derived(shared, auth, about, 32)
  const key = derived(input, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derived(input, salt, Buffer.from('Content-Encoding: nonce\0'), 12)

  const head = Buffer.alloc(saltBytes + 5)
  salt.copy(head)
  head.writeUInt32BE(recordBytes, saltBytes)
  head.writeUInt8(own.length, saltBytes + 4)
  const padding = Buffer.alloc(Math.max(0, Math.min(paddedTo, plainBytesMax) - text.length))
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  return Buffer.concat([
    head,
    own,
    cipher.update(text),
    cipher.update(Buffer.of(lastRecord)),
    cipher.update(padding),
    cipher.final(),
    cipher.getAuthTag(),
  ])
}

const derived = (key: Buffer, salt: Buffer, about: Buffer, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, about, bytes))
