/**
 * Origins, compared as the browsers mean them: scheme, host and port, where `https://X:443` and
 * `https://x` are one. Shells of apps send origins of schemes of their own, such as
 * `capacitor://localhost`, which the URL standard calls opaque and which have no default port.
 */

/** Schemes that no page of ours comes from, or that let anybody write one. */
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

/** The origin in its one form; null for what is none, such as a URL with a path, or `null`. */
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

/** Whether a page of `origin` came from the host that a request names: both are read as URLs, so that a default port is none. */
export function isOwnOrigin(origin: string, host: string): boolean {
  const own = normalOrigin(origin)
  if (own === null) return false
  const { protocol } = new URL(own)
  return normalOrigin(`${protocol}//${host}`) === own
}
