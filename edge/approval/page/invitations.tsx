/** Invitations of drivers: a code that is shown once, and the ones that are still good. */
import { useState } from 'preact/hooks'
import { Action, Field, Form } from '../../pages/base/form.tsx'
import { dayAndTime } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

interface Invitation {
  id: string
  note: string | null
  uses: number
  uses_max: number
  status: 'good' | 'used' | 'expired' | 'revoked'
  expires_at: string
}

/** The good invitations, and the form that makes another one. */
export function Invitations({ office }: { office: Office }) {
  const { api } = office.session
  const path = `${office.path}/driver-invitations`
  const [code, setCode] = useState<string | null>(null)
  const { value, problem, reload } = useLoaded(
    async () => (await api.call<{ invitations: Invitation[] }>('GET', path)).invitations,
    [office.changes.value],
  )
  const good = value?.filter(({ status }) => status === 'good') ?? []
  const link = `${location.origin}/driver#invitation=${encodeURIComponent(code ?? '')}`
  return (
    <section class="panel">
      <h2>{say('invitations.title')}</h2>
      {problem === '' ? null : <p class="error">{problem}</p>}
      {code === null ? null : (
        <div class="notice" role="status">
          <p>
            {say('invitations.once')} <code id="invitation">{code}</code>
          </p>
          <a href={link}>{say('invitations.link')}</a>
        </div>
      )}
      <ul class="list">
        {good.map(one => (
          <li key={one.id} class="row spread">
            <span>
              {one.note ?? say('invitations.no_note')}{' '}
              <span class="soft small">
                {say('invitations.until', {
                  time: dayAndTime(one.expires_at),
                  uses: one.uses,
                  most: one.uses_max,
                })}
              </span>
            </span>
            <span>
              <Action
                class="plain"
                confirm={say('invitations.revoke_really')}
                onAct={async () => {
                  await api.call('DELETE', `${path}/${one.id}`)
                  await reload()
                }}
              >
                {say('invitations.revoke')}
              </Action>
            </span>
          </li>
        ))}
      </ul>
      <Form
        class=""
        submit={say('invitations.make')}
        onSubmit={async ({ note = '', uses }, form) => {
          const made = await api.call<{ invitation_code: string }>('POST', path, {
            body: { uses: Number(uses), ...(note !== '' && { note }) },
          })
          setCode(made.invitation_code)
          form.reset()
          await reload()
        }}
      >
        <div class="pair">
          <Field
            label={say('invitations.note')}
            hint={say('field.optional')}
            name="note"
            maxLength={200}
            autocomplete="off"
          />
          <Field
            label={say('invitations.uses')}
            name="uses"
            type="number"
            min={1}
            max={50}
            defaultValue={1}
            required
          />
        </div>
      </Form>
    </section>
  )
}
