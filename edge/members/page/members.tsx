/** The people of the pharmacy: who works here with which rights, and invitations for more. */
import { useState } from 'preact/hooks'
import { memberRoles, type MemberRole } from '../../../protocol/pharmacies/members.ts'
import { Action, Choice, Field, Form } from '../../pages/base/form.tsx'
import { dayAndTime } from '../../pages/base/format.ts'
import { useLoaded } from '../../pages/base/load.ts'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

interface Member {
  id: string
  user_id: string | null
  name: string
  /** Null for those who may not see it. */
  email: string | null
  role: MemberRole
  state: 'invited' | 'expired' | 'active' | 'ended'
  expires_at: string | null
}
interface Page {
  members: Member[]
  next_cursor: string | null
}

const pageMax = 200
const rolesOf = () => memberRoles.map(role => [role, say(`people.${role}`)] as const)

/** The part. */
export function MembersPanel({ office }: { office: Office }) {
  const { api } = office.session
  const path = `${office.path}/members`
  const [code, setCode] = useState<string | null>(null)
  const { value, problem, reload } = useLoaded(
    async () => (await api.call<Page>('GET', path, { query: { limit: pageMax } })).members,
    [office.changes.value],
  )
  const link = `${location.origin}/pharmacy#invitation=${encodeURIComponent(code ?? '')}`
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('people.title')}</h2>
        {problem === '' ? null : <p class="error">{problem}</p>}
        <ul class="list">
          {value?.map(member => (
            <MemberItem key={member.id} office={office} member={member} onChange={reload} />
          ))}
        </ul>
      </section>
      <Form
        id="member"
        submit={say('invitations.make')}
        onSubmit={async ({ name, role }, form) => {
          const made = await api.call<{ invitation_code: string }>('POST', path, {
            body: { name, role },
          })
          setCode(made.invitation_code)
          form.reset()
          await reload()
        }}
      >
        <h2>{say('people.invite')}</h2>
        {code === null ? null : (
          <div class="notice" role="status">
            <p>
              {say('invitations.once')} <code id="member-invitation">{code}</code>
            </p>
            <a href={link}>{say('people.link')}</a>
          </div>
        )}
        <Field label={say('field.name')} name="name" required maxLength={200} autocomplete="off" />
        <Choice
          label={say('people.role')}
          name="role"
          defaultValue="assistant"
          options={rolesOf()}
        />
        <p class="soft small">{say('people.rights')}</p>
      </Form>
    </div>
  )
}

interface ItemProps {
  office: Office
  member: Member
  onChange(): Promise<void>
}

function MemberItem({ office, member, onChange }: ItemProps) {
  const { api, user } = { api: office.session.api, user: office.session.user.value }
  const { id, name, email, role, state, expires_at } = member
  const path = `${office.path}/members/${id}`
  return (
    <li data-member={id}>
      <div class="row spread">
        <strong>{name}</strong>
        <span class="pill" data-tone={state === 'active' ? 'good' : 'warn'}>
          {say(`people.${state}`)}
        </span>
      </div>
      <p class="soft small">
        {[
          email,
          say(`people.${role}`),
          state === 'invited' && expires_at !== null
            ? say('people.until', { time: dayAndTime(expires_at) })
            : null,
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <div class="row say">
        {state !== 'active' ? null : (
          <Form
            class="row say"
            submit={say('people.change')}
            onSubmit={async ({ role: wanted }) => {
              await api.call('PATCH', path, { body: { role: wanted } })
              await onChange()
            }}
          >
            <Choice
              label={say('people.role_of', { name })}
              name="role"
              defaultValue={role}
              options={rolesOf()}
            />
          </Form>
        )}
        {member.user_id === user?.id ? null : (
          <Action
            class="plain"
            confirm={say('people.end_really')}
            label={say('people.end_named', { name })}
            onAct={async () => {
              await api.call('DELETE', path)
              await onChange()
            }}
          >
            {say(state === 'active' ? 'people.end' : 'invitations.revoke')}
          </Action>
        )}
      </div>
    </li>
  )
}
