/** Shops whose orders come in by themselves, and imports that need an address by hand. */
import { useState } from 'preact/hooks'
import { Action, Field, Form } from '../../pages/base/form.tsx'
import { dayAndTime } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

interface Integration {
  id: string
  kind: string
  delivery_url: string
  created_at: string
}
interface Import {
  id: string
  external_id: string
  status: 'pending' | 'imported' | 'dismissed'
  reason: string | null
  customer_name: string | null
  delivery_address: string | null
  created_at: string
}

/** The part. */
export function ShopsPanel({ office }: { office: Office }) {
  const { api } = office.session
  const path = `${office.path}/integrations`
  const [secret, setSecret] = useState<string | null>(null)
  const shops = useLoaded(
    async () => (await api.call<{ integrations: Integration[] }>('GET', path)).integrations,
  )
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('shops.title')}</h2>
        <p class="soft">{say('shops.lead')}</p>
        {shops.problem === '' ? null : <p class="error">{shops.problem}</p>}
        <ul class="list">
          {shops.value?.map(one => (
            <li key={one.id}>
              <p class="small">
                {say('shops.address')} <code>{one.delivery_url}</code>
              </p>
              <p class="soft small">{dayAndTime(one.created_at)}</p>
              <Action
                class="plain"
                confirm={say('shops.end_really')}
                onAct={async () => {
                  await api.call('DELETE', `${path}/${one.id}`)
                  await shops.reload()
                }}
              >
                {say('shops.end')}
              </Action>
            </li>
          ))}
        </ul>
        {secret === null ? null : (
          <p class="notice" role="status">
            {say('shops.once')} <code>{secret}</code>
          </p>
        )}
        <Action
          class="quiet"
          onAct={async () => {
            const made = await api.call<{ secret: string }>('POST', `${path}/woocommerce`, {
              body: {},
            })
            setSecret(made.secret)
            await shops.reload()
          }}
        >
          {say('shops.connect')}
        </Action>
      </section>
      <Imports office={office} />
    </div>
  )
}

/** Orders of a shop whose place nobody could find. */
function Imports({ office }: { office: Office }) {
  const { api } = office.session
  const path = `${office.path}/imports`
  const { value, problem, reload } = useLoaded(
    async () =>
      (await api.call<{ imports: Import[] }>('GET', path, { query: { status: 'pending' } }))
        .imports,
    [office.changes.value],
  )
  return (
    <section class="panel">
      <h2>{say('imports.title')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      {value?.length === 0 ? <p class="soft">{say('imports.none')}</p> : null}
      <ul class="list">
        {value?.map(one => (
          <li key={one.id} data-import={one.id}>
            <strong>
              {one.external_id} {one.customer_name}
            </strong>
            <p class="small">{one.delivery_address}</p>
            <p class="soft small">{[dayAndTime(one.created_at), one.reason].join(' · ')}</p>
            <Form
              class=""
              submit={say('imports.complete')}
              more={
                <Action
                  class="plain"
                  confirm={say('imports.dismiss_really')}
                  onAct={async () => {
                    await api.call('DELETE', `${path}/${one.id}`)
                    await reload()
                  }}
                >
                  {say('imports.dismiss')}
                </Action>
              }
              onSubmit={async ({ latitude, longitude }) => {
                await api.call('POST', `${path}/${one.id}/complete`, {
                  body: { latitude: Number(latitude), longitude: Number(longitude) },
                })
                office.changed()
                await reload()
              }}
            >
              <div class="pair">
                <Field
                  label={say('field.latitude')}
                  name="latitude"
                  type="number"
                  step="any"
                  required
                />
                <Field
                  label={say('field.longitude')}
                  name="longitude"
                  type="number"
                  step="any"
                  required
                />
              </div>
            </Form>
          </li>
        ))}
      </ul>
    </section>
  )
}
