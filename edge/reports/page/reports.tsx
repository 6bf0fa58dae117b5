/** Figures of chosen days: orders and times as charts, the drivers as a table, all of it as CSV. */
import { useState } from 'preact/hooks'
import { Chart } from '../../pages/base/chart.tsx'
import { daysBefore, todayIn } from '../../pages/base/days.ts'
import { SaveFile } from '../../pages/base/files.tsx'
import { Field, Form } from '../../pages/base/form.tsx'
import { day, kilometres, minutes, money } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { language, say } from '../../pages/texts/index.ts'

interface Days {
  from: string
  to: string
}
interface Figures {
  orders_received: number
  orders_accepted: number
  orders_rejected: number
  orders_cancelled: number
  orders_delivered: number
  orders_returned: number
  delivered_on_time: number
  delivery_fees: number
  distance_km: number
  average_accept_minutes: number | null
  average_delivery_minutes: number | null
}
interface Report {
  currency: string
  total: Figures
  days: readonly (Figures & { date: string })[]
}
interface DriverReport {
  currency: string
  drivers: readonly {
    driver_id: string
    full_name: string
    deliveries: number
    delivered_on_time: number
    returns: number
    earnings: number
    distance_km: number
    acceptance_rate: number | null
  }[]
}

const daysShown = 28

/** The part. */
export function ReportsPart({ office }: { office: Office }) {
  const zone = office.pharmacy.value?.time_zone
  return zone === undefined ? (
    <p class="soft">{say('state.loading')}</p>
  ) : (
    <Reports office={office} today={todayIn(zone)} />
  )
}

function Reports({ office, today }: { office: Office; today: string }) {
  const [days, setDays] = useState<Days>({ from: daysBefore(today, daysShown - 1), to: today })
  return (
    <div class="stack">
      <Form
        submit={say('reports.show')}
        onSubmit={async ({ from = '', to = '' }) => setDays({ from, to })}
        more={
          <>
            {(['days', 'drivers', 'orders'] as const).map(content => (
              <SaveFile
                key={content}
                words={say(`reports.csv_${content}`)}
                name={`${content}-${days.from}-${days.to}.csv`}
                fetch={() =>
                  office.session.api.downloadFile(
                    `/api/reports/vendors/${office.pharmacyId}/export-csv?${new URLSearchParams({ ...days, content })}`,
                  )
                }
              />
            ))}
          </>
        }
      >
        <div class="fields">
          <Field
            label={say('orders.first_day')}
            name="from"
            type="date"
            required
            max={today}
            defaultValue={days.from}
          />
          <Field
            label={say('orders.last_day')}
            name="to"
            type="date"
            required
            max={today}
            defaultValue={days.to}
          />
        </div>
      </Form>
      <OrderFigures office={office} days={days} />
      <DriverFigures office={office} days={days} />
    </div>
  )
}

function OrderFigures({ office, days: { from, to } }: { office: Office; days: Days }) {
  const { value, problem } = useLoaded(
    () =>
      office.session.api.call<Report>('GET', `/api/reports/vendors/${office.pharmacyId}`, {
        query: { from, to },
      }),
    [from, to],
  )
  if (value === null) return <p class="soft">{problem || say('state.loading')}</p>
  const { total, days, currency } = value
  const count = (number: number | null): string => (number ?? 0).toLocaleString(language.value)
  const labels = days.map(one => day(one.date))
  const figures: readonly (readonly [string, string])[] = [
    [say('figure.received'), count(total.orders_received)],
    [say('figure.accepted'), count(total.orders_accepted)],
    [say('figure.rejected'), count(total.orders_rejected)],
    [say('figure.cancelled'), count(total.orders_cancelled)],
    [say('figure.delivered'), count(total.orders_delivered)],
    [say('figure.on_time'), count(total.delivered_on_time)],
    [say('figure.returned'), count(total.orders_returned)],
    [say('figure.fees'), money(total.delivery_fees, currency)],
    [say('figure.distance'), kilometres(total.distance_km)],
  ]
  return (
    <section class="panel">
      <h2>{say('reports.title')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      <dl class="figures">
        {figures.map(([name, words]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <Chart
        title={say('reports.by_day')}
        over={say('reports.day')}
        labels={labels}
        series={[
          {
            name: say('figure.received'),
            color: '--warn',
            look: 'bars',
            values: days.map(one => one.orders_received),
            words: count,
          },
          {
            name: say('figure.delivered'),
            color: '--accent',
            look: 'line',
            values: days.map(one => one.orders_delivered),
            words: count,
          },
        ]}
      />
      <Chart
        title={say('reports.minutes')}
        over={say('reports.day')}
        labels={labels}
        series={[
          {
            name: say('figure.to_accept'),
            color: '--warn',
            look: 'line',
            values: days.map(one => one.average_accept_minutes),
            words: minutes,
          },
          {
            name: say('figure.to_deliver'),
            color: '--accent',
            look: 'line',
            values: days.map(one => one.average_delivery_minutes),
            words: minutes,
          },
        ]}
      />
    </section>
  )
}

const share = (value: number | null): string =>
  value === null ? '–' : value.toLocaleString(language.value, { style: 'percent' })

function DriverFigures({ office, days: { from, to } }: { office: Office; days: Days }) {
  const { value, problem } = useLoaded(
    () =>
      office.session.api.call<DriverReport>(
        'GET',
        `/api/reports/vendors/${office.pharmacyId}/drivers`,
        { query: { from, to } },
      ),
    [from, to],
  )
  if (value === null) return problem === '' ? null : <p class="error">{problem}</p>
  const { drivers, currency } = value
  const title = say('reports.drivers')
  return (
    <section class="panel">
      <h2>{title}</h2>
      {drivers.length === 0 ? (
        <p class="empty">{say('history.none')}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label={title}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{say('orders.driver')}</th>
                <th scope="col">{say('figure.delivered')}</th>
                <th scope="col">{say('figure.on_time')}</th>
                <th scope="col">{say('figure.returned')}</th>
                <th scope="col">{say('figure.offers_taken')}</th>
                <th scope="col">{say('figure.distance')}</th>
                <th scope="col">{say('figure.earned')}</th>
              </tr>
            </thead>
            <tbody>
              {drivers.map(one => (
                <tr key={one.driver_id}>
                  <th scope="row">{one.full_name}</th>
                  <td class="number">{one.deliveries}</td>
                  <td class="number">{one.delivered_on_time}</td>
                  <td class="number">{one.returns}</td>
                  <td class="number">{share(one.acceptance_rate)}</td>
                  <td class="number">{kilometres(one.distance_km)}</td>
                  <td class="number">{money(one.earnings, currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
