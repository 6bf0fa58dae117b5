/** The opening hours and their time zone. */
import { useState } from 'preact/hooks'
import { weekdays } from '../../../protocol/pharmacies/weekdays.ts'
import { Check, Choice, Form } from '../../pages/base/form.tsx'
import type { Office } from '../../pages/base/office.ts'
import { WeekFields, weekOfFields, type WeekHours } from '../../pages/base/week.tsx'
import { say } from '../../pages/texts/index.ts'

/** The form. A pharmacy without hours is always open. */
export function HoursPanel({ office }: { office: Office }) {
  const shop = office.pharmacy.value
  const [said, setSaid] = useState('')
  if (shop === null) return <p class="soft">{say('state.loading')}</p>
  const { opening_hours: hours, time_zone, is_open } = shop
  const shown: WeekHours = Object.fromEntries(
    weekdays.map(day => [day, hours?.[day]?.map(one => ({ from: one.open, to: one.close })) ?? []]),
  )
  return (
    <Form
      id="hours"
      submit={say('action.save')}
      onSubmit={async values => {
        setSaid('')
        const week = Object.entries(weekOfFields(values)).map(([day, stretches]) => [
          day,
          stretches.map(({ from, to }) => ({ open: from, close: to })),
        ])
        const isAlways = values['always'] !== undefined
        await office.changePharmacy({
          time_zone: values['time_zone'],
          opening_hours: isAlways ? null : Object.fromEntries(week),
        })
        setSaid(say('account.saved'))
      }}
    >
      <h2>{say('hours.title')}</h2>
      <p>
        <span class="pill" data-tone={is_open ? 'good' : 'warn'}>
          {say(is_open ? 'hours.open' : 'hours.closed')}
        </span>
      </p>
      <Choice
        label={say('hours.zone')}
        name="time_zone"
        defaultValue={time_zone}
        options={zonesWith(time_zone).map(zone => [zone, zone.replaceAll('_', ' ')] as const)}
      />
      <Check label={say('hours.always')} name="always" checked={hours === null} />
      <WeekFields hours={shown} />
      <p role="status">{said}</p>
    </Form>
  )
}

/** The zones that the browser knows; the present one is among them in any case. */
const zonesWith = (zone: string): string[] =>
  [...new Set([zone, ...Intl.supportedValuesOf('timeZone')])].sort()
