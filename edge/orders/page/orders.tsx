/** The pharmacy's orders: by state, days, driver and words, page by page, and as a file. */
import { useEffect, useState } from 'preact/hooks'
import { orderStatuses } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { SaveFile } from '../../pages/base/files.tsx'
import { Action, Choice, Field, Form, problemText } from '../../pages/base/form.tsx'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'
import { OrderItem } from './order.tsx'

type Filter = Readonly<
  Partial<Record<'status' | 'text' | 'driver_id' | 'created_from' | 'created_to', string>>
>
interface Page {
  orders: OrderView[]
  next_cursor: string | null
}

const pageSize = 20
const pageMax = 200

/** The list with its filter. It is read again when something changed. */
export function OrdersPart({ office }: { office: Office }) {
  const { api } = office.session
  const [filter, setFilter] = useState<Filter>({})
  const [orders, setOrders] = useState<readonly OrderView[] | null>(null)
  const [cursor, setCursor] = useState<string | null>(null)
  const [problem, setProblem] = useState('')
  const read = (query: { limit: number; cursor?: string }): Promise<Page> =>
    api.call('GET', `${office.path}/orders`, { query: { ...filter, ...query } })
  useEffect(() => {
    let isOld = false
    const limit = Math.min(pageMax, Math.max(pageSize, orders?.length ?? 0))
    read({ limit })
      .then(page => {
        if (isOld) return
        setOrders(page.orders)
        setCursor(page.next_cursor)
        setProblem('')
      })
      .catch((error: unknown) => setProblem(problemText(error)))
    return () => {
      isOld = true
    }
  }, [filter, office.changes.value])
  const more = async (): Promise<void> => {
    const page = await read({ limit: pageSize, cursor: cursor! })
    setOrders([...(orders ?? []), ...page.orders])
    setCursor(page.next_cursor)
  }
  return (
    <div class="stack">
      <Search office={office} onSearch={setFilter} />
      {problem === '' ? null : (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      <ul id="orders" class="cards">
        {orders?.map(order => (
          <OrderItem key={order.id} office={office} order={order} />
        ))}
      </ul>
      {orders?.length === 0 ? <p class="empty">{say('orders.none')}</p> : null}
      {cursor === null ? null : (
        <Action class="quiet" onAct={more}>
          {say('history.more')}
        </Action>
      )}
    </div>
  )
}

const given = (values: Readonly<Record<string, string>>): Filter =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))

function Search({ office, onSearch }: { office: Office; onSearch(filter: Filter): void }) {
  const any = say('orders.any')
  return (
    <Form
      id="search"
      submit={say('orders.search')}
      more={
        <SaveFile
          name="orders.csv"
          fetch={() =>
            office.session.api.downloadFile(
              `/api/reports/vendors/${office.pharmacyId}/export-csv?content=orders`,
            )
          }
        />
      }
      onSubmit={async values => onSearch(given(values))}
    >
      <Field
        label={say('orders.words')}
        hint={say('orders.words_hint')}
        name="text"
        type="search"
        minLength={2}
        maxLength={100}
      />
      <details>
        <summary>{say('orders.more')}</summary>
        <div class="fields">
          <Choice
            label={say('orders.status')}
            name="status"
            options={[['', any], ...orderStatuses.map(one => [one, say(`status.${one}`)] as const)]}
          />
          <Choice
            label={say('orders.driver')}
            name="driver_id"
            options={[
              ['', any],
              ...office.drivers.value.map(one => [one.id, one.full_name] as const),
            ]}
          />
          <Field label={say('orders.first_day')} name="created_from" type="date" />
          <Field label={say('orders.last_day')} name="created_to" type="date" />
        </div>
      </details>
    </Form>
  )
}
