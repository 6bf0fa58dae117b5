/** Bounds of signing in: of waiting, of guessing, of codes. */

/** Hashes at once: each takes some 25 ms of a core and 19 MiB. One thread of the pool's four is left to files and names. */
export const hashesAtOnceMax = 3
/** Hashes under way and waiting; the last of them waits some two seconds. */
export const hashesWaitingMax = 256
/** Of one address. A ward that signs in at the same minute is one; a flood waits for itself. */
export const hashesPerAddressMax = 64
/** What whoever was refused is told to wait. */
export const hashesRetrySeconds = 2
/** Accounts that name one e-mail, of which a password may open each. */
export const twinsTriedMax = 4

/** Between two letters that tell an owner that somebody registered with their address. */
export const namedLetterMs = 24 * 3_600_000

/** How long after a refresh the same token from the same place is believed to ask again for a lost answer. */
export const refreshGraceMs = 30_000

/** Tries of a code from other places than the one that asked for it: a phone that changed its network needs one. */
export const codeAwayTriesMax = 3
/** Codes of other places that one try is compared with, the newest first. */
export const codePlacesTriedMax = 2
/** Codes of one destination that all addresses together may ask for in a day before they are slowed. */
export const codesUnslowedPerDay = 40
/** Slowed to one in this time, so that guessing stays at a few hundred tries a day at one in a million. */
export const codesSlowedEveryMs = 15 * 60_000

/** SMS in a day by default, of all numbers and of those that begin alike: fraud calls row upon row of one network. */
export const smsPerDayDefault = 5_000
export const smsPerPrefixPerDayDefault = 1_000
/** Digits in which numbers begin alike: country code and network. */
export const smsPrefixDigits = 6

/** Access tokens whose signature an edge remembers as good, at about 600 bytes each. */
export const tokensRememberedMax = 10_000
