/**
 * The upgrade request, read while it lives: uWebSockets' request object is gone after the handler, and
 * authentication takes longer. So everybody is let in, and closed with a code that a browser can read
 * (a refused upgrade shows there as 1006 and nothing more). Only a foreign page's origin is refused
 * outright: its user did not ask for the connection.
 */
import type { HttpRequest, HttpResponse, us_socket_context_t } from 'uWebSockets.js'
import { problemDocument } from '../../protocol/errors.ts'
import { isUuid } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import { authenticateToken, redeemTicket, withStanding } from '../accounts/authenticate.ts'
import type { Identity } from '../accounts/identity.ts'
import type { EdgeContext } from '../context.ts'
import { ticketLifeMs } from '../accounts/tickets.ts'
import type { Tokens } from '../accounts/tokens.ts'
import { addressGroup, clientAddress, serverOrigin } from '../http/address.ts'
import { addressText } from '../http/exchange.ts'
import { readHeaders } from '../http/headers.ts'
import { isOwnOrigin, normalOrigin } from '../http/origins.ts'
import type { Admission } from './admission.ts'
import type { RateBy } from '../rate/rules.ts'
import { refusals } from './refusal.ts'
import type { SocketData } from './session.ts'

export interface Handshake {
  token: string | null
  ticket: string | null
  /** The id or token in the path; '' where the path has none. */
  parameter: string
  /** For the audit trail: where it came from, and who it turned out to be. */
  address: string
  userAgent: string | null
  /** Where the client reached this server; null when it named no host. */
  origin: string | null
  identity: Identity | null
}

/** What travels from the upgrade to the open handler. */
export interface UpgradedData extends SocketData {
  /** Null once it was read: an idle socket need not hold its token. */
  handshake: Handshake | null
}

const protocolName = 'bearer'

/** Answers the upgrade: 101, 400 for a request that cannot be one, 403 for a foreign origin, 503 while the edge drains or too many come at once. */
export function upgrade(
  ctx: EdgeContext,
  admission: Admission,
  tokens: Tokens | null,
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
  const { corsOrigins, publicUrl, trustedProxies } = ctx.config
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
  // Some clients send the two in a line each; a browser wants the name back as it wrote it.
  const offered = (fields['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
  // Behind the name, which need not come first: a client may offer what it speaks elsewhere too.
  const bearerAt = offered.findIndex(part => part.toLowerCase() === protocolName)
  const token = req.getQuery('token') || (bearerAt === -1 ? null : (offered[bearerAt + 1] ?? null))
  const ticket = req.getQuery('ticket') || null
  const address = clientAddress(
    addressText(res.getRemoteAddress()),
    fields['x-forwarded-for'],
    trustedProxies,
  )
  const voucher = voucherOf(ctx, tokens, token, ticket)
  if (!ctx.config.benchAllowed && !admission.admits({ address: addressGroup(address), voucher })) {
    ctx.metrics.handshakesRefused.inc()
    const seconds = 1 + Math.floor(ctx.random() * limits.handshakeRetrySecondsMax)
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
    origin: serverOrigin(fields, trustedProxies, publicUrl),
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

/** Whose place at the door it is: the account of a good token, or a good ticket itself; null for neither. Nothing is read for it. */
function voucherOf(
  ctx: EdgeContext,
  tokens: Tokens | null,
  token: string | null,
  ticket: string | null,
): string | null {
  if (tokens === null) return null
  if (token !== null) return tokens.holderOf(token, ctx.nowMs())
  return ticket !== null && tokens.isOwnTicket(ticket, ctx.nowMs(), ticketLifeMs) ? ticket : null
}

/** Ids and tokens of hexadecimal digits have no case; whatever else a path holds is left as it is. */
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

/** Apps send no Origin; a page may connect to the host it came from, and to where CORS_ORIGINS allows it. */
export function originAllowed(origin: string, host: string, allowed: readonly string[]): boolean {
  if (origin === '' || allowed.includes('*') || allowed.includes(origin)) return true
  const normal = normalOrigin(origin)
  return (normal !== null && allowed.includes(normal)) || isOwnOrigin(origin, host)
}

/** Counts a handshake: to its address before anything is looked up for it, to its account once that is known. Throws a Refusal, 4429. */
export async function admitHandshake(
  { rates, metrics }: Pick<EdgeContext, 'rates' | 'metrics'>,
  by: RateBy,
  key: string,
): Promise<void> {
  if (rates === null) return
  const { allowed, resetSeconds } = await rates.count('socket', by, key)
  if (allowed) return
  metrics.rateLimited.inc({ class: 'socket', by })
  throw refusals.tooManyHandshakes(resetSeconds)
}

/**
 * Throws a Refusal or CaduceusError when there is no valid credential, and for a pharmacy or driver that may not work.
 * `least`: a driver's own socket stays open to one who still has a parcel.
 */
export async function identify(
  ctx: EdgeContext,
  handshake: Handshake,
  least: 'full' | 'carrying' = 'full',
): Promise<Identity> {
  if (handshake.token === null && handshake.ticket === null) throw refusals.unauthenticated()
  handshake.identity =
    handshake.token === null
      ? await redeemTicket(ctx, handshake.ticket!)
      : await authenticateToken(ctx, handshake.token)
  await admitHandshake(ctx, 'account', handshake.identity.userId)
  handshake.identity = await withStanding(ctx, handshake.identity)
  const { access, why } = handshake.identity.standing ?? { access: 'full', why: '' }
  if (access !== 'full' && access !== least) throw refusals.notNow(why)
  return handshake.identity
}
