/** Bounds of text that comes from outside. */

/**
 * Depth of nested objects that are normalised. No schema is as deep, so schemas refuse deeper
 * values.
 */
export const depthMax = 32
/** Broken rules that one answer names. */
export const rulesToldMax = 20

export const passwordCharactersMin = 8
export const passwordCharactersMax = 200
/** Characters of a password as typed: a letter and its accents may come as several characters. */
export const passwordTypedMax = 3 * passwordCharactersMax
