/**
 * The facts about an uploaded file that the engine needs when the report of a delivery names it.
 */

/** An uploaded file: its owner, the time when its upload began (ms), and its order. */
export interface UploadFact {
  id: string
  kind: string
  /** The account, and its driver or pharmacy if it has one. */
  ownerId: string
  driverId: string | null
  pharmacyId: string | null
  orderId: string | null
  atMs: number
}
