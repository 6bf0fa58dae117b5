/** An order by its id, for people who look after the deployment: its facts and all its events. */
import { useEffect, useState } from 'preact/hooks'
import { statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { say } from '../texts/index.ts'
import { problemText } from './form.tsx'
import { dayAndTime, itemTexts, kilometres, money } from './format.ts'
import type { PageSession } from './session.ts'

interface OrderEvent {
  version: number
  type: string
  at: string
  by: { role: string; id: string | null } | null
  data: Readonly<Record<string, unknown>>
}
interface EventPage {
  events: OrderEvent[]
  next_cursor: string | null
}

const pageMax = 200

interface Props {
  session: PageSession
  orderId: string
  /** Differs when the order may have changed. */
  of?: string | number
}

/** Reads an order and all of its events, and shows them oldest first. */
export function OrderTimeline({ session, orderId, of = '' }: Props) {
  const [order, setOrder] = useState<OrderView | null>(null)
  const [events, setEvents] = useState<readonly OrderEvent[]>([])
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let isGone = false
    const read = async (): Promise<void> => {
      const view = await session.api.getOrder(orderId)
      const found: OrderEvent[] = []
      let cursor: string | undefined
      do {
        const page: EventPage = await session.api.call('GET', `/api/orders/${orderId}/events`, {
          query: { limit: pageMax, cursor },
        })
        found.push(...page.events)
        cursor = page.next_cursor ?? undefined
      } while (cursor !== undefined)
      if (isGone) return
      setProblem('')
      setOrder(view)
      setEvents(found)
    }
    read().catch((error: unknown) => {
      if (!isGone) setProblem(problemText(error))
    })
    return () => {
      isGone = true
    }
  }, [orderId, of])
  if (problem !== '')
    return (
      <p class="error" role="alert">
        {problem}
      </p>
    )
  if (order === null || order.id !== orderId) return <p class="soft">{say('state.loading')}</p>
  return (
    <article data-order={order.id}>
      <div class="row spread">
        <h3>{order.order_number}</h3>
        <span class="pill" data-tone={statusTable[order.status].tone}>
          {say(`status.${order.status}`)}
        </span>
      </div>
      <p class="small">
        {order.vendor_name ?? say('order.a_pharmacy')} ·{' '}
        {order.driver_name ?? say('timeline.no_driver')} ·{' '}
        {kilometres(order.actual_distance_km ?? order.estimated_distance_km)} ·{' '}
        {money(order.delivery_fee, order.currency)}
      </p>
      <p class="small soft">{itemTexts(order.items).join(', ')}</p>
      <ol class="steps" aria-label={say('order.history')}>
        {events.map(event => (
          <li key={event.version} data-state="done">
            <code>{event.type}</code>
            <time dateTime={event.at}>
              {dayAndTime(event.at)}
              {event.by === null ? '' : ` · ${event.by.role}`}
            </time>
            <EventData data={event.data} />
          </li>
        ))}
      </ol>
    </article>
  )
}

function EventData({ data }: { data: OrderEvent['data'] }) {
  const told = Object.entries(data).filter(([, value]) => value !== null && value !== '')
  return told.length === 0 ? null : (
    <p class="small soft">
      {told
        .map(
          ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
        )
        .join(' · ')}
    </p>
  )
}
