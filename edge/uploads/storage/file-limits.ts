/** Bounds of files: their size, the time without an order, and their store. */
export const fileLimits = {
  uploadMegabytesDefault: 10,
  /**
   * Pixels of an image: the largest photo of a phone in its ordinary mode. A decoder needs four
   * bytes a pixel.
   */
  imagePixelsMax: 64_000_000,
  imageSidePixelsMax: 16_384,
  signatureBytesMax: 2 * 1024 * 1024,
  /** A portrait of a person's profile. */
  pictureBytesMax: 2 * 1024 * 1024,
  /** A few minutes of speech. */
  audioBytesMax: 5 * 1024 * 1024,
  /** Seconds for which a link into the object store opens the file. */
  uploadLinkSeconds: 300,
  /** Age at which a file that no order names is deleted. */
  uploadOrphanMs: 24 * 3_600_000,
  uploadsPerSweepMax: 500,
  looseUploadsPerAccountMax: 1_000,
  /** Age at which a copy that nothing names is deleted; it may still be in the making. */
  staleCopyMs: 10 * 60_000,
  /**
   * Time that the plain file stays after it was encrypted. A dump of the database from before names
   * it still, and the keys of the new file are in newer dumps alone.
   */
  plainCopyMs: 7 * 24 * 3_600_000,
  /** Time until an old copy whose store is away is tried again. */
  staleRetryMs: 3_600_000,
  /** Files that one look of a conversion finds. */
  convertPageRows: 100,
  storageTimeoutMs: 15_000,
  /** Longest silence of the virus scanner. */
  scannerTimeoutMs: 15_000,
} as const
