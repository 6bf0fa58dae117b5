/** The terms of one service. What the form does not show stays as it is. */
import type { Service } from '../../../protocol/client/index.ts'
import { weekdays, type Weekday } from '../../../protocol/pharmacies/weekdays.ts'
import { Check, Choice, Field, Form } from '../../pages/base/form.tsx'
import type { Office } from '../../pages/base/office.ts'
import { WeekFields, weekOfFields, type Hours, type WeekHours } from '../../pages/base/week.tsx'
import { say, type TextKey } from '../../pages/texts/index.ts'

interface Props {
  office: Office
  /** Null for a new one. */
  service: Service | null
  onDone(): Promise<void>
}

interface NumberField {
  name: 'duration_minutes' | 'interval_minutes' | 'capacity' | 'notice_minutes' | 'cancel_minutes'
  label: TextKey
  min: number
  max: number
  otherwise: number
}
const numbers: readonly NumberField[] = [
  {
    name: 'duration_minutes',
    label: 'services.duration_minutes',
    min: 1,
    max: 1440,
    otherwise: 30,
  },
  {
    name: 'interval_minutes',
    label: 'services.interval_minutes',
    min: 5,
    max: 1440,
    otherwise: 30,
  },
  { name: 'capacity', label: 'services.capacity', min: 1, max: 500, otherwise: 1 },
  {
    name: 'notice_minutes',
    label: 'services.notice_minutes',
    min: 0,
    max: 129_600,
    otherwise: 120,
  },
  {
    name: 'cancel_minutes',
    label: 'services.cancel_minutes',
    min: 0,
    max: 129_600,
    otherwise: 120,
  },
]
const officeHours: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri']

/** The form. */
export function ServiceForm({ office, service, onDone }: Props) {
  const { visits } = office.session.api
  return (
    <Form
      id="service"
      submit={say('action.save')}
      more={
        <button type="button" class="plain" onClick={() => void onDone()}>
          {say('action.close')}
        </button>
      }
      onSubmit={async values => {
        const { name = '', description = '', price = '', documents = '' } = values
        const body = {
          name,
          description: description === '' ? null : description,
          price: price === '' ? null : Number(price),
          is_active: values['is_active'] !== undefined,
          prepaid: values['prepaid'] !== undefined,
          confirmation: values['confirmation'] as Service['confirmation'],
          required_documents: documents
            .split(',')
            .map(text => text.trim())
            .filter(text => text !== ''),
          rules: rulesOf(weekOfFields(values)),
          ...Object.fromEntries(numbers.map(one => [one.name, Number(values[one.name])])),
        }
        if (service === null) await visits.createService(office.pharmacyId, body)
        else await visits.updateService(service.id, body)
        await onDone()
      }}
    >
      <h2>{service === null ? say('services.add') : service.name}</h2>
      <Field
        label={say('field.name')}
        name="name"
        required
        maxLength={200}
        defaultValue={service?.name ?? ''}
      />
      <Field
        label={say('services.description')}
        hint={say('field.optional')}
        name="description"
        maxLength={1000}
        defaultValue={service?.description ?? ''}
      />
      <div class="fields">
        <Field
          label={say('services.price')}
          hint={say('field.optional')}
          name="price"
          type="number"
          min={0}
          step="any"
          defaultValue={service?.price ?? ''}
        />
        {numbers.map(({ name, label, min, max, otherwise }) => (
          <Field
            key={name}
            label={say(label)}
            name={name}
            type="number"
            min={min}
            max={max}
            required
            defaultValue={service?.[name] ?? otherwise}
          />
        ))}
      </div>
      <WeekFields hours={weekOf(service)} />
      <Choice
        label={say('services.confirmation')}
        name="confirmation"
        defaultValue={service?.confirmation ?? 'automatic'}
        options={[
          ['automatic', say('services.automatic')],
          ['manual', say('services.manual')],
        ]}
      />
      <Field
        label={say('services.documents')}
        hint={say('services.documents_hint')}
        name="documents"
        maxLength={1000}
        defaultValue={service?.required_documents.join(', ') ?? ''}
      />
      <Check label={say('services.prepaid')} name="prepaid" checked={service?.prepaid ?? false} />
      <Check label={say('services.active')} name="is_active" checked={service?.is_active ?? true} />
    </Form>
  )
}

/** The hours of a service by its days; office hours for a new one. */
function weekOf(service: Service | null): WeekHours {
  if (service === null)
    return Object.fromEntries(officeHours.map(day => [day, [{ from: '09:00', to: '17:00' }]]))
  return Object.fromEntries(
    weekdays.map(day => [day, service.rules.filter(rule => rule.days.includes(day))]),
  )
}

/** One rule for each stretch of hours, with all of its days. */
function rulesOf(week: WeekHours): Service['rules'] {
  const rules = new Map<string, Hours & { days: Weekday[] }>()
  for (const day of weekdays)
    for (const { from, to } of week[day] ?? []) {
      const known = rules.get(`${from}-${to}`)
      if (known === undefined) rules.set(`${from}-${to}`, { days: [day], from, to })
      else known.days.push(day)
    }
  return [...rules.values()]
}
