/** The pharmacy's drivers: where they are, who is invited, who waits, and who has left. */
import { useState } from 'preact/hooks'
import { Action, Choice } from '../../pages/base/form.tsx'
import { dayAndTime, kilometres } from '../../pages/base/format.ts'
import type { DriverRow, Office } from '../../pages/base/office.ts'
import { distanceKm } from '../../pages/map/projection.ts'
import { say, sayIfKnown } from '../../pages/texts/index.ts'
import { FleetMap } from './fleet-map.tsx'
import { Invitations } from './invitations.tsx'

const memberships = ['active', 'pending', 'ended'] as const
type Shown = 'present' | (typeof memberships)[number]

/** The whole part. */
export function DriversPart({ office }: { office: Office }) {
  return (
    <div class="beside">
      <div class="stack">
        <DriverList office={office} />
        <Invitations office={office} />
      </div>
      <div class="map-first sticky">
        <FleetMap office={office} />
      </div>
    </div>
  )
}

function DriverList({ office }: { office: Office }) {
  const [shown, setShown] = useState<Shown>('present')
  const drivers = office.drivers.value.filter(({ membership }) =>
    shown === 'present' ? membership !== 'ended' : membership === shown,
  )
  return (
    <section class="panel">
      <h2>{say('drivers.title')}</h2>
      <Choice
        label={say('drivers.shown')}
        value={shown}
        onChange={event => setShown(event.currentTarget.value as Shown)}
        options={[
          ['present', say('drivers.present')],
          ...memberships.map(one => [one, say(`member.${one}`)] as const),
        ]}
      />
      <ul class="list" id="drivers">
        {drivers.map(driver => (
          <DriverItem key={driver.id} office={office} driver={driver} />
        ))}
      </ul>
      {drivers.length === 0 ? <p class="empty">{say('drivers.none')}</p> : null}
    </section>
  )
}

function DriverItem({ office, driver }: { office: Office; driver: DriverRow }) {
  const { id, membership, full_name, phone, vehicle_type, vehicle_number } = driver
  const decide = async (verb: 'approve' | 'end'): Promise<void> => {
    await office.session.api.call('POST', `${office.path}/drivers/${id}/${verb}`, { body: {} })
    await office.readDrivers()
  }
  const vehicle = sayIfKnown(`vehicle.${vehicle_type}`) ?? vehicle_type
  return (
    <li data-driver={id}>
      <div class="row spread">
        <strong>{full_name}</strong>
        <span class="pill" data-tone={toneOf(driver)}>
          {stateOf(driver)}
        </span>
      </div>
      <p class="soft small">
        {[vehicle, vehicle_number].filter(Boolean).join(' ')} · <a href={`tel:${phone}`}>{phone}</a>{' '}
        · {say('drivers.deliveries', { count: driver.total_deliveries })}
      </p>
      {membership === 'active' ? <Whereabouts office={office} driver={driver} /> : null}
      <div class="row">
        {membership === 'pending' ? (
          <Action onAct={() => decide('approve')}>{say('drivers.approve')}</Action>
        ) : null}
        {membership === 'ended' ? null : (
          <Action
            class="plain"
            confirm={say('drivers.end_really')}
            label={say('drivers.end_named', { name: full_name })}
            onAct={() => decide('end')}
          >
            {say('drivers.end')}
          </Action>
        )}
      </div>
    </li>
  )
}

/** The text that says what the map shows: the distance, its time, and the orders under way. */
function Whereabouts({ office, driver }: { office: Office; driver: DriverRow }) {
  void office.moves.value
  const place = office.places.get(driver.id)
  const pharmacy = office.pharmacy.value
  const count = driver.active_order_ids.length
  return (
    <p class="soft small">
      {count === 0 ? null : `${say('drivers.under_way', { count })} · `}
      {place === undefined || pharmacy === null
        ? say('drivers.nowhere')
        : say('drivers.away', {
            distance: kilometres(distanceKm(pharmacy, place)),
            time: place.at === null ? '–' : dayAndTime(place.at),
          })}
    </p>
  )
}

/** The state of a driver in words: waiting for approval, gone, or the duty. */
function stateOf({ membership, status }: DriverRow): string {
  if (membership !== 'active') return say(`member.${membership}`)
  return sayIfKnown(`duty.${status}`) ?? status
}

function toneOf({ membership, status }: DriverRow): string {
  if (membership === 'ended') return 'bad'
  if (membership === 'pending' || status === 'on_break') return 'warn'
  return status === 'offline' ? '' : 'good'
}
