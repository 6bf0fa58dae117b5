/** Bounds of the client: its connection, its buffer of frames, its uploads. */
import { limits, relation } from '../kernel/limits.ts'

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

export const clientLimits = {
  reconnectMsMin: 500,
  reconnectMsMax: 30_000,
  /** A connection that lasted this long was a good one: the next attempt starts from the shortest pause. */
  stableMs: 10_000,
  pingIntervalMs: 20_000,
  /** Silence after a ping that means the connection is dead. */
  pongTimeoutMs: 10_000,
  /** A night without network at one frame every three seconds. */
  bufferFramesMax: 10_000,
  /** Frames gathered this long travel in one message. */
  batchMs: 250,
  /** Frames sent and not yet acknowledged; the rest wait. */
  framesInFlightMax: 4_096,
  /** No acknowledgement for this long: send again; after that twice more, connect anew. */
  ackStallMs: 5_000,
  requestTimeoutMs: 15_000,
  /** A token with less life left is replaced before it is used. */
  tokenReserveMs: 30_000,
  /** Messages of one flush, so that a long buffer stays below the edge's rate. */
  messagesPerFlushMax: 10,
  /** A device clock further off than this is corrected by the server's. */
  clockErrorMs: 5_000,
  /** Numbers reserved ahead, so that a restart never repeats one without saving each. */
  sequenceStride: 1_000,
  /** After a reconnection, a request that the server has not repeated by then is over. */
  resyncGraceMs: 3_000,
} as const

relation(
  clientLimits.ackStallMs > 2 * limits.locationAckIntervalMs,
  'a client waits for an ack that is merely due',
)
