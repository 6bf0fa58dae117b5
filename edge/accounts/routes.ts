/** Accounts, sign-in, sessions and tickets: `/api/auth` and its older names. */
import Type from 'typebox'
import {
  accountById,
  accountByPassword,
  createAccount,
  type Account,
  type NewAccount,
} from './accounts.ts'
import {
  endAllSessions,
  endSession,
  originOf,
  ProofMoved,
  refreshSession,
  signIn,
  type Origin,
  type SignedIn,
} from './sessions.ts'
import { issueTicket } from './tickets.ts'
import {
  SanjevaniRole,
  sanjevaniRoles,
  SanjevaniTokens,
  SanjevaniUser,
  sanjevaniUser,
} from './broadcast-shapes.ts'
import type { AccountsConfig } from './config.ts'
import type { WithEndedAccess } from './ended-access.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { WithRates } from '../rate/rate-limits.ts'
import { roles } from '../kernel/identity.ts'
import { addressGroup } from '../kernel/address.ts'
import { bearerOf } from '../kernel/bearer.ts'
import { route, underOlderName, type AnyRoute } from '../kernel/route.ts'
import { invalid } from '../kernel/validate.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { phoneNoticeOf } from '../../protocol/accounts/phones.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import {
  AccountView,
  closedObject,
  Email,
  KnownPassword,
  Password,
  PersonName,
  Phone,
  sanjevaniError,
  SignedInView,
  Timestamp,
  tokenFields,
  VerificationToken,
} from '../kernel/shapes.ts'

export type AuthContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> &
  WithEndedAccess &
  WithMessenger &
  WithRates &
  WithConfig<KernelConfig & AccountsConfig>

const tags = ['auth']
const rides = ['rides (older API)']
const Credentials = closedObject({ email: Email, password: KnownPassword })
export const RefreshToken = Type.String({ minLength: 1, maxLength: 4_096 })
const RefreshBody = closedObject({ refresh_token: Type.Optional(RefreshToken) })
const TokensView = Type.Object(tokenFields)

/** The body of an answer that signs in: the account and its tokens. */
export const signedInBody = (message: string, { account, ...tokens }: SignedIn) => ({
  message,
  user: accountView(account),
  ...tokens,
})
/** An account in the shape of `AccountView`. */
export const accountView = ({
  id,
  email,
  full_name,
  phone,
  role,
  is_active,
  email_verified_at,
  phone_verified_at,
  address,
  picture_id,
  vendor_id,
  member_role,
  driver_id,
  created_at,
  updated_at,
}: Account) => ({
  id,
  email,
  full_name,
  phone,
  role,
  is_active,
  email_verified: email_verified_at !== null,
  phone_verified: phone_verified_at !== null,
  phone_notice: phoneNoticeOf(phone),
  address,
  picture_url: picture_id === null ? null : uploadUrl(picture_id),
  vendor_id,
  ...(member_role !== null && { member_role }),
  driver_id,
  created_at,
  updated_at,
})

