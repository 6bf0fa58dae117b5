/** Bounds of text at the door. */

/** Objects within objects that are looked into. No schema goes as deep, so deeper ones are refused by theirs. */
export const depthMax = 32
/** Broken rules that one answer names. */
export const rulesToldMax = 20

export const passwordCharactersMin = 8
export const passwordCharactersMax = 200
/** Of a password as a keyboard writes it: a letter and its accents may come as several characters. */
export const passwordTypedMax = 3 * passwordCharactersMax
