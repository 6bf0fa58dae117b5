/** The price of a delivery: a fee to begin with, and so much for each kilometre of a band. */
import { useState } from 'preact/hooks'
import { Action, Field, Form } from '../../pages/base/form.tsx'
import type { Office, Tariff } from '../../pages/base/office.ts'
import { say } from '../../pages/texts/index.ts'

type Band = Tariff['bands'][number]
const bandsMax = 10

/** The form. The last band has no end. */
export function TariffPanel({ office }: { office: Office }) {
  const shop = office.pharmacy.value
  return shop === null ? (
    <p class="soft">{say('state.loading')}</p>
  ) : (
    // A tariff that was saved is shown as the server keeps it.
    <TariffForm key={JSON.stringify(shop.pricing)} office={office} tariff={shop.pricing} />
  )
}

function TariffForm({ office, tariff }: { office: Office; tariff: Tariff & { currency: string } }) {
  const [bands, setBands] = useState<readonly Band[]>(tariff.bands)
  const fee = (label: string, name: string, value: number) => (
    <Field
      label={label}
      hint={tariff.currency}
      name={name}
      type="number"
      min={0}
      step="any"
      required
      defaultValue={value}
    />
  )
  return (
    <Form
      id="tariff"
      submit={say('action.save')}
      more={
        <Action class="plain" onAct={() => office.changePharmacy({ pricing: null })}>
          {say('tariff.default')}
        </Action>
      }
      onSubmit={values =>
        office.changePharmacy({
          pricing: {
            base_fee: Number(values['base_fee']),
            minimum_fee: Number(values['minimum_fee']),
            bands: bands.map((_, i) => ({
              up_to_km: i === bands.length - 1 ? null : Number(values[`up_to_km_${i}`]),
              per_km: Number(values[`per_km_${i}`]),
            })),
          },
        })
      }
    >
      <h2>{say('tariff.title')}</h2>
      <div class="fields">
        {fee(say('tariff.base'), 'base_fee', tariff.base_fee)}
        {fee(say('tariff.minimum'), 'minimum_fee', tariff.minimum_fee)}
      </div>
      {bands.map((band, i) => (
        <fieldset key={i} class="fields">
          <legend>{say('tariff.band', { number: i + 1 })}</legend>
          {i === bands.length - 1 ? (
            <p class="soft">{say('tariff.beyond')}</p>
          ) : (
            <Field
              label={say('tariff.up_to')}
              name={`up_to_km_${i}`}
              type="number"
              min={0}
              step="any"
              required
              defaultValue={band.up_to_km ?? ''}
            />
          )}
          {fee(say('tariff.per_km'), `per_km_${i}`, band.per_km)}
        </fieldset>
      ))}
      <div class="row">
        <button
          type="button"
          class="quiet"
          disabled={bands.length >= bandsMax}
          onClick={() =>
            setBands([...bands, { up_to_km: null, per_km: bands.at(-1)?.per_km ?? 0 }])
          }
        >
          {say('tariff.add')}
        </button>
        <button
          type="button"
          class="quiet"
          disabled={bands.length <= 1}
          onClick={() => setBands(bands.slice(0, -1))}
        >
          {say('tariff.remove')}
        </button>
      </div>
    </Form>
  )
}
