/** The callers that the operations of this feature answer. */
import { customers, everyone, pharmacies, type Caller } from '../kernel/access.ts'

const parties: readonly Caller[] = ['customer', 'vendor', 'admin']
const readers: readonly Caller[] = [...customers, ...pharmacies, 'admin']

export const access: Readonly<Record<string, readonly Caller[]>> = {
  bookAppointment: [...customers, 'admin'],
  admitWalkIn: ['vendor', 'admin'],
  listAppointments: readers,
  getAppointment: parties,
  confirmAppointment: parties,
  rescheduleAppointment: parties,
  cancelAppointment: parties,
  checkIn: parties,
  completeStep: ['vendor', 'admin'],
  completeAppointment: ['vendor', 'admin'],
  markNoShow: ['vendor', 'admin'],
  joinWaitlist: [...customers, 'admin'],
  listWaitlist: readers,
  leaveWaitlist: parties,
  createCalendarFeed: readers,
  listCalendarFeeds: readers,
  endCalendarFeed: ['customer'],
  readCalendarFeed: everyone,
}
