/**
 * Bounds of files that are sent in parts: their number, their size together, and the size of a part
 * in the database.
 */
export const resumableLimits = {
  /**
   * Unfinished uploads of one account. The one that has waited longest makes room for a new one.
   */
  unfinishedPerAccountMax: 8,
  /** An upload that got bytes within this time does not count as forgotten. */
  forgottenAfterMs: 60_000,
  /** Bytes of the parts of all accounts in the database. */
  partsBytesMax: 2 * 1024 * 1024 * 1024,
  unfinishedMax: 10_000,
  /**
   * Time without a new byte after which an upload is deleted; a night without a network is shorter.
   */
  lifeMs: 24 * 3_600_000,
  /** Bytes after which a part is written. */
  partBytes: 256 * 1024,
  /**
   * Time after which a part is written: at most this much work of a slow sender is lost with a
   * process.
   */
  partEveryMs: 5_000,
  /** A part up to this size grows by the bytes that follow it. */
  smallPartBytes: 8 * 1024,
  /** Parts read at once when the file is put together. */
  partsPerRead: 8,
  metadataCharactersMax: 2_000,
} as const
