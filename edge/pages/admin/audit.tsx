/** The audit trail: who did or read which record, when and from where. */
import { useState } from 'preact/hooks'
import { Choice, Field, Form } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { say } from '../texts/index.ts'
import { session } from './desk.ts'
import { Paged } from './paged.tsx'
import { Facts } from './reasoned.tsx'

interface Entry {
  id: string
  at: string
  actor_role: string
  actor_id: string | null
  operation: string
  target_kind: string | null
  target_id: string | null
  address: string
  status: number
  code: string | null
  request_id: string
}

/** A filter of the form as the server takes it; days are those of this browser's zone. */
function filterOf(name: string, value: string): Readonly<Record<string, string>> {
  if (name === 'begin') return { from: new Date(`${value}T00:00:00`).toISOString() }
  if (name === 'end') return { until: new Date(`${value}T23:59:59.999`).toISOString() }
  return { [name]: value.trim() }
}

/** The filters and the entries, newest first. */
export function Audit() {
  const [asked, setAsked] = useState<Readonly<Record<string, string>>>({})
  return (
    <section class="panel">
      <h2>{say('admin.audit')}</h2>
      <Form
        id="find-audit"
        class="filters"
        submit={say('admin.search')}
        onSubmit={async given => {
          const filled = Object.entries(given).filter(([, value]) => value.trim() !== '')
          setAsked(Object.assign({}, ...filled.map(filter => filterOf(...filter))) as typeof asked)
        }}
      >
        <Field label={say('audit.operation')} name="operation" maxLength={100} />
        <Field label={say('audit.actor')} name="actor_id" maxLength={36} />
        <Field label={say('audit.target_kind')} name="target_kind" maxLength={100} />
        <Field label={say('audit.target')} name="target_id" maxLength={36} />
        <Field label={say('audit.address')} name="address" maxLength={100} />
        <Field label={say('audit.begin')} name="begin" type="date" />
        <Field label={say('audit.end')} name="end" type="date" />
        <Choice
          label={say('audit.outcome')}
          name="failed"
          options={[
            ['', say('admin.any')],
            ['true', say('audit.refused')],
            ['false', say('audit.done')],
          ]}
        />
      </Form>
      <Paged<Entry>
        label={say('admin.audit')}
        of={JSON.stringify(asked)}
        empty={say('admin.nothing')}
        keyOf={row => row.id}
        load={async cursor => {
          const { entries, next_cursor } = await session.api.call<{
            entries: Entry[]
            next_cursor: string | null
          }>('GET', '/api/admin/audit', { query: { cursor, ...asked } })
          return { rows: entries, next: next_cursor }
        }}
      >
        {row => (
          <article>
            <div class="row spread">
              <code>{row.operation}</code>
              <span class="soft small">{dayAndTime(row.at)}</span>
              <span class="pill" data-tone={row.status < 400 ? 'good' : 'bad'}>
                {row.status}
                {row.code === null ? '' : ` ${row.code}`}
              </span>
            </div>
            <Facts
              of={{
                [say('audit.actor')]: `${row.actor_role} ${row.actor_id ?? ''}`,
                [say('audit.target')]:
                  row.target_kind === null ? null : `${row.target_kind} ${row.target_id ?? ''}`,
                [say('audit.address')]: row.address,
                [say('audit.request')]: row.request_id,
              }}
            />
          </article>
        )}
      </Paged>
    </section>
  )
}
