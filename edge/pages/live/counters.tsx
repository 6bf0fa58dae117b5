/** The counters of the live map: vehicles by status, and the positions that arrive in a second. */
import { useEffect, useState } from 'preact/hooks'
import type { DriverStatus } from '../../../protocol/drivers/statuses.ts'
import { language, say } from '../texts/index.ts'
import type { City } from './city.ts'
import type { FleetMap } from './fleet-map.ts'
import { driverLooks } from './statuses.ts'

const everyMs = 500
const rateWindowMs = 3_000

/** Counts the positions of the last seconds. */
export class Rate {
  #updates: { atMs: number; count: number }[] = []

  note(count: number): void {
    this.#updates.push({ atMs: performance.now(), count })
  }

  /** Positions in a second, over the last three. */
  now(): number {
    const sinceMs = performance.now() - rateWindowMs
    this.#updates = this.#updates.filter(({ atMs }) => atMs >= sinceMs)
    return Math.round(
      this.#updates.reduce((sum, { count }) => sum + count, 0) / (rateWindowMs / 1_000),
    )
  }
}

interface Props {
  city: City
  map: FleetMap
  rate: Rate
}

/** The panel; it looks twice a second. */
export function Counters({ city, map, rate }: Props) {
  const [, look] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => look(looks => looks + 1), everyMs)
    return () => clearInterval(timer)
  }, [])
  const statuses = [...city.vehicles.values()].map(({ status }) => status)
  const number = (count: number): string => count.toLocaleString(language.value)
  return (
    <section id="counters" class="panel float" aria-label={say('live.counters')}>
      <dl class="figures">
        <div>
          <dt>{say('live.seen')}</dt>
          <dd id="total">{number(map.seen)}</dd>
        </div>
        <div>
          <dt>{say('live.rate')}</dt>
          <dd id="rate">{number(rate.now())}</dd>
        </div>
      </dl>
      <div class="legend">
        {(Object.keys(driverLooks) as DriverStatus[]).map(status => (
          <>
            <Dot color={driverLooks[status].color} />
            <span>{say(`live.${status}`)}</span>
            <span class="count" id={`count-${status}`}>
              {number(statuses.filter(one => one === status).length)}
            </span>
          </>
        ))}
      </div>
    </section>
  )
}

/** A dot in a colour of the style sheet; the policy of the page forbids style attributes in markup, not in script. */
function Dot({ color }: { color: string }) {
  return (
    <span
      class="dot"
      aria-hidden="true"
      ref={element => {
        if (element !== null) element.style.background = `var(${color})`
      }}
    />
  )
}
