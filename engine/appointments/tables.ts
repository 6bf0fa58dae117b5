/** The table that keeps the rows of appointments. A transition writes the one that it changed. */
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import type { Table } from '../journal/table.ts'
import type { Appointment } from './state.ts'

/** `one` is null after a change of the terms alone. */
export interface CalendarRow {
  version: number
  one: Appointment | null
  view: AppointmentView | null
}

const appointments: Table<CalendarRow> = {
  name: 'appointments',
  columns: [
    { name: 'id', type: 'uuid', isFixed: true, of: ({ one }) => one!.id },
    { name: 'service_id', type: 'uuid', isFixed: true, of: ({ view }) => view!.service_id },
    { name: 'vendor_id', type: 'uuid', isFixed: true, of: ({ view }) => view!.vendor_id },
    { name: 'user_id', type: 'uuid', isFixed: true, of: ({ one }) => one!.customerId },
    { name: 'created_at', type: 'timestamptz', isFixed: true, of: ({ one }) => one!.createdAtMs },
    { name: 'status', type: 'text', of: ({ one }) => one!.status },
    { name: 'start_at', type: 'timestamptz', of: ({ one }) => one!.startMs },
    { name: 'end_at', type: 'timestamptz', of: ({ one }) => one!.endMs },
    { name: 'updated_at', type: 'timestamptz', of: ({ one }) => one!.updatedAtMs },
    { name: 'ended_at', type: 'timestamptz', of: ({ one }) => one!.endedAtMs },
    { name: 'record', type: 'json', of: ({ view }) => view },
    { name: 'version', type: 'int4', of: ({ version }) => version },
  ],
  takes: ({ one }) => one !== null,
}

export const calendarTables = [appointments] as const
