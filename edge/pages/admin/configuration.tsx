/** The settings that take effect while the house runs, and who changed which of them when. */
import { useEffect, useState } from 'preact/hooks'
import { configurationBounds as bounds } from '../../../protocol/configuration/configuration.ts'
import { Choice, Field, Form, problemText } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { say } from '../texts/index.ts'
import { session } from './desk.ts'
import { Paged } from './paged.tsx'
import { Facts } from './reasoned.tsx'

interface Price {
  base_fee: number
  minimum_fee: number
  currency: string
  bands: { up_to_km: number | null; per_km: number }[]
}
interface Settings {
  revision: number
  pricing: Price | null
  radius_km_min: number
  radius_km_max: number
  offer_seconds: number
  takes_orders: boolean
  takes_registrations: boolean
}
interface Configuration extends Settings {
  default_pricing: Price
}
interface Change extends Settings {
  changed_by: string
  changed_at: string
}

const path = '/api/admin/configuration'
const bandsShown = 4
const yesOrNo = () =>
  [
    ['true', say('admin.yes')],
    ['false', say('admin.no')],
  ] as const

/** Both forms and the history. */
export function ConfigurationPart() {
  const [now, setNow] = useState<Configuration | null>(null)
  const [problem, setProblem] = useState('')
  const read = (): void => {
    session.api
      .call<Configuration>('GET', path)
      .then(setNow)
      .catch((error: unknown) => setProblem(problemText(error)))
  }
  useEffect(read, [])
  if (problem !== '')
    return (
      <p class="error" role="alert">
        {problem}
      </p>
    )
  if (now === null) return <p class="soft">{say('state.loading')}</p>
  /** The revision that was shown goes along, so that nobody overwrites a change unseen. */
  const change = async (body: object): Promise<void> => {
    setNow(
      await session.api.call<Configuration>('PATCH', path, {
        body,
        headers: { 'if-match': `"${now.revision}"` },
      }),
    )
  }
  return (
    <div class="columns">
      <Rules key={now.revision} now={now} onChange={change} />
      <Pricing key={`price ${now.revision}`} now={now} onChange={change} />
      <section class="panel">
        <h2>{say('config.changes')}</h2>
        <Changes of={now.revision} />
      </section>
    </div>
  )
}

interface Props {
  now: Configuration
  onChange(body: object): Promise<void>
}

function Rules({ now, onChange }: Props) {
  return (
    <Form
      id="rules"
      submit={say('action.save')}
      onSubmit={given =>
        onChange({
          radius_km_min: Number(given['radius_km_min']),
          radius_km_max: Number(given['radius_km_max']),
          offer_seconds: Number(given['offer_seconds']),
          takes_orders: given['takes_orders'] === 'true',
          takes_registrations: given['takes_registrations'] === 'true',
        })
      }
    >
      <h2>{say('admin.configuration')}</h2>
      <p class="soft small">{say('config.lead')}</p>
      <Choice
        label={say('config.takes_orders')}
        name="takes_orders"
        options={yesOrNo()}
        defaultValue={String(now.takes_orders)}
      />
      <Choice
        label={say('config.takes_registrations')}
        name="takes_registrations"
        options={yesOrNo()}
        defaultValue={String(now.takes_registrations)}
      />
      <div class="pair">
        <Field
          label={say('config.radius_min')}
          name="radius_km_min"
          type="number"
          required
          step="any"
          {...bounds.radiusKm}
          defaultValue={now.radius_km_min}
        />
        <Field
          label={say('config.radius_max')}
          name="radius_km_max"
          type="number"
          required
          step="any"
          {...bounds.radiusKm}
          defaultValue={now.radius_km_max}
        />
      </div>
      <Field
        label={say('config.offer_seconds')}
        name="offer_seconds"
        type="number"
        required
        {...bounds.offerSeconds}
        defaultValue={now.offer_seconds}
      />
    </Form>
  )
}

function Pricing({ now, onChange }: Props) {
  const [isOwn, setOwn] = useState(now.pricing !== null)
  const price = now.pricing ?? now.default_pricing
  const band = (at: number) => price.bands[at]
  const submit = (given: Readonly<Record<string, string>>): Promise<void> => {
    if (!isOwn) return onChange({ pricing: null })
    const bands = Array.from({ length: bandsShown }, (_, at) => ({
      end: given[`up_to_km_${at}`] ?? '',
      rate: given[`per_km_${at}`] ?? '',
    })).filter(({ rate }) => rate !== '')
    return onChange({
      pricing: {
        base_fee: Number(given['base_fee']),
        minimum_fee: Number(given['minimum_fee']),
        bands: bands.map(({ end, rate }) => ({
          up_to_km: end === '' ? null : Number(end),
          per_km: Number(rate),
        })),
      },
    })
  }
  return (
    <Form id="price" submit={say('action.save')} onSubmit={submit}>
      <h2>{say('config.price')}</h2>
      <p class="soft small">{say('config.price_lead', { currency: price.currency })}</p>
      <Choice
        label={say('config.price_of')}
        value={isOwn ? 'own' : 'program'}
        options={[
          ['program', say('config.price_program')],
          ['own', say('config.price_own')],
        ]}
        onChange={event => setOwn(event.currentTarget.value === 'own')}
      />
      {isOwn ? (
        <>
          <div class="pair">
            <Field
              label={say('config.base_fee')}
              name="base_fee"
              type="number"
              required
              min={0}
              step="any"
              defaultValue={price.base_fee}
            />
            <Field
              label={say('config.minimum_fee')}
              name="minimum_fee"
              type="number"
              required
              min={0}
              step="any"
              defaultValue={price.minimum_fee}
            />
          </div>
          {Array.from({ length: bandsShown }, (_, at) => (
            <div class="pair" key={at}>
              <Field
                label={say('config.up_to', { number: at + 1 })}
                hint={say('config.up_to_hint')}
                name={`up_to_km_${at}`}
                type="number"
                min={0}
                step="any"
                defaultValue={band(at)?.up_to_km ?? ''}
              />
              <Field
                label={say('config.per_km', { number: at + 1 })}
                name={`per_km_${at}`}
                type="number"
                min={0}
                step="any"
                defaultValue={band(at)?.per_km ?? ''}
              />
            </div>
          ))}
        </>
      ) : null}
    </Form>
  )
}

function Changes({ of }: { of: number }) {
  const word = (value: boolean): string => say(value ? 'admin.yes' : 'admin.no')
  return (
    <Paged<Change>
      label={say('config.changes')}
      of={of}
      empty={say('admin.nothing')}
      keyOf={row => String(row.revision)}
      load={async () => {
        const { changes } = await session.api.call<{ changes: Change[] }>('GET', `${path}/changes`)
        return { rows: changes, next: null }
      }}
    >
      {row => (
        <article data-revision={row.revision}>
          <div class="row spread">
            <strong>{row.revision}</strong>
            <span class="soft small">{dayAndTime(row.changed_at)}</span>
          </div>
          <Facts
            of={{
              [say('audit.actor')]: row.changed_by,
              [say('config.takes_orders')]: word(row.takes_orders),
              [say('config.takes_registrations')]: word(row.takes_registrations),
              [say('config.radius')]: `${row.radius_km_min}–${row.radius_km_max} km`,
              [say('config.offer_seconds')]: String(row.offer_seconds),
              [say('config.price')]:
                row.pricing === null
                  ? say('config.price_program')
                  : `${row.pricing.base_fee} / ${row.pricing.minimum_fee} ${row.pricing.currency}`,
            }}
          />
        </article>
      )}
    </Paged>
  )
}
