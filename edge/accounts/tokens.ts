/**
 * Tokens: JWTs under HS256 only. The algorithm is fixed at verification, because a verifier that
 * trusts the header can be made to accept `none`. The claim `typ` keeps a refresh token from
 * opening what an access token opens. Rejected: EdDSA, which has a sixth of the speed, for a public
 * verifiability that nobody here needs.
 */
import { createHash, createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import { SignJWT, jwtVerify, type JWTPayload } from 'jose'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { isUuid } from '../../protocol/kernel/ids.ts'
import { isMemberRole, type MemberRole } from '../../protocol/pharmacies/members.ts'
import { isRole, type Role } from '../kernel/identity.ts'
import { algorithm, readOwn } from './own-token.ts'
import { tokensRememberedMax } from './limits.ts'

const issuer = 'caduceus'
const audience = 'caduceus-api'
/** Longer tokens are not ours and are not hashed. */
const tokenCharactersMax = 4_096
const ticketSealBytes = 12

export interface AccessClaims {
  userId: string
  role: Role
  name: string
  pharmacyId: string | null
  /** Role at the pharmacy; absent in tokens of earlier releases. */
  memberRole?: MemberRole
  driverId: string | null
  /** The family of refresh tokens to which it belongs. */
  sessionId?: string
  /** Time of issue, exact to the second. */
  issuedAtMs: number
  expiresAtMs: number
}
export interface RefreshClaims {
  userId: string
  sessionId: string
  expiresAtMs: number
}

export interface Tokens {
  signAccess(
    claims: Omit<AccessClaims, 'expiresAtMs' | 'issuedAtMs'>,
    nowMs: number,
  ): Promise<string>
  signRefresh(claims: Omit<RefreshClaims, 'expiresAtMs'>, nowMs: number): Promise<string>
  /**
   * Both throw CaduceusError `token_invalid`, which only says that the token is wrong or expired.
   */
  verifyAccess(token: string, nowMs: number): Promise<AccessClaims>
  verifyRefresh(token: string, nowMs: number): Promise<RefreshClaims>
  readonly refreshMs: number
  /**
   * The account of an access token that has our form and signature; null for any other.
   * Synchronous.
   */
  holderOf(token: string, nowMs: number): string | null
  /**
   * A random text with a seal that shows that it is ours and when it was made. The database knows
   * what it opens.
   */
  newTicket(nowMs: number): string
  /** True for a ticket of ours that was made within `lifeMs`; it may have been used. */
  isOwnTicket(ticket: string, nowMs: number, lifeMs: number): boolean
}

export interface TokenSettings {
  jwtSecret: string
  accessTokenMinutes: number
  refreshTokenDays: number
}

const known = new WeakMap<TokenSettings, Promise<Tokens>>()
/** Imports the signing key once for a configuration. */
export function tokensOf(settings: TokenSettings): Promise<Tokens> {
  let tokens = known.get(settings)
  if (tokens === undefined) known.set(settings, (tokens = createTokens(settings)))
  return tokens
}

/** The stored form of tokens and tickets: a reader of the table cannot use them. */
export const hashToken = (token: string): string =>
  createHash('sha256').update(token).digest('base64url')

/** Makes the tokens of these settings. Callers use `tokensOf`, which does it once. */
export async function createTokens({
  jwtSecret,
  accessTokenMinutes,
  refreshTokenDays,
}: TokenSettings): Promise<Tokens> {
  // The key is imported once, because verification with a key object is twice as fast as with raw
  // bytes.
  const key = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(jwtSecret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  )
  const secret = createSecretKey(Buffer.from(jwtSecret))
  /**
   * Claims of our own access tokens whose signature was verified, oldest first. An app shows the
   * same token for a quarter of an hour; a refresh token is shown once, so it is not kept.
   */
  const good = new Map<string, JWTPayload>()
  const readKnown = (token: string): JWTPayload | null => {
    const known = good.get(token)
    if (known !== undefined) return known
    const own = readOwn(token, secret)
    if (own === null || own['typ'] !== 'access') return own
    good.set(token, own)
    if (good.size > tokensRememberedMax) good.delete(good.keys().next().value!)
    return own
  }
  const refreshMs = refreshTokenDays * 24 * 3_600_000

  const sign = (
    payload: JWTPayload,
    subject: string,
    nowMs: number,
    lifeMs: number,
  ): Promise<string> =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setJti(crypto.randomUUID())
      .setIssuedAt(Math.floor(nowMs / 1000))
      .setExpirationTime(Math.floor((nowMs + lifeMs) / 1000))
      .sign(key)

  const own = (
    payload: JWTPayload | null,
    typ: 'access' | 'refresh',
    nowMs: number,
  ): payload is JWTPayload & { sub: string; exp: number } =>
    payload !== null &&
    payload.iss === issuer &&
    payload.aud === audience &&
    payload.nbf === undefined &&
    payload['typ'] === typ &&
    isUuid(payload.sub) &&
    typeof payload.exp === 'number' &&
    payload.exp > Math.floor(nowMs / 1000)

  const verify = async (
    token: string,
    typ: 'access' | 'refresh',
    nowMs: number,
  ): Promise<JWTPayload & { sub: string; exp: number }> => {
    const known = readKnown(token)
    if (own(known, typ, nowMs)) return known
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        issuer,
        audience,
        currentDate: new Date(nowMs),
        requiredClaims: ['sub', 'exp', 'typ'],
      })
      if (payload['typ'] === typ && isUuid(payload.sub))
        return payload as JWTPayload & { sub: string; exp: number }
    } catch {
      // The answer must not tell which check failed.
    }
    throw new CaduceusError('token_invalid', `the ${typ} token is invalid or has expired`)
  }

  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  const ticketSeal = (text: string): Buffer =>
    createHmac('sha256', secret)
      .update(`caduceus ticket\0${text}`)
      .digest()
      .subarray(0, ticketSealBytes)

  return {
    refreshMs,
    holderOf(token, nowMs) {
      const payload = token.length > tokenCharactersMax ? null : readKnown(token)
      return own(payload, 'access', nowMs) ? payload.sub : null
    },
    newTicket(nowMs) {
      const text = `${randomBytes(24).toString('base64url')}.${nowMs.toString(36)}`
      return `${text}.${ticketSeal(text).toString('base64url')}`
    },
    isOwnTicket(ticket, nowMs, lifeMs) {
      const end = ticket.length > tokenCharactersMax ? -1 : ticket.lastIndexOf('.')
      if (end < 0) return false
      const given = Buffer.from(ticket.slice(end + 1), 'base64url')
      const text = ticket.slice(0, end)
      const madeAtMs = Number.parseInt(text.slice(text.indexOf('.') + 1), 36)
      return (
        given.length === ticketSealBytes &&
        timingSafeEqual(given, ticketSeal(text)) &&
        Math.abs(nowMs - madeAtMs) <= lifeMs
      )
    },
    signAccess: ({ userId, role, name, pharmacyId, memberRole, driverId, sessionId }, nowMs) =>
      sign(
        {
          typ: 'access',
          role,
          name,
          ...(pharmacyId !== null && { vendor_id: pharmacyId }),
          ...(memberRole !== undefined && { member: memberRole }),
          ...(driverId !== null && { driver_id: driverId }),
          ...(sessionId !== undefined && { family: sessionId }),
        },
        userId,
        nowMs,
        accessTokenMinutes * 60_000,
      ),
    signRefresh: ({ userId, sessionId }, nowMs) =>
      sign({ typ: 'refresh', sid: sessionId }, userId, nowMs, refreshMs),
    async verifyAccess(token, nowMs) {
      const payload = await verify(token, 'access', nowMs)
      const { role, member } = payload
      if (!isRole(role) || (member !== undefined && !isMemberRole(member)))
        throw new CaduceusError('token_invalid')
      return {
        userId: payload.sub,
        role,
        name: text(payload['name']) ?? '',
        pharmacyId: text(payload['vendor_id']),
        ...(member !== undefined && { memberRole: member }),
        driverId: text(payload['driver_id']),
        issuedAtMs: (payload.iat ?? 0) * 1000,
        expiresAtMs: payload.exp * 1000,
        ...(isUuid(payload['family']) && { sessionId: payload['family'] }),
      }
    },
    async verifyRefresh(token, nowMs) {
      const payload = await verify(token, 'refresh', nowMs)
      const sessionId = text(payload['sid'])
      if (!isUuid(sessionId)) throw new CaduceusError('token_invalid')
      return { userId: payload.sub, sessionId, expiresAtMs: payload.exp * 1000 }
    },
  }
}
