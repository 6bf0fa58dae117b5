/** Bounds of signing in: waiting, guessing and codes. */

/**
 * Hashes that run at once. Each takes about 25 ms of a core and 19 MiB. One of the pool's four
 * threads stays free for files and names.
 */
export const hashesAtOnceMax = 3
/** Hashes that run or wait; the last of them waits about two seconds. */
export const hashesWaitingMax = 256
/**
 * The same for one address. A ward that signs in at the same minute is one address; a flood waits
 * for itself.
 */
export const hashesPerAddressMax = 64
/** Seconds that a refused caller is told to wait. */
export const hashesRetrySeconds = 2
/** Accounts with the same e-mail that one password is compared with. */
export const twinsTriedMax = 4

/** Time between two letters that tell an owner that somebody registered with their address. */
export const namedLetterMs = 24 * 3_600_000

/**
 * Time after a refresh in which the same token from the same place counts as a repeat after a lost
 * answer.
 */
export const refreshGraceMs = 30_000

/**
 * Tries of a code from other places than the one that asked for it; a phone that changed its
 * network needs one.
 */
export const codeAwayTriesMax = 3
/** Codes of other places that one try is compared with, newest first. */
export const codePlacesTriedMax = 2
/**
 * Codes of one destination that all addresses together may ask for in a day before they are slowed.
 */
export const codesUnslowedPerDay = 40
/**
 * Time between two slowed codes; guessing then stays at a few hundred tries a day at one in a
 * million.
 */
export const codesSlowedEveryMs = 15 * 60_000

/**
 * Default number of SMS in a day, for all numbers and for numbers that begin alike. Fraud calls
 * many numbers of one network.
 */
export const smsPerDayDefault = 5_000
export const smsPerPrefixPerDayDefault = 1_000
/** Leading digits in which numbers count as alike: country code and network. */
export const smsPrefixDigits = 6

/** Access tokens whose signature an edge remembers as good, at about 600 bytes each. */
export const tokensRememberedMax = 10_000
