/**
 * What the engine asks of tables that others write, or that it keeps for others: pharmacies, open requests,
 * uploads.
 *
 * Rule, tested by `contract/lookups.ts` against every adapter:
 *  J15 An upload is bound to one order at most: while that order is picked up or on its way, if it was begun
 *      after the pick-up by the order's driver or pharmacy or by who reports, and is stored.
 */
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'

/** `open`: it is a request that nobody has taken. */
export interface OpenRequestRow {
  orderId: string
  open: boolean
  expiresAtMs: number | null
}

/** `reporterId`: the account of an administrator who reports; uploads of the order's driver and pharmacy need no name. */
export interface ProofClaim {
  orderId: string
  photoId: string | null
  signatureId: string | null
  reporterId: string | null
}

/** Pharmacies, as the edge writes them. */
export interface PharmacyDirectory {
  /** Pharmacies changed at or after that time (ms, database clock), with the time to ask from next. */
  vendorsChangedSince(
    sinceMs: number,
  ): Promise<{ vendors: DirectoryPharmacy[]; nextSinceMs: number }>
}

/** What orders ask of the read model. */
export interface OrderLookups {
  /** Requests of a customer that nobody has taken, as the read model has them; and of `orderIds` those that are something else by now. */
  openRequestsOf(customerId: string, orderIds: readonly string[]): Promise<OpenRequestRow[]>
  /**
   * Binds the uploads that may prove the delivery of an order to it, if nothing else has them, and answers all
   * that were named and are stored (J15).
   */
  claimProofs(claim: ProofClaim): Promise<UploadFact[]>
}
