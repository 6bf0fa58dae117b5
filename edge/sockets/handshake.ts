/**
 * Reads the upgrade request at once, because uWebSockets' request object is invalid after the
 * handler and authentication takes longer. So a client is upgraded first, and a refused client is
 * closed with a code that a browser can read; a refused upgrade shows there as 1006 and nothing
 * more. The upgrade itself is refused only where nothing has to be looked up: a request that cannot
 * be an upgrade, a page of a foreign origin, whose user did not ask for the connection, an edge
 * that drains, and too many handshakes at once.
 */
import type { Logger } from 'pino'
import type { HttpRequest, HttpResponse, us_socket_context_t } from '../kernel/uws.ts'
import { problemDocument } from '../../protocol/kernel/errors.ts'
import { isUuid } from '../../protocol/kernel/ids.ts'
import type { Identity } from '../kernel/identity.ts'
import type { AuditTrail } from '../audit/port.ts'
import { addressGroup, clientAddress, serverOrigin } from '../kernel/address.ts'
import { addressText } from '../http/exchange.ts'
import { readHeaders } from '../http/headers.ts'
import { isOwnOrigin, normalOrigin } from '../kernel/origins.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { WithConfig } from '../kernel/kernel.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { WithRates } from '../rate/rate-limits.ts'
import type { RateBy } from '../kernel/rates.ts'
import type { Admission } from './admission.ts'
import type { Hub } from '../kernel/hub.ts'
import { refusals } from '../kernel/refusal.ts'
import type { Handshake } from '../kernel/socket.ts'
import type { SocketData } from '../kernel/session.ts'
import { socketLimits } from '../kernel/limits.ts'

/** The port by which an edge authenticates sockets; the feature `accounts` brings it. */
export interface Authenticator {
  /**
   * The account of a valid token, or the ticket, for the admission; null for neither. It reads no
   * rows.
   */
  voucherOf(token: string | null, ticket: string | null): string | null
  /** Throws CaduceusError unless the access token is valid. */
  token(token: string): Promise<Identity>
  /** Redeems a single-use ticket. Throws CaduceusError for an invalid one. */
  ticket(ticket: string): Promise<Identity>
  /** Adds the standing of the pharmacy or driver. */
  withStanding(identity: Identity): Promise<Identity>
}

/** The parts that all sockets of an edge need. */
export interface SocketParts extends WithRates, WithConfig<KernelConfig> {
  readonly hub: Hub
  readonly metrics: Metrics
  readonly log: Logger
  readonly audit: Pick<AuditTrail, 'note'>
  readonly authenticator: Authenticator
  nowMs(): number
  random(): number
}

/** Data from the upgrade for the open handler. */
export interface UpgradedData extends SocketData {
  /** Null once it was read, because an idle socket need not keep its token. */
  handshake: Handshake | null
}

const protocolName = 'bearer'

/**
 * Answers the upgrade: 101; 400 for a request that cannot be an upgrade; 403 for a foreign origin;
 * 503 while the edge drains or too many sockets open at once.
 */
