/** Bounds of services and appointments. */
export const appointmentLimits = {
  // A service
  durationMinutesMax: 24 * 60,
  intervalMinutesMin: 5,
  capacityMax: 500,
  noticeMinutesMax: 90 * 24 * 60,
  bufferMinutesMax: 12 * 60,
  windowDaysMax: 366,
  rulesMax: 50,
  overridesMax: 400,
  intervalsMax: 12,
  leaveMax: 200,
  closuresMax: 200,
  stepsMax: 20,
  documentsMax: 10,
  remindersMax: 5,
  reminderMinutesMax: 30 * 24 * 60,

  // A calendar
  /** Appointments of one calendar that have not ended. */
  liveMax: 5_000,
  /** Ended appointments that a calendar remembers, so that a late command hears how they ended. */
  endedRememberedMax: 32,
  /** Appointments of one customer in one calendar that have not ended. */
  liveOfCustomerMax: 5,
  /** A calendar closes an appointment that nobody has closed this long after its end. */
  closesAfterMs: 24 * 3_600_000,
  /** A customer may check in this long before the beginning. */
  checkInEarlyMs: 2 * 3_600_000,
  /** Entries of the waiting list of one calendar. The rest of `liveMax` is for bookings. */
  waitingMax: 1_000,
  /** A proposal never lasts longer than until this long before its beginning. */
  offerEndsBeforeMs: 10 * 60_000,
  /** A place is offered only if its customer has at least this long to accept it. */
  offerLeastMs: 15 * 60_000,
  /** A customer may wait for places of so many days, also where fewer can be booked ahead. */
  wishDaysMax: 62,
  /** Days of a question for availability. */
  askedDaysMax: 62,
  /** Free slots that a refused booking is told. */
  nextFreeMax: 5,
} as const
