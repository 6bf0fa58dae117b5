/** Positions and breadcrumbs: where drivers were. Written behind, and missed without harm. */

export interface PositionRow {
  driverId: string
  latitude: number
  longitude: number
  headingDeg: number | null
  speedMps: number | null
  /** Device time of the frame. */
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
