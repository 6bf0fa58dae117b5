/** The registration of a driver, by the invitation of a pharmacy or by asking one. */
import type { VehicleType } from '../../../protocol/drivers/vehicles.ts'
import { Choice, Field, Form } from '../base/form.tsx'
import { PersonFields } from '../base/gate.tsx'
import { invited } from '../base/invitation.ts'
import type { PageSession } from '../base/session.ts'
import { say } from '../texts/index.ts'

/** A vehicle that is missing here does not compile. */
const vehicles = Object.keys({
  bike: true,
  scooter: true,
  car: true,
  van: true,
} satisfies Record<VehicleType, true>) as VehicleType[]
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The form. */
export function Register({ session }: { session: PageSession }) {
  return (
    <Form
      id="register"
      submit={say('register.submit')}
      onSubmit={values =>
        session.enter(api => {
          const { invitation = '', vehicle_number = '', vehicle_type, ...person } = values
          const code = invitation.trim()
          return api.registerDriver({
            ...(person as Record<'email' | 'full_name' | 'phone' | 'password', string>),
            vehicle_type: vehicle_type as VehicleType,
            ...(vehicle_number !== '' && { vehicle_number }),
            ...(uuid.test(code) ? { vendor_id: code } : { invitation_code: code }),
          })
        })
      }
    >
      <h2>{say('register.title')}</h2>
      <Field
        label={say('register.invitation')}
        hint={say('register.invitation_hint')}
        name="invitation"
        required
        autocomplete="off"
        defaultValue={invited}
      />
      <PersonFields />
      <Choice
        label={say('register.vehicle')}
        name="vehicle_type"
        options={vehicles.map(one => [one, say(`vehicle.${one}`)])}
      />
      <Field
        label={say('register.plate')}
        hint={say('field.optional')}
        name="vehicle_number"
        maxLength={40}
        autocomplete="off"
      />
    </Form>
  )
}
