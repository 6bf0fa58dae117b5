/**
 * Where a request comes from. The connection's own address, unless TRUST_PROXY says how many proxies of
 * ours stand in front: then that many entries from the right of X-Forwarded-For were written by them,
 * and the first of those is the client. Whatever stands further left is the client's own invention.
 *
 * Rejected: the leftmost entry, as many do, which lets everybody choose an address; and a list of the
 * proxies' addresses, which in a cluster nobody knows.
 */
import { isIP } from 'node:net'

/** `trustedProxies` 0: the header is not looked at. */
export function clientAddress(
  connection: string,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string {
  const direct = shortAddress(connection)
  if (trustedProxies === 0 || forwardedFor === undefined) return direct
  const hops = forwardedFor.split(',').map(hop => hop.trim())
  const claimed = withoutPort(hops[Math.max(0, hops.length - trustedProxies)]!)
  return isIP(claimed) === 0 ? direct : shortAddress(claimed)
}

/**
 * Where the caller reached this server, `https://host` without a slash at the end, for links that leave
 * it; null when the request named no host. PUBLIC_URL has the first word. The host is the caller's own
 * claim, so what is made of it may only be answered to that caller; the scheme is a proxy's word, and
 * counts as far as TRUST_PROXY says that there is one.
 */
export function serverOrigin(
  headers: Readonly<Record<string, string>>,
  trustedProxies: number,
  publicUrl: string | null,
): string | null {
  if (publicUrl !== null) return publicUrl
  const host = headers['host']
  if (host === undefined || !/^[\w.:[\]-]{1,255}$/.test(host)) return null
  const schemes = (headers['x-forwarded-proto'] ?? '')
    .split(',')
    .map(scheme => scheme.trim().toLowerCase())
  return `${trustedProxies > 0 && schemes.at(-Math.min(trustedProxies, schemes.length)) === 'https' ? 'https' : 'http'}://${host}`
}

/** A household or a server owns at least a /64 of IPv6: counting single addresses there counts nothing. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address
  return `${expanded(address)
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

/** IPv4 as such also when it came over an IPv6 socket; other IPv6 in its usual short form. */
function shortAddress(address: string): string {
  const mapped = /^(?:0*:)*:?ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  if (isIP(address) !== 6) return address
  const groups = expanded(address)
  if (groups.slice(0, 5).every(group => group === '0000') && groups[5] === 'ffff') {
    const [high, low] = [Number.parseInt(groups[6]!, 16), Number.parseInt(groups[7]!, 16)]
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  return new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1)
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)
  if (bracketed !== null) return bracketed[1]!
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(hop) ? hop.slice(0, hop.lastIndexOf(':')) : hop
}

/** The eight groups of four digits. */
function expanded(address: string): string[] {
  const host = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1)
  const [left = '', right] = host.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const head = groups(left)
  const tail = right === undefined ? [] : groups(right)
  const zeros = right === undefined ? 0 : 8 - head.length - tail.length
  return [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].map(group =>
    group.padStart(4, '0'),
  )
}

/** What a proxy writes, of whatever make. */
const forwarding = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
]

/** Whether a program of this machine asks for itself. `connection` is the peer's address as `addressText` has it. */
export const isLocal = (connection: string, headers: Readonly<Record<string, string>>): boolean =>
  (connection.startsWith('127.') || connection === loopback6) &&
  !forwarding.some(name => headers[name] !== undefined)
const loopback6 = '0000:0000:0000:0000:0000:0000:0000:0001'
