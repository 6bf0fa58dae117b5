/** Insights as the client gets them. `edge/insights/README.md` has the definitions. */
import type { AppointmentStatus } from '../appointments/statuses.ts'

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

export interface ServiceInsights {
  service_id: string
  service_name: string
  vendor_id: string
  time_zone: string
  period: 'day' | 'week'
  from: string
  to: string
  before: { from: string; to: string }
  generated_at: string
  statuses: { status: AppointmentStatus; now: number; before: number }[]
  /** By hour or by weekday, without those that were cancelled. */
  cells: { key: string; label: string; now: number; before: number }[]
}

type Call = <T>(
  method: 'GET' | 'PUT',
  path: string,
  options?: { query?: Record<string, string | number | undefined>; body?: object },
) => Promise<T>
type InsightQuery = { week?: string; by?: InsightDivision; weeks?: number }

/** The calls about insights, as `insights` of the client. */
export class InsightCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** A pharmacy's week beside the week before. `week`: such as 2026-W47; by default the last one. */
  ofPharmacy(pharmacyId: string, query: InsightQuery = {}): Promise<Insights> {
    return this.#call('GET', `/api/insights/vendors/${pharmacyId}`, { query: { ...query } })
  }
  /** A driver's weeks, each beside the one before. */
  ofDriver(
    driverId: string,
    query: Omit<InsightQuery, 'by'> = {},
  ): Promise<Insights & { driver_id: string; driver_name: string }> {
    return this.#call('GET', `/api/insights/drivers/${driverId}`, { query: { ...query } })
  }
  /** The appointments of a service in a day or a week. `date`: such as 2026-11-30; today unless stated. */
  ofService(
    serviceId: string,
    query: { period?: 'day' | 'week'; date?: string } = {},
  ): Promise<ServiceInsights> {
    return this.#call('GET', `/api/insights/services/${serviceId}`, { query: { ...query } })
  }
  /** The last week of all pharmacies, for administrators. */
  ofAll(query: { week?: string; limit?: number; cursor?: string } = {}): Promise<{
    week: string
    before: string
    vendors: {
      vendor_id: string
      vendor_name: string
      time_zone: string
      metrics: (ComparedFigures & { metric: string; unit: 'share' | 'minutes' })[]
    }[]
    next_cursor: string | null
  }> {
    return this.#call('GET', '/api/insights/vendors', { query: { ...query } })
  }
  /** Does the pharmacy want each week's totals by mail? */
  letter(pharmacyId: string): Promise<{ vendor_id: string; wanted: boolean }> {
    return this.#call('GET', `/api/insights/vendors/${pharmacyId}/letter`)
  }
  setLetter(pharmacyId: string, wanted: boolean): Promise<{ vendor_id: string; wanted: boolean }> {
    return this.#call('PUT', `/api/insights/vendors/${pharmacyId}/letter`, { body: { wanted } })
  }
}
