/** A service for the tests of calendars, and a calendar that is driven by commands at given times. */
import { minuteMs } from '../../protocol/appointments/zones.ts'
import { defaultTerms, type Terms } from '../../protocol/appointments/terms.ts'
import type { AppointmentCommandData } from '../../protocol/dispatch/commands.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { CalendarCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { react } from './react.ts'
import { absentCalendar, appointmentIn, type Appointment, type Calendar } from './state.ts'
import { nextDue } from './wake.ts'

const idOf = (n: number): string => `0190a5a0-0000-7000-8000-${String(n).padStart(12, '0')}`
export const serviceId = idOf(900)
const pharmacyId = idOf(901)
export const appointmentId = (n: number): string => idOf(n)
const customerId = (n: number): string => idOf(500 + n)
const system: Principal = { role: 'system', id: 'calendar' }
export const pharmacy: Principal = { role: 'vendor', id: pharmacyId }
export const customer = (n: number): Principal => ({ role: 'customer', id: customerId(n) })

/** Monday, 7 June 2027, at this time in UTC, or n days later. */
export const at = (time: string, days = 0): number =>
  Date.parse(`2027-06-${String(7 + days).padStart(2, '0')}T${time}Z`)

/** Every day from 09:00 to 12:00 in UTC, half an hour each. */
export const terms: Terms = {
  ...defaultTerms,
  notice_minutes: 60,
  cancel_minutes: 120,
  rules: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '09:00', to: '12:00' }],
  overrides: [],
  leave: [],
  closures: [],
  required_documents: [],
  steps: [],
  reminder_minutes: [],
  quiet_hours: null,
  time_zone: 'UTC',
  revision: 1,
  active: true,
  name: 'Flu vaccination',
  price_minor: null,
  currency: 'USD',
}

/** The data by which customer `n` books or waits with appointment `n`. */
export const made = (n: number, given: Terms = terms, by = n) => ({
  appointment_id: appointmentId(n),
  vendor_id: pharmacyId,
  terms: given,
  customer_id: customerId(by),
  customer_name: `Customer ${by}`,
  customer_phone: '555',
  check_in_code: `code-of-${n}`,
})

/** A calendar at a time that the test sets. Commands of the calendar to itself run at once. */
export class Played {
  state: Calendar = absentCalendar
  nowMs: number
  readonly events: AppointmentEvent[] = []
  /** The time of each event. */
  readonly timesMs: number[] = []

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  /** The code of the refusal, or the types of the events of the command and of what follows. */
  tell(command: CalendarCommand): string {
    const decision = decide(this.state, command, this.nowMs)
    if (!decision.ok) return decision.code
    const types: string[] = []
    for (const event of decision.events) {
      this.state = evolve(this.state, event, this.nowMs)
      this.events.push(event)
      this.timesMs.push(this.nowMs)
      types.push(event.type)
    }
    for (const [i, event] of decision.events.entries())
      if (this.state.kind === 'open')
        for (const effect of react(event, this.state, { slot: 0, seq: this.events.length + i }))
          if (effect.do === 'command')
            types.push(this.tell(effect.to.command as unknown as CalendarCommand))
    return types.join(' ')
  }

  send<V extends keyof AppointmentCommandData>(
    verb: V,
    by: Principal,
    data: AppointmentCommandData[V],
  ): string {
    return this.tell({ verb, by, serviceId, data } as CalendarCommand)
  }

  book(n: number, startMs: number, given: Terms = terms, by = n): string {
    return this.send('book', customer(by), { ...made(n, given, by), start_ms: startMs })
  }

  wait(n: number, fromMs: number, toMs: number, given: Terms = terms): string {
    return this.send('join_waitlist', customer(n), {
      ...made(n, given),
      from_ms: fromMs,
      to_ms: toMs,
    })
  }

  /** Lets time pass; everything that comes due happens at its time. Returns its events. */
  until(nowMs: number): string[] {
    const types: string[] = []
    for (let due = nextDue(this.state); due !== null && due.atMs <= nowMs;) {
      this.nowMs = Math.max(this.nowMs, due.atMs)
      const type = this.tell({ verb: 'look', by: system, serviceId })
      if (type === '') throw new Error(`nothing happens at ${this.nowMs}`)
      types.push(type)
      due = nextDue(this.state)
    }
    this.nowMs = nowMs
    return types
  }

  later(minutes: number): string[] {
    return this.until(this.nowMs + minutes * minuteMs)
  }

  one(n: number): Appointment {
    if (this.state.kind === 'absent') throw new Error('there is no calendar')
    return appointmentIn(this.state, appointmentId(n))!
  }
}
