/** Bounds of the client: its connection, its buffer of frames, its uploads. */
import { limits, relation } from '../kernel/limits.ts'

/** Bounds of uploads: the size of parts, and the time and number of attempts. */
export const uploadLimits = {
  /**
   * Size of the first part. It takes half a minute on a bad network; on a good network the next
   * part is twice as large.
   */
  pieceBytesFirst: 64 * 1024,
  pieceBytesMin: 16 * 1024,
  pieceBytesMax: 1024 * 1024,
  /** A part that arrived within this time allows a larger next part. */
  quickMs: 1_000,
  /** A part that took longer than this makes the next part smaller. */
  slowMs: 20_000,
  /** Time for a part. For each byte it may also take as long as the slowest network needs. */
  partMs: 60_000,
  bytesPerSecondMin: 1_024,
  /** Time for a whole file, such as a prescription that a pharmacist opens. */
  downloadMs: 5 * 60_000,
  /**
   * Attempts in a row without a new byte, over about eight minutes, after which the caller gets the
   * error.
   */
  failuresInARowMax: 20,
} as const

export const clientLimits = {
  reconnectMsMin: 500,
  reconnectMsMax: 30_000,
  /**
   * A connection that lasted this long was good: the next attempt starts with the shortest pause.
   */
  stableMs: 10_000,
  pingIntervalMs: 20_000,
  /** Silence after a ping that means that the connection is dead. */
  pongTimeoutMs: 10_000,
  /** Frames that wait: a night without network at one frame every three seconds. */
  bufferFramesMax: 10_000,
  /** Time in which frames are gathered into one message. */
  batchMs: 250,
  /** Frames sent and not yet acknowledged. Further frames wait. */
  framesInFlightMax: 4_096,
  /**
   * Without an acknowledgement for this long, frames are sent again. After two more such times the
   * client reconnects.
   */
  ackStallMs: 5_000,
  requestTimeoutMs: 15_000,
  /** A token with less time left is replaced before it is used. */
  tokenReserveMs: 30_000,
  /** Messages of one flush, so that a long buffer stays below the edge's rate limit. */
  messagesPerFlushMax: 10,
  /** A device clock that is wrong by more than this is corrected by the server's clock. */
  clockErrorMs: 5_000,
  /**
   * Numbers reserved at a time, so that a restart never repeats one although not every number is
   * saved.
   */
  sequenceStride: 1_000,
  /**
   * Time after a reconnection in which the server repeats open requests. A request that it has not
   * repeated by then is over.
   */
  resyncGraceMs: 3_000,
} as const

relation(
  clientLimits.ackStallMs > 2 * limits.locationAckIntervalMs,
  'a client waits for an ack that is merely due',
)
