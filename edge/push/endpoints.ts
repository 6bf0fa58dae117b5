/**
 * The addresses of push services. A browser names the address of its subscription, so anybody could
 * name any address, and our machines reach places that a stranger cannot reach. Only the services of
 * known browsers are taken, and the sender of webhooks then checks the very address of the
 * connection.
 */
import { checkUrl } from '../webhooks/addresses.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { invalid } from '../kernel/validate.ts'

/** The push services of Chromium, Firefox, Edge and Safari; a dot begins a part of a name. */
const knownHosts = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  '.push.services.mozilla.com',
  '.notify.windows.com',
  'web.push.apple.com',
  '.push.apple.com',
] as const

export interface EndpointRules {
  /** Further hosts; one that begins with a dot allows every name below it. */
  hosts: readonly string[]
  /** For tests: any host, also a private one and without TLS. */
  allowPrivate: boolean
}

/** The address in its normal form. Throws `invalid_request` for one that is not a push service's. */
export function checkEndpoint(text: string, { hosts, allowPrivate }: EndpointRules): string {
  const refuse = (rule: string) => invalid([{ field: 'endpoint', rule }])
  let url: URL
  try {
    url = checkUrl(text, allowPrivate)
  } catch (error) {
    if (error instanceof CaduceusError) throw refuse(error.fields?.[0]?.rule ?? 'is refused')
    throw error
  }
  if (!allowPrivate && !isKnown(url.hostname, hosts))
    throw refuse('is not at a push service that this server knows')
  return url.href
}

const isKnown = (host: string, more: readonly string[]): boolean =>
  [...knownHosts, ...more].some(known =>
    known.startsWith('.') ? host.endsWith(known) : host === known,
  )
