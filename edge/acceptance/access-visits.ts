/**
 * The requests of the access test for services and appointments, where the path alone does not say
 * them.
 */
import type { Who, World } from './access-world.ts'

type Ids = Readonly<Record<string, string>>
interface Call {
  params?: Record<string, string>
  body?: unknown
}
interface VisitRule {
  of?(ids: Ids, who: Who, world: World): Call | Promise<Call>
  shows?: boolean
  last?: boolean
}

const daysFromNow = (days: number): string =>
  new Date(Date.now() + days * 24 * 3_600_000).toISOString()
const ofPharmacy: readonly Who[] = ['vendor', 'admin']
const byId =
  (pick: (ids: Ids) => string, body?: unknown) =>
  (ids: Ids): Call => ({ params: { id: pick(ids) }, ...(body !== undefined && { body }) })

/** By operationId. */
export const visitCalls: Readonly<Record<string, VisitRule>> = {
  createService: { of: () => ({ body: { name: 'Consultation' } }) },
  listServices: { shows: true },
  getService: { shows: true, of: byId(ids => ids['service']!) },
  updateService: { of: byId(ids => ids['service']!, { icon: 'syringe' }) },
  getAvailability: { shows: true, of: byId(ids => ids['service']!) },
  createMainService: { of: () => ({ body: { name: 'Vaccinations' } }) },
  listMainServices: { shows: true },
  updateMainService: { of: byId(ids => ids['mainService']!, { icon: 'syringe' }) },
  deleteMainService: {
    last: true,
    of: async (ids, who, world) => ({
      params: {
        id: ofPharmacy.includes(who) ? await world.mainService() : ids['mainService']!,
      },
    }),
  },
  closeVendor: { of: () => ({ body: { from: '2040-01-01T00:00', to: '2040-01-02T00:00' } }) },
  reopenVendor: {
    last: true,
    of: async (ids, who, world) => ({
      params: {
        id: ids['vendor']!,
        closure_id: ofPharmacy.includes(who) ? await world.closure() : ids['closure']!,
      },
    }),
  },
  bookAppointment: {
    shows: true,
    of: (ids, who, world) => ({
      body: {
        service_id: ids['service']!,
        start_local: '2040-01-01T09:00',
        ...(who === 'admin' && { user_id: world.customer.id }),
      },
    }),
  },
  getServiceInsights: { of: byId(ids => ids['service']!) },
  admitWalkIn: {
    of: ids => ({ body: { service_id: ids['service']!, customer_name: 'Mina Rai' } }),
  },
  getAppointment: { of: byId(ids => ids['appointment']!) },
  confirmAppointment: { of: byId(ids => ids['appointment']!, {}) },
  rescheduleAppointment: {
    of: byId(ids => ids['appointment']!, { start_local: '2040-01-01T09:00' }),
  },
  checkIn: { of: byId(ids => ids['appointment']!, {}) },
  completeStep: {
    of: ids => ({ params: { id: ids['appointment']!, step_id: 'consent' }, body: {} }),
  },
  completeAppointment: { of: byId(ids => ids['appointment']!, {}) },
  markNoShow: { of: byId(ids => ids['appointment']!, {}) },
  cancelAppointment: { last: true, of: byId(ids => ids['appointment']!, {}) },
  joinWaitlist: {
    shows: true,
    of: (ids, who, world) => ({
      body: {
        service_id: ids['service']!,
        from: daysFromNow(20),
        to: daysFromNow(21),
        ...(who === 'admin' && { user_id: world.customer.id }),
      },
    }),
  },
  leaveWaitlist: { last: true, of: byId(ids => ids['waiting']!) },
  createCalendarFeed: {
    of: (ids, who) => ({
      body:
        who === 'vendor' || who === 'otherPharmacy'
          ? { kind: 'vendor' }
          : who === 'admin'
            ? { kind: 'vendor', subject_id: ids['vendor']! }
            : { kind: 'user' },
    }),
  },
  endCalendarFeed: { last: true, of: byId(ids => ids['calendarFeed']!) },
  readCalendarFeed: {
    shows: true,
    of: ids => ({ params: { file: `${ids['calendarSecret']!}.ics` } }),
  },
}
