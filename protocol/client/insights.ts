/** Insights as the client gets them. `edge/insights/README.md` has the definitions. */

/** Value and count are null when the figure is hidden, because it is about fewer than five people. */
export interface InsightFigure {
  value: number | null
  count: number | null
  hidden: boolean
}
interface ComparedFigures {
  now: InsightFigure
  before: InsightFigure
}
type InsightDivision = 'hour' | 'weekday' | 'week' | 'driver' | 'service'
export interface Insights {
  vendor_id: string
  vendor_name: string
  time_zone: string
  week: string
  from: string
  to: string
  before: string
  by: InsightDivision | null
  generated_at: string
  metrics: (ComparedFigures & {
    metric: string
    unit: 'share' | 'minutes'
    definition: string
    measured: boolean
    cells: (ComparedFigures & { key: string; label: string })[]
  })[]
}

type Call = <T>(method: 'GET', path: string, options: { query: InsightQuery }) => Promise<T>
type InsightQuery = { week?: string; by?: InsightDivision; weeks?: number }

/** The calls about insights, as `insights` of the client. */
export class InsightCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** A pharmacy's week beside the week before. `week`: such as 2026-W47; by default the last one. */
  ofPharmacy(pharmacyId: string, query: InsightQuery = {}): Promise<Insights> {
    return this.#call('GET', `/api/insights/vendors/${pharmacyId}`, { query })
  }
  /** A driver's weeks, each beside the one before. */
  ofDriver(
    driverId: string,
    query: Omit<InsightQuery, 'by'> = {},
  ): Promise<Insights & { driver_id: string; driver_name: string }> {
    return this.#call('GET', `/api/insights/drivers/${driverId}`, { query })
  }
}
