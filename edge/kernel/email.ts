/** The pattern of an e-mail address, for every place that takes one. */

/**
 * A name, an at sign and a domain of at least two labels. Each character can match in one way only,
 * so a hostile text costs no more than an honest one of the same length. The usual `[^@]+\\.[^@]+`
 * tries every dot against every other.
 */
export const emailPattern = '^[^\\s@]+@[^\\s@.]+(?:\\.[^\\s@.]+)+$'