/** The rows for registration, sign-in, refresh, logout and tickets. */
export function authRoutes(ctx: AuthContext): AnyRoute[] {
  const db = ctx.database.kysely
  /** Signs in an account that was just made or found by its id. */
  const enter = async (userId: string, origin: Origin): Promise<SignedIn> => {
    const account = await accountById(db, userId)
    if (account === null) throw new CaduceusError('not_found', 'no such account')
    return signIn(ctx, account, origin)
  }
  const register = async (
    given: Omit<NewAccount, 'from' | 'proof'>,
    token: string | undefined,
    origin: Origin,
  ): Promise<SignedIn> => {
    const { userId } = await createAccount(
      db,
      ctx,
      { ...given, from: addressGroup(origin.address), proof: { token, origin } },
      async () => null,
    )
    return enter(userId, origin)
  }
  const signInByPassword = async (
    email: string,
    password: string,
    origin: Origin,
  ): Promise<SignedIn> => {
    const attempt = async (): Promise<SignedIn> => {
      const account = await accountByPassword(db, email, password, addressGroup(origin.address))
      return signIn(ctx, account, origin, { passwordHash: account.password_hash })
    }
    return attempt().catch((error: unknown) => {
      // Another sign-in with the same password may have stored it in its new form in between.
      if (error instanceof ProofMoved) return attempt()
      throw error
    })
  }
  const refreshRoute = route({
    method: 'POST',
    path: '/api/auth/refresh',
    operationId: 'refresh',
    tags,
    auth: 'none',
    summary:
      'Replace a refresh token, in the body or as "Authorization: Bearer", by new tokens; the old one ends, and using it again ends the session',
    body: RefreshBody,
    responses: { 200: { description: 'New tokens', schema: TokensView } },
    errors: ['token_invalid', 'account_inactive'],
    handler: async request => {
      const token = request.body.refresh_token ?? bearerOf(request.headers)
      if (token === null) throw invalid([{ field: 'refresh_token', rule: 'is required' }])
      const { account: _, ...tokens } = await refreshSession(ctx, token, originOf(request))
      return { status: 200, body: tokens }
    },
  })
  const loginRoute = route({
    method: 'POST',
    path: '/api/auth/login',
    operationId: 'login',
    summary: 'Sign in with e-mail and password',
    tags,
    auth: 'none',
    body: Credentials,
    responses: { 200: { description: 'Signed in', schema: SignedInView } },
    errors: ['credentials_wrong', 'account_inactive', 'overloaded'],
    handler: async request => ({
      status: 200,
      body: signedInBody(
        'Login successful',
        await signInByPassword(request.body.email, request.body.password, originOf(request)),
      ),
    }),
  })
  const meRoute = route({
    method: 'GET',
    path: '/api/auth/me',
    operationId: 'me',
    summary: 'The account of the token',
    tags,
    standing: 'any',
    auth: roles,
    responses: { 200: { description: 'The account', schema: AccountView } },
    handler: async ({ identity }) => {
      const account = await accountById(db, identity.userId)
      if (account === null)
        throw new CaduceusError('token_invalid', 'the account of this token is gone')
      return { status: 200, body: accountView(account) }
    },
  })
  const logoutRow = logoutRoute(ctx)

  const registerRoute = route({
    path: '/api/auth/register',
    operationId: 'register',
    tags,
    method: 'POST',
    summary: 'Make an account',
    auth: 'none',
    body: closedObject({
      email: Email,
      full_name: PersonName,
      phone: Phone,
      role: Type.Enum(['user', 'vendor', 'driver']),
      password: Password,
      verification_token: VerificationToken,
    }),
    responses: { 201: { description: 'The account, signed in', schema: SignedInView } },
    errors: ['email_taken', 'overloaded', 'code_wrong'],
    handler: async request => {
      const { verification_token, ...given } = request.body
      return {
        status: 201,
        body: signedInBody(
          'Registration successful',
          await register(given, verification_token, originOf(request)),
        ),
      }
    },
  })

  return [
    registerRoute,
    underOlderName(registerRoute, {
      path: '/api/v1/auth/signup',
      operationId: 'signupV1',
      tags: rides,
    }),
    loginRoute,
    refreshRoute,
    meRoute,
    logoutRow,
    route({
      method: 'POST',
      path: '/api/auth/ws-ticket',
      operationId: 'issueTicket',
      tags,
      standing: 'any',
      auth: roles,
      summary: 'A ticket that opens one WebSocket as ?ticket= within a minute',
      responses: {
        201: {
          description: 'The ticket',
          schema: Type.Object({ ticket: Type.String(), expires_at: Timestamp }),
        },
      },
      handler: async ({ identity }) => {
        const { ticket, expiresAtMs } = await issueTicket(ctx, identity.userId, identity.sessionId)
        return { status: 201, body: { ticket, expires_at: new Date(expiresAtMs) } }
      },
    }),

    route({
      method: 'POST',
      path: '/login',
      operationId: 'sanjevaniLogin',
      summary: 'Sign in',
      tags: ['broadcast (older API)'],
      auth: 'none',
      alias: '/api/auth/login',
      shapeError: sanjevaniError,
      body: Credentials,
      responses: {
        200: {
          description: 'Signed in',
          schema: Type.Object({
            ...SanjevaniTokens,
            role: SanjevaniRole,
            user_id: Uuid,
            name: Type.String(),
          }),
        },
      },
      errors: ['credentials_wrong', 'account_inactive', 'overloaded'],
      handler: async request => {
        const { account, access_token, refresh_token } = await signInByPassword(
          request.body.email,
          request.body.password,
          originOf(request),
        )
        return {
          status: 200,
          body: {
            refresh: refresh_token,
            access: access_token,
            role: sanjevaniRoles[account.role],
            user_id: account.id,
            name: account.full_name,
          },
        }
      },
    }),
    route({
      method: 'POST',
      path: '/customer/register',
      operationId: 'sanjevaniRegister',
      summary: 'Make a customer account',
      tags: ['broadcast (older API)'],
      auth: 'none',
      alias: '/api/auth/register',
      shapeError: sanjevaniError,
      body: closedObject({
        email: Email,
        password: Password,
        name: PersonName,
        phone_number: Phone,
        verification_token: VerificationToken,
      }),
      responses: {
        201: {
          description: 'The account, signed in',
          schema: Type.Object({
            message: Type.String(),
            user: SanjevaniUser,
            ...SanjevaniTokens,
          }),
        },
      },
      errors: ['email_taken', 'overloaded', 'code_wrong'],
      handler: async request => {
        const { body } = request
        const given = {
          email: body.email,
          full_name: body.name,
          phone: body.phone_number,
          role: 'user' as const,
          password: body.password,
        }
        const { account, access_token, refresh_token } = await register(
          given,
          body.verification_token,
          originOf(request),
        )
        return {
          status: 201,
          body: {
            message: 'Customer registration successful',
            user: sanjevaniUser(account),
            access: access_token,
            refresh: refresh_token,
          },
        }
      },
    }),
    route({
      method: 'POST',
      path: '/token/refresh',
      operationId: 'sanjevaniRefresh',
      summary: 'Replace a refresh token by new tokens',
      tags: ['broadcast (older API)'],
      auth: 'none',
      alias: '/api/auth/refresh',
      shapeError: sanjevaniError,
      body: closedObject({ refresh: RefreshToken }),
      responses: { 200: { description: 'New tokens', schema: Type.Object(SanjevaniTokens) } },
      errors: ['token_invalid', 'account_inactive'],
      handler: async request => {
        const { access_token, refresh_token } = await refreshSession(
          ctx,
          request.body.refresh,
          originOf(request),
        )
        return { status: 200, body: { access: access_token, refresh: refresh_token } }
      },
    }),
    underOlderName(loginRoute, {
      path: '/api/v1/auth/login',
      operationId: 'loginV1',
      tags: rides,
    }),
    underOlderName(meRoute, { path: '/api/v1/auth/me', operationId: 'meV1', tags: rides }),
    underOlderName(meRoute, { path: '/api/v1/users/me', operationId: 'userMeV1', tags: rides }),
    underOlderName(refreshRoute, {
      path: '/api/v1/auth/refresh',
      operationId: 'refreshV1',
      tags: rides,
    }),
    underOlderName(logoutRow, {
      path: '/api/v1/auth/logout',
      operationId: 'logoutV1',
      tags: rides,
    }),
  ]
}

const logoutRoute = (ctx: AuthContext): AnyRoute =>
  route({
    path: '/api/auth/logout',
    operationId: 'logout',
    tags,
    method: 'POST',
    auth: 'optional',
    standing: 'any',
    expiredToken: 'ignored',
    rate: 'write',
    summary:
      'End the session of a refresh token, in the body or as "Authorization: Bearer", without an access token; or, with an access token alone, every session of its account',
    body: closedObject({ refresh_token: Type.Optional(RefreshToken) }),
    responses: { 200: { description: 'Ended', schema: Type.Object({ message: Type.String() }) } },
    errors: ['unauthenticated', 'token_invalid'],
    handler: async ({ identity, body, headers }) => {
      // A Bearer that is no access token can only be a refresh token.
      const refreshToken = body.refresh_token ?? (identity === null ? bearerOf(headers) : null)
      if (refreshToken !== null) await endSession(ctx, refreshToken)
      else if (identity !== null) await endAllSessions(ctx, identity.userId)
      else
        throw new CaduceusError(
          'unauthenticated',
          'send the refresh token, or the access token as "Authorization: Bearer <token>"',
        )
      return { status: 200, body: { message: 'Logged out' } }
    },
  })
