/**
 * One-time codes: `/api/auth/otp` and its older names. A code by phone signs in; a code by e-mail
 * verifies the e-mail. Asking gets the same answer in the same time, whether or not an account has
 * the destination.
 */
import Type from 'typebox'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { accountById } from './accounts.ts'
import {
  accountByPhoneCode,
  proveOwnEmail,
  proveOwnPhone,
  requestCode,
  verifyEmail,
  type CodeContext,
} from './codes.ts'
import type { Identity } from '../kernel/identity.ts'
import { originOf, signIn, type Origin } from './sessions.ts'
import { addressGroup } from '../kernel/address.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { invalid } from '../kernel/validate.ts'
import { accountLimits } from './account-limits.ts'
import { accountView, signedInBody } from './routes.ts'
import {
  AccountView,
  closedObject,
  Email,
  Phone,
  sanjevaniError,
  SignedInView,
} from '../kernel/shapes.ts'

const sanjevani = ['broadcast (older API)']
const rides = ['rides (older API)']

export const Otp = Type.String({
  pattern: '^[0-9]{6}$',
  description: 'The six digits',
  'x-rule': 'must be six digits',
})
const RequestBody = closedObject({ email: Type.Optional(Email), phone: Type.Optional(Phone) })
const VerifyBody = closedObject({
  email: Type.Optional(Email),
  phone: Type.Optional(Phone),
  otp: Otp,
  role: Type.Optional(
    Type.Enum(['user', 'vendor', 'driver'], {
      description: 'Accounts of another role are not signed in',
    }),
  ),
})
export const SentView = Type.Object({
  message: Type.String(),
  expires_in: Type.Integer({ description: 'Seconds for which the code is valid' }),
})
const VerifiedView = Type.Object({
  message: Type.String(),
  verification_token: Type.String({
    description:
      'Sent with a registration, it makes the e-mail of the new account verified; valid once, for an hour',
  }),
})

/** The answer for an account that was signed in. */
const ProvenView = Type.Object({ message: Type.String(), user: AccountView })

export const sent = {
  status: 200,
  body: { message: 'OTP sent successfully', expires_in: accountLimits.codeLifeMs / 1000 },
}
export const requestErrors = ['too_many_requests', 'delivery_unconfigured'] as const

/** Throws `invalid_request` unless exactly one of the two is given. */
function destinationOf({
  email,
  phone,
}: {
  email?: string
  phone?: string
}): { email: string } | { phone: string } {
  if (email !== undefined && phone === undefined) return { email }
  if (phone !== undefined && email === undefined) return { phone }
  throw invalid([
    {
      field: email === undefined ? 'phone' : 'email',
      rule: 'is required without the other of email and phone, and not allowed with it',
    },
  ])
}

