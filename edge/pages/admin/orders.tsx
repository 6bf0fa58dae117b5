/** Any order, by its id, its number, or a word in it; with everything that happened to it. */
import { useState } from 'preact/hooks'
import { orderStatuses, statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Choice, Field, Form } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { OrderTimeline } from '../base/timeline.tsx'
import { say } from '../texts/index.ts'
import { session } from './desk.ts'
import { Paged } from './paged.tsx'

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The search, its results, and the order that was chosen. */
export function Orders() {
  const [asked, setAsked] = useState({ text: '', status: '' })
  const [chosen, setChosen] = useState<string | null>(null)
  const isId = idPattern.test(asked.text)
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('admin.orders')}</h2>
        <Form
          class="filters"
          submit={say('admin.search')}
          onSubmit={async ({ text = '', status = '' }) => {
            const word = text.trim()
            setAsked({ text: word, status })
            if (idPattern.test(word)) setChosen(word.toLowerCase())
          }}
        >
          <Field label={say('admin.order_words')} name="text" type="search" maxLength={100} />
          <Choice
            label={say('admin.state')}
            name="status"
            options={[
              ['', say('admin.any')],
              ...orderStatuses.map(status => [status, say(`status.${status}`)] as const),
            ]}
          />
        </Form>
        {isId ? null : (
          <Paged<OrderView>
            label={say('admin.orders')}
            of={`${asked.text} ${asked.status}`}
            empty={say('admin.nothing')}
            keyOf={row => row.id}
            load={async cursor => {
              const { orders, next_cursor } = await session.api.call<{
                orders: OrderView[]
                next_cursor: string | null
              }>('GET', '/api/orders', {
                query: {
                  cursor,
                  ...(asked.text !== '' && { text: asked.text }),
                  ...(asked.status !== '' && { status: asked.status }),
                },
              })
              return { rows: orders, next: next_cursor }
            }}
          >
            {row => (
              <div class="row spread">
                <button
                  type="button"
                  class="plain"
                  aria-pressed={row.id === chosen}
                  onClick={() => setChosen(row.id)}
                >
                  {row.order_number}
                </button>
                <span class="soft small">{dayAndTime(row.created_at)}</span>
                <span class="pill" data-tone={statusTable[row.status].tone}>
                  {say(`status.${row.status}`)}
                </span>
              </div>
            )}
          </Paged>
        )}
      </section>
      {chosen === null ? null : (
        <section class="panel" aria-label={say('order.history')}>
          <OrderTimeline session={session} orderId={chosen} />
        </section>
      )}
    </div>
  )
}
