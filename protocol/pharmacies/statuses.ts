/** The states of a pharmacy's approval, as an administrator approved: one row a status, one column for each fact. */

export interface PharmacyStatusFacts {
  /** It was approved once. Engines do not keep the others: anybody can make them. */
  approvedOnce: boolean
  /** It may have no orders: those that can be cancelled are. */
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
export const barredStatuses: readonly PharmacyStatus[] = pharmacyStatuses.filter(
  status => pharmacyStatusTable[status].barred,
)