/** The rows that send and check one-time codes. */
export function otpRoutes(ctx: CodeContext): AnyRoute[] {
  const request = async (body: Type.Static<typeof RequestBody>, address: string) => {
    const destination = destinationOf(body)
    if ('email' in destination)
      await requestCode(ctx, 'verify_email', normalEmail(destination.email), addressGroup(address))
    else await requestCode(ctx, 'sign_in_phone', destination.phone, addressGroup(address))
    return sent
  }
  /**
   * True when the account of the token names the destination. A client may send a token with
   * another person's destination; then the token does not count.
   */
  const names = async (
    identity: Identity | null,
    destination: { email: string } | { phone: string },
  ): Promise<boolean> => {
    const account =
      identity === null ? null : await accountById(ctx.database.kysely, identity.userId)
    if (account === null) return false
    return 'email' in destination
      ? normalEmail(account.email) === normalEmail(destination.email)
      : account.phone === destination.phone
  }
  const verifiedEmail = async (
    identity: Identity | null,
    email: string,
    otp: string,
    origin: Origin,
  ) => {
    const message = 'Email verified successfully'
    if (await names(identity, { email }))
      return {
        status: 200,
        body: {
          message,
          user: accountView(await proveOwnEmail(ctx, identity!.userId, email, otp, origin)),
        },
      }
    const { proof } = await verifyEmail(ctx, email, otp, origin)
    return { status: 200, body: { message, verification_token: proof } }
  }
  const verify = async (
    identity: Identity | null,
    body: Type.Static<typeof VerifyBody>,
    origin: Origin,
  ) => {
    const destination = destinationOf(body)
    const from = addressGroup(origin.address)
    if ('email' in destination) return verifiedEmail(identity, destination.email, body.otp, origin)
    if (await names(identity, destination))
      return {
        status: 200,
        body: {
          message: 'Phone verified successfully',
          user: accountView(
            await proveOwnPhone(ctx, identity!.userId, destination.phone, body.otp, from),
          ),
        },
      }
    const { account, isNew } = await accountByPhoneCode(
      ctx,
      destination.phone,
      body.otp,
      from,
      body.role,
    )
    const message = isNew
      ? 'Login successful; the account is new, because no account had proven this number'
      : 'Login successful'
    return {
      status: 200,
      body: signedInBody(
        message,
        await signIn(ctx, account, origin, { provenPhone: destination.phone }),
      ),
    }
  }

  const requestRow = (row: Pick<AnyRoute, 'path' | 'operationId' | 'tags' | 'alias'>): AnyRoute =>
    route({
      ...row,
      method: 'POST',
      auth: 'none',
      summary: 'Send a one-time code: by e-mail to verify the address, or by SMS to sign in',
      body: RequestBody,
      responses: {
        200: { description: 'Sent, if there is a recipient', schema: SentView },
      },
      errors: requestErrors,
      handler: ({ body, address }) => request(body, address),
    })
  const verifyRow = (row: Pick<AnyRoute, 'path' | 'operationId' | 'tags' | 'alias'>): AnyRoute =>
    route({
      ...row,
      method: 'POST',
      auth: 'optional',
      standing: 'any',
      expiredToken: 'ignored',
      rate: 'auth',
      summary:
        'Check a code. A code by SMS signs in, and a code by e-mail proves the address for a registration; with an access token it verifies the phone or e-mail of that account',
      body: VerifyBody,
      responses: {
        200: {
          description: 'Signed in, or verified',
          schema: Type.Union([SignedInView, VerifiedView, ProvenView]),
        },
      },
      errors: [
        'code_wrong',
        'account_inactive',
        'not_found',
        'email_taken',
        'forbidden',
        'registration_closed',
      ],
      handler: given => verify(given.identity, given.body, originOf(given)),
    })

  return [
    requestRow({ path: '/api/auth/otp/request', operationId: 'requestOtp', tags: ['auth'] }),
    verifyRow({ path: '/api/auth/otp/verify', operationId: 'verifyOtp', tags: ['auth'] }),
    requestRow({
      path: '/api/v1/auth/otp/request',
      operationId: 'requestOtpV1',
      tags: rides,
      alias: '/api/auth/otp/request',
    }),
    verifyRow({
      path: '/api/v1/auth/otp/verify',
      operationId: 'verifyOtpV1',
      tags: rides,
      alias: '/api/auth/otp/verify',
    }),
    route({
      method: 'POST',
      path: '/send-otp',
      operationId: 'sanjevaniSendOtp',
      summary: 'Send a code to an e-mail',
      tags: sanjevani,
      auth: 'none',
      alias: '/api/auth/otp/request',
      shapeError: sanjevaniError,
      body: closedObject({ email: Email }),
      responses: { 200: { description: 'Sent', schema: SentView } },
      errors: requestErrors,
      handler: ({ body, address }) => request(body, address),
    }),
    route({
      method: 'POST',
      path: '/verify-otp',
      operationId: 'sanjevaniVerifyOtp',
      summary: 'Verify an e-mail by its code',
      tags: sanjevani,
      auth: 'none',
      alias: '/api/auth/otp/verify',
      shapeError: sanjevaniError,
      body: closedObject({ email: Email, otp: Otp }),
      responses: { 200: { description: 'Verified', schema: VerifiedView } },
      errors: ['code_wrong'],
      handler: given =>
        verifiedEmail(given.identity, given.body.email, given.body.otp, originOf(given)),
    }),
  ]
}
