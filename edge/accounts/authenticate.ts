/**
 * Turns a credential into an identity. An access token contains everything, so a request costs one
 * HMAC and no query. Only a token that was issued before its record existed is completed from the
 * database. `ended-access.ts` knows the tokens whose access has ended.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { AccountsConfig } from './config.ts'
import type { WithEndedAccess } from './ended-access.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { accountById, type Account } from './accounts.ts'
import { authenticateKey } from './api-keys.ts'
import { apiKeyMark, type Identity } from '../kernel/identity.ts'
import type { Authenticator } from '../sockets/handshake.ts'
import { redeemTicketRow, ticketLifeMs } from './tickets.ts'
import { tokensOf, type Tokens } from './tokens.ts'

export type AuthenticateContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> &
  WithEndedAccess &
  WithStandings &
  WithConfig<KernelConfig & AccountsConfig>

/**
 * Accepts an access token or an API key, for HTTP. Sockets take no keys, because a socket may stay
 * open longer than its key lives.
 */
export const authenticate = async (
  ctx: AuthenticateContext,
  credential: string,
): Promise<Identity> =>
  credential.startsWith(apiKeyMark)
    ? authenticateKey(ctx, credential)
    : withStanding(ctx, await authenticateToken(ctx, credential))

/** Adds the standing of a pharmacy or driver. */
const withStanding = async ({ standings }: WithStandings, identity: Identity): Promise<Identity> =>
  identity.role === 'vendor' || identity.role === 'driver'
    ? { ...identity, standing: await standings.of(identity) }
    : identity

/** The records of an account as it is now. */
const recordsOf = (
  account: Account | null,
): Pick<Identity, 'pharmacyId' | 'memberRole' | 'driverId'> => ({
  pharmacyId: account?.vendor_id ?? null,
  ...(account?.member_role != null && { memberRole: account.member_role }),
  driverId: account?.driver_id ?? null,
})

/** Throws CaduceusError `token_invalid` unless the token is an unexpired access token of ours. */
async function authenticateToken(ctx: AuthenticateContext, token: string): Promise<Identity> {
  const claims = await (await tokensOf(ctx.config)).verifyAccess(token, ctx.nowMs())
  if (ctx.endedAccess.hasEnded(claims))
    throw new CaduceusError('token_invalid', 'this sign-in has ended; sign in again')
  const lacksRecord =
    (claims.role === 'vendor' && claims.pharmacyId === null) ||
    (claims.role === 'driver' && claims.driverId === null)
  if (!lacksRecord) return claims
  const account = await accountById(ctx.database.kysely, claims.userId)
  return { ...claims, ...recordsOf(account) }
}

/**
 * Redeems a ticket of `POST /api/auth/ws-ticket` once, within its minute. Throws `account_inactive`
 * for a deactivated account, and `token_invalid` for a ticket that is unknown, expired or used, and
 * when its sign-in has ended.
 */
export async function redeemTicket(ctx: AuthenticateContext, ticket: string): Promise<Identity> {
  const redeemed = await redeemTicketRow(ctx, ticket)
  const account = redeemed === null ? null : await accountById(ctx.database.kysely, redeemed.userId)
  if (redeemed === null || account === null)
    throw new CaduceusError('token_invalid', 'the ticket is invalid, has expired or was used')
  if (!account.is_active) throw new CaduceusError('account_inactive')
  const identity: Identity = {
    userId: account.id,
    role: account.role,
    name: account.full_name,
    ...recordsOf(account),
    issuedAtMs: ctx.nowMs(),
    expiresAtMs: ctx.nowMs() + ctx.config.accessTokenMinutes * 60_000,
    ...(redeemed.sessionId !== null && { sessionId: redeemed.sessionId }),
  }
  if (redeemed.hasEnded || ctx.endedAccess.hasEnded(identity))
    throw new CaduceusError('token_invalid', 'the sign-in that asked for this ticket has ended')
  return identity
}

/**
 * The authenticator of sockets. Until the key of the tokens was imported, no voucher is recognised.
 */
export function createAuthenticator(ctx: AuthenticateContext): Authenticator {
  let tokens: Tokens | null = null
  void tokensOf(ctx.config).then(known => {
    tokens = known
  })
  return {
    voucherOf(token, ticket) {
      if (tokens === null) return null
      if (token !== null) return tokens.holderOf(token, ctx.nowMs())
      return ticket !== null && tokens.isOwnTicket(ticket, ctx.nowMs(), ticketLifeMs)
        ? ticket
        : null
    },
    token: token => authenticateToken(ctx, token),
    ticket: ticket => redeemTicket(ctx, ticket),
    withStanding: identity => withStanding(ctx, identity),
  }
}
