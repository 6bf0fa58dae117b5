/**
 * The engine's questions to tables that others write, or that it keeps for others: pharmacies, open
 * requests and uploads.
 *
 * Rule, tested by `contract/lookups.ts` against every adapter:
 * J15 An upload is bound to at most one order. The order must be picked up or on its way. The
 *     upload must be stored, and it must have been begun after the pick-up by the order's driver,
 *     by its pharmacy or by the reporter.
 */
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import type { StoredConfiguration } from '../../protocol/configuration/configuration.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'

/** `open`: it is a request that nobody has taken. */
export interface OpenRequestRow {
  orderId: string
  open: boolean
  expiresAtMs: number | null
}

/**
 * `reporterId`: the account of an administrator who reports. Uploads of the order's driver and
 * pharmacy need no name.
 */
export interface ProofClaim {
  orderId: string
  photoId: string | null
  signatureId: string | null
  reporterId: string | null
}

/** Pharmacies and the configuration, as edges write them. */
export interface PharmacyDirectory {
  /**
   * Pharmacies that changed at or after `sinceMs` (ms by the database's clock), with the time to
   * ask from next, and the configuration as it is now; null before somebody has changed it.
   */
  pharmaciesChangedSince(sinceMs: number): Promise<{
    pharmacies: DirectoryPharmacy[]
    nextSinceMs: number
    configuration: StoredConfiguration | null
  }>
}

/** The questions of orders to the read model. */
export interface OrderLookups {
  /**
   * The requests of a customer that nobody has taken, from the read model; also those of `orderIds`
   * that are no longer open.
   */
  openRequestsOf(customerId: string, orderIds: readonly string[]): Promise<OpenRequestRow[]>
  /**
   * Binds the uploads that may prove the delivery of an order to it, if no other order has them.
   * Answers all named uploads that are stored (J15).
   */
  claimProofs(claim: ProofClaim): Promise<UploadFact[]>
}
