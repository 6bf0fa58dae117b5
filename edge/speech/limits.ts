/** Bounds of speech to text. */
import { fileLimits } from '../uploads/storage/file-limits.ts'

export const speechLimits = {
  /** Size of a recording, as of a spoken answer. */
  soundBytesMax: fileLimits.audioBytesMax,
  /** Time from the connection to the last byte of the answer. */
  serviceTimeoutMs: 30_000,
  /** Bytes of the service's answer that are read; some services send every word with its times. */
  answerBytesMax: 256 * 1024,
  /** Characters of the text; a message has as many. */
  textCharactersMax: 2_000,
  /** Recordings at the service at once, those that wait too, and those of one account. */
  atOnceMax: 4,
  recordingsMax: 16,
  recordingsPerAccountMax: 2,
  /** Seconds after which a sender that was refused may come again. */
  retryAfterSeconds: 5,
} as const
