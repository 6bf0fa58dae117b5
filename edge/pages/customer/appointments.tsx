/** Appointments: one's own, and booking a free time of a pharmacy's service. */
import { useEffect, useState } from 'preact/hooks'
import type { FreeSlots, Service } from '../../../protocol/client/index.ts'
import type { AppointmentView } from '../../../protocol/appointments/view.ts'
import { CheckInCode } from '../../codes/page/check-in-code.tsx'
import { Action, Choice, problemText } from '../base/form.tsx'
import { dayAndTime, money } from '../base/format.ts'
import { say, sayIfKnown } from '../texts/index.ts'
import type { Orders } from './orders.ts'

const slotsShown = 12

/** The whole part. */
export function Appointments({ orders }: { orders: Orders }) {
  const { visits } = orders.session.api
  const [own, setOwn] = useState<readonly AppointmentView[]>([])
  const [problem, setProblem] = useState('')
  const load = async (): Promise<void> => {
    const { appointments } = await visits.list({ limit: 50 })
    setOwn(appointments)
  }
  useEffect(() => {
    load().catch((error: unknown) => setProblem(problemText(error)))
  }, [])
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('visit.own')}</h2>
        {problem === '' ? null : <p class="error">{problem}</p>}
        <ul class="list">
          {own.map(visit => (
            <li key={visit.id} data-appointment={visit.id} data-status={visit.status}>
              <div class="row spread">
                <strong>{visit.service_name}</strong>
                <span class="pill">{sayIfKnown(`visit.${visit.status}`) ?? visit.status}</span>
              </div>
              <p class="soft small">{visit.start === null ? '–' : dayAndTime(visit.start)}</p>
              {visit.check_in_code === null ? null : (
                <CheckInCode
                  api={orders.session.api}
                  appointmentId={visit.id}
                  code={visit.check_in_code}
                />
              )}
              {isCancellable(visit) ? (
                <Action
                  class="plain"
                  confirm={say('order.cancel_really')}
                  onAct={async () => {
                    await visits.cancel(visit.id)
                    await load()
                  }}
                >
                  {say('order.cancel')}
                </Action>
              ) : null}
            </li>
          ))}
        </ul>
        {own.length === 0 ? <p class="empty">{say('history.none')}</p> : null}
      </section>
      <Booking orders={orders} onBooked={load} />
    </div>
  )
}

const isCancellable = ({ status }: AppointmentView): boolean =>
  ['proposed', 'pending', 'booked', 'arrived'].includes(status)

function Booking({ orders, onBooked }: { orders: Orders; onBooked(): Promise<void> }) {
  const { visits } = orders.session.api
  const [vendorId, setVendor] = useState('')
  const [services, setServices] = useState<readonly Service[] | null>(null)
  const [serviceId, setService] = useState('')
  const [free, setFree] = useState<FreeSlots | null>(null)
  const [problem, setProblem] = useState('')
  const told = (work: Promise<void>): void => {
    setProblem('')
    work.catch((error: unknown) => setProblem(problemText(error)))
  }
  const chooseVendor = async (id: string): Promise<void> => {
    setVendor(id)
    setService('')
    setFree(null)
    setServices(id === '' ? null : (await visits.listServices(id)).services)
  }
  const chooseService = async (id: string): Promise<void> => {
    setService(id)
    setFree(id === '' ? null : await visits.availability(id))
  }
  const choose = say('visit.choose')
  return (
    <section class="panel">
      <h2>{say('visit.book')}</h2>
      <Choice
        label={say('visit.pharmacy')}
        value={vendorId}
        onChange={event => told(chooseVendor(event.currentTarget.value))}
        options={[
          ['', choose],
          ...orders.pharmacies.value.map(one => [one.id, one.business_name] as const),
        ]}
      />
      {services === null ? null : services.length === 0 ? (
        <p class="empty">{say('visit.no_services')}</p>
      ) : (
        <Choice
          label={say('visit.service')}
          value={serviceId}
          onChange={event => told(chooseService(event.currentTarget.value))}
          options={[
            ['', choose],
            ...services.map(
              one =>
                [
                  one.id,
                  one.price === null ? one.name : `${one.name} · ${money(one.price, one.currency)}`,
                ] as const,
            ),
          ]}
        />
      )}
      {free === null ? null : (
        <>
          <h3>{say('visit.free')}</h3>
          {free.slots.length === 0 ? <p class="empty">{say('visit.none_free')}</p> : null}
          <ul class="slots">
            {free.slots.slice(0, slotsShown).map(slot => (
              <li key={slot.start}>
                <Action
                  class="quiet"
                  onAct={async () => {
                    await visits.book({ service_id: serviceId, start: slot.start })
                    await Promise.all([onBooked(), chooseService(serviceId)])
                  }}
                >
                  {dayAndTime(slot.start)}
                </Action>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="error" role="alert">
        {problem}
      </p>
    </section>
  )
}
