/** Shapes that several resources share, and the older APIs' shape of an error. */
import Type from 'typebox'
import { limits } from '../../protocol/kernel/limits.ts'
import { uuidPattern } from '../../protocol/kernel/ids.ts'
import { nullable, Timestamp } from '../../protocol/kernel/schema.ts'
import { phoneCharactersMax } from '../../protocol/accounts/phones.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { memberRoles } from '../../protocol/pharmacies/members.ts'
import { passwordCharactersMax, passwordCharactersMin, passwordTypedMax } from '../text/limits.ts'
import { emailPattern } from './email.ts'
import type { AnyRoute } from './route.ts'
import { kindKeyword } from '../text/normalise.ts'

export { nullable, Timestamp }

export const Email = Type.String({
  pattern: emailPattern,
  maxLength: 254,
  'x-rule': 'must be an e-mail address such as ann@example.org',
  [kindKeyword]: 'email',
})
/** The verification token of a registration. */
export const VerificationToken = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 100,
    description:
      'The token from /api/auth/otp/verify; with it the e-mail is verified from the start',
  }),
)
export const Password = Type.String({
  minLength: passwordCharactersMin,
  maxLength: passwordCharactersMax,
  [kindKeyword]: 'newPassword',
})
/**
 * The password of an existing account. It is compared in every form in which it may have been
 * stored.
 */
export const KnownPassword = Type.String({
  minLength: 1,
  maxLength: passwordTypedMax,
  [kindKeyword]: 'password',
})
export const Phone = Type.String({
  minLength: 1,
  maxLength: phoneCharactersMax,
  [kindKeyword]: 'phone',
  description:
    'Stored in E.164 when the number or PHONE_COUNTRY names its country; otherwise as it was written',
})
export const PersonName = Type.String({ minLength: 1, maxLength: limits.nameCharactersMax })
export const Text = Type.String({ maxLength: limits.textCharactersMax })
export const Url = Type.String({ maxLength: limits.urlCharactersMax })
/** The schema of an object that refuses fields that it does not name. */
export const closedObject = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

export const AccountView = Type.Object({
  id: Uuid,
  email: Type.String(),
  full_name: Type.String(),
  phone: Type.String(),
  role: Type.Enum(['user', 'vendor', 'driver', 'admin']),
  is_active: Type.Boolean(),
  email_verified: Type.Boolean(),
  phone_verified: Type.Boolean(),
  phone_notice: nullable(
    Type.String({
      description: 'The reason why no SMS can be sent to the phone; null when one can',
    }),
  ),
  address: nullable(Type.String()),
  picture_url: nullable(Type.String({ description: 'An upload of kind picture' })),
  vendor_id: nullable(Uuid),
  member_role: Type.Optional(
    Type.Enum([...memberRoles], { description: 'Of a member of the pharmacy' }),
  ),
  driver_id: nullable(Uuid),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export const tokenFields = {
  access_token: Type.String(),
  refresh_token: Type.String(),
  token_type: Type.Literal('bearer'),
  expires_in: Type.Integer({ description: 'Seconds for which the access token is valid' }),
}
export const SignedInView = Type.Object({
  message: Type.String(),
  user: AccountView,
  ...tokenFields,
})

export const cursorRule = 'must be the next_cursor of the page before'
/** Query fields of every list. */
export const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listLimitMax })),
  cursor: Type.Optional(
    Type.String({
      pattern: uuidPattern,
      description: 'next_cursor of the page before',
      'x-rule': cursorRule,
    }),
  ),
}
export const nextCursor = nullable(Uuid)

/**
 * One page of rows. The query asks for one row more than the limit; the extra row shows that there
 * is a next page.
 */
export function paged<R extends { id: string }>(
  rows: R[],
  limit: number,
): { rows: R[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit)
  return { rows: shown, next_cursor: rows.length > limit ? shown.at(-1)!.id : null }
}

/**
 * The error shape of the older broadcast API, `{"error", "code"}`. Its clients know 400 for an
 * answer that came too late; every other error keeps its status.
 */
export const sanjevaniError: NonNullable<AnyRoute['shapeError']> = (code, problem) => {
  const late =
    code === 'request_already_assigned' ||
    code === 'request_expired' ||
    code === 'request_cancelled'
  const error =
    code === 'request_already_assigned'
      ? 'This request has already been assigned to a pharmacy'
      : problem['error']
  return {
    status: late ? 400 : (problem['status'] as number),
    body: { error, code, ...(problem['fields'] !== undefined && { fields: problem['fields'] }) },
  }
}
