/** What customers see of the pharmacy, where it is, and how it works. */
import { useState } from 'preact/hooks'
import { Check, Choice, Field, Form } from '../../pages/base/form.tsx'
import { dayAndTime } from '../../pages/base/format.ts'
import type { Office, OwnPharmacy } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

/** The form. */
export function ShopPanel({ office }: { office: Office }) {
  const shop = office.pharmacy.value
  const [said, setSaid] = useState('')
  if (shop === null) return <p class="soft">{say('state.loading')}</p>
  return (
    <Form
      id="shop"
      submit={say('action.save')}
      onSubmit={async values => {
        setSaid('')
        await office.changePharmacy(changeOf(shop, values))
        setSaid(say('account.saved'))
      }}
    >
      <h2>{say('shop.title')}</h2>
      <div class="fields">
        <Field
          label={say('field.name')}
          name="business_name"
          required
          maxLength={200}
          defaultValue={shop.business_name}
        />
        <Field
          label={say('field.phone')}
          name="phone"
          type="tel"
          required
          defaultValue={shop.phone}
        />
        <Field
          label={say('field.address')}
          name="address"
          maxLength={1000}
          defaultValue={shop.address ?? ''}
        />
        <Field
          label={say('shop.website')}
          hint={say('field.optional')}
          name="website"
          type="url"
          maxLength={2048}
          defaultValue={shop.website ?? ''}
        />
        <Field
          label={say('field.latitude')}
          name="latitude"
          type="number"
          step="any"
          min={-90}
          max={90}
          required
          defaultValue={shop.latitude}
        />
        <Field
          label={say('field.longitude')}
          name="longitude"
          type="number"
          step="any"
          min={-180}
          max={180}
          required
          defaultValue={shop.longitude}
        />
        <Field
          label={say('shop.promise')}
          name="delivery_promise_minutes"
          type="number"
          min={1}
          max={1440}
          required
          defaultValue={shop.delivery_promise_minutes}
        />
        <Choice
          label={say('shop.drivers')}
          name="dispatch_policy"
          defaultValue={shop.dispatch_policy ?? 'manual'}
          options={[
            ['manual', say('shop.drivers_manual')],
            ['offer', say('shop.drivers_offer')],
          ]}
        />
      </div>
      {shop.moving_to === null || shop.moving_to === undefined ? null : (
        <p class="notice">{say('shop.moving', { time: dayAndTime(shop.moving_to.asked_at) })}</p>
      )}
      <Field
        label={say('services.description')}
        hint={say('field.optional')}
        name="description"
        maxLength={1000}
        defaultValue={shop.description ?? ''}
      />
      <Check
        label={say('shop.proof')}
        name="proof_required"
        checked={shop.proof_required === true}
      />
      <Check label={say('shop.active')} name="is_active" checked={shop.is_active} />
      <p role="status">{said}</p>
    </Form>
  )
}

/** Only the place counts as a move, so it is sent only when it has changed. */
function changeOf(shop: OwnPharmacy, values: Readonly<Record<string, string>>): object {
  const orNull = (name: string): string | null => (values[name] === '' ? null : values[name]!)
  const place = { latitude: Number(values['latitude']), longitude: Number(values['longitude']) }
  const hasMoved = place.latitude !== shop.latitude || place.longitude !== shop.longitude
  return {
    business_name: values['business_name'],
    phone: values['phone'],
    address: orNull('address'),
    website: orNull('website'),
    description: orNull('description'),
    delivery_promise_minutes: Number(values['delivery_promise_minutes']),
    dispatch_policy: values['dispatch_policy'],
    proof_required: values['proof_required'] !== undefined,
    is_active: values['is_active'] !== undefined,
    ...(hasMoved && place),
  }
}
