/** What an e-mail address looks like, for every place that takes one. */

/**
 * A name, an at sign and a domain of at least two labels. Each character has one way to match, so that a
 * hostile text costs as much as an honest one of its length; the usual `[^@]+\\.[^@]+` tries every dot
 * against every other.
 */
export const emailPattern = '^[^\\s@]+@[^\\s@.]+(?:\\.[^\\s@.]+)+$'
