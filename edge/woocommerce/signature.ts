/**
 * What WooCommerce sends, before anything of it is believed: its signature is the base64 of an
 * HMAC-SHA256 over the body as it came, so it is checked over the bytes and never over what a parser
 * made of them. None of its headers is signed; nothing may be decided by them alone.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** In constant time; a difference in length, which is no secret, is told at once. */
export function signedBy(secret: string, body: Uint8Array, signature: string | undefined): boolean {
  const given = Buffer.from(signature ?? '')
  const expected = Buffer.from(createHmac('sha256', secret).update(body).digest('base64'))
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** The form that WooCommerce posts when a webhook is saved: unsigned, about nothing, and it must hear 200. */
export function isPing(headers: Readonly<Record<string, string>>, body: Uint8Array): boolean {
  if (headers['x-wc-webhook-signature'] !== undefined || body.byteLength > 64) return false
  return /^webhook_id=\d{1,20}$/.test(Buffer.from(body).toString('latin1').trim())
}
