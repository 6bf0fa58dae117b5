/** Somebody who was invited makes an account and signs in; the link of the invitation has its code. */
import type { Account } from '../../../protocol/client/index.ts'
import { Field, Form } from '../../pages/base/form.tsx'
import { PersonFields } from '../../pages/base/gate.tsx'
import { invited } from '../../pages/base/invitation.ts'
import type { PageSession } from '../../pages/base/session.ts'
import { say } from '../../pages/texts/index.ts'

interface Joined {
  user: Account
  access_token: string
  refresh_token: string
}

/** The form. */
export function JoinForm({ session }: { session: PageSession }) {
  return (
    <Form
      id="join"
      submit={say('register.submit')}
      onSubmit={body =>
        session.enter(async api => {
          const joined = await api.call<Joined>('POST', '/api/members/register', { body })
          api.use(joined)
          return joined.user
        })
      }
    >
      <h2>{say('people.join')}</h2>
      <Field
        label={say('register.invitation')}
        hint={say('register.invitation_hint')}
        name="invitation_code"
        required
        maxLength={64}
        autocomplete="off"
        defaultValue={invited}
      />
      <PersonFields />
    </Form>
  )
}
