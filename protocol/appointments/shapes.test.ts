/** The terms, views and messages of appointments: what their schemas accept, and their bounds. */
import t from 'tap'
import type Type from 'typebox'
import { Compile } from 'typebox/compile'
import { looseIn } from '../testing/loose.ts'
import { appointmentMessages } from './messages.ts'
import { appointmentStatuses, olderStatusNames } from './statuses.ts'
import { defaultTerms, minuteOf, termFields, Terms } from './terms.ts'
import { AppointmentView } from './view.ts'

const id = '019a9d2e-7e3c-7e5d-9b32-5d3f4c6e7081'
const time = '2026-12-24T08:30:00.000Z'

t.test(
  'each message goes over its channels, and its schema is as strict as its example',
  async t => {
    const { appointment, appointment_reminder } = appointmentMessages
    t.strictSame(Object.keys(appointmentMessages), ['appointment', 'appointment_reminder'])
    t.strictSame([appointment.heardOn, appointment.saidOn], [['customer', 'terminal'], []])
    t.strictSame([appointment_reminder.heardOn, appointment_reminder.saidOn], [['customer'], []])
    for (const { schema, example } of [appointment, appointment_reminder])
      t.strictSame(looseIn(schema, example), [
        ': more fields',
        'service_name: any text, a long text',
        'start: null',
      ])
  },
)

const interval = { from: '09:00', to: '17:00' }
const full = {
  ...defaultTerms,
  time_zone: 'Asia/Kathmandu',
  rules: [{ days: ['mon'], ...interval }],
  overrides: [{ date: '2026-12-24', intervals: [interval] }],
  leave: [{ from: '2026-12-24T09:00', to: '2026-12-24T17:00', seats: 1, reason: 'ill' }],
  required_documents: ['prescription'],
  steps: [{ id: 'consent', name: 'Consent', minutes: 5 }],
  quiet_hours: { from: '21:00', to: '08:00' },
  revision: 1,
  active: true,
  name: 'Flu vaccination',
  price_minor: 1_500,
  currency: 'USD',
  closures: [{ from: '2026-12-24T09:00', to: '2026-12-24T17:00' }],
}

t.test('terms have every field, and nothing else inside their lists', async t => {
  t.strictSame(looseIn(Terms, full), [
    ': more fields',
    'rules: a list',
    'overrides: a list',
    'overrides[].intervals: a list',
    'leave: a list',
    'leave[]: no seats, no reason',
    'leave[].reason: any text',
    'required_documents: a list',
    'required_documents[]: any text',
    'steps: a list',
    'steps[].name: any text',
    'prepaid: a boolean',
    'automatic_no_show: a boolean',
    'reminder_minutes: a list',
    'quiet_hours: null',
    'time_zone: any text',
    'revision: a great number',
    'active: a boolean',
    'name: any text',
    'price_minor: null, a great number',
    'currency: any text, a long text',
    'closures: a list',
  ])
})

const field = (name: keyof typeof termFields) => {
  const validator = Compile(termFields[name] as Type.TSchema)
  return (value: unknown): boolean => validator.Check(value)
}

t.test('the least and the greatest number of each field', async t => {
  const day = 24 * 60
  const bounds: Partial<Record<keyof typeof termFields, [least: number, greatest: number]>> = {
    duration_minutes: [1, day],
    interval_minutes: [5, day],
    capacity: [1, 500],
    notice_minutes: [0, 90 * day],
    buffer_before_minutes: [0, 12 * 60],
    buffer_after_minutes: [0, 12 * 60],
    window_days: [1, 366],
    hold_minutes: [1, 7 * day],
    offer_minutes: [1, day],
    cancel_minutes: [0, 90 * day],
    grace_minutes: [0, day],
  }
  for (const [name, [least, greatest]] of Object.entries(bounds)) {
    const accepts = field(name as keyof typeof termFields)
    t.strictSame(
      [least - 1, least, greatest, greatest + 1].map(accepts),
      [false, true, true, false],
      name,
    )
  }
})

t.test('the longest list of each field', async t => {
  const local = { from: '2026-12-24T09:00', to: '2026-12-24T17:00' }
  const rule = full.rules[0]
  const many: [keyof typeof termFields, longest: number, item: (n: number) => unknown][] = [
    ['rules', 50, () => rule],
    ['overrides', 400, () => full.overrides[0]],
    ['leave', 200, () => local],
    ['required_documents', 10, n => `paper ${n}`],
    ['steps', 20, () => full.steps[0]],
    ['reminder_minutes', 5, n => n + 1],
  ]
  for (const [name, longest, item] of many) {
    const accepts = (n: number) => field(name)(Array.from({ length: n }, (_, i) => item(i)))
    t.strictSame([0, longest, longest + 1].map(accepts), [true, true, false], name)
  }
  const closures = Compile(Terms)
  const closed = (n: number) =>
    closures.Check({ ...full, closures: Array.from({ length: n }, () => local) })
  t.strictSame([200, 201].map(closed), [true, false])
  const days = (n: number) =>
    field('rules')([{ ...rule, days: Array.from({ length: n }, () => 'mon') }])
  t.strictSame([0, 1, 7, 8].map(days), [false, true, true, false])
  const intervals = (n: number) =>
    field('overrides')([
      { date: '2026-12-24', intervals: Array.from({ length: n }, () => interval) },
    ])
  t.strictSame([0, 12, 13].map(intervals), [true, true, false])
  t.equal(field('required_documents')(['x', 'x']), false, 'each paper once')
})

