/** What the engine knows of an uploaded file that a report of a delivery names. */

/** An uploaded file: whose, when it was begun (ms), and which order it is bound to. */
export interface UploadFact {
  id: string
  kind: string
  /** The account, and its records if it has any. */
  ownerId: string
  driverId: string | null
  vendorId: string | null
  orderId: string | null
  atMs: number
}
