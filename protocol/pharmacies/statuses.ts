/**
 * The states of a pharmacy's approval by an administrator: one row for each status, one column for
 * each fact.
 */

export interface PharmacyStatusFacts {
  /**
   * True when it was approved once. Engines do not keep other pharmacies, because anybody can
   * register one.
   */
  approvedOnce: boolean
  /** True when it may have no orders: its orders are cancelled where that is possible. */
  barred: boolean
}
export const pharmacyStatusTable = {
  pending: { approvedOnce: false, barred: false },
  active: { approvedOnce: true, barred: false },
  suspended: { approvedOnce: true, barred: true },
  rejected: { approvedOnce: false, barred: true },
} as const satisfies Record<string, PharmacyStatusFacts>

export type PharmacyStatus = keyof typeof pharmacyStatusTable
export const pharmacyStatuses = Object.keys(pharmacyStatusTable) as PharmacyStatus[]
/** The statuses of pharmacies that may have no orders. */
export const barredStatuses: readonly PharmacyStatus[] = pharmacyStatuses.filter(
  status => pharmacyStatusTable[status].barred,
)
