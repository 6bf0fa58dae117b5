/**
 * The states of an appointment, after FHIR's Appointment, and the older names by which lists may
 * ask for several of them.
 */

/** `seat`: it takes a seat of its slot. `ended`: nothing changes it any more. */
export const appointmentStatusTable = {
  proposed: { seat: true, ended: false },
  pending: { seat: true, ended: false },
  booked: { seat: true, ended: false },
  arrived: { seat: true, ended: false },
  checked_in: { seat: true, ended: false },
  fulfilled: { seat: false, ended: true },
  cancelled: { seat: false, ended: true },
  noshow: { seat: false, ended: true },
  waitlist: { seat: false, ended: false },
} as const

export type AppointmentStatus = keyof typeof appointmentStatusTable
export const appointmentStatuses = Object.keys(
  appointmentStatusTable,
) as readonly AppointmentStatus[]

const whereStatus = (test: (row: { seat: boolean; ended: boolean }) => boolean) =>
  appointmentStatuses.filter(status => test(appointmentStatusTable[status]))

/** The older names, each for the states that it covers. */
export const olderStatusNames = {
  incomplete: ['proposed', 'pending', 'waitlist'],
  confirmed: ['booked', 'arrived', 'checked_in'],
  completed: ['fulfilled'],
  previous: whereStatus(row => row.ended),
  ongoing: whereStatus(row => !row.ended),
} as const satisfies Record<string, readonly AppointmentStatus[]>
export type OlderStatusName = keyof typeof olderStatusNames

/** The reasons why an appointment was cancelled, by the party or the rule that ended it. */
export const cancelCauses = [
  'customer',
  'vendor',
  'admin',
  'service',
  'hold_expired',
  'offer_lapsed',
  'not_confirmed',
  'not_offered',
] as const
export type CancelCause = (typeof cancelCauses)[number]

/** Things that an appointment may wait for before it is confirmed. */
export const requirements = ['documents', 'payment'] as const
export type Requirement = (typeof requirements)[number]

export const stepOutcomes = ['done', 'skipped'] as const
export type StepOutcome = (typeof stepOutcomes)[number]
