/** How many files may be on their way in parts, how large together, and how they are cut for the database. */
export const resumableLimits = {
  /** Begun and unfinished, of one account. The one that has waited longest makes room for a new one. */
  unfinishedPerAccountMax: 8,
  /** An upload that had bytes so lately is not taken for a forgotten one. */
  forgottenAfterMs: 60_000,
  /** Of all accounts together: what their parts take in the database, in bytes that have arrived. */
  partsBytesMax: 2 * 1024 * 1024 * 1024,
  unfinishedMax: 10_000,
  /** Without a new byte for so long, an upload is deleted: a night without a network is survived. */
  lifeMs: 24 * 3_600_000,
  /** A part is written when so many bytes have gathered, */
  partBytes: 256 * 1024,
  /** or the last one was so long ago: what a process that dies may lose of a slow sender's work. */
  partEveryMs: 5_000,
  /** A part of up to so many bytes grows by what comes after it. */
  smallPartBytes: 8 * 1024,
  /** Parts read at once when the file is put together. */
  partsPerRead: 8,
  metadataCharactersMax: 2_000,
} as const
