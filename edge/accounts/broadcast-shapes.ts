/** Accounts and tokens in the shapes of the older broadcast API. */
import Type from 'typebox'
import { phoneNoticeOf } from '../../protocol/accounts/phones.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Role } from '../kernel/identity.ts'
import { nullable } from '../kernel/shapes.ts'
import type { Account } from './accounts.ts'

/** Names of roles in the older broadcast API. */
export const sanjevaniRoles: Record<Role, string> = {
  user: 'CUSTOMER',
  vendor: 'PHARMACY',
  driver: 'DRIVER',
  admin: 'ADMIN',
}
export const SanjevaniTokens = { access: Type.String(), refresh: Type.String() }
export const SanjevaniRole = Type.Enum(Object.values(sanjevaniRoles))
export const SanjevaniUser = Type.Object({
  id: Uuid,
  email: Type.String(),
  name: Type.String(),
  role: SanjevaniRole,
  phone_notice: nullable(Type.String()),
})

/** An account in the shape of `SanjevaniUser`. */
export const sanjevaniUser = ({ id, email, full_name: name, phone, role }: Account) => ({
  id,
  email,
  name,
  role: sanjevaniRoles[role],
  phone_notice: phoneNoticeOf(phone),
})
