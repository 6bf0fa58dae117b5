/** Services and appointments for programs: `api.visits`. */
import type {
  AppointmentStatus,
  OlderStatusName,
  Requirement,
  StepOutcome,
} from '../appointments/statuses.ts'
import type { Terms } from '../appointments/terms.ts'
import type { AppointmentView } from '../appointments/view.ts'

type Settings = Omit<
  Terms,
  'revision' | 'active' | 'name' | 'price_minor' | 'currency' | 'closures'
>
/** A service of a pharmacy. Only the pharmacy and administrators see `leave`. */
export interface Service extends Omit<Settings, 'leave'> {
  id: string
  vendor_id: string
  main_service_id: string | null
  name: string
  description: string | null
  icon: string | null
  price: number | null
  currency: string
  is_active: boolean
  leave?: Settings['leave']
  rating?: { median: number; ratings: number } | null
  revision: number
}
type ServiceFields = Partial<
  Settings & Pick<Service, 'description' | 'icon' | 'main_service_id' | 'price' | 'is_active'>
>
export interface FreeSlots {
  service_id: string
  time_zone: string
  from: string
  to: string
  slots: { start: string; end: string; start_local: string; seats: number }[]
  next_free: string | null
}
/** The beginning as an instant, or as clocks of the service show it. */
type Start = { start: string } | { start_local: string }
export type NewAppointment = { service_id: string; notes?: string; time_zone?: string } & Start

type Query = Record<string, string | number | undefined>
type Call = <Answer>(
  method: string,
  path: string,
  options?: { body?: object; query?: Query; idempotencyKey?: string },
) => Promise<Answer>

export class Visits {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  listServices(
    vendorId: string,
    query: { main_service_id?: string; limit?: number; cursor?: string } = {},
  ): Promise<{ services: Service[]; next_cursor: string | null }> {
    return this.#call('GET', `/api/vendors/${vendorId}/services`, { query })
  }
  getService(serviceId: string): Promise<Service> {
    return this.#call('GET', `/api/services/${serviceId}`)
  }
  /** The free slots; days are those of the service's zone. */
  availability(serviceId: string, query: { from?: string; to?: string } = {}): Promise<FreeSlots> {
    return this.#call('GET', `/api/services/${serviceId}/availability`, { query })
  }
  createService(vendorId: string, service: { name: string } & ServiceFields): Promise<Service> {
    return this.#call('POST', `/api/vendors/${vendorId}/services`, { body: service })
  }
  updateService(serviceId: string, change: { name?: string } & ServiceFields): Promise<Service> {
    return this.#call('PATCH', `/api/services/${serviceId}`, { body: change })
  }

  /** Throws `slot_taken` and similar codes. */
  book(appointment: NewAppointment, idempotencyKey?: string): Promise<AppointmentView> {
    return this.#call('POST', '/api/appointments', {
      body: appointment,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })
  }
  list(
    query: {
      status?: AppointmentStatus | OlderStatusName
      service_id?: string
      from?: string
      to?: string
      limit?: number
      cursor?: string
    } = {},
  ): Promise<{ appointments: AppointmentView[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/appointments', { query })
  }
  get(appointmentId: string): Promise<AppointmentView> {
    return this.#call('GET', `/api/appointments/${appointmentId}`)
  }
  /** As the pharmacy, with the missing things that are settled; as a customer, an offered place. */
  confirm(appointmentId: string, settles: Requirement[] = []): Promise<AppointmentView> {
    return this.#post(appointmentId, 'confirm', { settles })
  }
  reschedule(appointmentId: string, start: Start): Promise<AppointmentView> {
    return this.#post(appointmentId, 'reschedule', start)
  }
  cancel(appointmentId: string, reason?: string): Promise<AppointmentView> {
    return this.#post(appointmentId, 'cancel', reason === undefined ? {} : { reason })
  }
  checkIn(appointmentId: string, code?: string): Promise<AppointmentView> {
    return this.#post(appointmentId, 'check-in', code === undefined ? {} : { code })
  }
  completeStep(
    appointmentId: string,
    stepId: string,
    outcome: StepOutcome = 'done',
  ): Promise<AppointmentView> {
    return this.#post(appointmentId, `steps/${stepId}`, { outcome })
  }
  complete(appointmentId: string): Promise<AppointmentView> {
    return this.#post(appointmentId, 'complete', {})
  }
  noShow(appointmentId: string): Promise<AppointmentView> {
    return this.#post(appointmentId, 'no-show', {})
  }

  /** Waits for a place within these times. */
  wait(entry: {
    service_id: string
    from: string
    to: string
    notes?: string
  }): Promise<AppointmentView> {
    return this.#call('POST', '/api/waitlist', { body: entry })
  }
  /** Waits no more, or declines the offered place. */
  stopWaiting(entryId: string): Promise<AppointmentView> {
    return this.#call('DELETE', `/api/waitlist/${entryId}`)
  }

  /** Makes a link for calendar programs; its `url` is shown once. */
  createCalendarLink(link: {
    kind: 'user' | 'vendor' | 'service'
    subject_id?: string
    name?: string
  }): Promise<{ feed: { id: string }; url: string }> {
    return this.#call('POST', '/api/calendar-feeds', { body: link })
  }
  endCalendarLink(feedId: string): Promise<null> {
    return this.#call('DELETE', `/api/calendar-feeds/${feedId}`)
  }

  #post(appointmentId: string, what: string, body: object): Promise<AppointmentView> {
    return this.#call('POST', `/api/appointments/${appointmentId}/${what}`, { body })
  }
}
