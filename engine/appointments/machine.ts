/**
 * The steps of a calendar for the simulator. The steps of one appointment are held by the property
 * tests of this folder, because a calendar has many appointments.
 */
import { appointmentEvents } from '../../protocol/dispatch/appointment-events.ts'
import type { Machine } from '../actors/kind.ts'
import type { Calendar } from './state.ts'

export const calendarMachine: Machine<Calendar> = {
  steps: {
    absent: { calendar_described: 'open' },
    open: Object.fromEntries(Object.keys(appointmentEvents).map(type => [type, 'open'])),
  },
  nameOf: calendar => calendar.kind,
}
