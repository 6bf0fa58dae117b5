/** How a client cuts a file into parts, and how long it goes on trying. */
export const uploadLimits = {
  /** A part takes half a minute on a bad network; on a good one the next is twice as large. */
  pieceBytesFirst: 64 * 1024,
  pieceBytesMin: 16 * 1024,
  pieceBytesMax: 1024 * 1024,
  /** A part that arrived within this time may be larger next time, */
  quickMs: 1_000,
  /** and one that took longer than this smaller. */
  slowMs: 20_000,
  /** A part may take so long, and for each byte as long as the slowest network needs for it. */
  partMs: 60_000,
  bytesPerSecondMin: 1_024,
  /** A whole file, as a prescription that is opened. */
  downloadMs: 5 * 60_000,
  /** Attempts in a row without a new byte, some eight minutes, after which the caller hears of it. */
  failuresInARowMax: 20,
} as const
