/**
 * The people of a pharmacy. Each has an account of their own and one of these roles; the first role
 * has the most rights. `edge/kernel/member-rights.ts` says which operation needs which role.
 */
export const memberRoles = ['owner', 'pharmacist', 'assistant'] as const
export type MemberRole = (typeof memberRoles)[number]

/** `invited`: nobody has used the code yet. `expired`: nobody used it in time. */
export const memberStates = ['invited', 'expired', 'active', 'ended'] as const

/** Does the role have the rights of the other one too? */
export const hasRightsOf = (role: MemberRole, other: MemberRole): boolean =>
  memberRoles.indexOf(role) <= memberRoles.indexOf(other)

/** True when the value is one of the roles. */
export const isMemberRole = (value: unknown): value is MemberRole =>
  memberRoles.includes(value as MemberRole)
