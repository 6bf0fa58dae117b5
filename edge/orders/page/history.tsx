/** The whole history of an order: every event with its time and its actor, and who had the parcel. */
import type { OrderView } from '../../../protocol/orders/view.ts'
import { SaveFile } from '../../pages/base/files.tsx'
import { dayAndTime, kilometres, money } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say, sayIfKnown } from '../../pages/texts/index.ts'

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
const badEvents = new Set([
  'order_rejected',
  'request_expired',
  'order_cancelled',
  'driver_unassigned',
  'delivery_failed',
  'return_started',
])

/** The events, oldest first, and the proof of custody as a file. */
export function OrderHistory({ office, order }: { office: Office; order: OrderView }) {
  const { api } = office.session
  const { id, version } = order
  const { value, problem } = useLoaded(async () => {
    const found: OrderEvent[] = []
    let cursor: string | undefined
    do {
      const page: EventPage = await api.call('GET', `/api/orders/${id}/events`, {
        query: { limit: pageMax, cursor },
      })
      found.push(...page.events)
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
    return found
  }, [version])
  if (value === null) return <p class="soft small">{problem || say('state.loading')}</p>
  return (
    <div class="history">
      <ol class="steps">
        {value.map(event => (
          <li key={event.version} data-state={badEvents.has(event.type) ? 'bad' : 'done'}>
            {sayIfKnown(`event.${event.type}`) ?? event.type}
            <span class="fact">{factsOf(event, order.currency).join(' · ')}</span>
            <time dateTime={event.at}>
              {dayAndTime(event.at)}
              {event.by === null ? '' : ` · ${actorOf(event, office)}`}
            </time>
          </li>
        ))}
      </ol>
      <SaveFile
        words={say('orders.custody')}
        name={`${order.order_number}.html`}
        fetch={() => api.downloadFile(`/api/orders/${id}/custody/export?format=html`)}
      />
    </div>
  )
}

/** A driver by name where the list of drivers has it, everybody else by role. */
function actorOf({ by }: OrderEvent, office: Office): string {
  const { role, id } = by!
  const driver = office.drivers.value.find(one => one.id === id)
  return driver?.full_name ?? sayIfKnown(`role.${role}`) ?? role
}

/** The facts of an event for people; each kind of event has its own. */
function factsOf({ data }: OrderEvent, currency: string): string[] {
  const text = (name: string): string | null =>
    typeof data[name] === 'string' && data[name] !== '' ? (data[name] as string) : null
  const number = (name: string): number | null =>
    typeof data[name] === 'number' ? (data[name] as number) : null
  const amount = number('delivery_fee') ?? number('earnings')
  const outcome = text('outcome')
  const km = number('actual_distance_km') ?? number('distance_km')
  return [
    text('driver_name'),
    text('pharmacy_name'),
    text('text_message'),
    outcome === null ? null : (sayIfKnown(`outcome.${outcome}`) ?? outcome),
    text('reason'),
    km === null ? null : kilometres(km),
    amount === null ? null : money(amount, currency),
  ].filter(fact => fact !== null)
}
