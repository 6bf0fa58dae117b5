/**
 * Passwords by the OpaqueString profile of RFC 8265: the same password typed on another keyboard is the
 * same. Blanks of other scripts become the plain one, accents are composed, and nothing else changes.
 */

/** What the profile compares. */
export const opaqueString = (password: string): string =>
  password.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC')

/** The rule that a new password breaks; null when it breaks none. Old ones are only compared. `charactersMin` in UTF-16 units, after the profile. */
export function newPasswordRule(password: string, charactersMin: number): string | null {
  if (/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(password))
    return 'must not hold control characters'
  return opaqueString(password).length < charactersMin
    ? `must not have fewer than ${charactersMin} characters`
    : null
}

/** The forms by which a stored password may have been written, the likeliest first; more than one only beyond ASCII. */
export const passwordForms = (password: string): readonly string[] => [
  ...new Set([opaqueString(password), password, opaqueString(password).normalize('NFD')]),
]
