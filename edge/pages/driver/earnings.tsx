/** What the driver has earned, by day, and the past deliveries. */
import { useEffect, useState } from 'preact/hooks'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { statusTable } from '../../../protocol/orders/statuses.ts'
import { problemText, Action } from '../base/form.tsx'
import { day, dayAndTime, kilometres, money } from '../base/format.ts'
import type { PageSession } from '../base/session.ts'
import { PastOrders } from '../shared/order-lists.ts'
import { say } from '../texts/index.ts'

interface Earnings {
  currency: string
  total_deliveries: number
  total_earnings: number
  period: { deliveries: number; earnings: number; average: number | null }
  days: readonly { date: string; deliveries: number; earnings: number }[]
}

/** The last thirty days, and the list of past deliveries. */
export function EarningsPanel({ session }: { session: PageSession }) {
  const [earnings, setEarnings] = useState<Earnings | null>(null)
  const [problem, setProblem] = useState('')
  const driverId = session.user.value?.driver_id
  useEffect(() => {
    session.api
      .call<Earnings>('GET', `/api/drivers/${driverId}/earnings`)
      .then(setEarnings)
      .catch((error: unknown) => setProblem(problemText(error)))
  }, [])
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('earnings.title')}</h2>
        {problem === '' ? null : <p class="error">{problem}</p>}
        {earnings === null ? null : <Figures {...earnings} />}
      </section>
      <History session={session} />
    </div>
  )
}

function Figures({ currency, period, total_deliveries, total_earnings, days }: Earnings) {
  const most = Math.max(1, ...days.map(one => one.earnings))
  return (
    <>
      <dl class="figures">
        <div>
          <dt>{say('earnings.month')}</dt>
          <dd>{money(period.earnings, currency)}</dd>
        </div>
        <div>
          <dt>{say('earnings.deliveries')}</dt>
          <dd>{period.deliveries}</dd>
        </div>
        <div>
          <dt>{say('earnings.average')}</dt>
          <dd>{money(period.average, currency)}</dd>
        </div>
      </dl>
      <table class="bars">
        <caption class="unseen">{say('earnings.by_day')}</caption>
        <tbody>
          {days
            .filter(one => one.deliveries > 0)
            .map(one => (
              <tr key={one.date}>
                <th scope="row">{day(one.date)}</th>
                <td>
                  <meter min={0} max={most} value={one.earnings} aria-hidden="true" />
                </td>
                <td class="number">{money(one.earnings, currency)}</td>
              </tr>
            ))}
        </tbody>
      </table>
      <p class="soft small">
        {say('earnings.total', {
          count: total_deliveries,
          amount: money(total_earnings, currency),
        })}
      </p>
    </>
  )
}

function History({ session }: { session: PageSession }) {
  const [past] = useState(() => new PastOrders(session.api, '/api/orders'))
  const [orders, setOrders] = useState<readonly OrderView[]>([])
  const [problem, setProblem] = useState('')
  const more = async (): Promise<void> => {
    const found = await past.more()
    setOrders(known => [...known, ...found])
  }
  useEffect(() => {
    more().catch((error: unknown) => setProblem(problemText(error)))
  }, [])
  return (
    <section class="panel">
      <h2>{say('history.title')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      <ul class="list">
        {orders.map(order => (
          <li key={order.id}>
            <div class="row spread">
              <strong>{order.order_number}</strong>
              <span class="pill" data-tone={statusTable[order.status].tone}>
                {say(`status.${order.status}`)}
              </span>
            </div>
            <p class="soft small">
              {dayAndTime(order.ended_at ?? order.created_at)} ·{' '}
              {kilometres(order.actual_distance_km)} · {money(order.delivery_fee, order.currency)}
            </p>
          </li>
        ))}
      </ul>
      {orders.length === 0 ? <p class="empty">{say('history.none')}</p> : null}
      {past.isDone ? null : (
        <Action class="quiet" onAct={more}>
          {say('history.more')}
        </Action>
      )}
    </section>
  )
}
