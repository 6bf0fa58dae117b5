/**
 * The code that the customer shows at the door: a PIN of six digits, and a QR code whose text is
 * signed. Both follow from the secret of the deployment, from the order, its driver, the assignment
 * and the number of the code, so they are stored nowhere and no log can have them. The order's actor
 * lets each of them work once, and counts the wrong ones.
 *
 * The QR is signed with Ed25519, so that a driver's phone without a connection can check it with the
 * public key alone. The PIN is the fallback for a phone whose camera fails.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto'
import type { KernelConfig } from '../kernel/config.ts'

/** What a code is bound to. Its stage is the hand-over. */
export interface CodeBinding {
  orderId: string
  driverId: string
  assignmentId: string
  /** Number of the code; the customer may ask for a new one. */
  generation: number
}
type WithSecret = Pick<KernelConfig, 'jwtSecret'>

const pinDigits = 6
/** Time for which a shown QR is good, ms. */
const qrMs = 24 * 3_600_000
/** The head of an Ed25519 key in PKCS 8; the 32 bytes of the key follow it. */
const keyHead = Buffer.from('302e020100300506032b657004220420', 'hex')
const derived = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `caduceus handover ${purpose}`, 32))

interface Keys {
  pin: Buffer
  qr: KeyObject
}
const keys = new WeakMap<object, Keys>()
function keysOf(config: WithSecret): Keys {
  let found = keys.get(config)
  if (found === undefined) {
    const qr = createPrivateKey({
      key: Buffer.concat([keyHead, derived(config.jwtSecret, 'qr')]),
      format: 'der',
      type: 'pkcs8',
    })
    keys.set(config, (found = { pin: derived(config.jwtSecret, 'pin'), qr }))
  }
  return found
}

/** The public key of the QR codes, in base64: 32 bytes. */
export const publicKeyOf = (config: WithSecret): string =>
  createPublicKey(keysOf(config).qr)
    .export({ format: 'der', type: 'spki' })
    .subarray(-32)
    .toString('base64')

/** The PIN of a binding. */
export function pinOf(
  config: WithSecret,
  { orderId, driverId, assignmentId, generation }: CodeBinding,
): string {
  const digest = createHmac('sha256', keysOf(config).pin)
    .update([orderId, driverId, assignmentId, generation].join('\0'))
    .digest()
  return String(digest.readUIntBE(0, 6) % 10 ** pinDigits).padStart(pinDigits, '0')
}

export const isPin = (config: WithSecret, binding: CodeBinding, given: string): boolean => {
  const right = Buffer.from(pinOf(config, binding))
  const bytes = Buffer.from(given)
  return bytes.length === right.length && timingSafeEqual(bytes, right)
}

const signedText = (binding: CodeBinding, expiresAtMs: number): string =>
  [
    'caduceus-handover-1',
    binding.orderId,
    binding.driverId,
    binding.assignmentId,
    binding.generation,
    expiresAtMs,
  ].join(':')

/** The text of the QR code, and when it ends. */
export function qrOf(
  config: WithSecret,
  binding: CodeBinding,
  nowMs: number,
): { text: string; expiresAtMs: number } {
  const expiresAtMs = nowMs + qrMs
  const text = signedText(binding, expiresAtMs)
  const signature = sign(null, Buffer.from(text), keysOf(config).qr).toString('base64url')
  return { text: `${text}:${signature}`, expiresAtMs }
}

/** Is it a QR of this binding that was good at that time? */
export function isQr(
  config: WithSecret,
  binding: CodeBinding,
  given: string,
  atMs: number,
): boolean {
  const end = given.lastIndexOf(':')
  const text = given.slice(0, Math.max(end, 0))
  const expiresAtMs = Number(text.slice(text.lastIndexOf(':') + 1))
  return (
    text === signedText(binding, expiresAtMs) &&
    atMs < expiresAtMs &&
    verify(
      null,
      Buffer.from(text),
      createPublicKey(keysOf(config).qr),
      Buffer.from(given.slice(end + 1), 'base64url'),
    )
  )
}
