/**
 * The simulator's books of calendars: every event of an appointment is folded a second time and
 * judged. [seat]: nobody is given a place that is closed or full. [line]: nobody comes before
 * whoever waits longer. [kept]: a promise ends only by its offer, by somebody's wish or for a
 * reason, and an offer lasts long enough. [said]: somebody asked for it, or its time had come.
 */
import { topics, type Push } from '../../protocol/dispatch/pushes.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import type { StoredEvent } from '../journal/journal.ts'
import type { RowWritten } from './database.ts'
import type { Books, Findings } from './findings.ts'
import {
  admittedAheadMs,
  closesAfterMs,
  folded,
  isKnown,
  isOver,
  leadMs,
  minuteMs,
  offerEndsMs,
  passedOver,
  refusalOf,
  type CalendarModel,
  type Period,
  type VisitModel,
} from './model/calendar.ts'

interface Book {
  /** `past[version]`: the calendar after that many events. */
  past: (CalendarModel | null)[]
  /** The latest time of its events; the clocks of engines differ. */
  latestMs: number
}
type Of<T extends AppointmentEvent['type']> = Extract<AppointmentEvent, { type: T }>['data']

const periodOf = (data: { start_ms: number; end_ms: number }): Period => ({
  startMs: data.start_ms,
  endMs: data.end_ms,
})
/** Events of which nobody is told. */
const untold: ReadonlySet<string> = new Set([
  'calendar_described',
  'window_moved',
  'seat_promised',
  'seat_withdrawn',
  'reminders_dropped',
])

/** The calendars of a simulation, by the ids of their services. */
export class CalendarBooks implements Books {
  readonly kind = 'appointment'
  readonly books = new Map<string, Book>()
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  past(actorId: string): readonly unknown[] {
    return this.books.get(actorId)?.past ?? []
  }

  take({ actorId, version, atMs, event: given }: StoredEvent): void {
    const event = given as AppointmentEvent
    const fail = (rule: string, what: string): void =>
      this.#findings.fail(rule, `${event.type}: ${what}`, actorId)
    let book = this.books.get(actorId)
    if (book === undefined) this.books.set(actorId, (book = { past: [null], latestMs: atMs }))
    const before = book.past.at(-1)!
    if (version !== book.past.length)
      fail('[4]', `version ${version} after ${book.past.length - 1}`)
    this.#findings.coverage.take(this.kind, before === null ? 'absent' : 'open', event.type)
    book.latestMs = Math.max(book.latestMs, atMs)
    const after = folded(before, event, atMs)
    if (after === null) fail('[4]', 'of an appointment that cannot have it')
    else if (before !== null) this.#judge(actorId, before, event, atMs, book.latestMs, fail)
    book.past.push(after)
  }

