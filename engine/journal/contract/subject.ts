/**
 * What the test of an adapter gives to the contract of the journal: one store, journals over it,
 * and ways to look into it.
 */
import type { StoredConfiguration } from '../../../protocol/configuration/configuration.ts'
import type { DirectoryPharmacy } from '../../../protocol/dispatch/directory.ts'
import type { DriverView } from '../../../protocol/drivers/view.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import type { UploadFact } from '../../../protocol/uploads/fact.ts'
import type { ParkedCommand, Store } from '../journal.ts'

/** An order as the store has it. `words`: in alphabetical order. */
export interface StoredOrder {
  view: OrderView
  candidateIds: string[] | null
  offeredDriverId: string | null
  words: string[]
}
/** A driver as the store has it. */
export type DriverRow = Pick<
  DriverView,
  'membership' | 'status' | 'capacity' | 'active_order_ids' | 'total_deliveries' | 'version'
> & { totalEarningsMinor: number }

/** One store and the ways to look into it. */
export interface JournalSubject {
  /** Another journal over the same store, as another engine or a restart would open it. */
  open(): Store
  orderRow(id: string): Promise<StoredOrder | null>
  driverRow(id: string): Promise<DriverRow | null>
  putPharmacy(pharmacy: DirectoryPharmacy): Promise<void>
  putConfiguration(stored: StoredConfiguration): Promise<void>
  /** Writes a stored file, and the driver or pharmacy whose account uploaded it. */
  putUpload(upload: UploadFact): Promise<void>
  /** Moves the store's clock forward. */
  pass(ms: number): Promise<void>
  /** Takes the store down and brings it back; absent where that is not possible. */
  outage?: { begin(): Promise<void>; end(): Promise<void> }
  parked(slot: number): Promise<readonly ParkedCommand[]>
  close(): Promise<void>
}
