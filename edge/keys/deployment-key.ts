/**
 * The key of the deployment, which wraps the keys of people. Its 32 bytes are used for nothing
 * directly: the wrapping key and the fingerprint are derived from them, so the fingerprint in the
 * database says nothing of the key.
 */
import { hkdfSync } from 'node:crypto'
import { keyBytes, openText, sealText } from './envelope.ts'

const fingerprintBytes = 8
const derive = (secret: Uint8Array, use: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `caduceus c1 ${use}`, bytes))

export class DeploymentKey {
  /** 16 hexadecimal digits, which operators may show. */
  readonly fingerprint: string
  readonly #wrapping: Buffer

  /** `secret`: 32 bytes. */
  constructor(secret: Uint8Array) {
    this.fingerprint = derive(secret, 'fingerprint', fingerprintBytes).toString('hex')
    this.#wrapping = derive(secret, 'wrapping', keyBytes)
  }

  wrap(place: string, key: Uint8Array): string {
    return sealText(this.#wrapping, this.fingerprint, place, key)
  }

  /** Null for a key that another key wrapped, or for another place. */
  unwrap(place: string, wrapped: string): Buffer | null {
    return openText(this.#wrapping, this.fingerprint, place, wrapped)
  }
}

/** The keys with which a process may work. */
export interface ActiveKeys {
  current: DeploymentKey
  /** The key before, for what it wraps still. */
  previous: DeploymentKey | null
}

/** The bytes of a key in hexadecimal digits or Base64; null for anything else. */
export function keyFromText(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === keyBytes ? bytes : null
}
