/** What a page shows before the sign-in: sign in, by password or by code, register, new password. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { RestClient, type Account } from '../../../protocol/client/index.ts'
import { say, type TextKey } from '../texts/index.ts'
import { Field, Form } from './form.tsx'
import type { PageSession } from './session.ts'

type Way = 'password' | 'code' | 'reset'

interface GateProps {
  session: PageSession
  title: TextKey
  lead: TextKey
  /** The role for which a code by SMS signs in; absent: it signs nobody in. */
  role?: 'user' | 'vendor' | 'driver'
  /** The form with which people of this page register. */
  register?: ComponentChildren
}

/** The title of a page, the ways in, and the registration. */
export function Gate({ session, title, lead, role, register }: GateProps) {
  const [way, setWay] = useState<Way>('password')
  return (
    <div id="gate" class="stack">
      <h1>{say(title)}</h1>
      <p class="soft lead">{say(lead)}</p>
      <div class="columns">
        <div class="stack">
          {way === 'password' ? <ByPassword session={session} /> : null}
          {way === 'code' && role !== undefined ? <ByCode session={session} role={role} /> : null}
          {way === 'reset' ? <NewPassword onDone={() => setWay('password')} /> : null}
          <div class="row">
            {(['password', 'code', 'reset'] as const)
              .filter(other => other !== way && (other !== 'code' || role !== undefined))
              .map(other => (
                <button key={other} type="button" class="plain" onClick={() => setWay(other)}>
                  {say(`sign_in.by_${other}`)}
                </button>
              ))}
          </div>
        </div>
        {register}
      </div>
    </div>
  )
}

function ByPassword({ session }: { session: PageSession }) {
  return (
    <Form
      id="login"
      submit={say('sign_in.submit')}
      onSubmit={({ email = '', password = '' }) => session.enter(api => api.login(email, password))}
    >
      <h2>{say('sign_in.title')}</h2>
      <EmailField />
      <Field
        label={say('field.password')}
        name="password"
        type="password"
        required
        autocomplete="current-password"
      />
    </Form>
  )
}

/** The fields of a registration that every person fills in. */
export function PersonFields() {
  return (
    <>
      <Field
        label={say('field.name')}
        name="full_name"
        required
        maxLength={200}
        autocomplete="name"
      />
      <EmailField />
      <Field label={say('field.phone')} name="phone" type="tel" required autocomplete="tel" />
      <PasswordField label={say('field.password')} />
    </>
  )
}

/** The field for an e-mail address. */
export function EmailField() {
  return (
    <Field label={say('field.email')} name="email" type="email" required autocomplete="username" />
  )
}

/** The field for the six digits of a code. */
function CodeField() {
  return (
    <Field
      label={say('field.code')}
      name="otp"
      inputMode="numeric"
      pattern="[0-9]{6}"
      maxLength={6}
      required
      autocomplete="one-time-code"
    />
  )
}

function ByCode({ session, role }: { session: PageSession; role: NonNullable<GateProps['role']> }) {
  const [phone, setPhone] = useState<string | null>(null)
  if (phone === null)
    return (
      <Form
        submit={say('sign_in.send_code')}
        onSubmit={async given => {
          const number = given['phone'] ?? ''
          await session.api.call('POST', '/api/auth/otp/request', { body: { phone: number } })
          setPhone(number)
        }}
      >
        <h2>{say('sign_in.by_code')}</h2>
        <Field label={say('field.phone')} name="phone" type="tel" required autocomplete="tel" />
      </Form>
    )
  return (
    <Form
      submit={say('sign_in.submit')}
      onSubmit={({ otp = '' }) =>
        session.enter(async api => {
          const answer = await api.call<{
            user: Account
            access_token: string
            refresh_token: string
          }>('POST', '/api/auth/otp/verify', { body: { phone, otp, role } })
          api.use(answer)
          return answer.user
        })
      }
    >
      <h2>{say('sign_in.by_code')}</h2>
      <p>{say('sign_in.code_sent', { to: phone })}</p>
      <CodeField />
    </Form>
  )
}

function NewPassword({ onDone }: { onDone(): void }) {
  const [email, setEmail] = useState<string | null>(null)
  const post = async (path: string, body: object): Promise<void> => {
    await new RestClient({ url: location.origin }).call('POST', path, { body })
  }
  if (email === null)
    return (
      <Form
        submit={say('sign_in.send_code')}
        onSubmit={async given => {
          await post('/api/auth/password/forgot', { email: given['email'] })
          setEmail(given['email'] ?? '')
        }}
      >
        <h2>{say('sign_in.by_reset')}</h2>
        <EmailField />
      </Form>
    )
  return (
    <Form
      submit={say('sign_in.set_password')}
      onSubmit={async ({ otp, password }) => {
        await post('/api/auth/password/reset', { email, otp, new_password: password })
        onDone()
      }}
    >
      <h2>{say('sign_in.by_reset')}</h2>
      <p>{say('sign_in.code_sent', { to: email })}</p>
      <CodeField />
      <PasswordField />
    </Form>
  )
}

/** The field for a password that is chosen now. */
export function PasswordField({
  label = say('field.new_password'),
  required = true,
}: {
  label?: string
  required?: boolean
}) {
  return (
    <Field
      label={label}
      hint={say('field.password_rule')}
      name="password"
      type="password"
      required={required}
      minLength={8}
      autocomplete="new-password"
    />
  )
}
