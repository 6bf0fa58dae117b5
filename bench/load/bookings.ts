/**
 * Acknowledged bookings, each decided, journaled on PostgreSQL with fsync and answered: on one
 * calendar, where each waits for the one before it, and on a thousand. The baseline is one bare
 * committed insert after the other: the cost of the disk and the connection alone.
 */
import type { CalendarCommand } from '../../engine/appointments/commands.ts'
import { defaultTerms, type Terms } from '../../protocol/appointments/terms.ts'
import { dayMs, minuteMs } from '../../protocol/appointments/zones.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Bench, Measure } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { inParallel } from '../rigs/parallel.ts'
import { startEngineOnPostgres } from './engine-on-postgres.ts'

const bare: Measure = { name: 'bare inserts, each committed', unit: 'inserts/s', better: 'higher' }
const one: Measure = {
  name: 'bookings on one calendar',
  unit: 'bookings/s',
  better: 'higher',
  baseline: bare.name,
  goal: { ratio: 0.5, ...decision('a-calendar-is-an-actor') },
}
const many: Measure = {
  name: 'bookings on a thousand calendars',
  unit: 'bookings/s',
  better: 'higher',
  baseline: bare.name,
}

const calendars = 1_000
const atOnce = 512
/** Slots of a day, each with this many seats. */
const seats = 50
const slotsOfDay = 96

const terms: Terms = {
  ...defaultTerms,
  rules: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '24:00' }],
  overrides: [],
  leave: [],
  closures: [],
  required_documents: [],
  steps: [],
  reminder_minutes: [24 * 60],
  interval_minutes: 15,
  duration_minutes: 15,
  capacity: seats,
  time_zone: 'UTC',
  revision: 1,
  active: true,
  name: 'Flu vaccination',
  price_minor: 1500,
  currency: 'USD',
}

export const bench: Bench = {
  name: 'bookings',
  group: 'load',
  title: 'bookings of appointments, durable and answered',
  needs: ['postgres'],
  rounds: { full: 3, quick: 2 },
  async open(context) {
    const { engine, database, env } = await startEngineOnPostgres(context)
    await database.pool.query('create table bare_rows (id uuid primary key, data text)')
    const id = (): string => uuidV7(env.nowMs(), env.random)
    const vendorId = id()
    const firstMs = (Math.floor(env.nowMs() / dayMs) + 2) * dayMs
    /** The n-th booking of a calendar, in the n-th seat. */
    const book = async (serviceId: string, n: number): Promise<void> => {
      const slot = Math.floor(n / seats)
      const command: CalendarCommand = {
        verb: 'book',
        by: { role: 'customer', id: id() },
        serviceId,
        data: {
          appointment_id: id(),
          vendor_id: vendorId,
          terms,
          customer_id: id(),
          customer_name: 'Anita Shrestha',
          customer_phone: '+977 984 123 4567',
          check_in_code: 'k7Qm2Xw9Lp4Z',
          start_ms:
            firstMs + Math.floor(slot / slotsOfDay) * dayMs + (slot % slotsOfDay) * 15 * minuteMs,
        },
      }
      const reply = await engine.actors.tell('appointment', serviceId, id(), command)
      if (!reply.ok) throw new Error(`a booking was refused: ${reply.code}, ${reply.detail}`)
    }
    const rate = async (count: number, run: (n: number) => Promise<void>): Promise<number> => {
      const fromMs = performance.now()
      await inParallel(
        Array.from({ length: count }, (_, n) => n),
        atOnce,
        run,
      )
      return (count * 1_000) / (performance.now() - fromMs)
    }
    const onMany = async (count: number): Promise<number> => {
      const services = Array.from({ length: calendars }, id)
      return rate(count, n => book(services[n % calendars]!, Math.floor(n / calendars)))
    }
    await onMany(5_000)

    return async () => {
      const inserts = context.quick ? 200 : 1_000
      const fromMs = performance.now()
      for (let i = 0; i < inserts; i++)
        await database.pool.query({
          name: 'bare_row',
          text: 'insert into bare_rows values ($1, $2)',
          values: [id(), 'x'.repeat(400)],
        })
      context.sample(bare, { value: (inserts * 1_000) / (performance.now() - fromMs) })
      const alone = id()
      context.sample(one, {
        value: await rate(context.quick ? 500 : 2_000, n => book(alone, n)),
        note: `${atOnce} under way`,
      })
      context.sample(many, {
        value: await onMany(context.quick ? 5_000 : 20_000),
        note: `${atOnce} under way`,
      })
    }
  },
}