t.test('the numbers and texts inside the lists', async t => {
  const seats = (n: number) => field('leave')([{ ...full.leave[0], seats: n }])
  t.strictSame([0, 1, 500, 501].map(seats), [false, true, true, false])
  const minutes = (n: number) => field('steps')([{ ...full.steps[0], minutes: n }])
  t.strictSame([-1, 0, 1_440, 1_441].map(minutes), [false, true, true, false])
  const reminder = (n: number) => field('reminder_minutes')([n])
  t.strictSame([0, 1, 43_200, 43_201].map(reminder), [false, true, true, false])
  const stepId = (text: string) => field('steps')([{ ...full.steps[0], id: text }])
  t.strictSame(['', 'a', 'a_b-9', 'x'.repeat(40), 'x'.repeat(41), 'A', 'a b'].map(stepId), [
    false,
    true,
    true,
    true,
    false,
    false,
    false,
  ])
  const reason = (n: number) => field('leave')([{ ...full.leave[0], reason: 'x'.repeat(n) }])
  t.strictSame([0, 1_000, 1_001].map(reason), [true, true, false])
  const zone = (n: number) => field('time_zone')('x'.repeat(n))
  t.strictSame([64, 65].map(zone), [true, false])
  const name = (n: number) => field('required_documents')(['x'.repeat(n)])
  t.strictSame([0, 1, 200, 201].map(name), [false, true, true, false])
})

t.test('times of day: 24:00 ends a day and begins none', async t => {
  const quiet = (from: string, to: string) => field('quiet_hours')({ from, to })
  for (const [from, to, should] of [
    ['00:00', '24:00', true],
    ['23:59', '00:00', true],
    ['24:00', '08:00', false],
    ['09:60', '10:00', false],
    ['9:00', '10:00', false],
    ['09:00', '24:01', false],
    ['09:00', '1:00', false],
  ] as const)
    t.equal(quiet(from, to), should, `${from} to ${to}`)
  const leave = (from: string) => field('leave')([{ from, to: '2026-12-24T17:00' }])
  t.strictSame(
    ['2026-12-24T23:59', '2026-12-24T24:00', '2026-12-24', '2026-12-24T09:00Z'].map(leave),
    [true, false, false, false],
  )
  t.strictSame(['00:00', '00:59', '09:05', '24:00'].map(minuteOf), [0, 59, 545, 1_440])
})

t.test('a service without settings', async t => {
  t.strictSame(defaultTerms, {
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
    cancel_minutes: 1_440,
    grace_minutes: 15,
    automatic_no_show: false,
    reminder_minutes: [1_440],
    quiet_hours: { from: '21:00', to: '08:00' },
  })
})

t.test('a view has every field', async t => {
  const text = (name: string) => `${name}: any text, a long text`
  const maybe = (name: string) => `${name}: null`
  const maybeText = (name: string) => `${name}: null, any text, a long text`
  const example = {
    id,
    service_id: id,
    vendor_id: id,
    user_id: id,
    service_name: 'Flu vaccination',
    status: 'booked',
    customer_name: 'Ann',
    customer_phone: '555',
    customer_time_zone: 'UTC',
    notes: 'x',
    start: time,
    end: time,
    start_local: '2026-12-24T09:30',
    time_zone: 'UTC',
    wish: { from: time, to: time },
    missing: ['documents'],
    offered: false,
    held_until: time,
    steps: [
      { id: 'a', name: 'A', minutes: 5, outcome: 'done', at: time, by_id: 'p', by_name: 'Pat' },
    ],
    reminders: [time],
    sequence: 1,
    rescheduled_from: time,
    price: 12,
    currency: 'USD',
    check_in_code: 'k7Qm2Xw9Lp4Z',
    cancel_cause: 'vendor',
    reason: 'ill',
    created_at: time,
    updated_at: time,
    booked_at: time,
    arrived_at: time,
    checked_in_at: time,
    ended_at: time,
  }
  t.strictSame(looseIn(AppointmentView, example), [
    ': more fields, no customer_time_zone',
    maybe('user_id'),
    text('service_name'),
    text('customer_name'),
    text('customer_phone'),
    maybeText('customer_time_zone'),
    maybeText('notes'),
    maybe('start'),
    maybe('end'),
    maybeText('start_local'),
    text('time_zone'),
    'wish: null, more fields',
    'missing: a list, many items',
    'offered: a boolean',
    maybe('held_until'),
    'steps: a list, many items',
    'steps[]: more fields',
    text('steps[].id'),
    text('steps[].name'),
    'steps[].minutes: a negative number, a great number',
    maybe('steps[].outcome'),
    maybe('steps[].at'),
    maybeText('steps[].by_id'),
    maybeText('steps[].by_name'),
    'reminders: a list, many items',
    'sequence: a negative number, a great number',
    maybe('rescheduled_from'),
    'price: null, a negative number, a fraction, a great number',
    text('currency'),
    maybeText('check_in_code'),
    maybe('cancel_cause'),
    maybeText('reason'),
    ...['booked_at', 'arrived_at', 'checked_in_at', 'ended_at'].map(maybe),
  ])
})

t.test('the older names of states cover each state by whether it has ended', async t => {
  t.strictSame(olderStatusNames.previous, ['fulfilled', 'cancelled', 'noshow'])
  t.strictSame(
    [...olderStatusNames.ongoing, ...olderStatusNames.previous].toSorted(),
    [...appointmentStatuses].toSorted(),
  )
  t.strictSame(olderStatusNames.incomplete, ['proposed', 'pending', 'waitlist'])
  t.strictSame(olderStatusNames.confirmed, ['booked', 'arrived', 'checked_in'])
  t.strictSame(olderStatusNames.completed, ['fulfilled'])
})
