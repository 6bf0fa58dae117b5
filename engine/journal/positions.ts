/** Positions and breadcrumbs of drivers. They are written behind, and a lost one does no harm. */

export interface PositionRow {
  driverId: string
  latitude: number
  longitude: number
  headingDeg: number | null
  speedMps: number | null
  /** Time of the frame by the device's clock, ms since the epoch. */
  atMs: number
}
export interface BreadcrumbRow {
  orderId: string
  driverId: string
  atMs: number
  latitude: number
  longitude: number
}

export interface Positions {
  savePositions(rows: readonly PositionRow[]): Promise<void>
  loadPositions(newerThanMs: number): Promise<PositionRow[]>
  saveBreadcrumbs(rows: readonly BreadcrumbRow[]): Promise<void>
  loadBreadcrumbs(orderIds: readonly string[]): Promise<BreadcrumbRow[]>
}
