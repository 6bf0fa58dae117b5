/** One booking: when, who, and what the pharmacy can do with it now. */
import { useState } from 'preact/hooks'
import { appointmentStatusTable } from '../../../protocol/appointments/statuses.ts'
import type { AppointmentView } from '../../../protocol/appointments/view.ts'
import { Action } from '../../pages/base/form.tsx'
import { dayAndTime, money } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

interface Props {
  office: Office
  booking: AppointmentView
  onChange(): Promise<void>
}

const tones: Readonly<Partial<Record<AppointmentView['status'], string>>> = {
  proposed: 'warn',
  pending: 'warn',
  arrived: 'warn',
  checked_in: 'good',
  fulfilled: 'good',
  cancelled: 'bad',
  noshow: 'bad',
}

/** The row. */
export function AppointmentItem({ office, booking, onChange }: Props) {
  const { status, missing, reason, notes } = booking
  const time = (local: string): string => local.slice('YYYY-MM-DDT'.length)
  return (
    <li data-appointment={booking.id} data-status={status}>
      <div class="row spread">
        <strong>
          {time(booking.start_local!)} {booking.customer_name}
        </strong>
        <span class="pill" data-tone={tones[status] ?? ''}>
          {say(`visit.${status}`)}
        </span>
      </div>
      <p class="soft small">
        {booking.service_name}
        {booking.price === null ? null : ` · ${money(booking.price, booking.currency)}`}
        {booking.customer_phone === '' ? null : (
          <>
            {' · '}
            <a href={`tel:${booking.customer_phone}`}>{booking.customer_phone}</a>
          </>
        )}
      </p>
      {missing.length === 0 ? null : (
        <p class="small">
          {say('calendar.missing', { what: missing.map(one => say(`missing.${one}`)).join(', ') })}
        </p>
      )}
      {notes === null ? null : <p class="small">{notes}</p>}
      {reason === null ? null : <p class="small">{reason}</p>}
      <NextSteps office={office} booking={booking} onChange={onChange} />
    </li>
  )
}

/** The buttons, by the state of the booking. */
function NextSteps({ office, booking, onChange }: Props) {
  const { visits } = office.session.api
  const { id, status, missing } = booking
  const [isMoving, setMoving] = useState(false)
  if (appointmentStatusTable[status].ended) return null
  const done = async (work: Promise<AppointmentView>): Promise<void> => {
    await work
    setMoving(false)
    await onChange()
  }
  const isHere = status === 'arrived' || status === 'checked_in'
  const next = status === 'checked_in' ? booking.steps.find(step => step.outcome === null) : null
  return (
    <div class="row">
      {status === 'proposed' && missing.length > 0 ? (
        <Action onAct={() => done(visits.confirm(id, missing))}>{say('calendar.settle')}</Action>
      ) : null}
      {status === 'pending' ? (
        <Action onAct={() => done(visits.confirm(id))}>{say('calendar.confirm')}</Action>
      ) : null}
      {status === 'booked' || status === 'arrived' ? (
        <Action onAct={() => done(visits.checkIn(id))}>{say('calendar.check_in')}</Action>
      ) : null}
      {next === null || next === undefined ? null : (
        <>
          <Action onAct={() => done(visits.completeStep(id, next.id))}>
            {say('calendar.step_done', { step: next.name })}
          </Action>
          <Action class="quiet" onAct={() => done(visits.completeStep(id, next.id, 'skipped'))}>
            {say('calendar.step_skipped')}
          </Action>
        </>
      )}
      {status === 'checked_in' && next === undefined ? (
        <Action onAct={() => done(visits.complete(id))}>{say('calendar.complete')}</Action>
      ) : null}
      {status === 'booked' && hasBegun(booking) ? (
        <Action
          class="quiet"
          confirm={say('calendar.no_show_really')}
          onAct={() => done(visits.noShow(id))}
        >
          {say('calendar.no_show')}
        </Action>
      ) : null}
      {isHere ? null : (
        <button
          type="button"
          class="plain"
          aria-expanded={isMoving}
          onClick={() => setMoving(!isMoving)}
        >
          {say('calendar.move')}
        </button>
      )}
      <Action
        class="plain"
        confirm={say('order.cancel_really')}
        onAct={() => done(visits.cancel(id))}
      >
        {say('order.cancel')}
      </Action>
      {isMoving ? <Move office={office} booking={booking} onDone={done} /> : null}
    </div>
  )
}

const hasBegun = ({ start }: AppointmentView): boolean =>
  start !== null && Date.parse(start) <= Date.now()

const slotsShown = 12

/** The next free times of the service, to which a booking may move. */
function Move({
  office,
  booking,
  onDone,
}: Pick<Props, 'office' | 'booking'> & {
  onDone(work: Promise<AppointmentView>): Promise<void>
}) {
  const { visits } = office.session.api
  const free = useLoaded(() => visits.availability(booking.service_id))
  if (free.value === null) return <p class="soft small">{free.problem || say('state.loading')}</p>
  const { slots } = free.value
  return slots.length === 0 ? (
    <p class="soft small">{say('visit.none_free')}</p>
  ) : (
    <ul class="slots">
      {slots.slice(0, slotsShown).map(({ start }) => (
        <li key={start}>
          <Action class="quiet" onAct={() => onDone(visits.reschedule(booking.id, { start }))}>
            {dayAndTime(start)}
          </Action>
        </li>
      ))}
    </ul>
  )
}
