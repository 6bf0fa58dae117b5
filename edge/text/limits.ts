/** Bounds of text at the door. */

/** Objects within objects that are looked into. No schema goes as deep, so deeper ones are refused by theirs. */
export const depthMax = 32
/** Broken rules that one answer names. */
export const rulesToldMax = 20
