/**
 * Bounds of request bodies under way: the memory that they may take together, and the slowness of a
 * sender. They are measured in bytes that have arrived, never in bytes that a sender announces.
 */
import { limits } from '../../../protocol/kernel/limits.ts'

export const bodyLimits = {
  /** Files under way of one account, in one form or in parts. */
  uploadsPerHolderMax: 4,
  /** Bytes of unfinished bodies of one account, or of one address without sign-in. */
  bytesPerHolderMax: 40 * 1024 * 1024 + 4 * limits.multipartOverheadBytesMax,
  /** Bytes of unfinished bodies at one edge. */
  bytesPerEdgeMax: 256 * 1024 * 1024,
  /**
   * Bytes of the edge that files leave to all other bodies: an edge that is full of photos still
   * takes orders.
   */
  bytesForOthersMin: 32 * 1024 * 1024,
  /** Memory that a body costs beside its bytes: its request, its headers, its socket. */
  bytesPerBodyMin: 4 * 1024,
  /** Seconds after which a sender that was refused for lack of room may come again. */
  retryAfterSeconds: 5,
  /** Time for which a sender may pause. A phone that changes its network needs half of it. */
  idleMsMax: 60_000,
  /**
   * Average speed in bytes a second that a body must have after `idleMsMax`. A second-generation
   * phone network is twice as fast.
   */
  bytesPerSecondMin: 1_024,
  /** Unhandled bytes of a body read in pieces at which its sender must wait. */
  piecesWindowBytes: 64 * 1024,
  /**
   * uWebSockets closes a connection about ten seconds after it was last paused and resumed; its
   * clock ticks every four seconds.
   */
  rearmIntervalMs: 4_000,
  /** Time for which the reader of an answer that waits in memory may take nothing. */
  readerIdleMsMax: 60_000,
  /** The same time for a streamed answer, of which only one chunk waits. */
  streamReaderIdleMsMax: 300_000,
  /** Bytes of all answers that wait for their readers. */
  answersWaitingBytesMax: 64 * 1024 * 1024,
  /**
   * Answers up to this size are left to the library, because the operating system takes them at
   * once.
   */
  largeAnswerBytesMin: 64 * 1024,
  /**
   * Time for which an idle connection lives at least. The library counts its ten seconds as three
   * ticks of four seconds, and the first tick may come at once.
   */
  idleConnectionSecondsMin: 8,
} as const
