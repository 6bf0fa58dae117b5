/** The card of one order: its state, the answers, the driver's distance, and what one can do. */
import { useEffect, useState } from 'preact/hooks'
import { hasEnded, orderStatuses, statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Chat } from '../base/chat.tsx'
import { Action } from '../base/form.tsx'
import {
  clock,
  dayAndTime,
  itemTexts,
  kilometres,
  minutes,
  money,
  remaining,
} from '../base/format.ts'
import { Player } from '../base/files.tsx'
import { say } from '../texts/index.ts'
import type { Answer, Orders } from './orders.ts'
import { HandOver } from './hand-over.tsx'
import { Rating } from './rating.tsx'
import { Receipt } from './receipt.tsx'

const tickMs = 500

/** One order. */
export function OrderCard({ orders, view }: { orders: Orders; view: OrderView }) {
  const { status, items, quantity, id } = view
  const { tone, cancellable } = statusTable[status]
  const isOver = hasEnded(status)
  const [talk, setTalk] = useState<'pharmacy' | 'delivery' | null>(null)
  const answers = orders.answers.value.get(id) ?? []
  const progress = orders.progress.value.get(id)
  const wanted = itemTexts(items).join(', ') || say('order.quantity', { count: quantity ?? 1 })
  const talks = [
    ...(view.vendor_id === null ? [] : (['pharmacy'] as const)),
    ...(view.driver_id === null || isOver ? [] : (['delivery'] as const)),
  ]
  return (
    <li class="card" data-order={id} data-status={status} data-state={lookOf(view)}>
      <div class="row spread">
        <span class="pill" data-tone={tone}>
          {say(`status.${status}`)}
        </span>
        <TimeLeft view={view} />
      </div>
      <p>{wanted}</p>
      {progress === undefined ? null : (
        <p class="big">
          {say('order.to_go', {
            time: minutes(progress.eta_minutes),
            distance: kilometres(progress.distance_km),
          })}
        </p>
      )}
      <p class="small">{peopleText(view)}</p>
      {answers.length === 0 ? null : (
        <ul class="small">
          {answers.map(answer => (
            <AnswerItem key={answer.pharmacyId} orders={orders} answer={answer} />
          ))}
        </ul>
      )}
      {view.delivery_fee === null ? null : (
        <p class="small">{say('order.fee', { amount: money(view.delivery_fee, view.currency) })}</p>
      )}
      <div class="row">
        <button
          type="button"
          class="quiet"
          aria-pressed={orders.followed.value === id}
          onClick={() => {
            orders.followed.value = id
          }}
        >
          {say('order.on_map')}
        </button>
        {view.vendor_id === null ? null : (
          <a
            class="button quiet"
            target="_blank"
            rel="noopener"
            href={`/track/${encodeURIComponent(view.tracking_token)}`}
          >
            {say('order.tracking_link')}
          </a>
        )}
        {talks.map(topic => (
          <button
            key={topic}
            type="button"
            class="plain"
            aria-expanded={talk === topic}
            onClick={() => setTalk(talk === topic ? null : topic)}
          >
            {say(`chat.with_${topic}`)}
          </button>
        ))}
        {cancellable ? (
          <Action
            class="plain"
            confirm={say('order.cancel_really')}
            onAct={() => orders.cancel(id)}
          >
            {say('order.cancel')}
          </Action>
        ) : null}
      </div>
      {talk === null ? null : (
        <Chat
          key={talk}
          session={orders.session}
          news={orders.news}
          about={{ topic: talk, order_id: id }}
          title={say(`chat.with_${talk}`)}
        />
      )}
      {isOver ? null : <HandOver orders={orders} view={view} />}
      <details>
        <summary>{say('order.history')}</summary>
        <Steps view={view} />
      </details>
      {view.status === 'delivered' ? <Receipt api={orders.session.api} view={view} /> : null}
      {isOver && view.vendor_id !== null ? <Rating orders={orders} view={view} /> : null}
    </li>
  )
}

function AnswerItem({ orders, answer }: { orders: Orders; answer: Answer }) {
  const { name, isAccepted, distanceKm, text, audioUrl } = answer
  return (
    <li>
      <strong>{name}</strong> {say(isAccepted ? 'order.accepted' : 'order.declined')}
      {distanceKm === null ? null : `, ${say('order.away', { distance: kilometres(distanceKm) })}`}
      {text === null || text === '' ? null : `: “${text}”`}
      {audioUrl === null ? null : (
        <Player api={orders.session.api} address={audioUrl} words={say('order.play')} />
      )}
    </li>
  )
}

/** The time left for answers, and later the time of the order. */
function TimeLeft({ view: { expires_at, created_at, status } }: { view: OrderView }) {
  const leftOf = (): number => (expires_at === null ? 0 : Date.parse(expires_at) - Date.now())
  const [leftMs, setLeft] = useState(leftOf)
  const isOpen = status === 'pending' && leftMs > 0
  useEffect(() => {
    if (status !== 'pending') return
    const timer = setInterval(() => setLeft(leftOf()), tickMs)
    return () => clearInterval(timer)
  }, [status])
  return (
    <span class="small soft number">
      {isOpen ? say('order.left', { time: remaining(leftMs) }) : dayAndTime(created_at)}
    </span>
  )
}

/** What has happened, with its times. */
function Steps({ view }: { view: OrderView }) {
  const steps = orderStatuses.flatMap(status => {
    const { reachedAt } = statusTable[status]
    const at = reachedAt === null ? null : view[reachedAt as keyof OrderView]
    const isOwn = reachedAt !== 'ended_at' || status === view.status
    return typeof at === 'string' && isOwn ? [{ status, at }] : []
  })
  return (
    <ol class="steps">
      {steps.map(({ status, at }) => (
        <li key={status} data-state={statusTable[status].tone === 'bad' ? 'bad' : 'done'}>
          {say(`status.${status}`)}
          <time dateTime={at}>{clock(at)}</time>
        </li>
      ))}
      {view.reason === null ? null : <li data-state="bad">{view.reason}</li>}
    </ol>
  )
}

function lookOf({ status }: OrderView): string {
  if (status === 'delivered') return 'won'
  return hasEnded(status) ? 'closed' : 'open'
}

function peopleText({ vendor_name, driver_name, pharmacies_notified }: OrderView): string {
  if (driver_name !== null)
    return say('order.brought', { pharmacy: vendor_name ?? '', driver: driver_name })
  return vendor_name ?? say('order.asked', { count: pharmacies_notified ?? 0 })
}
