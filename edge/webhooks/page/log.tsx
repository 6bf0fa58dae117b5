/** The deliveries of one webhook: what was sent, each attempt with its answer, and sending again. */
import { useState } from 'preact/hooks'
import { Action, Choice } from '../../pages/base/form.tsx'
import { dayAndTime } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

const states = ['queued', 'waiting', 'delivered', 'given_up'] as const
interface Delivery {
  id: string
  event_type: string
  state: (typeof states)[number]
  attempts: number
  created_at: string
}
interface WholeDelivery extends Delivery {
  body: string
  attempt_log: readonly {
    attempt: number
    at: string
    took_ms: number
    http_status: number | null
    error: string | null
    response: string | null
  }[]
}

const tones = { queued: '', waiting: 'warn', delivered: 'good', given_up: 'bad' } as const

interface Props {
  office: Office
  /** The path of the subscription. */
  path: string
}

/** The log, newest first. */
export function DeliveryLog({ office, path }: Props) {
  const { api } = office.session
  const [state, setState] = useState('')
  const { value, problem, reload } = useLoaded(
    async () =>
      (
        await api.call<{ deliveries: Delivery[] }>('GET', `${path}/deliveries`, {
          query: state === '' ? {} : { state },
        })
      ).deliveries,
    [state, office.changes.value],
  )
  return (
    <section class="panel">
      <h2>{say('webhooks.log')}</h2>
      <Choice
        label={say('orders.status')}
        value={state}
        onChange={event => setState(event.currentTarget.value)}
        options={[
          ['', say('orders.any')],
          ...states.map(one => [one, say(`delivery.${one}`)] as const),
        ]}
      />
      {problem === '' ? null : <p class="error">{problem}</p>}
      {value?.length === 0 ? <p class="empty">{say('history.none')}</p> : null}
      <ul class="list">
        {value?.map(one => (
          <li key={one.id}>
            <div class="row spread">
              <strong>{one.event_type}</strong>
              <span class="pill" data-tone={tones[one.state]}>
                {say(`delivery.${one.state}`)}
              </span>
            </div>
            <p class="soft small">
              {dayAndTime(one.created_at)} · {say('webhooks.attempts', { count: one.attempts })}
            </p>
            <Attempts office={office} path={`${path}/deliveries/${one.id}`} onSent={reload} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The attempts of one delivery, read when they are opened. */
function Attempts({ office, path, onSent }: Props & { onSent(): Promise<void> }) {
  const { api } = office.session
  const [isOpen, setOpen] = useState(false)
  const { value, problem } = useLoaded(
    async () => (isOpen ? await api.call<WholeDelivery>('GET', path) : null),
    [isOpen],
  )
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{say('webhooks.details')}</summary>
      {problem === '' ? null : <p class="error">{problem}</p>}
      {value?.attempt_log.map(one => (
        <p key={one.attempt} class="small">
          {dayAndTime(one.at)} · {one.http_status ?? one.error} · {one.took_ms} ms
        </p>
      ))}
      {value === null ? null : (
        <pre tabIndex={0} aria-label={say('webhooks.body')}>
          <code>{value.body}</code>
        </pre>
      )}
      <Action
        class="quiet"
        onAct={async () => {
          await api.call('POST', `${path}/replay`, { body: {} })
          await onSent()
        }}
      >
        {say('webhooks.replay')}
      </Action>
    </details>
  )
}
