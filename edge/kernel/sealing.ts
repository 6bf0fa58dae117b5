/**
 * Seals secrets that we must read again because we sign with them. They are sealed with AES-256-GCM
 * under a key derived from the signing key of the deployment, so a copy of the database cannot
 * sign.
 *
 * Rejected: deriving the secret itself from that key and storing nothing. After a change of the key
 * every signature would be wrong and nobody would notice; a secret that does not unseal reports it.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16
const keyOf = (master: string): Buffer =>
  Buffer.from(hkdfSync('sha256', master, '', 'caduceus sealed secrets v1', 32))

/** `about` is a part of the seal: a secret that was moved to another record does not open. */
export function seal(master: string, about: string, secret: string): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', keyOf(master), nonce).setAAD(Buffer.from(about))
  const sealed = Buffer.concat([
    nonce,
    cipher.update(secret, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ])
  return `${version}.${sealed.toString('base64url')}`
}

/** Null when the secret was sealed under another key, sealed for another record, or altered. */
export function unseal(master: string, about: string, sealed: string): string | null {
  const [given, text] = sealed.split('.')
  if (given !== version || text === undefined) return null
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < nonceBytes + tagBytes) return null
  const decipher = createDecipheriv('aes-256-gcm', keyOf(master), bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
    .setAAD(Buffer.from(about))
    .setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(nonceBytes, -tagBytes)),
      decipher.final(),
    ]).toString('utf8')
  } catch {
    return null
  }
}
