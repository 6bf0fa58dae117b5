/**
 * The bounds of request bodies on their way in: how much memory they may take together, and how slow a
 * sender may be. They are measured in bytes that have arrived, never in bytes that a sender announces.
 */
import { limits } from '../../../protocol/kernel/limits.ts'

export const bodyLimits = {
  /** Files on their way in from one account, in one form or in parts. */
  uploadsPerHolderMax: 4,
  /** Bytes of unfinished bodies of one account, or of one address for senders without sign-in. */
  bytesPerHolderMax: 40 * 1024 * 1024 + 4 * limits.multipartOverheadBytesMax,
  /** Bytes of unfinished bodies at one edge. */
  bytesPerEdgeMax: 256 * 1024 * 1024,
  /** Of these, files leave so much to everything else: full of photos, an edge still takes orders. */
  bytesForOthersMin: 32 * 1024 * 1024,
  /** A body costs memory beside its bytes: its request, its headers, its socket. */
  bytesPerBodyMin: 4 * 1024,
  /** When a sender that was refused for want of room may come again, seconds. */
  retryAfterSeconds: 5,
  /** A sender may pause for so long; a phone that changes from one network to another needs half of it. */
  idleMsMax: 60_000,
  /** After `idleMsMax` a body must have come at least this fast on average, bytes a second; a second-generation phone network carries twice of it. */
  bytesPerSecondMin: 1_024,
  /** A body that is handled while it comes waits at the sender when so much of it has not been handled. */
  piecesWindowBytes: 64 * 1024,
  /** uWebSockets closes a connection about ten seconds after it was last told to wait; its clock ticks every four. */
  rearmIntervalMs: 4_000,
  /** A reader of an answer that waits in memory may take nothing for so long, */
  readerIdleMsMax: 60_000,
  /** and one of an answer of which one chunk waits. */
  streamReaderIdleMsMax: 300_000,
  /** Of all answers whose readers are waited for. */
  answersWaitingBytesMax: 64 * 1024 * 1024,
  /** Answers up to here are left to the library: the kernel takes them at once. */
  largeAnswerBytesMin: 64 * 1024,
  /** An idle connection lives at least this long: the library's ten seconds, of which its clock may cut off a tick. */
  idleConnectionSecondsMin: 8,
} as const
