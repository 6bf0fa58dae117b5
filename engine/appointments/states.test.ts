/**
 * Each command in each state by each kind of caller, as one table for a command. The table is a
 * second writing of the rules.
 */
import t from 'tap'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { CalendarCommand } from './commands.ts'
import { decide } from './decide.ts'
import { calendarOf, stateNames, states, step, type StateName } from './fixture-states.ts'
import { appointmentId, at, customer, pharmacy, serviceId, terms } from './fixtures.ts'
import { absentCalendar, type Appointment } from './state.ts'

const given = { ...terms, notice_minutes: 0, cancel_minutes: 0 }
const about = { appointment_id: appointmentId(1) }
const own = customer(1)
const admin: Principal = { role: 'admin', id: 'a' }
const system: Principal = { role: 'system', id: 's' }
const service: Principal = { role: 'service', id: 'billing' }
const staff = { vendor: pharmacy, admin, system, service }
const strangers: Record<string, Principal> = {
  'another customer': customer(2),
  'another pharmacy': { role: 'vendor', id: customer(2).id },
  'the customer as a pharmacy': { role: 'vendor', id: own.id },
  'the pharmacy as a customer': { role: 'customer', id: pharmacy.id },
  'a driver': { role: 'driver', id: own.id },
}

const outcome = (one: Appointment, command: object, nowMs: number): string => {
  const decision = decide(calendarOf([one]), command as CalendarCommand, nowMs)
  return decision.ok ? decision.events.map(({ type }) => type).join(' ') : decision.code
}

