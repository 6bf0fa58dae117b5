/**
 * The terms of a service: when it is offered, how long it takes, how many people it takes at a time,
 * and which steps an appointment has. The catalogue keeps them, and the calendar of the service
 * decides by them. Days and times are local and have a zone.
 */
import Type from 'typebox'
import { weekdays } from '../pharmacies/weekdays.ts'
import { nullable, oneOf } from '../kernel/schema.ts'
import { limits } from '../kernel/limits.ts'
import { appointmentLimits as bounds } from './limits.ts'

const closed = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

const From = Type.String({
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
  'x-rule': 'must be a time of day such as 09:30',
})
const To = Type.String({
  pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
  'x-rule': 'must be a time of day such as 17:30, or 24:00',
  description: 'At or before `from` it is of the next day',
})
const LocalTime = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T([01]\\d|2[0-3]):[0-5]\\d$',
  'x-rule': 'must be a local time such as 2026-12-24T12:00',
})
const Minutes = (minimum: number, maximum: number, words: { description?: string } = {}) =>
  Type.Integer({ minimum, maximum, ...words })
const Name = Type.String({ minLength: 1, maxLength: limits.nameCharactersMax })

/** Hours of one day or of several. */
const Rule = closed({
  days: Type.Array(oneOf(weekdays), { minItems: 1, maxItems: 7 }),
  from: From,
  to: To,
})
/** The hours of one date in place of those of its weekday; no interval: closed. */
const Override = closed({
  date: Type.String({ format: 'date' }),
  intervals: Type.Array(closed({ from: From, to: To }), { maxItems: bounds.intervalsMax }),
})
/** Somebody is away: so many seats are missing. */
const Leave = closed({
  from: LocalTime,
  to: LocalTime,
  seats: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: bounds.capacityMax,
      description: 'Seats that are missing; absent: all',
    }),
  ),
  reason: Type.Optional(Type.String({ maxLength: limits.textCharactersMax })),
})
/** The period of a closure: the whole pharmacy is closed. */
export const closureFields = { from: LocalTime, to: LocalTime }
const Step = closed({
  id: Type.String({
    pattern: '^[a-z0-9_-]{1,40}$',
    'x-rule': 'must be 1 to 40 of a to z, 0 to 9, _ and -',
  }),
  name: Name,
  minutes: Minutes(0, bounds.durationMinutesMax, { description: 'Estimated' }),
})

/** The part of the terms that a pharmacy sets, one by one. */
export const termFields = {
  time_zone: Type.String({ maxLength: 64, description: 'IANA name, such as Asia/Kolkata' }),
  duration_minutes: Minutes(1, bounds.durationMinutesMax),
  interval_minutes: Minutes(bounds.intervalMinutesMin, bounds.durationMinutesMax, {
    description: 'A slot begins so often',
  }),
  capacity: Type.Integer({
    minimum: 1,
    maximum: bounds.capacityMax,
    description: 'Seats at a time',
  }),
  notice_minutes: Minutes(0, bounds.noticeMinutesMax, {
    description: 'Shortest time from booking to beginning',
  }),
  buffer_before_minutes: Minutes(0, bounds.bufferMinutesMax),
  buffer_after_minutes: Minutes(0, bounds.bufferMinutesMax),
  window_days: Type.Integer({
    minimum: 1,
    maximum: bounds.windowDaysMax,
    description: 'How many days ahead a slot may be booked',
  }),
  rules: Type.Array(Rule, { maxItems: bounds.rulesMax }),
  overrides: Type.Array(Override, { maxItems: bounds.overridesMax }),
  leave: Type.Array(Leave, { maxItems: bounds.leaveMax }),
  required_documents: Type.Array(Name, {
    maxItems: bounds.documentsMax,
    uniqueItems: true,
    description: 'Papers that are reviewed before an appointment is confirmed',
  }),
  steps: Type.Array(Step, { maxItems: bounds.stepsMax }),
  confirmation: oneOf(['automatic', 'manual'] as const, {
    description: 'manual: the pharmacy confirms each appointment',
  }),
  prepaid: Type.Boolean({ description: 'An appointment is paid before it is confirmed' }),
  hold_minutes: Minutes(1, 7 * 24 * 60, {
    description: 'How long a slot is held while papers or a payment are missing',
  }),
  offer_minutes: Minutes(1, 24 * 60, {
    description: 'How long a place is offered to one of the waiting list',
  }),
  cancel_minutes: Minutes(0, bounds.noticeMinutesMax, {
    description: 'Until so long before the beginning a customer may cancel or reschedule',
  }),
  grace_minutes: Minutes(0, bounds.durationMinutesMax, {
    description: 'So long after the beginning somebody absent may be marked as a no-show',
  }),
  automatic_no_show: Type.Boolean({
    description: 'After the grace whoever did not check in is a no-show',
  }),
  reminder_minutes: Type.Array(Minutes(1, bounds.reminderMinutesMax), {
    maxItems: bounds.remindersMax,
    description: 'How long before the beginning the customer is reminded',
  }),
  quiet_hours: nullable(closed({ from: From, to: To })),
}

/** The terms with everything that the calendar needs beside the pharmacy's settings. */
export const Terms = Type.Object({
  ...termFields,
  revision: Type.Integer({ minimum: 1, description: 'Grows with each change of the service' }),
  active: Type.Boolean(),
  name: Name,
  price_minor: nullable(Type.Integer({ minimum: 0 })),
  currency: Type.String(),
  closures: Type.Array(closed(closureFields), { maxItems: bounds.closuresMax }),
})
export type Terms = Type.Static<typeof Terms>

/** The terms of a service whose pharmacy has said nothing. */
export const defaultTerms = {
  interval_minutes: 30,
  duration_minutes: 30,
  capacity: 1,
  notice_minutes: 120,
  buffer_before_minutes: 0,
  buffer_after_minutes: 0,
  window_days: 60,
  rules: [],
  overrides: [],
  leave: [],
  required_documents: [],
  steps: [],
  confirmation: 'automatic',
  prepaid: false,
  hold_minutes: 60,
  offer_minutes: 60,
  cancel_minutes: 24 * 60,
  grace_minutes: 15,
  automatic_no_show: false,
  reminder_minutes: [24 * 60],
  quiet_hours: { from: '21:00', to: '08:00' },
} as const satisfies Partial<Terms>

/** Minutes of the day that a time of day says. */
export const minuteOf = (time: string): number =>
  Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
