/** The form that asks the pharmacies nearby, or orders from one of them, with its price. */
import { useEffect, useState } from 'preact/hooks'
import { Action, Choice, Field, Form } from '../base/form.tsx'
import { kilometres, money } from '../base/format.ts'
import { distanceKm } from '../map/projection.ts'
import { fieldOf } from '../shared/forms.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import { say } from '../texts/index.ts'
import type { Orders } from './orders.ts'
import { AddressSearch } from './address-search.tsx'
import { choosePlace, foundAddress, place, radiusKm, usePosition } from './place.ts'

interface Quote {
  quote_id: string | null
  fee: number
  currency: string
  distance_km: number
}

const decimals = 5
const quoteDelayMs = 400
const waits = ['60', '300', '900'] as const
const everybody = ''

/** The form. */
export function Ask({ orders }: { orders: Orders }) {
  const [vendorId, setVendor] = useState(everybody)
  const near = nearestFirst(orders.pharmacies.value)
  const chosen = near.find(({ id }) => id === vendorId)
  const quote = useQuote(orders, chosen ?? near[0])
  const send = async (values: Record<string, string>, form: HTMLFormElement): Promise<void> => {
    const { api } = orders.session
    const at = place.value
    if (at === null) throw new Error(say('ask.place_needed'))
    const file = new FormData(form).get('prescription')
    const prescription =
      file instanceof File && file.size > 0
        ? (await api.uploadFile('prescription', file)).url
        : null
    const { medicine = '', notes = '', address = '' } = values
    const quantity = Number(values['quantity'])
    const common = {
      items: [{ name: medicine, quantity }],
      ...(notes !== '' && { notes }),
      ...(prescription !== null && { prescription_url: prescription }),
    }
    if (chosen === undefined) {
      const { data, pharmacies_notified: count } = await api.createRequest({
        ...common,
        ...at,
        quantity,
        radius_km: radiusKm.value,
        expires_in_seconds: Number(values['expires_in_seconds']),
      })
      orders.show(data)
      orders.followed.value = data.id
      orders.said.value = count === 0 ? say('ask.nobody') : say('ask.asked', { count })
    } else {
      const view = await api.createOrder({
        ...common,
        vendor_id: chosen.id,
        delivery_address: address,
        delivery_latitude: at.latitude,
        delivery_longitude: at.longitude,
        ...(quote?.quote_id != null && { quote_id: quote.quote_id }),
      })
      orders.show(view)
      orders.followed.value = view.id
      orders.said.value = say('ask.ordered', { name: chosen.business_name })
    }
    // The next order needs its own prescription. A reset of the form would also empty the place.
    for (const name of ['medicine', 'notes', 'prescription']) fieldOf(form, name).value = ''
  }
  return (
    <Form
      id="ask"
      submit={say(chosen === undefined ? 'ask.submit' : 'ask.submit_order')}
      onSubmit={send}
    >
      <h2>{say('ask.title')}</h2>
      <AddressSearch api={orders.session.api} />
      <PlaceFields />
      <Choice
        label={say('ask.of')}
        value={vendorId}
        onChange={event => setVendor(event.currentTarget.value)}
        options={[
          [everybody, say('ask.everybody')],
          ...near.map(one => [one.id, nameWithDistance(one)] as const),
        ]}
      />
      {chosen === undefined ? (
        <>
          <Field
            label={say('ask.radius', { value: radiusKm.value })}
            type="range"
            min={1}
            max={50}
            step={1}
            value={radiusKm.value}
            onInput={event => {
              orders.followed.value = null
              radiusKm.value = Number(event.currentTarget.value)
            }}
          />
          <Choice
            label={say('ask.wait')}
            name="expires_in_seconds"
            defaultValue="300"
            options={waits.map(one => [one, say('unit.minutes', { value: Number(one) / 60 })])}
          />
        </>
      ) : (
        <Field
          label={say('field.address')}
          key={foundAddress.value}
          name="address"
          defaultValue={foundAddress.value}
          required
          maxLength={500}
          autocomplete="street-address"
        />
      )}
      <div class="pair">
        <Field
          label={say('ask.medicine')}
          name="medicine"
          required
          maxLength={200}
          autocomplete="off"
        />
        <Field
          label={say('ask.quantity')}
          name="quantity"
          type="number"
          min={1}
          max={10_000}
          step={1}
          required
          defaultValue={1}
        />
      </div>
      <Field
        label={say('ask.prescription')}
        hint={say('ask.prescription_hint')}
        name="prescription"
        type="file"
        accept="image/jpeg,image/png,image/webp,application/pdf"
      />
      <Field
        label={say('ask.notes')}
        hint={say('field.optional')}
        name="notes"
        maxLength={1000}
        autocomplete="off"
      />
      {quote === null ? null : (
        <p class="price" role="status">
          {say(chosen === undefined ? 'ask.price_about' : 'ask.price', {
            amount: money(quote.fee, quote.currency),
            distance: kilometres(quote.distance_km),
          })}
        </p>
      )}
    </Form>
  )
}

function PlaceFields() {
  const at = place.value
  const set = (form: HTMLFormElement): void => {
    const [latitude, longitude] = ['latitude', 'longitude'].map(name => fieldOf(form, name).value)
    // Half a place is no place.
    if (latitude !== '' && longitude !== '')
      choosePlace({ latitude: Number(latitude), longitude: Number(longitude) })
  }
  return (
    <>
      <div class="row">
        <Action class="quiet" onAct={usePosition}>
          {say('ask.use_position')}
        </Action>
      </div>
      <p class="soft small">{say(at === null ? 'ask.choose_place' : 'ask.place_chosen')}</p>
      <div class="pair">
        {(['latitude', 'longitude'] as const).map(part => (
          <Field
            key={part}
            label={say(`field.${part}`)}
            type="number"
            step="any"
            min={part === 'latitude' ? -90 : -180}
            max={part === 'latitude' ? 90 : 180}
            required
            name={part}
            {...(at !== null && { value: at[part].toFixed(decimals) })}
            onChange={event => set(event.currentTarget.form!)}
          />
        ))}
      </div>
    </>
  )
}

function nearestFirst(pharmacies: readonly Pharmacy[]): readonly Pharmacy[] {
  const at = place.value
  if (at === null) return pharmacies
  return pharmacies.toSorted((a, b) => distanceKm(at, a) - distanceKm(at, b))
}

const nameWithDistance = (one: Pharmacy): string =>
  place.value === null
    ? one.business_name
    : `${one.business_name} · ${kilometres(distanceKm(place.value, one))}`

/** The price of a delivery from this pharmacy to the chosen place; null until it is known. */
function useQuote(orders: Orders, from: Pharmacy | undefined): Quote | null {
  const [quote, setQuote] = useState<Quote | null>(null)
  const at = place.value
  useEffect(() => {
    setQuote(null)
    if (at === null || from === undefined) return
    let isOld = false
    const timer = setTimeout(() => {
      orders.session.api
        .call<Quote>('POST', '/api/pricing/quote', {
          body: {
            vendor_id: from.id,
            delivery_latitude: at.latitude,
            delivery_longitude: at.longitude,
          },
        })
        .then(answer => {
          if (!isOld) setQuote(answer)
        })
        .catch(() => {
          // An order without a price is possible.
        })
    }, quoteDelayMs)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  }, [at?.latitude, at?.longitude, from?.id])
  return quote
}
