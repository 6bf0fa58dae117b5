/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const one = { id: of.appointment }

export const examples: Readonly<Record<string, Example>> = {
  bookAppointment: {
    as: 'customer',
    body: { service_id: of.service, start: of.slotStart, notes: 'I use a wheelchair.' },
    status: 201,
  },
  admitWalkIn: {
    as: 'vendor',
    body: { service_id: of.service, customer_name: 'Mina Rai' },
    status: 201,
  },
  listAppointments: { as: 'customer', query: { status: 'ongoing', limit: 1 }, status: 200 },
  getAppointment: { as: 'customer', params: one, status: 200 },
  confirmAppointment: { as: 'vendor', params: one, body: {}, status: 200 },
  rescheduleAppointment: {
    as: 'customer',
    params: one,
    body: { start: of.otherSlotStart },
    status: 200,
  },
  cancelAppointment: { as: 'customer', params: one, body: { reason: 'I am ill.' }, status: 200 },
  checkIn: { as: 'vendor', params: one, body: { code: of.checkInCode }, status: 200 },
  completeStep: {
    as: 'vendor',
    params: { ...one, step_id: 'consent' },
    body: { outcome: 'done' },
    status: 200,
  },
  completeAppointment: { as: 'vendor', params: one, body: {}, status: 200 },
  markNoShow: { as: 'vendor', params: one, body: {}, status: 200 },
  joinWaitlist: {
    as: 'customer',
    body: { service_id: of.service, from: of.slotStart, to: of.otherSlotStart },
    status: 201,
  },
  listWaitlist: { as: 'customer', query: { limit: 1 }, status: 200 },
  leaveWaitlist: { as: 'customer', params: { id: of.waiting }, status: 200 },
  createCalendarFeed: {
    as: 'customer',
    body: { kind: 'user', name: 'My appointments' },
    status: 201,
  },
  listCalendarFeeds: { as: 'customer', status: 200 },
  readCalendarFeed: { params: { file: `${of.calendarSecret}.ics` }, status: 200 },
  endCalendarFeed: { as: 'customer', params: { id: of.calendarFeed }, status: 204 },
}
