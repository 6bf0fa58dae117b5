/**
 * The address of the client. It is the address of the connection, unless TRUST_PROXY says how many
 * of our own proxies stand in front. Then our proxies wrote that many entries at the right end of
 * X-Forwarded-For, and the first of these is the client. The client may have invented every entry
 * further left.
 *
 * Rejected: the leftmost entry, because every client can choose it. Rejected: a list of the
 * proxies' addresses, because in a cluster they change.
 */
import { isIP } from 'node:net'

/**
 * The address of the client, from the address of the connection and the header X-Forwarded-For.
 * With `trustedProxies` 0 the header is ignored.
 */
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
 * The origin by which the caller reached this server, `https://host` without a slash at the end,
 * for links that leave the server. Null when the request named no host. PUBLIC_URL wins. The host
 * is the caller's own claim, so a link made from it may go to that caller only. The scheme is that of
 * the connection; the claim of a proxy counts only when TRUST_PROXY says that there is one.
 */
export function serverOrigin(
  headers: Readonly<Record<string, string>>,
  { trustedProxies, isTls, publicUrl }: Reached,
): string | null {
  if (publicUrl !== null) return publicUrl
  const host = headers['host']
  if (host === undefined || !/^[\w.:[\]-]{1,255}$/.test(host)) return null
  const schemes = (headers['x-forwarded-proto'] ?? '')
    .split(',')
    .map(scheme => scheme.trim().toLowerCase())
  const isBehindTls =
    trustedProxies > 0 && schemes.at(-Math.min(trustedProxies, schemes.length)) === 'https'
  return `${isTls || isBehindTls ? 'https' : 'http'}://${host}`
}

/** How clients reach this process. */
interface Reached {
  trustedProxies: number
  /** True when they connect to it by TLS. */
  isTls: boolean
  publicUrl: string | null
}

/**
 * The /64 network of an IPv6 address, or the IPv4 address itself. A household or a server owns at
 * least a /64, so counting single IPv6 addresses would limit nobody.
 */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address
  return `${expanded(address)
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

/**
 * An IPv4 address as such, even when it came over an IPv6 socket; any other IPv6 address in its
 * short form.
 */
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

/** The eight groups of an IPv6 address, with four digits each. */
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

/** Headers that proxies of all makes add. */
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

/**
 * True for a program on this machine that asks for itself. `connection` is the address of the peer
 * as `addressText` writes it.
 */
export const isLocal = (connection: string, headers: Readonly<Record<string, string>>): boolean =>
  (connection.startsWith('127.') || connection === loopback6) &&
  !forwarding.some(name => headers[name] !== undefined)
const loopback6 = '0000:0000:0000:0000:0000:0000:0000:0001'
