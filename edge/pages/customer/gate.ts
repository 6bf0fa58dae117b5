/** Signing in as a customer, and registering. */
import { byId } from '../shared/elements.ts'
import { fillPractice, onSubmit, practiceEmail, randomName, textsOf } from '../shared/forms.ts'
import type { Session } from '../shared/session.ts'

const roles = ['user'] as const
const refusal = "This account is not a customer's"

/** `onEntered` is called when a customer has signed in. */
export function openGate(session: Session, onEntered: () => void): void {
  onSubmit(byId('login', HTMLFormElement), async data => {
    const { email = '', password = '' } = textsOf(data)
    await session.enter(api => api.login(email, password), roles, refusal)
    onEntered()
  })
  const form = byId('register', HTMLFormElement)
  onSubmit(form, async data => {
    const { full_name = '', email = '', phone = '', password = '' } = textsOf(data)
    const account = { full_name, email, phone, password, role: 'user' } as const
    await session.enter(api => api.register(account), roles, refusal)
    onEntered()
  })
  byId('practice').addEventListener('click', () =>
    fillPractice(form, {
      full_name: 'Asha Practice',
      email: practiceEmail('customer'),
      phone: '+977-1-5550123',
      password: randomName(12),
    }),
  )
}
