/** Bounds of codes: the text that one carries, and the pictures that are read. */
import { relation } from '../../protocol/kernel/limits.ts'

export const codeLimits = {
  /** Bytes of a text in UTF-8: the largest QR code with medium correction takes 2,331 and 2,329. */
  qrBytesMax: 2_300,
  /** The largest DataMatrix takes 1,555, but packing them is slow. A label has less. */
  dataMatrixBytesMax: 500,
  /** Side of a module in a PNG. */
  modulePixels: 8,
  /** White border that ISO/IEC 18004 asks for; a DataMatrix needs one. */
  quietZoneModules: 4,
  /** Pixels of a picture: the photo of a phone in its ordinary mode, and some more. */
  picturePixelsMax: 16_000_000,
  pictureSidePixelsMax: 16_384,
  /** Bytes to which a PNG unpacks: four for each of its pixels. */
  unpackedBytesMax: 64_000_000,
  /** Scans of a JPEG; cameras and programs write about ten. Each one costs a walk over the picture. */
  jpegScansMax: 100,
  /** Codes of one picture that are told. */
  codesMax: 32,
  /**
   * Jobs of each thread; see `ThreadBounds`. A page may show many codes at once. The heaps hold no
   * pictures.
   */
  reading: {
    jobsMax: 16,
    jobsPerAccountMax: 4,
    jobMsMax: 10_000,
    idleMs: 60_000,
    heapMegabytesMax: 64,
  },
  writing: {
    jobsMax: 64,
    jobsPerAccountMax: 16,
    jobMsMax: 10_000,
    idleMs: 60_000,
    heapMegabytesMax: 64,
  },
  /** Seconds after which a sender that was refused may come again. */
  retryAfterSeconds: 5,
} as const

for (const { jobsMax, jobsPerAccountMax } of [codeLimits.reading, codeLimits.writing])
  relation(jobsPerAccountMax < jobsMax, 'one account does not take all places of a thread')