  #judge(
    serviceId: string,
    before: CalendarModel,
    event: AppointmentEvent,
    atMs: number,
    latestMs: number,
    fail: (rule: string, what: string) => void,
  ): void {
    const { terms } = before
    if (event.type === 'calendar_described') {
      if (event.data.terms.revision <= terms.revision) fail('[4]', 'older terms')
      return
    }
    if (event.type === 'window_moved') return
    const { appointment_id: id } = event.data
    const visit = before.visits.get(id)
    const asked = (verb: string, fits: (data: Record<string, unknown>) => boolean = () => true) =>
      this.#findings.witness
        .given(serviceId, verb)
        .filter(({ data }) => data['appointment_id'] === id && fits(data))
    const needs = (verb: string, fits?: (data: Record<string, unknown>) => boolean): void => {
      if (asked(verb, fits).length === 0) fail('[said]', `nobody asked for it (${verb})`)
    }
    const gives = (period: Period, place: string): void => {
      const refusal = refusalOf(before, period, id, atMs)
      if (refusal !== null) fail('[seat]', `${id} is given a place though ${refusal}`)
      const first = passedOver(before, period, place, latestMs)
      // Who moves by less than the own length and buffers takes a seat that nobody else could take.
      const isFree = refusalOf(before, period, '', atMs) === null
      if (first !== undefined && isFree)
        fail('[line]', `${id} comes before ${first.id}, who waits longer`)
    }
    const due = (ms: number | null, what: string): void => {
      if (ms === null || atMs < ms) fail('[said]', `${what} ${ms} has not come at ${atMs}`)
    }
    switch (event.type) {
      case 'slot_claimed':
        gives(periodOf(event.data), '')
        if (asked('admit').length > 0) {
          const { start_ms, end_ms } = event.data
          if (start_ms > atMs + admittedAheadMs || end_ms <= atMs)
            fail('[seat]', 'somebody who stands there gets a seat of another time')
          return
        }
        return needs('book', data => data['start_ms'] === event.data.start_ms)
      case 'waitlist_joined':
        return needs('join_waitlist', data => data['to_ms'] === event.data.to_ms)
      case 'seat_promised':
        return this.#promised(before, visit, event.data, atMs, gives, fail)
      case 'seat_withdrawn':
        return this.#withdrawn(before, id, atMs, fail)
      case 'waitlist_offered': {
        const { start_ms, held_until_ms } = event.data
        if (before.promised.get(id)?.startMs !== start_ms)
          fail('[kept]', `${id} is offered another place than the promised one`)
        if (held_until_ms !== offerEndsMs(terms, start_ms, atMs) || start_ms < atMs + leadMs(terms))
          fail('[kept]', `${id} has no time to accept: ${held_until_ms - atMs} ms`)
        return
      }
      case 'waitlist_accepted':
        if (visit?.isOffer === false) fail('[kept]', `${id} had no offer`)
        return needs('confirm')
      case 'appointment_confirmed':
        return needs('confirm')
      case 'requirement_met':
        return needs('settle', data => data['what'] === event.data.what)
      case 'appointment_rescheduled':
        gives(periodOf(event.data), '')
        return needs('reschedule', data => data['start_ms'] === event.data.start_ms)
      case 'appointment_checked_in':
        if (asked('admit').length > 0) return
        return needs('check_in')
      case 'appointment_arrived':
        return needs('check_in')
      case 'step_completed':
        return needs('complete_step', data => data['step_id'] === event.data.step_id)
      case 'appointment_fulfilled':
        if (asked('complete').length === 0) due(visit!.endMs! + closesAfterMs, 'its closing at')
        return
      case 'appointment_missed':
        if (asked('no_show').length === 0 && !terms.automatic_no_show) needs('no_show')
        return due(visit!.startMs! + terms.grace_minutes * minuteMs, 'the end of the grace')
      case 'reminder_due':
        if (atMs >= visit!.startMs!) fail('[said]', 'it has begun')
        return due(visit!.remindersMs[0] ?? null, 'its reminder at')
      case 'reminders_dropped':
        return due(visit!.startMs, 'its beginning')
      case 'appointment_cancelled':
        return this.#cancelled(before, visit!, event.data.cause, due, needs, fail)
    }
  }

  #promised(
    before: CalendarModel,
    visit: VisitModel | undefined,
    data: Of<'seat_promised'>,
    atMs: number,
    gives: (period: Period, place: string) => void,
    fail: (rule: string, what: string) => void,
  ): void {
    const period = periodOf(data)
    const id = data.appointment_id
    if (visit?.state !== 'waitlist' || visit.wish === null || before.promised.has(id))
      return fail('[kept]', `${id} does not wait for a promise`)
    const { fromMs, toMs } = visit.wish
    if (period.startMs < fromMs || period.endMs > toMs)
      fail('[kept]', `${id} wishes for other times`)
    if (period.startMs < atMs + leadMs(before.terms))
      fail('[kept]', `${id} would have no time to accept`)
    gives(period, id)
  }

  #withdrawn(
    before: CalendarModel,
    id: string,
    atMs: number,
    fail: (rule: string, what: string) => void,
  ): void {
    const promise = before.promised.get(id)
    if (promise === undefined) return fail('[kept]', `${id} had no promise`)
    if (
      promise.startMs >= atMs + leadMs(before.terms) &&
      refusalOf(before, promise, id, atMs) === null
    )
      fail('[kept]', `the promise to ${id} is withdrawn for no reason`)
  }

  #cancelled(
    { promised, terms }: CalendarModel,
    visit: VisitModel,
    cause: string,
    due: (ms: number | null, what: string) => void,
    needs: (verb: string) => void,
    fail: (rule: string, what: string) => void,
  ): void {
    switch (cause) {
      case 'hold_expired':
      case 'offer_lapsed':
        if (visit.isOffer !== (cause === 'offer_lapsed')) fail('[said]', `it is no ${cause}`)
        return due(visit.heldUntilMs, 'the end of its hold')
      case 'not_confirmed':
        if (visit.state !== 'pending') fail('[said]', `it is ${visit.state}`)
        return due(visit.startMs, 'its beginning')
      case 'not_offered':
        if (promised.has(visit.id)) fail('[kept]', `${visit.id} had a promise`)
        return due(visit.wish!.toMs - terms.duration_minutes * minuteMs, 'the end of its wish')
      default:
        return needs('cancel')
    }
  }

  row({ columns }: RowWritten): void {
    const serviceId = columns['service_id']!
    const version = Number(columns['version'])
    const past = this.books.get(serviceId)?.past
    const visit = past?.[version]?.visits.get(columns['id']!)
    if (visit === undefined || version !== past!.length - 1)
      return this.#findings.fail('[2]', `a row at version ${version} without its events`, serviceId)
    const text = (ms: number | null): string | null => (ms === null ? null : String(ms))
    this.#findings.same(
      'row',
      {
        user_id: columns['user_id'],
        status: columns['status'],
        start_at: columns['start_at'],
        end_at: columns['end_at'],
        has_ended: columns['ended_at'] !== null,
      },
      {
        user_id: visit.customerId,
        status: visit.state,
        start_at: text(visit.startMs),
        end_at: text(visit.endMs),
        has_ended: isOver(visit),
      },
      serviceId,
    )
  }

  /** A client was told this state of an appointment, at this version of its calendar. */
  told(view: AppointmentView, version: number): void {
    const { id, service_id } = view
    const visit = this.books.get(service_id)?.past[version]?.visits.get(id)
    if (visit === undefined)
      return this.#findings.fail(
        '[2]',
        `appointment ${id} was acknowledged and is not in the journal`,
        service_id,
      )
    const msOf = (time: string | null): number | null => (time === null ? null : Date.parse(time))
    this.#findings.same(
      'answer',
      {
        status: view.status,
        startMs: msOf(view.start),
        endMs: msOf(view.end),
        heldUntilMs: msOf(view.held_until),
        missing: view.missing,
        isOffer: view.offered,
        stepsDone: view.steps.filter(({ outcome }) => outcome !== null).map(step => step.id),
        sequence: view.sequence,
      },
      {
        status: visit.state,
        startMs: visit.startMs,
        endMs: visit.endMs,
        heldUntilMs: visit.heldUntilMs,
        missing: visit.missing,
        isOffer: visit.isOffer,
        stepsDone: visit.stepsDone,
        sequence: visit.sequence,
      },
      service_id,
    )
  }

  pushesOf({ actorId, event: given }: StoredEvent, version: number): Push[] {
    const event = given as AppointmentEvent
    const now = this.books.get(actorId)?.past[version]
    if (now == null || untold.has(event.type) || !('appointment_id' in event.data)) return []
    const { appointment_id } = event.data
    if (!isKnown(now, appointment_id)) return []
    const { customerId, state, startMs } = now.visits.get(appointment_id)!
    const message = {
      appointment_id,
      service_id: actorId,
      service_name: now.terms.name,
      status: state,
      start: startMs === null ? null : new Date(startMs).toISOString(),
    }
    const push = (topic: string, type: string): Push =>
      ({ kind: 'topic', topic, message: { type, ...message } }) as Push
    if (event.type === 'reminder_due')
      return isOver(now.visits.get(appointment_id)!) || startMs !== event.data.start_ms
        ? []
        : [push(topics.customer(customerId), 'appointment_reminder')]
    return [
      push(topics.customer(customerId), 'appointment'),
      push(topics.pharmacy(now.vendorId), 'appointment'),
    ]
  }

  /** Things of calendars that should have happened by `byMs`, in words. */
  overdue(byMs: number): string[] {
    const left: string[] = []
    for (const [serviceId, { past }] of this.books) {
      const now = past.at(-1)
      if (now == null) continue
      const { visits, promised, terms } = now
      for (const id of promised.keys())
        left.push(`[kept] calendar ${serviceId} promised ${id} a seat and offers none`)
      for (const one of visits.values()) {
        const { id, state, startMs, heldUntilMs, wish, remindersMs } = one
        const endsMs = {
          waitlist: wish === null ? null : wish.toMs - terms.duration_minutes * minuteMs,
          proposed: heldUntilMs,
          pending: startMs,
          booked:
            remindersMs[0] ??
            (terms.automatic_no_show ? startMs! + terms.grace_minutes * minuteMs : null),
        }[state]
        if (endsMs != null && endsMs < byMs)
          left.push(`appointment ${id} of ${serviceId} is still ${state}, due at ${endsMs}`)
      }
    }
    return left
  }
}
