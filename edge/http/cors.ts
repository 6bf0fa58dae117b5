/**
 * Cross-origin access from config.corsOrigins, and the headers of every answer. Tokens travel in a
 * header and never in a cookie, so `*` gives a page no more than its own token does.
 */

import { normalOrigin } from '../kernel/origins.ts'

export interface Cors {
  /** Headers of an answer to this origin; empty when the origin is not allowed. */
  headers(origin: string | undefined): Record<string, string>
  preflight(origin: string | undefined, allow: readonly string[]): Record<string, string>
}

/** Reads the allowed origins once; `*` allows every origin. */
export function createCors(origins: readonly string[]): Cors {
  const any = origins.includes('*')
  const allowed = new Set(origins.map(normalOrigin))
  const headers = (origin: string | undefined): Record<string, string> => {
    if (origins.length === 0) return {}
    if (any) return { 'access-control-allow-origin': '*', 'access-control-expose-headers': exposed }
    if (origin === undefined || normalOrigin(origin) === null || !allowed.has(normalOrigin(origin)))
      return { vary: 'Origin' }
    return {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': exposed,
      vary: 'Origin',
    }
  }
  return {
    headers,
    preflight(origin, allow) {
      const base = headers(origin)
      if (base['access-control-allow-origin'] === undefined)
        return { ...base, allow: allow.join(', ') }
      return {
        ...base,
        allow: allow.join(', '),
        'access-control-allow-methods': allow.join(', '),
        'access-control-allow-headers':
          'Authorization, Content-Type, Idempotency-Key, If-Match, Tus-Resumable, Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset, X-API-Key, X-HTTP-Method-Override, X-Request-Id',
        'access-control-max-age': '600',
      }
    },
  }
}
const exposed =
  'Content-Disposition, ETag, Idempotency-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset, X-Request-Id'

/** An API answer is never a page: nothing in it may run, be framed, be sniffed or be cached. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Browsers obey it over TLS only; over plain HTTP it has no effect.
  'strict-transport-security': 'max-age=31536000',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'geolocation=(self), camera=(self), microphone=(self), payment=()',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}
