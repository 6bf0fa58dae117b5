/**
 * Passwords by the OpaqueString profile of RFC 8265: the same password typed on another keyboard is
 * equal. Blanks of other scripts become the plain blank, accents are composed, and nothing else
 * changes.
 */

/** The form that the profile compares. */
export const opaqueString = (password: string): string =>
  password.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC')

/**
 * The rule that a new password breaks; null when it breaks none. Existing passwords are only
 * compared. `charactersMin` counts UTF-16 units after the profile.
 */
export function newPasswordRule(password: string, charactersMin: number): string | null {
  if (/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(password))
    return 'must not hold control characters'
  return opaqueString(password).length < charactersMin
    ? `must not have fewer than ${charactersMin} characters`
    : null
}

/**
 * The forms in which a stored password may have been written, the likeliest first. Only passwords
 * beyond ASCII have more than one.
 */
export const passwordForms = (password: string): readonly string[] => [
  ...new Set([opaqueString(password), password, opaqueString(password).normalize('NFD')]),
]