const conflict = 'appointment_state_conflict'
const incomplete = 'appointment_incomplete'
/** The outcome for the customer, and for everybody else of the appointment. */
type Row = readonly [byCustomer: string, byStaff: string]
const both = (one: string): Row => [one, one]
const closed = {
  fulfilled: both(conflict),
  cancelled: both(conflict),
  noshow: both(conflict),
}
interface Table {
  verb: string
  data?: object
  nowMs?: number
  /** The appointment of the state has this too. */
  more?: Partial<Appointment>
  rows: Record<StateName, Row>
  /** Differs from the rest of the staff. */
  admin?: Partial<Record<StateName, string>>
}
const confirmed = 'appointment_confirmed'
const tables: Record<string, Table> = {
  confirm: {
    verb: 'confirm',
    data: { settles: [] },
    rows: {
      waitlist: both(conflict),
      proposed: both(incomplete),
      offered: ['waitlist_accepted', 'forbidden'],
      pending: ['forbidden', confirmed],
      booked: both(''),
      arrived: both(''),
      checked_in: both(''),
      ...closed,
    },
    admin: { offered: 'waitlist_accepted' },
  },
  'confirm and settle': {
    verb: 'confirm',
    data: { settles: ['documents'] },
    rows: {
      waitlist: both(conflict),
      proposed: [incomplete, confirmed],
      offered: ['waitlist_accepted', 'forbidden'],
      pending: ['forbidden', confirmed],
      booked: both(''),
      arrived: both(''),
      checked_in: both(''),
      ...closed,
    },
    admin: { offered: 'waitlist_accepted' },
  },
  settle: {
    verb: 'settle',
    data: { what: 'documents' },
    rows: {
      waitlist: ['forbidden', ''],
      proposed: ['forbidden', 'requirement_met'],
      offered: ['forbidden', ''],
      pending: ['forbidden', ''],
      booked: ['forbidden', ''],
      arrived: ['forbidden', ''],
      checked_in: ['forbidden', ''],
      fulfilled: ['forbidden', conflict],
      cancelled: ['forbidden', conflict],
      noshow: ['forbidden', conflict],
    },
  },
  'settle what is not missing': {
    verb: 'settle',
    data: { what: 'payment' },
    rows: {
      waitlist: ['forbidden', ''],
      proposed: ['forbidden', ''],
      offered: ['forbidden', ''],
      pending: ['forbidden', ''],
      booked: ['forbidden', ''],
      arrived: ['forbidden', ''],
      checked_in: ['forbidden', ''],
      fulfilled: ['forbidden', conflict],
      cancelled: ['forbidden', conflict],
      noshow: ['forbidden', conflict],
    },
  },
  'settle of a state that keeps what was missing': {
    verb: 'settle',
    data: { what: 'documents' },
    more: { missing: ['documents'] },
    rows: {
      waitlist: ['forbidden', ''],
      proposed: ['forbidden', 'requirement_met'],
      offered: ['forbidden', 'requirement_met'],
      pending: ['forbidden', ''],
      booked: ['forbidden', ''],
      arrived: ['forbidden', ''],
      checked_in: ['forbidden', ''],
      fulfilled: ['forbidden', conflict],
      cancelled: ['forbidden', conflict],
      noshow: ['forbidden', conflict],
    },
  },
  reschedule: {
    verb: 'reschedule',
    data: { vendor_id: pharmacy.id, terms: given, start_ms: at('10:00') },
    rows: {
      waitlist: both(conflict),
      proposed: both('appointment_rescheduled'),
      offered: both(conflict),
      pending: both('appointment_rescheduled'),
      booked: both('appointment_rescheduled'),
      arrived: both(conflict),
      checked_in: both(conflict),
      ...closed,
    },
  },
  'reschedule to the same time': {
    verb: 'reschedule',
    data: { vendor_id: pharmacy.id, terms: given, start_ms: at('09:00') },
    rows: {
      waitlist: both(conflict),
      proposed: both(''),
      offered: both(conflict),
      pending: both(''),
      booked: both(''),
      arrived: both(conflict),
      checked_in: both(conflict),
      ...closed,
    },
  },
  cancel: {
    verb: 'cancel',
    rows: {
      waitlist: both('appointment_cancelled'),
      proposed: both('appointment_cancelled'),
      offered: both('appointment_cancelled'),
      pending: both('appointment_cancelled'),
      booked: both('appointment_cancelled'),
      arrived: [conflict, 'appointment_cancelled'],
      checked_in: [conflict, 'appointment_cancelled'],
      fulfilled: both(conflict),
      cancelled: both(''),
      noshow: both(conflict),
    },
  },
  'cancel after the beginning': {
    verb: 'cancel',
    nowMs: at('09:00') + 1,
    rows: {
      waitlist: both('appointment_cancelled'),
      proposed: both('appointment_cancelled'),
      offered: both('appointment_cancelled'),
      pending: ['appointment_too_late', 'appointment_cancelled'],
      booked: ['appointment_too_late', 'appointment_cancelled'],
      arrived: [conflict, 'appointment_cancelled'],
      checked_in: [conflict, 'appointment_cancelled'],
      fulfilled: both(conflict),
      cancelled: both(''),
      noshow: both(conflict),
    },
  },
  'leave the list': {
    verb: 'cancel',
    data: { if_waiting: true },
    rows: {
      waitlist: both('appointment_cancelled'),
      proposed: both(conflict),
      offered: both('appointment_cancelled'),
      pending: both(conflict),
      booked: both(conflict),
      arrived: both(conflict),
      checked_in: both(conflict),
      ...closed,
    },
  },
  'cancel, also if it does not wait': {
    verb: 'cancel',
    data: { if_waiting: false },
    rows: {
      waitlist: both('appointment_cancelled'),
      proposed: both('appointment_cancelled'),
      offered: both('appointment_cancelled'),
      pending: both('appointment_cancelled'),
      booked: both('appointment_cancelled'),
      arrived: [conflict, 'appointment_cancelled'],
      checked_in: [conflict, 'appointment_cancelled'],
      fulfilled: both(conflict),
      cancelled: both(''),
      noshow: both(conflict),
    },
  },
  'check in': {
    verb: 'check_in',
    rows: {
      waitlist: both(conflict),
      proposed: both(conflict),
      offered: both(conflict),
      pending: both(conflict),
      booked: ['appointment_arrived', 'appointment_checked_in'],
      arrived: ['', 'appointment_checked_in'],
      checked_in: both(''),
      ...closed,
    },
  },
  'complete a step': {
    verb: 'complete_step',
    data: { step_id: 'one', outcome: 'done', person_id: 'p', person_name: 'Pat' },
    more: { steps: [step('one')] },
    rows: {
      waitlist: ['forbidden', conflict],
      proposed: ['forbidden', conflict],
      offered: ['forbidden', conflict],
      pending: ['forbidden', conflict],
      booked: ['forbidden', conflict],
      arrived: ['forbidden', conflict],
      checked_in: ['forbidden', 'step_completed'],
      fulfilled: ['forbidden', conflict],
      cancelled: ['forbidden', conflict],
      noshow: ['forbidden', conflict],
    },
  },
  complete: {
    verb: 'complete',
    rows: {
      waitlist: ['forbidden', conflict],
      proposed: ['forbidden', conflict],
      offered: ['forbidden', conflict],
      pending: ['forbidden', conflict],
      booked: ['forbidden', conflict],
      arrived: ['forbidden', conflict],
      checked_in: ['forbidden', 'appointment_fulfilled'],
      fulfilled: ['forbidden', ''],
      cancelled: ['forbidden', conflict],
      noshow: ['forbidden', conflict],
    },
  },
  'no show': {
    verb: 'no_show',
    nowMs: at('09:20'),
    rows: {
      waitlist: ['forbidden', conflict],
      proposed: ['forbidden', conflict],
      offered: ['forbidden', conflict],
      pending: ['forbidden', conflict],
      booked: ['forbidden', 'appointment_missed'],
      arrived: ['forbidden', conflict],
      checked_in: ['forbidden', conflict],
      fulfilled: ['forbidden', conflict],
      cancelled: ['forbidden', conflict],
      noshow: ['forbidden', ''],
    },
  },
}

