/** The own account on every page: profile, password, and the places where one is signed in. */
import { useEffect, useState } from 'preact/hooks'
import type { Account } from '../../../protocol/client/index.ts'
import { say } from '../texts/index.ts'
import { Action, Field, Form } from './form.tsx'
import { dayAndTime } from './format.ts'
import { PasswordField } from './gate.tsx'
import { OwnData } from './privacy.tsx'
import type { PageSession } from './session.ts'

/** Profile, password, sessions. */
export function AccountPanel({ session }: { session: PageSession }) {
  const user = session.user.value
  if (user === null || user === undefined) return null
  return (
    <div class="columns">
      <Profile session={session} user={user} />
      <Password session={session} />
      <Sessions session={session} />
      <OwnData session={session} />
    </div>
  )
}

function Profile({ session, user }: { session: PageSession; user: Account }) {
  const [said, setSaid] = useState('')
  return (
    <Form
      submit={say('action.save')}
      onSubmit={async ({ full_name, phone }) => {
        setSaid('')
        session.user.value = await session.api.call<Account>('PATCH', '/api/auth/me', {
          body: { full_name, phone },
        })
        setSaid(say('account.saved'))
      }}
    >
      <h2>{say('account.profile')}</h2>
      <p class="soft">{user.email}</p>
      <Field
        label={say('field.name')}
        name="full_name"
        required
        maxLength={200}
        autocomplete="name"
        defaultValue={user.full_name}
      />
      <Field
        label={say('field.phone')}
        name="phone"
        type="tel"
        required
        autocomplete="tel"
        defaultValue={user.phone}
      />
      <p role="status">{said}</p>
    </Form>
  )
}

function Password({ session }: { session: PageSession }) {
  const [said, setSaid] = useState('')
  return (
    <Form
      submit={say('account.change_password')}
      onSubmit={async ({ current_password, password }, form) => {
        setSaid('')
        await session.api.call('POST', '/api/auth/password/change', {
          body: { current_password, new_password: password },
        })
        form.reset()
        setSaid(say('account.password_changed'))
      }}
    >
      <h2>{say('account.password')}</h2>
      <Field
        label={say('field.current_password')}
        name="current_password"
        type="password"
        required
        autocomplete="current-password"
      />
      <PasswordField />
      <p role="status">{said}</p>
    </Form>
  )
}

interface SessionRow {
  id: string
  current: boolean
  user_agent: string | null
  last_used_at: string
}

function Sessions({ session }: { session: PageSession }) {
  const [rows, setRows] = useState<readonly SessionRow[]>([])
  const load = async (): Promise<void> => {
    const { sessions } = await session.api.call<{ sessions: SessionRow[] }>(
      'GET',
      '/api/auth/sessions',
    )
    setRows(sessions)
  }
  useEffect(() => {
    load().catch(() => undefined)
  }, [])
  const end = async (id: string): Promise<void> => {
    await session.api.call('DELETE', `/api/auth/sessions/${id}`)
    await load()
  }
  return (
    <section class="panel">
      <h2>{say('account.sessions')}</h2>
      <ul class="list">
        {rows.map(row => (
          <li key={row.id}>
            <p class="small">{row.user_agent ?? '–'}</p>
            <p class="soft small">{dayAndTime(row.last_used_at)}</p>
            {row.current ? (
              <span class="pill" data-tone="good">
                {say('account.this_one')}
              </span>
            ) : (
              <Action class="plain" confirm={say('account.end_really')} onAct={() => end(row.id)}>
                {say('account.end')}
              </Action>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
