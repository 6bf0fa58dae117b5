/** Bounds of photos that are shown as JPEG. */
export const photoLimits = {
  /** Phones take 12 or 24 megapixels. */
  pixelsMax: 25_000_000,
  /** Quality of the JPEG, of 100. */
  quality: 85,
  /** Time in which the store must have given the whole file, because others wait for their turn. */
  loadMsMax: 10_000,
  /** Jobs of the thread; see `edge/codes/thread.ts`. */
  showing: {
    jobsMax: 16,
    jobsPerAccountMax: 4,
    jobMsMax: 30_000,
    idleMs: 60_000,
    heapMegabytesMax: 512,
  },
} as const
