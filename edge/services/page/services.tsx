/** The services that people book, the days when the pharmacy is closed, and the calendar link. */
import { useState } from 'preact/hooks'
import type { Service } from '../../../protocol/client/index.ts'
import { Action, Field, Form } from '../../pages/base/form.tsx'
import { money } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'
import { ServiceForm } from './service-form.tsx'

const pageMax = 200

/** The part. */
export function ServicesPart({ office }: { office: Office }) {
  const { visits } = office.session.api
  const services = useLoaded(
    async () => (await visits.listServices(office.pharmacyId, { limit: pageMax })).services,
  )
  const [edited, setEdited] = useState<Service | 'new' | null>(null)
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('services.title')}</h2>
        {services.problem === '' ? null : <p class="error">{services.problem}</p>}
        <ul class="list">
          {services.value?.map(one => (
            <li key={one.id} class="row spread" data-service={one.id}>
              <span>
                <strong>{one.name}</strong>{' '}
                <span class="soft small">
                  {say('unit.minutes', { value: one.duration_minutes })}
                  {one.price === null ? null : ` · ${money(one.price, one.currency)}`}
                  {one.is_active ? null : ` · ${say('services.inactive')}`}
                </span>
              </span>
              <button
                type="button"
                class="plain"
                aria-label={say('services.edit_named', { name: one.name })}
                onClick={() => setEdited(one)}
              >
                {say('services.edit')}
              </button>
            </li>
          ))}
        </ul>
        {services.value?.length === 0 ? <p class="empty">{say('services.none')}</p> : null}
        {edited === 'new' ? null : (
          <button type="button" class="quiet" onClick={() => setEdited('new')}>
            {say('services.add')}
          </button>
        )}
      </section>
      {edited === null ? null : (
        <ServiceForm
          key={edited === 'new' ? 'new' : edited.id}
          office={office}
          service={edited === 'new' ? null : edited}
          onDone={async () => {
            setEdited(null)
            await services.reload()
          }}
        />
      )}
      <Closures office={office} />
      <CalendarLink office={office} />
    </div>
  )
}

function Closures({ office }: { office: Office }) {
  const { visits } = office.session.api
  const { value, problem, reload } = useLoaded(
    async () => (await visits.listClosures(office.pharmacyId)).closures,
  )
  return (
    <section class="panel">
      <h2>{say('closures.title')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      <ul class="list">
        {value?.map(one => (
          <li key={one.id} class="row spread">
            <span>
              {one.from.replace('T', ' ')} – {one.to.replace('T', ' ')}{' '}
              <span class="soft small">{one.reason}</span>
            </span>
            <Action
              class="plain"
              confirm={say('closures.end_really')}
              onAct={async () => {
                await visits.reopen(office.pharmacyId, one.id)
                await reload()
              }}
            >
              {say('closures.end')}
            </Action>
          </li>
        ))}
      </ul>
      <Form
        class=""
        submit={say('closures.add')}
        onSubmit={async ({ from = '', to = '', reason = '' }, form) => {
          await visits.close(office.pharmacyId, { from, to, ...(reason !== '' && { reason }) })
          form.reset()
          await reload()
        }}
      >
        <div class="fields">
          <Field label={say('orders.first_day')} name="from" type="datetime-local" required />
          <Field label={say('orders.last_day')} name="to" type="datetime-local" required />
        </div>
        <Field
          label={say('closures.reason')}
          hint={say('field.optional')}
          name="reason"
          maxLength={200}
        />
      </Form>
    </section>
  )
}

/** A link with which calendar programs read the bookings. The server shows it once. */
function CalendarLink({ office }: { office: Office }) {
  const { visits } = office.session.api
  const [url, setUrl] = useState<string | null>(null)
  const { value, reload } = useLoaded(async () =>
    (await visits.listCalendarLinks()).feeds.filter(({ ended_at }) => ended_at === null),
  )
  return (
    <section class="panel">
      <h2>{say('feeds.title')}</h2>
      <p class="soft">{say('feeds.lead')}</p>
      {url === null ? null : (
        <p class="notice" role="status">
          {say('feeds.once')} <code>{url}</code>
        </p>
      )}
      <ul class="list">
        {value?.map(one => (
          <li key={one.id} class="row spread">
            <span>{one.name}</span>
            <Action
              class="plain"
              confirm={say('feeds.end_really')}
              onAct={async () => {
                await visits.endCalendarLink(one.id)
                await reload()
              }}
            >
              {say('feeds.end')}
            </Action>
          </li>
        ))}
      </ul>
      <Action
        class="quiet"
        onAct={async () => {
          const made = await visits.createCalendarLink({
            kind: 'vendor',
            subject_id: office.pharmacyId,
          })
          setUrl(made.url)
          await reload()
        }}
      >
        {say('feeds.make')}
      </Action>
    </section>
  )
}
