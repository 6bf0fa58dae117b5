/**
 * The addresses to which a webhook may go. A subscriber may name any URL, and our machines reach
 * places that the subscriber cannot reach. So only addresses of the public internet are allowed:
 * IPv4 outside the special-purpose networks, and IPv6 inside the one public network and outside its
 * special-purpose parts. The check is on the very address of the connection.
 *
 * Rejected: checking the name only, or resolving it twice (once to check, once to connect), because
 * the owner of the name's DNS can answer the second question differently.
 */
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'

/**
 * IANA's special-purpose registries: networks that are not globally reachable, or that lead
 * elsewhere than they seem. Also one address of a cloud's own services that looks like any other.
 */
const specialV4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
/**
 * Networks within 2000::/3; outside of it nothing is public. 2002::/16 (6to4) and 2001::/23
 * (Teredo) contain an IPv4 address.
 */
const specialV6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

const v4 = new BlockList()
for (const [net, bits] of specialV4) v4.addSubnet(net, bits, 'ipv4')
const v6 = new BlockList()
for (const [net, bits] of specialV6) v6.addSubnet(net, bits, 'ipv6')
const globalV6 = new BlockList()
globalV6.addSubnet('2000::', 3, 'ipv6')

/**
 * True for an address of the public internet. False also for a text that is not an address, and for
 * IPv6 with a zone. An IPv4 address inside an IPv6 address, mapped or as NAT64, leads to that IPv4
 * address and is judged as it.
 */
export function isPublicAddress(address: string): boolean {
  const inner = innerV4(address)
  if (inner !== null) return isPublicAddress(inner)
  switch (isIP(address)) {
    case 4:
      return !v4.check(address, 'ipv4')
    case 6:
      return !address.includes('%') && globalV6.check(address, 'ipv6') && !v6.check(address, 'ipv6')
    default:
      return false
  }
}

/**
 * The prefix of RFC 6052. Under an operator's own prefix nobody can tell where an address leads.
 */
const nat64 = ipaddr.parseCIDR('64:ff9b::/96')

function innerV4(address: string): string | null {
  if (isIP(address) !== 6 || address.includes('%')) return null
  const parsed = ipaddr.parse(address) as ipaddr.IPv6
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString()
  return parsed.match(nat64 as [ipaddr.IPv6, number])
    ? parsed.toByteArray().slice(12).join('.')
    : null
}

/** The host of a URL as an address when it is one, without the brackets of IPv6. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')

const localName = /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home\.arpa)\.?$/i

/**
 * Checks a URL without DNS. Throws `webhook_url_refused`. The parser has normalised numbers in
 * every notation before: `http://0x7f.1/` and `http://2130706433/` are 127.0.0.1 here.
 */
export function checkUrl(text: string, allowPrivate: boolean): URL {
  const refuse = (why: string) =>
    new CaduceusError('webhook_url_refused', `url ${why}`, [{ field: 'url', rule: why }])
  if (text.length > limits.urlCharactersMax || !URL.canParse(text)) throw refuse('is not a URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    throw refuse('must begin with https://')
  if (url.username !== '' || url.password !== '')
    throw refuse('must not hold a user name or password; check the signature instead')
  if (url.hash !== '') throw refuse('must not have a fragment')
  if (allowPrivate) return url
  const host = hostOf(url)
  const literal = isIP(host) !== 0
  if (literal ? !isPublicAddress(host) : localName.test(host) || !host.includes('.'))
    throw refuse('must name a host of the public internet')
  return url
}
