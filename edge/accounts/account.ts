/** A person's own account: profile, password and sessions, under `/api/auth`. */
import Type from 'typebox'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { requestCode, type CodeContext } from './codes.ts'
import { changePassword, resetPassword, updateProfile } from './credentials.ts'
import { roles } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { tellProfile } from './driver-profile.ts'
import { endAllSessions, endOwnSession, listSessions } from './sessions.ts'
import { addressGroup } from '../kernel/address.ts'
import { route, underOlderName, type AnyRoute } from '../kernel/route.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { accountView } from './routes.ts'
import { Otp, requestErrors, sent, SentView } from './otp.ts'
import {
  AccountView,
  closedObject,
  Email,
  KnownPassword,
  nullable,
  Password,
  PersonName,
  Phone,
  Text,
  Timestamp,
  Url,
} from '../kernel/shapes.ts'

const tags = ['auth']
const rides = ['rides (older API)']
const Message = Type.Object({ message: Type.String() })
const SessionView = Type.Object({
  id: Uuid,
  current: Type.Boolean({
    description: 'True for the session of the access token of this request',
  }),
  user_agent: nullable(Type.String()),
  address: nullable(Type.String()),
  created_at: Timestamp,
  last_used_at: Timestamp,
  expires_at: Timestamp,
})

/** A change of a profile. */
export const ProfileBody = Type.Object(
  {
    full_name: Type.Optional(PersonName),
    phone: Type.Optional(Phone),
    address: Type.Optional(nullable(Text)),
    picture_url: Type.Optional(nullable(Url)),
  },
  { additionalProperties: false, minProperties: 1 },
)

/** The rows for a person's own account. */
export function accountRoutes(ctx: CodeContext & Pick<Kernel, 'commands'>): AnyRoute[] {
  const profileRow = route({
    method: 'PATCH',
    path: '/api/auth/me',
    operationId: 'updateMe',
    summary: "Change the caller's name, phone, address or picture; a new phone is unverified",
    tags,
    standing: 'any',
    auth: roles,
    body: ProfileBody,
    responses: { 200: { description: 'The account', schema: AccountView } },
    handler: async ({ identity, principal, body, log }) => {
      const account = await updateProfile(ctx, identity.userId, body)
      if (identity.driverId !== null) await tellProfile(ctx, identity.driverId, principal, log)
      return { status: 200, body: accountView(account) }
    },
  })
  return [
    profileRow,
    underOlderName(profileRow, {
      path: '/api/v1/users/me',
      operationId: 'updateUserMeV1',
      tags: rides,
    }),
    route({
      method: 'POST',
      path: '/api/auth/password/change',
      operationId: 'changePassword',
      tags,
      standing: 'any',
      auth: roles,
      rate: 'auth',
      summary: "Change the caller's password; every other session ends",
      body: closedObject({ current_password: KnownPassword, new_password: Password }),
      responses: { 200: { description: 'Changed', schema: Message } },
      errors: ['credentials_wrong'],
      handler: async ({ identity, body, address }) => {
        await changePassword(
          ctx,
          identity.userId,
          identity.sessionId,
          body.current_password,
          body.new_password,
          addressGroup(address),
        )
        return { status: 200, body: { message: 'Password changed' } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/auth/password/forgot',
      operationId: 'forgotPassword',
      summary: 'Send a code that resets the password',
      tags,
      auth: 'none',
      body: closedObject({ email: Email }),
      responses: { 200: { description: 'Sent, if an account has the e-mail', schema: SentView } },
      errors: requestErrors,
      handler: async ({ body, address }) => {
        await requestCode(ctx, 'reset_password', normalEmail(body.email), addressGroup(address))
        return sent
      },
    }),
    route({
      method: 'POST',
      path: '/api/auth/password/reset',
      operationId: 'resetPassword',
      summary: 'Set a new password with the code; every session ends',
      tags,
      auth: 'none',
      body: closedObject({ email: Email, otp: Otp, new_password: Password }),
      responses: { 200: { description: 'Set; sign in with it', schema: Message } },
      errors: ['code_wrong'],
      handler: async ({ body, address }) => {
        await resetPassword(ctx, body.email, body.otp, body.new_password, addressGroup(address))
        return { status: 200, body: { message: 'Password reset; sign in with the new one' } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/auth/sessions',
      operationId: 'listSessions',
      summary: 'The sessions of the account, the latest used first',
      tags,
      standing: 'any',
      auth: roles,
      responses: {
        200: {
          description: 'The sessions',
          schema: Type.Object({ sessions: Type.Array(SessionView) }),
        },
      },
      handler: async ({ identity }) => {
        const sessions = await listSessions(ctx, identity.userId)
        return {
          status: 200,
          body: {
            sessions: sessions.map(session => ({
              ...session,
              current: session.id === identity.sessionId,
            })),
          },
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/auth/sessions/:id',
      operationId: 'endSession',
      tags,
      standing: 'any',
      auth: roles,
      params: Type.Object({ id: Uuid }),
      summary: 'End one session: its tokens and its sockets',
      responses: { 204: { description: 'Ended' } },
      handler: async ({ identity, params }) => {
        await endOwnSession(ctx, identity.userId, params.id)
        return { status: 204 }
      },
    }),
    route({
      method: 'POST',
      path: '/api/auth/logout-everywhere',
      operationId: 'logoutEverywhere',
      summary: 'End every session of the account: all tokens and sockets',
      tags,
      standing: 'any',
      auth: roles,
      responses: { 200: { description: 'Ended', schema: Message } },
      handler: async ({ identity }) => {
        await endAllSessions(ctx, identity.userId)
        return { status: 200, body: { message: 'Logged out everywhere' } }
      },
    }),
  ]
}
