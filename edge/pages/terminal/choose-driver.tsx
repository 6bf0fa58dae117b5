/** The drivers on duty, nearest to the pharmacy first, of whom one is given the order by hand. */
import { useEffect, useState } from 'preact/hooks'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Action, problemText } from '../base/form.tsx'
import { kilometres } from '../base/format.ts'
import { distanceKm } from '../map/projection.ts'
import { say, sayIfKnown } from '../texts/index.ts'
import type { Desk } from './desk.ts'

/** The part of a driver's record that the list shows. */
interface DriverRow {
  id: string
  full_name: string
  vehicle_type: string
  status: string
  capacity: number
  active_order_ids: readonly string[]
  current_latitude: number | null
  current_longitude: number | null
}
interface Candidate {
  driver: DriverRow
  /** Km to the pick-up; null for a driver without a position. */
  awayKm: number | null
}

const driversMax = 200
/** Time between two looks of an open list. */
const lookAgainMs = 5_000
const onDuty = ['available', 'busy']

/** The list. */
export function ChooseDriver({ desk, view }: { desk: Desk; view: OrderView }) {
  const { api, user } = desk.session
  const [candidates, setCandidates] = useState<readonly Candidate[] | null>(null)
  const [problem, setProblem] = useState('')
  const load = async (): Promise<void> => {
    const { drivers } = await api.call<{ drivers: DriverRow[] }>('GET', '/api/drivers', {
      query: {
        vendor_id: user.value?.vendor_id ?? undefined,
        membership: 'active',
        limit: driversMax,
      },
    })
    setCandidates(nearestFirst(drivers, view))
  }
  // The open list asks again, because a driver who is full now may soon be free.
  useEffect(() => {
    const look = (): void =>
      void load().then(
        () => setProblem(''),
        (error: unknown) => setProblem(problemText(error)),
      )
    look()
    const repeat = setInterval(look, lookAgainMs)
    return () => clearInterval(repeat)
  }, [view.id])
  return (
    <section aria-label={say('terminal.choose_driver')}>
      <p class="error" role="alert">
        {problem}
      </p>
      {candidates?.length === 0 ? <p class="empty">{say('terminal.nobody_on_duty')}</p> : null}
      <ul class="list drivers">
        {(candidates ?? []).map(({ driver, awayKm }) => (
          <li key={driver.id} class="row spread" data-driver={driver.id}>
            <span>
              <strong>{driver.full_name}</strong>{' '}
              <span class="soft small">
                {kilometres(awayKm)} · {sayIfKnown(`vehicle.${driver.vehicle_type}`)} ·{' '}
                {say('terminal.has_deliveries', { count: driver.active_order_ids.length })}
              </span>
            </span>
            <Action
              class="quiet"
              disabled={driver.active_order_ids.length >= driver.capacity}
              label={say('terminal.assign_named', { name: driver.full_name })}
              onAct={async () => desk.deliveries.show(await api.assignDriver(view.id, driver.id))}
            >
              {say('terminal.assign')}
            </Action>
          </li>
        ))}
      </ul>
      <Action class="plain small" onAct={load}>
        {say('terminal.look_again')}
      </Action>
    </section>
  )
}

function nearestFirst(drivers: readonly DriverRow[], view: OrderView): Candidate[] {
  const { pickup_latitude, pickup_longitude } = view
  return drivers
    .filter(({ status }) => onDuty.includes(status))
    .map(driver => ({ driver, awayKm: awayOf(driver) }))
    .sort((a, b) => (a.awayKm ?? Infinity) - (b.awayKm ?? Infinity))

  function awayOf({ current_latitude, current_longitude }: DriverRow): number | null {
    if (current_latitude === null || current_longitude === null) return null
    if (pickup_latitude === null || pickup_longitude === null) return null
    return distanceKm(
      { latitude: current_latitude, longitude: current_longitude },
      { latitude: pickup_latitude, longitude: pickup_longitude },
    )
  }
}
