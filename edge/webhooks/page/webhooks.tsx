/** Webhooks of the pharmacy: made, stopped, given a new secret, and their log. */
import { useState } from 'preact/hooks'
import { Action, Field, Form } from '../../pages/base/form.tsx'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'
import { DeliveryLog } from './log.tsx'

interface Subscription {
  id: string
  url: string
  events: string[]
  description: string | null
  active: boolean
  disabled_reason: string | null
  failures_in_a_row: number
}

const path = '/api/webhooks/subscriptions'

/** The part. */
export function WebhooksPanel({ office }: { office: Office }) {
  const { api } = office.session
  const [secret, setSecret] = useState<string | null>(null)
  const [logged, setLogged] = useState<string | null>(null)
  const { value, problem, reload } = useLoaded(
    async () => (await api.call<{ subscriptions: Subscription[] }>('GET', path)).subscriptions,
  )
  const then = async (work: Promise<unknown>): Promise<void> => {
    await work
    await reload()
  }
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('webhooks.title')}</h2>
        {problem === '' ? null : <p class="error">{problem}</p>}
        {secret === null ? null : (
          <p class="notice" role="status">
            {say('webhooks.once')} <code id="secret">{secret}</code>
          </p>
        )}
        <ul class="list">
          {value?.map(one => (
            <li key={one.id} data-webhook={one.id}>
              <p class="address">
                <strong>{one.url}</strong>
              </p>
              <p class="soft small">
                {one.events.length === 0 ? say('webhooks.all_events') : one.events.join(', ')}
              </p>
              <p class="small">
                <span class="pill" data-tone={one.active ? 'good' : 'bad'}>
                  {say(one.active ? 'webhooks.active' : 'webhooks.stopped')}
                </span>{' '}
                {one.failures_in_a_row > 0
                  ? say('webhooks.failures', { count: one.failures_in_a_row })
                  : null}{' '}
                {one.disabled_reason}
              </p>
              <div class="row">
                <button
                  type="button"
                  class="plain"
                  aria-expanded={logged === one.id}
                  onClick={() => setLogged(logged === one.id ? null : one.id)}
                >
                  {say('webhooks.log')}
                </button>
                <Action
                  class="plain"
                  onAct={() =>
                    then(api.call('PATCH', `${path}/${one.id}`, { body: { active: !one.active } }))
                  }
                >
                  {say(one.active ? 'webhooks.stop' : 'webhooks.resume')}
                </Action>
                <Action
                  class="plain"
                  confirm={say('webhooks.rotate_really')}
                  onAct={async () => {
                    const made = await api.call<{ secret: string }>(
                      'POST',
                      `${path}/${one.id}/rotate-secret`,
                      { body: {} },
                    )
                    setSecret(made.secret)
                  }}
                >
                  {say('webhooks.rotate')}
                </Action>
                <Action
                  class="plain"
                  confirm={say('webhooks.delete_really')}
                  onAct={() => then(api.call('DELETE', `${path}/${one.id}`))}
                >
                  {say('webhooks.delete')}
                </Action>
              </div>
            </li>
          ))}
        </ul>
        {value?.length === 0 ? <p class="empty">{say('webhooks.none')}</p> : null}
        <Form
          id="webhook"
          class=""
          submit={say('webhooks.add')}
          onSubmit={async ({ url, events = '' }, form) => {
            const named = events.split(/[\s,]+/).filter(name => name !== '')
            const made = await api.call<{ secret: string }>('POST', path, {
              body: { url, ...(named.length > 0 && { events: named }) },
            })
            setSecret(made.secret)
            form.reset()
            await reload()
          }}
        >
          <Field
            label={say('webhooks.url')}
            name="url"
            type="url"
            required
            maxLength={2048}
            autocomplete="off"
          />
          <Field
            label={say('webhooks.events')}
            hint={say('webhooks.events_hint')}
            name="events"
            autocomplete="off"
          />
        </Form>
      </section>
      {logged === null ? null : (
        <DeliveryLog key={logged} office={office} path={`${path}/${logged}`} />
      )}
    </div>
  )
}