for (const [
  name,
  { verb, data = {}, nowMs = at('08:30'), more = {}, rows, admin: admins },
] of Object.entries(tables))
  t.test(name, async t => {
    const told = (by: Principal, state: Appointment, scope = {}) =>
      outcome(
        { ...state, ...more },
        { verb, by, serviceId, data: { ...about, ...data }, ...scope },
        nowMs,
      )
    for (const state of stateNames) {
      const one = states[state]
      const [byCustomer, byStaff] = rows[state]
      t.equal(told(own, one), byCustomer, `${state} by the customer`)
      for (const [role, by] of Object.entries(staff))
        t.equal(
          told(by, one),
          (role === 'admin' && admins?.[state]) || byStaff,
          `${state} by ${role}`,
        )
      for (const [who, by] of Object.entries(strangers))
        t.equal(told(by, one), 'appointment_not_found', `${state} by ${who}`)
      t.equal(told(service, one, { within: new Set([pharmacy.id]) }), byStaff)
      t.equal(told(service, one, { within: new Set(['x']) }), 'appointment_not_found', 'its scope')
    }
    const unknown = { verb, by: admin, serviceId, data: { ...about, ...data } }
    t.equal(
      outcome({ ...states.booked, id: appointmentId(2) }, unknown, nowMs),
      'appointment_not_found',
    )
    t.match(decide(absentCalendar, unknown as CalendarCommand, nowMs), {
      ok: false,
      code: 'appointment_not_found',
    })
  })

t.test('the cause of a cancellation is the side that asked for it', async t => {
  const causes = Object.entries({ customer: own, ...staff }).map(([role, by]) => {
    const decision = decide(
      calendarOf([states.booked]),
      { verb: 'cancel', by, serviceId, data: { ...about, reason: 'ill' } },
      at('08:30'),
    )
    if (!decision.ok) throw new Error(decision.code)
    t.match(decision.events[0], { data: { ...about, reason: 'ill' } })
    return [role, (decision.events[0]!.data as { cause: string }).cause]
  })
  t.strictSame(Object.fromEntries(causes), {
    customer: 'customer',
    vendor: 'vendor',
    admin: 'admin',
    system: 'service',
    service: 'service',
  })
})
