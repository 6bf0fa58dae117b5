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
/** A main service, which groups services. */
export interface ServiceGroup {
  id: string
  vendor_id: string
  name: string
  description: string | null
  icon: string | null
}
type GroupFields = Partial<Pick<ServiceGroup, 'name' | 'description' | 'icon'>>
/** Local times such as 2026-12-24T12:00. */
export interface Closure {
  id: string
  from: string
  to: string
  reason: string | null
}
export interface CalendarLink {
  id: string
  kind: 'user' | 'vendor' | 'service' | 'member'
  subject_id: string
  service_ids: string[] | null
  name: string
  created_at: string
  ended_at: string | null
  read_at: string | null
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

  listGroups(vendorId: string): Promise<{ main_services: ServiceGroup[] }> {
    return this.#call('GET', `/api/vendors/${vendorId}/main-services`)
  }
  createGroup(vendorId: string, group: GroupFields & { name: string }): Promise<ServiceGroup> {
    return this.#call('POST', `/api/vendors/${vendorId}/main-services`, { body: group })
  }
  updateGroup(groupId: string, change: GroupFields): Promise<ServiceGroup> {
    return this.#call('PATCH', `/api/main-services/${groupId}`, { body: change })
  }
  deleteGroup(groupId: string): Promise<null> {
    return this.#call('DELETE', `/api/main-services/${groupId}`)
  }
  listClosures(vendorId: string): Promise<{ closures: Closure[] }> {
    return this.#call('GET', `/api/vendors/${vendorId}/closures`)
  }
  /** Closes all services of the pharmacy for this time, by the clocks of each service. */
  close(
    vendorId: string,
    closure: Pick<Closure, 'from' | 'to'> & { reason?: string },
  ): Promise<Closure> {
    return this.#call('POST', `/api/vendors/${vendorId}/closures`, { body: closure })
  }
  reopen(vendorId: string, closureId: string): Promise<null> {
    return this.#call('DELETE', `/api/vendors/${vendorId}/closures/${closureId}`)
  }

  /** Throws `slot_taken` and similar codes. */
  book(appointment: NewAppointment, idempotencyKey?: string): Promise<AppointmentView> {
    return this.#call('POST', '/api/appointments', {
      body: appointment,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })
  }
  /** As the pharmacy: receives a person who stands there. Without a start the first free seat. */
  admit(
    person: {
      service_id: string
      customer_name: string
      customer_phone?: string
      notes?: string
      settles?: Requirement[]
    } & Partial<Start>,
    idempotencyKey?: string,
  ): Promise<AppointmentView> {
    return this.#call('POST', '/api/appointments/walk-in', {
      body: person,
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
  listWaiting(
    query: { service_id?: string; limit?: number; cursor?: string } = {},
  ): Promise<{ entries: AppointmentView[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/waitlist', { query })
  }
  /** Waits no more, or declines the offered place. */
  stopWaiting(entryId: string): Promise<AppointmentView> {
    return this.#call('DELETE', `/api/waitlist/${entryId}`)
  }

  /** Makes a link for calendar programs; its `url` is shown once. */
  createCalendarLink(link: {
    kind: CalendarLink['kind']
    subject_id?: string
    /** Of a member of the staff, whom `name` names. */
    service_ids?: string[]
    name?: string
  }): Promise<{ feed: CalendarLink; url: string }> {
    return this.#call('POST', '/api/calendar-feeds', { body: link })
  }
  listCalendarLinks(): Promise<{ feeds: CalendarLink[] }> {
    return this.#call('GET', '/api/calendar-feeds')
  }
  endCalendarLink(feedId: string): Promise<null> {
    return this.#call('DELETE', `/api/calendar-feeds/${feedId}`)
  }

  #post(appointmentId: string, what: string, body: object): Promise<AppointmentView> {
    return this.#call('POST', `/api/appointments/${appointmentId}/${what}`, { body })
  }
}
