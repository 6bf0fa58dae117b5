/**
 * The bookings of a day or a week: people are received by the code that they show, missing things
 * are settled, steps are ticked off, and somebody without a booking gets the next free seat.
 */
import { useState } from 'preact/hooks'
import type { AppointmentView } from '../../../protocol/appointments/view.ts'
import type { Service } from '../../../protocol/client/index.ts'
import { beginningOf, daysBefore, todayIn } from '../../pages/base/days.ts'
import { Action, Choice } from '../../pages/base/form.tsx'
import { day } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'
import { AppointmentItem } from './appointment.tsx'
import { CheckIn } from './check-in.tsx'
import { WalkIn } from './walk-in.tsx'

const spans = { day: 1, week: 7 } as const
type Span = keyof typeof spans
const pageMax = 200

/** The part. */
export function CalendarPart({ office }: { office: Office }) {
  const pharmacy = office.pharmacy.value
  return pharmacy === null ? (
    <p class="soft">{say('state.loading')}</p>
  ) : (
    <Calendar office={office} today={todayIn(pharmacy.time_zone)} zone={pharmacy.time_zone} />
  )
}

function Calendar({ office, today, zone }: { office: Office; today: string; zone: string }) {
  const { visits } = office.session.api
  const [span, setSpan] = useState<Span>('day')
  const [from, setFrom] = useState(today)
  const [serviceId, setService] = useState('')
  const services = useLoaded(
    async () => (await visits.listServices(office.pharmacyId, { limit: pageMax })).services,
  )
  const days = Array.from({ length: spans[span] }, (_, i) => daysBefore(from, -i))
  const bookings = useLoaded(async () => {
    const found: AppointmentView[] = []
    let cursor: string | undefined
    do {
      const page = await visits.list({
        from: beginningOf(from, zone),
        to: beginningOf(daysBefore(from, -spans[span]), zone),
        limit: pageMax,
        ...(serviceId !== '' && { service_id: serviceId }),
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.appointments)
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
    return found.sort((a, b) => (a.start! < b.start! ? -1 : 1))
  }, [from, span, serviceId, office.changes.value])
  const known = services.value ?? []
  return (
    <div class="beside">
      <div class="stack">
        <CheckIn office={office} onDone={bookings.reload} />
        <WalkIn office={office} services={known} onDone={bookings.reload} />
        <Waitlist office={office} />
      </div>
      <section class="panel map-first">
        <h2>{say('calendar.title')}</h2>
        <div class="row">
          {(Object.keys(spans) as Span[]).map(one => (
            <button
              key={one}
              type="button"
              class="quiet"
              aria-pressed={one === span}
              onClick={() => setSpan(one)}
            >
              {say(`calendar.${one}`)}
            </button>
          ))}
          <button
            type="button"
            class="plain"
            onClick={() => setFrom(daysBefore(from, spans[span]))}
          >
            {say('calendar.before')}
          </button>
          <button type="button" class="plain" onClick={() => setFrom(today)}>
            {say('calendar.today')}
          </button>
          <button
            type="button"
            class="plain"
            onClick={() => setFrom(daysBefore(from, -spans[span]))}
          >
            {say('calendar.after')}
          </button>
        </div>
        <ServiceChoice services={known} value={serviceId} onChoose={setService} />
        {bookings.problem === '' ? null : <p class="error">{bookings.problem}</p>}
        {days.map(date => (
          <BookingsOfDay
            key={date}
            office={office}
            date={date}
            bookings={(bookings.value ?? []).filter(one => one.start_local!.startsWith(date))}
            onChange={bookings.reload}
          />
        ))}
      </section>
    </div>
  )
}

interface ServiceChoiceProps {
  services: readonly Service[]
  value: string
  onChoose(id: string): void
}

function ServiceChoice({ services, value, onChoose }: ServiceChoiceProps) {
  return (
    <Choice
      label={say('visit.service')}
      value={value}
      onChange={event => onChoose(event.currentTarget.value)}
      options={[
        ['', say('calendar.all_services')],
        ...services.map(one => [one.id, one.name] as const),
      ]}
    />
  )
}

interface DayProps {
  office: Office
  date: string
  bookings: readonly AppointmentView[]
  onChange(): Promise<void>
}

function BookingsOfDay({ office, date, bookings, onChange }: DayProps) {
  return (
    <>
      <h3>{day(date)}</h3>
      {bookings.length === 0 ? <p class="soft">{say('calendar.none')}</p> : null}
      <ul class="list" data-day={date}>
        {bookings.map(one => (
          <AppointmentItem key={one.id} office={office} booking={one} onChange={onChange} />
        ))}
      </ul>
    </>
  )
}

/** People who wait for a place. Nothing is shown while nobody waits. */
function Waitlist({ office }: { office: Office }) {
  const { visits } = office.session.api
  const { value, reload } = useLoaded(
    async () => (await visits.listWaiting({ limit: pageMax })).entries,
    [office.changes.value],
  )
  if (value === null || value.length === 0) return null
  return (
    <section class="panel">
      <h2>{say('visit.waitlist')}</h2>
      <ul class="list">
        {value.map(entry => (
          <li key={entry.id}>
            <strong>{entry.customer_name}</strong>{' '}
            <span class="soft small">{entry.service_name}</span>{' '}
            <Action
              class="plain"
              confirm={say('order.cancel_really')}
              onAct={async () => {
                await visits.stopWaiting(entry.id)
                await reload()
              }}
            >
              {say('calendar.take_off')}
            </Action>
          </li>
        ))}
      </ul>
    </section>
  )
}
