/** Keys of programs: made with scopes and an end, shown once, revoked. */
import { useState } from 'preact/hooks'
import { scopes } from '../../../protocol/accounts/scopes.ts'
import { Action, Field, Form } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { say } from '../texts/index.ts'
import { session } from './desk.ts'
import { Paged } from './paged.tsx'
import { Facts } from './reasoned.tsx'

interface Key {
  id: string
  name: string
  prefix: string
  scopes: string[]
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
}
const path = '/api/admin/api-keys'
const daysMax = 3650

/** The keys and the form for a new one. */
export function Keys() {
  const [made, setMade] = useState<{ name: string; key: string } | null>(null)
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('admin.keys')}</h2>
        <Paged<Key>
          label={say('admin.keys')}
          of={made?.key ?? ''}
          empty={say('admin.nothing')}
          keyOf={row => row.id}
          load={async cursor => {
            const { api_keys, next_cursor } = await session.api.call<{
              api_keys: Key[]
              next_cursor: string | null
            }>('GET', path, { query: { cursor } })
            return { rows: api_keys, next: next_cursor }
          }}
        >
          {(row, reload) => (
            <article data-key={row.id}>
              <div class="row spread">
                <strong>{row.name}</strong>
                <code class="small">{row.prefix}…</code>
                <span class="pill" data-tone={row.revoked_at === null ? 'good' : 'bad'}>
                  {say(row.revoked_at === null ? 'key.valid' : 'key.revoked')}
                </span>
              </div>
              <Facts
                of={{
                  [say('key.scopes')]: row.scopes.join(', '),
                  [say('key.used')]:
                    row.last_used_at === null ? null : dayAndTime(row.last_used_at),
                  [say('key.expires')]: row.expires_at === null ? null : dayAndTime(row.expires_at),
                }}
              />
              {row.revoked_at === null ? (
                <Action
                  class="plain"
                  confirm={say('key.revoke_really')}
                  label={`${say('key.revoke')}: ${row.name}`}
                  onAct={() => session.api.call('DELETE', `${path}/${row.id}`).then(reload)}
                >
                  {say('key.revoke')}
                </Action>
              ) : null}
            </article>
          )}
        </Paged>
      </section>
      <Form
        id="new-key"
        submit={say('key.make')}
        onSubmit={async ({ name = '', days = '' }, form) => {
          const chosen = new FormData(form).getAll('scopes').map(String)
          const { key } = await session.api.call<{ key: string }>('POST', path, {
            body: { name, scopes: chosen, ...(days !== '' && { expires_in_days: Number(days) }) },
          })
          form.reset()
          setMade({ name, key })
        }}
      >
        <h2>{say('key.new')}</h2>
        <Field label={say('field.name')} name="name" required maxLength={100} />
        <fieldset class="field">
          <legend>{say('key.scopes')}</legend>
          <div class="choices">
            {scopes.map(scope => (
              <label key={scope}>
                <input type="checkbox" name="scopes" value={scope} />
                <code>{scope}</code>
              </label>
            ))}
          </div>
        </fieldset>
        <Field
          label={say('key.days')}
          hint={say('field.optional')}
          name="days"
          type="number"
          min={1}
          max={daysMax}
        />
        {made === null ? null : (
          <div class="notice" role="status">
            <p>{say('key.once', { name: made.name })}</p>
            <code>{made.key}</code>
          </div>
        )}
      </Form>
    </div>
  )
}
