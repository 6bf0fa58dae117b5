/** Somebody without a booking stands there: the service and the name are enough. */
import { useState } from 'preact/hooks'
import { requirements } from '../../../protocol/appointments/statuses.ts'
import type { Service } from '../../../protocol/client/index.ts'
import { Check, Choice, Field, Form } from '../../pages/base/form.tsx'
import type { Office } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

interface Props {
  office: Office
  services: readonly Service[]
  onDone(): Promise<void>
}

/** The form; nothing where the pharmacy has no service. */
export function WalkIn({ office, services, onDone }: Props) {
  const [said, setSaid] = useState('')
  const active = services.filter(one => one.is_active)
  if (active.length === 0) return null
  const asksFor = (id: string): boolean => {
    const { prepaid, required_documents } = active.find(one => one.id === id)!
    return prepaid || required_documents.length > 0
  }
  return (
    <Form
      id="walk-in"
      submit={say('calendar.admit')}
      onSubmit={async ({ service_id, customer_name, customer_phone = '', settled }, form) => {
        setSaid('')
        const admitted = await office.session.api.visits.admit({
          service_id: service_id!,
          customer_name: customer_name!,
          ...(customer_phone !== '' && { customer_phone }),
          ...(settled !== undefined && asksFor(service_id!) && { settles: [...requirements] }),
        })
        form.reset()
        setSaid(say('calendar.received', { name: admitted.customer_name }))
        await onDone()
      }}
    >
      <h2>{say('calendar.walk_in')}</h2>
      <Choice
        label={say('visit.service')}
        name="service_id"
        options={active.map(one => [one.id, one.name] as const)}
      />
      <Field
        label={say('field.name')}
        name="customer_name"
        required
        maxLength={200}
        autocomplete="off"
      />
      <Field
        label={say('field.phone')}
        hint={say('field.optional')}
        name="customer_phone"
        type="tel"
        autocomplete="off"
      />
      <Check label={say('calendar.settled')} name="settled" />
      <p role="status">{said}</p>
    </Form>
  )
}
