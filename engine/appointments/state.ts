/**
 * The calendar of a service: its terms, and its appointments that have not ended. One actor decides
 * upon all of them, so two bookings of one seat are two commands of one mailbox.
 *
 * Rejected: an actor for each day. A reschedule to another day would be two commits. Rejected: an
 * actor for each appointment beside the calendar, which costs two commits for each booking.
 */
import type { Taken } from '../../protocol/appointments/availability.ts'
import {
  appointmentStatusTable,
  type AppointmentStatus,
  type CancelCause,
  type Requirement,
  type StepOutcome,
} from '../../protocol/appointments/statuses.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'

export type Calendar = { kind: 'absent' } | OpenCalendar

export interface OpenCalendar {
  kind: 'open'
  serviceId: string
  vendorId: string
  terms: Terms
  /** Appointments that have not ended, in the order in which they were made. */
  live: readonly Appointment[]
  /** The appointments that ended last, oldest first. */
  ended: readonly Appointment[]
  /** Free seats that are kept for customers who wait, until they are offered. */
  promised: readonly (Taken & { appointmentId: string })[]
  /**
   * Customers who wait had the choice of all slots that begin before this. Absent in a snapshot of
   * an older release.
   */
  openedUntilMs?: number
  /** The appointment that the last command changed; null after a change of the terms alone. */
  touchedId: string | null
}

export interface Step {
  id: string
  name: string
  minutes: number
  outcome: StepOutcome | null
  atMs: number | null
  byId: string | null
  byName: string | null
}

export interface Appointment {
  id: string
  status: AppointmentStatus
  /** The id of the appointment itself for a person without an account. */
  customerId: string
  customerName: string
  customerPhone: string
  /** Zone of the customer's quiet hours; null: that of the service. */
  customerTimeZone: string | null
  notes: string | null
  checkInCode: string
  /** What was promised when it was made. */
  serviceName: string
  priceMinor: number | null
  currency: string
  timeZone: string
  /** Null while it waits for a place. */
  startMs: number | null
  endMs: number | null
  /** The times that suit a customer who waits. */
  wish: { fromMs: number; toMs: number } | null
  missing: readonly Requirement[]
  /** It is a place that was offered to a customer who waited. */
  offered: boolean
  heldUntilMs: number | null
  steps: readonly Step[]
  remindersMs: readonly number[]
  sequence: number
  rescheduledFromMs: number | null
  cancelCause: CancelCause | null
  reason: string | null
  createdAtMs: number
  updatedAtMs: number
  bookedAtMs: number | null
  arrivedAtMs: number | null
  checkedInAtMs: number | null
  endedAtMs: number | null
}

export const absentCalendar: Calendar = { kind: 'absent' }

/** The appointment, also one that ended a while ago. */
export const appointmentIn = ({ live, ended }: OpenCalendar, id: string): Appointment | undefined =>
  live.find(one => one.id === id) ?? ended.find(one => one.id === id)

const hasTime = (one: Appointment): one is Appointment & { startMs: number; endMs: number } =>
  one.startMs !== null && one.endMs !== null

/** The seats that are taken, except that of one appointment. */
export const takenIn = ({ live, promised }: OpenCalendar, exceptId?: string): Taken[] => [
  ...promised,
  ...live.flatMap(one =>
    appointmentStatusTable[one.status].seat && one.id !== exceptId && hasTime(one)
      ? [{ startMs: one.startMs, endMs: one.endMs }]
      : [],
  ),
]
