/** Bounds of the custody room. */
export const custodyLimits = {
  /** Events of one slot read at once. */
  batchEventsMax: 100,
  /** Longest time from an event to its entry while an edge runs. */
  pollMs: 1_000,
  /** Pause between two full batches, so that a catch-up leaves room for others. */
  batchPauseMs: 50,
  /** Mean time from an entry to a checkpoint over it; an export signs one at once. */
  checkpointMs: 10_000,
  /** Age of the newest position of a driver that still says where something happened. */
  positionMs: 10 * 60_000,
  /** Time for which an entry waits for a store of files that cannot be read. */
  storeWaitMs: 24 * 3_600_000,
  /** Time in which a file must be read. */
  fileMs: 30_000,
  /** Time in which a witness must answer, and the bytes of its answer. */
  witnessMs: 10_000,
  witnessBytesMax: 16 * 1024,
  /** Newest checkpoints among which an export looks for one that all witnesses signed. */
  cosignedAmong: 20,
  /** Of the text of a QR code that a customer shows. */
  qrCharactersMax: 400,
  /** Readings of one request or message. */
  readingsAtOnceMax: 200,
  /** Readings of an order: more than three days with one each minute. */
  readingsPerOrderMax: 5_000,
  /** Rows of a logger's file, and its bytes. */
  csvRowsMax: 5_000,
  csvBytesMax: 512 * 1024,
  /** Lines of a logger's file among which its headers must stand. */
  csvHeadLinesMax: 50,
  /** Mistakes that one refusal of readings names. */
  mistakesMax: 8,
  /** Time for which single readings are kept; the custody log has what they came to. */
  readingsKeptMs: 90 * 24 * 3_600_000,
  forgottenAtOnceMax: 10_000,
  /** Time for which an export waits for the writer of the log. */
  writerWaitMs: 5_000,
} as const
