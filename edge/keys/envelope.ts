/**
 * The envelope of a short secret: `c1.<key id>.<Base64url of nonce, ciphertext and tag>`, encrypted
 * with AES-256-GCM of node:crypto under a random nonce of 96 bits. The associated data is the
 * version, the key id and the place where the envelope is stored, so an envelope that was moved to
 * another row, or renamed to another key, does not open. Text of today never begins with `c1.` and
 * a key id, so a reader tells both apart while a job converts.
 *
 * NIST SP 800-38D allows 2^32 random nonces for a key. A key of a deployment wraps one key for each
 * person, and a key of a person one for each file and for each piece of an upload.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export const keyBytes = 32
export const tagBytes = 16
const nonceBytes = 12
const version = 'c1'

/** The data that an envelope is bound to. */
const bound = (keyId: string, place: string): Buffer =>
  Buffer.from(`${version}\0${keyId}\0${place}`)

/** The bytes of an envelope without its head: nonce, ciphertext and tag. */
export function sealBytes(
  key: Uint8Array,
  keyId: string,
  place: string,
  secret: Uint8Array,
  nonce: Uint8Array = randomBytes(nonceBytes),
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound(keyId, place))
  return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
}

/** Null when the bytes were sealed under another key or for another place, or altered. */
export function openBytes(
  key: Uint8Array,
  keyId: string,
  place: string,
  sealed: Uint8Array,
): Buffer | null {
  if (sealed.length < nonceBytes + tagBytes) return null
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
    .setAAD(bound(keyId, place))
    .setAuthTag(sealed.subarray(-tagBytes))
  try {
    return Buffer.concat([
      decipher.update(sealed.subarray(nonceBytes, -tagBytes)),
      decipher.final(),
    ])
  } catch {
    return null
  }
}

/** `nonce` is random; only a test names one. */
export const sealText = (
  key: Uint8Array,
  keyId: string,
  place: string,
  secret: Uint8Array,
  nonce?: Uint8Array,
): string =>
  `${version}.${keyId}.${sealBytes(key, keyId, place, secret, nonce).toString('base64url')}`

/** Null when the envelope is of another key or place, or is not exactly as it was made. */
export function openText(
  key: Uint8Array,
  keyId: string,
  place: string,
  envelope: string,
): Buffer | null {
  const head = `${version}.${keyId}.`
  if (!envelope.startsWith(head)) return null
  const text = envelope.slice(head.length)
  const sealed = Buffer.from(text, 'base64url')
  // Base64 has several spellings of the same bytes; only ours is accepted.
  if (sealed.toString('base64url') !== text) return null
  return openBytes(key, keyId, place, sealed)
}
