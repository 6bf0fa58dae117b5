/**
 * Free slots of a month for a pharmacy with 50 services, with the appointments of a busy month, in
 * a month without and with a change of the clock. The baseline asks Temporal for each slot, as code
 * without the list of stretches does. An operation is a month of one service.
 */
import { Temporal } from 'temporal-polyfill'
import {
  slotsBetween,
  type SlotTerms,
  type Taken,
} from '../../protocol/appointments/availability.ts'
import { defaultTerms } from '../../protocol/appointments/terms.ts'
import { dayMs, minuteMs } from '../../protocol/appointments/zones.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { MicroCase, MicroSuite } from './suite.ts'

const serviceCount = 50
const appointmentsOfEach = 200
const zone = 'America/New_York'
const asked = 'a month'
const perSlot = 'Temporal for each slot'
/** The goal is 5 ms of processor for a month of 50 services. */
const monthsPerSecond = 200 * serviceCount

let sink = 0

const termsOf = (random: () => number): SlotTerms => ({
  ...defaultTerms,
  active: true,
  time_zone: zone,
  duration_minutes: 20 + 10 * Math.floor(random() * 3),
  interval_minutes: 15,
  capacity: 1 + Math.floor(random() * 3),
  buffer_after_minutes: 5,
  window_days: 90,
  rules: [
    { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00' },
    { days: ['sat'], from: '10:00', to: '14:00' },
  ],
  overrides: [{ date: '2027-02-15', intervals: [] }],
  leave: [{ from: '2027-02-10T12:00', to: '2027-02-12T00:00', seats: 1 }],
  closures: [{ from: '2027-02-22T00:00', to: '2027-02-23T00:00' }],
})

function casesOf(fromMs: number): { run: () => void; slowly: () => void } {
  const random = seededRandom(7)
  const toMs = fromMs + 30 * dayMs
  const services = Array.from({ length: serviceCount }, () => {
    const terms = termsOf(random)
    const taken: Taken[] = Array.from({ length: appointmentsOfEach }, () => {
      const startMs = fromMs + Math.floor((random() * 30 * dayMs) / (15 * minuteMs)) * 15 * minuteMs
      return { startMs, endMs: startMs + terms.duration_minutes * minuteMs }
    })
    return { terms, taken }
  })
  const run = (): void => {
    for (const { terms, taken } of services)
      sink += slotsBetween(terms, taken, fromMs, toMs, fromMs - dayMs).startsMs.length
  }
  const begin = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone)
  const slowly = (): void => {
    for (let day = 0; day < 30; day++)
      for (let minute = 9 * 60; minute < 17 * 60; minute += 15)
        sink += begin
          .toPlainDate()
          .add({ days: day })
          .toZonedDateTime({
            timeZone: zone,
            plainTime: { hour: Math.floor(minute / 60), minute: minute % 60 },
          }).epochMilliseconds
  }
  return { run, slowly }
}

async function cases(): Promise<Record<string, MicroCase>> {
  const plain = casesOf(Date.parse('2027-02-01T05:00:00Z'))
  const changing = casesOf(Date.parse('2027-03-01T05:00:00Z'))
  return {
    [asked]: {
      operationsPerRun: serviceCount,
      run: plain.run,
      baseline: perSlot,
      goal: { value: monthsPerSecond },
    },
    'a month with a change of the clock': {
      operationsPerRun: serviceCount,
      run: changing.run,
      baseline: perSlot,
      goal: { value: monthsPerSecond },
    },
    // One service, because 50 would take seconds.
    [perSlot]: { operationsPerRun: 1, run: plain.slowly, baseline: null },
  }
}

export const suite: MicroSuite = {
  name: 'availability',
  title: 'free slots of a month, 50 services',
  baseline: perSlot,
  cases,
}
