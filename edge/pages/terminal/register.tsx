/** Registering a pharmacy, at a place that is chosen on a map or typed. */
import { useEffect, useRef } from 'preact/hooks'
import type { RegisterVendor } from '../../../protocol/client/rest-shapes.ts'
import { Field, Form } from '../base/form.tsx'
import { EmailField, PasswordField } from '../base/gate.tsx'
import type { PageSession } from '../base/session.ts'
import { drawPharmacy } from '../map/marks.ts'
import type { Place } from '../map/projection.ts'
import { MapView } from '../map/view.ts'
import { fieldOf, fillPractice, practiceEmail, randomName } from '../shared/forms.ts'
import { say } from '../texts/index.ts'

const decimals = 5

/** The form. */
export function Register({ session }: { session: PageSession }) {
  const holder = useRef<HTMLDivElement>(null)
  const map = useRef<MapView | null>(null)
  useEffect(() => {
    const view = placeMap(holder.current!)
    map.current = view
    return () => view.close()
  }, [])
  const practise = (form: HTMLFormElement): void => {
    const { latitude, longitude } = map.current!.center
    fillPractice(form, {
      business_name: 'Corner Pharmacy',
      email: practiceEmail('pharmacy'),
      phone: '+977-1-5550100',
      password: randomName(12),
      latitude: latitude.toFixed(decimals),
      longitude: longitude.toFixed(decimals),
    })
    map.current!.redraw()
  }
  return (
    <Form
      id="register"
      submit={say('terminal.register')}
      onSubmit={({ address, ...values }) =>
        session.enter(api =>
          api.registerVendor({
            ...values,
            ...(address !== '' && { address }),
            latitude: Number(values['latitude']),
            longitude: Number(values['longitude']),
          } as RegisterVendor),
        )
      }
    >
      <div class="row spread">
        <h2>{say('terminal.register_title')}</h2>
        <button
          type="button"
          class="plain small"
          onClick={event => practise(event.currentTarget.form!)}
        >
          {say('terminal.practise')}
        </button>
      </div>
      <Field
        label={say('field.name')}
        name="business_name"
        required
        maxLength={200}
        autocomplete="organization"
      />
      <div class="pair">
        <EmailField />
        <Field label={say('field.phone')} name="phone" type="tel" required autocomplete="tel" />
      </div>
      <div class="pair">
        <PasswordField label={say('field.password')} />
        <Field
          label={say('field.address')}
          hint={say('field.optional')}
          name="address"
          maxLength={1000}
          autocomplete="street-address"
        />
      </div>
      <div class="pair">
        {(['latitude', 'longitude'] as const).map(part => (
          <Field
            key={part}
            label={say(`field.${part}`)}
            name={part}
            type="number"
            step="any"
            min={part === 'latitude' ? -90 : -180}
            max={part === 'latitude' ? 90 : 180}
            required
            onInput={() => follow(map.current!)}
          />
        ))}
      </div>
      <div class="map low field" ref={holder} />
    </Form>
  )

  function placeMap(element: HTMLElement): MapView {
    const view = new MapView(element, { label: say('terminal.place'), picks: true })
    const form = element.closest('form')!
    view.draw = context => {
      const place = chosenIn(form)
      if (place !== null) drawPharmacy(context, view, place)
      return false
    }
    view.onPick = ({ latitude, longitude }) => {
      fieldOf(form, 'latitude').value = latitude.toFixed(decimals)
      fieldOf(form, 'longitude').value = longitude.toFixed(decimals)
      view.redraw()
    }
    return view
  }

  /** Shows the place that is being typed. */
  function follow(view: MapView): void {
    const place = chosenIn(holder.current!.closest('form')!)
    if (place !== null && !view.isTouched) view.center = place
    view.redraw()
  }
}

function chosenIn(form: HTMLFormElement): Place | null {
  const latitude = fieldOf(form, 'latitude').value
  const longitude = fieldOf(form, 'longitude').value
  return latitude === '' || longitude === ''
    ? null
    : { latitude: Number(latitude), longitude: Number(longitude) }
}
