/**
 * Public keys of logs and witnesses in the text form of c2sp.org/signed-note: name, key id, and the
 * type of signature with the Ed25519 key.
 */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { decodedBase64, encodedBase64 } from './base64.ts'
import { custodyLogLimits as limits } from './limits.ts'

const signatureTypes = { log: 0x01, witness: 0x04 }
export type KeyRole = keyof typeof signatureTypes

export const signatureBytes = 64
const keyBytes = 32
const idBytes = 4

export interface NoteKey {
  role: KeyRole
  name: string
  /** Eight hexadecimal digits. */
  id: string
  publicKey: Buffer
  /** The text form. */
  text: string
}

/** Points of small order: with such a key one signature fits many texts. The sign bit is left out. */
const weakPoints = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])
const fieldPrime = 2n ** 255n - 19n

function isStrong(publicKey: Buffer): boolean {
  const point = Buffer.from(publicKey)
  point[keyBytes - 1]! &= 0x7f
  const y = BigInt(`0x${Buffer.from(point).reverse().toString('hex')}`)
  return y < fieldPrime && !weakPoints.has(point.toString('hex'))
}

/** Names have no space, no plus and no control character. */
export const isKeyName = (name: string): boolean =>
  name !== '' &&
  name.length <= limits.keyNameCharactersMax &&
  !/[\p{White_Space}\p{C}+]/u.test(name)

/** The key with its id and text form. Throws for a bad name and for a key that must not be trusted. */
export function noteKey(role: KeyRole, name: string, publicKey: Uint8Array): NoteKey {
  const bytes = Buffer.from(publicKey)
  if (!isKeyName(name))
    throw new TypeError('the name of the key has a space, a plus or no character')
  if (bytes.length !== keyBytes || !isStrong(bytes))
    throw new TypeError('the key is no good Ed25519 key')
  const typed = Buffer.concat([Uint8Array.of(signatureTypes[role]), bytes])
  const id = createHash('sha256')
    .update(`${name}\n`)
    .update(typed)
    .digest('hex')
    .slice(0, idBytes * 2)
  return { role, name, id, publicKey: bytes, text: `${name}+${id}+${encodedBase64(typed)}` }
}

/** The public part of an Ed25519 key of Node as a key of notes. */
export const noteKeyOf = (role: KeyRole, name: string, key: KeyObject): NoteKey =>
  noteKey(
    role,
    name,
    Buffer.from(
      (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' }).x!,
      'base64url',
    ),
  )

/** Throws TypeError when the text is no key of this role, or its id is not that of its key. */
export function parseKey(role: KeyRole, text: string): NoteKey {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text)
  const typed = parts === null ? null : decodedBase64(parts[3]!, 1 + keyBytes)
  if (parts === null || typed === null) throw new TypeError('is not of the form name+id+key')
  if (typed[0] !== signatureTypes[role]) throw new TypeError(`is no key of a ${role}`)
  const key = noteKey(role, parts[1]!, typed.subarray(1))
  if (key.text !== text) throw new TypeError('has an id that is not that of its key')
  return key
}

/** True when the signature over the text is by this key. */
export const isSignedBy = (key: NoteKey, text: string, signature: Uint8Array): boolean =>
  verify(
    null,
    Buffer.from(text),
    createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey.toString('base64url') },
      format: 'jwk',
    }),
    signature,
  )
