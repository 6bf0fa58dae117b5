/** The day at a glance: what waits for somebody, the figures of today, and the week as bars. */
import { statusesWith } from '../../../protocol/orders/statuses.ts'
import { day, minutes, money } from '../base/format.ts'
import { useLoaded } from '../base/load.ts'
import type { Office } from '../base/office.ts'
import { daysBefore, todayIn } from '../base/days.ts'
import { say } from '../texts/index.ts'

interface Figures {
  orders_received: number
  orders_delivered: number
  delivered_on_time: number
  delivery_fees: number
  average_accept_minutes: number | null
  average_delivery_minutes: number | null
}
interface Report {
  currency: string
  days: readonly (Figures & { date: string })[]
}

const daysShown = 7
const countedMax = 200
const seekingDriver = statusesWith('seeksDriver', true)

/** The part. It is read again when something changed. */
export function Today({ office }: { office: Office }) {
  const pharmacy = office.pharmacy.value
  return pharmacy === null ? (
    <p class="soft">{say('state.loading')}</p>
  ) : (
    <div class="stack">
      <Waiting office={office} />
      <Numbers office={office} today={todayIn(pharmacy.time_zone)} />
    </div>
  )
}

/** Everything that waits for somebody of the pharmacy, each with the way to it. */
function Waiting({ office }: { office: Office }) {
  const { api } = office.session
  const limit = countedMax
  const ordersOf = async (status: string): Promise<number> => {
    const { orders } = await api.call<{ orders: unknown[] }>('GET', `${office.path}/orders`, {
      query: { status, limit },
    })
    return orders.length
  }
  const { value, problem } = useLoaded(async () => {
    const [asked, undriven, bookings, talks, imports] = await Promise.all([
      ordersOf('pending'),
      Promise.all(seekingDriver.map(ordersOf)).then(counts => counts.reduce((a, b) => a + b, 0)),
      api.visits.list({ status: 'pending', limit }),
      api.listConversations({ unread: true, limit }),
      api.call<{ imports: unknown[] }>('GET', `${office.path}/imports`, {
        query: { status: 'pending', limit },
      }),
    ])
    return {
      asked,
      undriven,
      bookings: bookings.appointments.length,
      talks: talks.conversations.length,
      imports: imports.imports.length,
    }
  }, [office.changes.value])
  const applicants = office.drivers.value.filter(one => one.membership === 'pending').length
  const rows = [
    ['orders', 'waits.asked', value?.asked ?? 0],
    ['orders', 'waits.undriven', value?.undriven ?? 0],
    ['drivers', 'waits.applicants', applicants],
    ['calendar', 'waits.bookings', value?.bookings ?? 0],
    ['talks', 'waits.talks', value?.talks ?? 0],
    ['settings', 'waits.imports', value?.imports ?? 0],
  ] as const
  const open = rows.filter(([, , count]) => count > 0)
  return (
    <section class="panel">
      <h2>{say('waits.title')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      <ul class="list">
        {open.map(([part, key, count]) => (
          <li key={key}>
            <a href={`#${part}`}>{say(key, { count })}</a>
          </li>
        ))}
      </ul>
      {open.length > 0 || problem !== '' ? null : (
        <p class="soft">{say(value === null ? 'state.loading' : 'waits.nothing')}</p>
      )}
    </section>
  )
}

/** The figures of today beside those of yesterday, and the orders of each day. */
function Numbers({ office, today }: { office: Office; today: string }) {
  const { value, problem } = useLoaded(
    () =>
      office.session.api.call<Report>('GET', `/api/reports/vendors/${office.pharmacyId}`, {
        query: { from: daysBefore(today, daysShown - 1), to: today },
      }),
    [office.changes.value, today],
  )
  if (value === null) return <p class="soft">{problem || say('state.loading')}</p>
  const { currency, days } = value
  // The report has every day that was asked for.
  const now: Figures = days.at(-1)!
  const yesterday: Figures = days.at(-2)!
  const most = Math.max(1, ...days.map(one => one.orders_received))
  const figures: readonly (readonly [string, (of: Figures) => string])[] = [
    [say('figure.received'), one => String(one.orders_received)],
    [say('figure.delivered'), one => String(one.orders_delivered)],
    [say('figure.on_time'), one => String(one.delivered_on_time)],
    [say('figure.fees'), one => money(one.delivery_fees, currency)],
    [say('figure.to_accept'), one => minutes(one.average_accept_minutes)],
    [say('figure.to_deliver'), one => minutes(one.average_delivery_minutes)],
  ]
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('today.figures')}</h2>
        <dl class="figures">
          {figures.map(([name, of]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {of(now)}
                <small class="soft">{say('today.yesterday', { value: of(yesterday) })}</small>
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section class="panel">
        <h2>{say('today.week')}</h2>
        <table class="bars">
          <caption class="unseen">{say('today.week')}</caption>
          <tbody>
            {days.map(one => (
              <tr key={one.date}>
                <th scope="row">{day(one.date)}</th>
                <td>
                  <meter min={0} max={most} value={one.orders_received} aria-hidden="true" />
                </td>
                <td class="number">{one.orders_received}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}
