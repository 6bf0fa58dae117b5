/** One order of the pharmacy: its facts, the next steps of the pharmacy, its talk and its history. */
import { useState } from 'preact/hooks'
import { statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Chat } from '../../pages/base/chat.tsx'
import { FileLink } from '../../pages/base/files.tsx'
import { Action, Choice, Form } from '../../pages/base/form.tsx'
import { dayAndTime, itemTexts, kilometres, money } from '../../pages/base/format.ts'
import type { Office } from '../../pages/base/office.ts'
import { say, sayIfKnown } from '../../pages/texts/index.ts'
import { OrderHistory } from './history.tsx'

type View = 'chat' | 'history' | null

/** The card. */
export function OrderItem({ office, order }: { office: Office; order: OrderView }) {
  const [view, setView] = useState<View>(null)
  const { id, status } = order
  const toggle = (wanted: View) => () => setView(view === wanted ? null : wanted)
  const wanted = itemTexts(order.items).join(', ')
  return (
    <li class="card" data-order={id} data-status={status}>
      <div class="row spread">
        <strong>{order.order_number}</strong>
        <span class="pill" data-tone={statusTable[status].tone}>
          {say(`status.${status}`)}
        </span>
      </div>
      <p class="small soft">{dayAndTime(order.created_at)}</p>
      <p>{wanted || say('order.quantity', { count: order.quantity ?? 1 })}</p>
      <p class="small">
        {order.customer_name}
        {order.customer_phone === '' ? null : (
          <>
            {' · '}
            <a href={`tel:${order.customer_phone}`}>{order.customer_phone}</a>
          </>
        )}
        {order.delivery_address === null ? null : ` · ${order.delivery_address}`}
      </p>
      <p class="small soft">
        {money(order.delivery_fee, order.currency)} · {kilometres(order.estimated_distance_km)}
        {order.driver_name === null ? null : ` · ${order.driver_name}`}
      </p>
      {order.notes === null ? null : <p>{order.notes}</p>}
      {order.reason === null ? null : <p class="small">{order.reason}</p>}
      <NextSteps office={office} order={order} />
      <div class="row">
        <Files office={office} order={order} />
        {order.user_id === '' ? null : (
          <button
            type="button"
            class="plain"
            aria-expanded={view === 'chat'}
            onClick={toggle('chat')}
          >
            {say('chat.with_customer')}
          </button>
        )}
        <button
          type="button"
          class="plain"
          aria-expanded={view === 'history'}
          onClick={toggle('history')}
        >
          {say('order.history')}
        </button>
      </div>
      {view === 'chat' ? (
        <Chat
          session={office.session}
          news={office.news}
          about={{ topic: 'pharmacy', order_id: id }}
          title={say('chat.with_customer')}
        />
      ) : null}
      {view === 'history' ? <OrderHistory office={office} order={order} /> : null}
    </li>
  )
}

/** What the pharmacy can do now. */
function NextSteps({ office, order }: { office: Office; order: OrderView }) {
  const { api } = office.session
  const { id, status } = order
  const { seeksDriver, cancellable } = statusTable[status]
  const isSearching = !['idle', 'exhausted'].includes(order.driver_search.state)
  const isAsked = status === 'pending' && order.vendor_id === office.pharmacyId
  const drivers = office.drivers.value.filter(one => one.membership === 'active')
  const done = (work: Promise<unknown>): Promise<void> =>
    work.then(() => {
      office.changed()
    })
  return (
    <>
      {isAsked ? (
        <div class="row">
          <Action onAct={() => done(api.acceptOrder(id))}>{say('orders.accept')}</Action>
          <Action
            class="quiet"
            confirm={say('orders.reject_really')}
            onAct={() => done(api.rejectOrder(id))}
          >
            {say('orders.reject')}
          </Action>
        </div>
      ) : null}
      {seeksDriver && drivers.length > 0 ? (
        <Form
          class="row say"
          submit={say('orders.assign')}
          onSubmit={({ driver = '' }) => done(api.assignDriver(id, driver))}
          more={
            isSearching ? (
              <span class="soft small" role="status">
                {say('orders.searching')}
              </span>
            ) : (
              <Action class="quiet" onAct={() => done(api.findDriver(id))}>
                {say('orders.find')}
              </Action>
            )
          }
        >
          <Choice
            label={say('orders.driver')}
            name="driver"
            options={drivers.map(one => {
              const duty = sayIfKnown(`duty.${one.status}`) ?? one.status
              return [one.id, `${one.full_name} · ${duty}`] as const
            })}
          />
        </Form>
      ) : null}
      {seeksDriver && drivers.length === 0 ? (
        <p class="small soft">{say('orders.no_driver')}</p>
      ) : null}
      {cancellable && !isAsked ? (
        <Action
          class="plain"
          confirm={say('order.cancel_really')}
          onAct={() => done(api.cancelOrder(id))}
        >
          {say('order.cancel')}
        </Action>
      ) : null}
    </>
  )
}

function Files({ office, order }: { office: Office; order: OrderView }) {
  const { api } = office.session
  const files = [
    ['ask.prescription', 'prescription_url'],
    ['proof.photo', 'proof_photo_url'],
    ['proof.signature', 'signature_url'],
  ] as const
  return files.map(([key, field]) => {
    const address = order[field]
    return address === null ? null : (
      <FileLink
        key={key}
        words={say(key)}
        address={address}
        fresh={async () => (await api.getOrder(order.id))[field]}
      />
    )
  })
}
