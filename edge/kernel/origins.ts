/**
 * Compares origins as browsers do: by scheme, host and port, where `https://X:443` and `https://x`
 * are one. App shells send origins with schemes of their own, such as `capacitor://localhost`. The
 * URL standard calls these opaque, and they have no default port.
 */

/** Schemes that no page of ours has, or under which anybody can write a page. */
const foreign = new Set([
  'about:',
  'blob:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'javascript:',
  'mailto:',
  'view-source:',
  'ws:',
  'wss:',
])
const ofShell = /^[a-z][a-z0-9+.-]{0,31}:\/\/[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?(?::\d{1,5})?$/

/** The origin in its one form; null for other texts, such as a URL with a path, or `null`. */
export function normalOrigin(text: string): string | null {
  if (text.length > 300 || !URL.canParse(text)) return null
  const url = new URL(text)
  if (foreign.has(url.protocol)) return null
  if (url.protocol === 'http:' || url.protocol === 'https:')
    return url.username === '' && url.password === '' && /^https?:\/\/[^/?#\\@*]+$/i.test(text)
      ? url.origin
      : null
  const small = text.toLowerCase()
  return ofShell.test(small) ? small : null
}

/**
 * True when a page of `origin` came from the host that a request names. Both are read as URLs, so
 * that a default port makes no difference.
 */
export function isOwnOrigin(origin: string, host: string): boolean {
  const own = normalOrigin(origin)
  if (own === null) return false
  const { protocol } = new URL(own)
  return normalOrigin(`${protocol}//${host}`) === own
}
