/**
 * Verifies WooCommerce deliveries before their contents are trusted. The signature is the base64 of
 * an HMAC-SHA256 over the raw body, so it is checked over the bytes and never over parsed data. No
 * header is signed, so no decision may depend on headers alone.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Takes constant time. A difference in length is reported at once, because the length is no secret.
 */
export function signedBy(secret: string, body: Uint8Array, signature: string | undefined): boolean {
  const given = Buffer.from(signature ?? '')
  const expected = Buffer.from(createHmac('sha256', secret).update(body).digest('base64'))
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/**
 * The form that WooCommerce posts when a webhook is saved. It is unsigned, contains nothing, and
 * must get 200.
 */
export function isPing(headers: Readonly<Record<string, string>>, body: Uint8Array): boolean {
  if (headers['x-wc-webhook-signature'] !== undefined || body.byteLength > 64) return false
  return /^webhook_id=\d{1,20}$/.test(Buffer.from(body).toString('latin1').trim())
}
