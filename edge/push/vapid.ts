/** The keys by which a push service knows this server, and the token of each request: RFC 8292. */
import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'

export interface VapidKeys {
  /** base64url; browsers subscribe with it. */
  publicKey: string
  /** base64url, 32 bytes. */
  privateKey: string
}

/** Push services refuse a token that lives longer than a day. */
const tokenSeconds = 12 * 3_600
const privateBytes = 32
const curve = 'prime256v1'

/** A new pair. */
export function newVapidKeys(): VapidKeys {
  const pair = createECDH(curve)
  pair.generateKeys()
  // A short number has no leading zeros of its own.
  const privateKey = Buffer.alloc(privateBytes)
  const given = pair.getPrivateKey()
  given.copy(privateKey, privateBytes - given.length)
  return {
    publicKey: pair.getPublicKey('base64url'),
    privateKey: privateKey.toString('base64url'),
  }
}

/** The public key of a private one; null when the text is no private key. */
export function publicKeyOf(privateKey: string): string | null {
  const bytes = Buffer.from(privateKey, 'base64url')
  if (bytes.length !== privateBytes) return null
  const pair = createECDH(curve)
  try {
    pair.setPrivateKey(bytes)
    return pair.getPublicKey('base64url')
  } catch {
    return null
  }
}

/** The key as node:crypto takes it. */
export function signingKey({ publicKey, privateKey }: VapidKeys): KeyObject {
  const point = Buffer.from(publicKey, 'base64url')
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: privateKey,
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  })
}

/**
 * The value of `Authorization` for a request to `origin`. `subject` is the address at which the
 * push service reaches the operator, `mailto:` or `https:`; null: it gets none.
 */
export async function vapidHeader(
  key: KeyObject,
  publicKey: string,
  origin: string,
  subject: string | null,
  nowMs: number,
): Promise<string> {
  const token = new SignJWT(subject === null ? {} : { sub: subject })
    .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
    .setAudience(origin)
    .setExpirationTime(Math.floor(nowMs / 1_000) + tokenSeconds)
  return `vapid t=${await token.sign(key)}, k=${publicKey}`
}