export function upgrade(
  ctx: SocketParts,
  admission: Admission,
  res: HttpResponse,
  req: HttpRequest,
  context: us_socket_context_t,
): void {
  const { fields, fault } = readHeaders(req)
  const body = fields['transfer-encoding'] ?? fields['content-length'] ?? '0'
  if (fault !== null || body !== '0') {
    refuseUpgrade(
      res,
      '400 Bad Request',
      JSON.stringify(
        problemDocument({
          code: 'invalid_request',
          detail: fault ?? 'a request that becomes a socket has no body',
        }),
      ),
    )
    return
  }
  const { corsOrigins, publicUrl, tls, trustedProxies } = ctx.config
  if (
    !originAllowed(
      fields['origin'] ?? '',
      fields['host'] ?? '',
      publicUrl === null ? corsOrigins : [...corsOrigins, new URL(publicUrl).origin],
    )
  ) {
    refuseUpgrade(
      res,
      '403 Forbidden',
      JSON.stringify(
        problemDocument({
          code: 'forbidden',
          detail: 'this origin may not open sockets; CORS_ORIGINS lists those that may',
        }),
      ),
    )
    return
  }
  if (ctx.hub.draining) {
    refuseUpgrade(
      res,
      '503 Service Unavailable',
      JSON.stringify(problemDocument({ code: 'unavailable', detail: 'this server is going away' })),
    )
    return
  }
  // Some clients send the two parts in separate lines; a browser expects the name back as it wrote
  // it.
  const offered = (fields['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
  // The token follows the name, which need not come first, because a client may offer other
  // protocols too.
  const bearerAt = offered.findIndex(part => part.toLowerCase() === protocolName)
  const token = req.getQuery('token') || (bearerAt === -1 ? null : (offered[bearerAt + 1] ?? null))
  const ticket = req.getQuery('ticket') || null
  const address = clientAddress(
    addressText(res.getRemoteAddress()),
    fields['x-forwarded-for'],
    trustedProxies,
  )
  const voucher = ctx.authenticator.voucherOf(token, ticket)
  if (!ctx.config.benchAllowed && !admission.admits({ address: addressGroup(address), voucher })) {
    ctx.metrics.handshakesRefused.inc()
    const seconds = 1 + Math.floor(ctx.random() * socketLimits.handshakeRetrySecondsMax)
    refuseUpgrade(
      res,
      '503 Service Unavailable',
      JSON.stringify(
        problemDocument({
          code: 'overloaded',
          detail: 'too many connections begin at this moment; come again shortly',
        }),
      ),
      seconds,
    )
    return
  }
  const handshake: Handshake = {
    token,
    ticket,
    parameter: smallLetters(req.getParameter(0) ?? ''),
    address,
    userAgent: fields['user-agent'] || null,
    origin: serverOrigin(fields, { trustedProxies, isTls: tls !== null, publicUrl }),
    identity: null,
  }
  const data: UpgradedData = { session: null, handshake }
  res.upgrade(
    data,
    fields['sec-websocket-key'] ?? '',
    offered[bearerAt] ?? '',
    fields['sec-websocket-extensions'] ?? '',
    context,
  )
}

/** Ids and tokens of hexadecimal digits become small letters; other parameters stay unchanged. */
const smallLetters = (parameter: string): string =>
  isUuid(parameter) || /^[0-9a-f]{32}$/i.test(parameter) ? parameter.toLowerCase() : parameter

function refuseUpgrade(
  res: HttpResponse,
  status: string,
  body: string,
  retryAfterSeconds?: number,
): void {
  res.writeStatus(status).writeHeader('content-type', 'application/problem+json')
  if (retryAfterSeconds !== undefined) res.writeHeader('retry-after', String(retryAfterSeconds))
  res.end(body, true)
}

/**
 * Apps send no Origin. A page may connect to the host that it came from, and to where CORS_ORIGINS
 * allows it.
 */
export function originAllowed(origin: string, host: string, allowed: readonly string[]): boolean {
  if (origin === '' || allowed.includes('*') || allowed.includes(origin)) return true
  const normal = normalOrigin(origin)
  return (normal !== null && allowed.includes(normal)) || isOwnOrigin(origin, host)
}

/**
 * Counts a handshake: for its address before anything is looked up, for its account once that is
 * known. Throws a Refusal with 4429.
 */
export async function admitHandshake(
  { rates, metrics }: Pick<SocketParts, 'rates' | 'metrics'>,
  by: RateBy,
  key: string,
): Promise<void> {
  if (rates === null) return
  const { allowed, resetSeconds } = await rates.count('socket', by, key)
  if (allowed) return
  metrics.rateLimited.inc({ class: 'socket', by })
  throw refusals.tooManyHandshakes(resetSeconds)
}

/** Implements `Entrance.identify`, and keeps the identity in the handshake. */
export async function identify(
  ctx: SocketParts,
  handshake: Handshake,
  least: 'full' | 'carrying' = 'full',
): Promise<Identity> {
  const { authenticator } = ctx
  if (handshake.token === null && handshake.ticket === null) throw refusals.unauthenticated()
  handshake.identity =
    handshake.token === null
      ? await authenticator.ticket(handshake.ticket!)
      : await authenticator.token(handshake.token)
  await admitHandshake(ctx, 'account', handshake.identity.userId)
  handshake.identity = await authenticator.withStanding(handshake.identity)
  const { access, why } = handshake.identity.standing ?? { access: 'full', why: '' }
  if (access !== 'full' && access !== least) throw refusals.notNow(why)
  return handshake.identity
}
