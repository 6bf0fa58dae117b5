/**
 * Hours of a week as one line for each day, such as `09:00-12:00, 14:00-18:00`. Lines are quick to
 * type and to read on any screen; two clocks for each stretch would be up to 84 fields.
 */
import { weekdays, type Weekday } from '../../../protocol/pharmacies/weekdays.ts'
import { language, say } from '../texts/index.ts'
import { Field } from './form.tsx'

/** Local times of a day; at or before `from`, `to` is of the next day. */
export interface Hours {
  from: string
  to: string
}
export type WeekHours = Readonly<Partial<Record<Weekday, readonly Hours[]>>>

const time = '([01]\\d|2[0-3]):[0-5]\\d'
const stretch = `\\s*${time}\\s*[-–]\\s*(${time}|24:00)\\s*`
const linePattern = `(${stretch}(,${stretch})*)?`
/** 1 January 2024 was a Monday, the first of `weekdays`. */
const mondayMs = Date.UTC(2024, 0, 1)
const dayMs = 24 * 3_600_000

const nameOf = (day: Weekday): string =>
  new Date(mondayMs + weekdays.indexOf(day) * dayMs).toLocaleDateString(language.value, {
    weekday: 'long',
    timeZone: 'UTC',
  })

/** Seven fields, named by their days. */
export function WeekFields({ hours }: { hours: WeekHours }) {
  return (
    <fieldset>
      <legend>{say('week.title')}</legend>
      <p class="soft small">{say('week.hint')}</p>
      <div class="fields">
        {weekdays.map(day => (
          <Field
            key={day}
            label={nameOf(day)}
            name={day}
            autocomplete="off"
            pattern={linePattern}
            defaultValue={(hours[day] ?? []).map(({ from, to }) => `${from}-${to}`).join(', ')}
          />
        ))}
      </div>
    </fieldset>
  )
}

/** The hours that the fields say. A day without a stretch is left out. */
export function weekOfFields(values: Readonly<Record<string, string>>): WeekHours {
  const found: Partial<Record<Weekday, Hours[]>> = {}
  for (const day of weekdays) {
    const stretches = (values[day] ?? '').split(',').filter(text => text.trim() !== '')
    if (stretches.length > 0)
      found[day] = stretches.map(text => {
        const [from = '', to = ''] = text.split(/[-–]/).map(part => part.trim())
        return { from, to }
      })
  }
  return found
}
