/**
 * A service of a pharmacy and its staff: they change its seats, close it for a while and open it
 * again, confirm, take payments, receive people, also those without an appointment, and note who did
 * not come. A calendar is told new terms once, and the message may be lost, as the product's may.
 */
import type { Terms } from '../../protocol/appointments/terms.ts'
import { defaultTerms } from '../../protocol/appointments/terms.ts'
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import type { AppointmentVerb } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { Caller } from './clients.ts'
import type { SimEdge } from './edge/edge.ts'

export const minuteMs = 60_000
const slotMinutes = 5
/** Average time between two looks of the staff. */
const workMs = 45_000

/** The beginning of the slot that comes `places` after the next one, ms since the epoch. */
export const slotAfter = (nowMs: number, places: number): number =>
  (Math.ceil(nowMs / (slotMinutes * minuteMs)) + places) * slotMinutes * minuteMs

/** The clinic whose appointments a person books. */
export interface Offered {
  readonly serviceId: string
  readonly pharmacyId: string
  readonly terms: Terms
}

/** Sends one person's command to a calendar until it is answered, and reads the appointment. */
export async function tellCalendar(
  who: Caller,
  by: Principal,
  { serviceId }: Offered,
  verb: AppointmentVerb,
  dataOf: (targetId: string) => Record<string, unknown>,
): Promise<void> {
  const { checker } = who.world
  const answer = await who.post(
    verb,
    { serviceId, key: who.newKey() },
    async (edge, { commandId, targetId }) => {
      const data = dataOf(targetId)
      checker.witness.commanded(serviceId, { verb, role: by.role, id: by.id, data })
      const command = { id: commandId, actor_id: serviceId, verb, by, data }
      await edge.commands.send({ actor: 'appointment', ...command })
      return { id: String(data['appointment_id']) }
    },
    one => one.id,
    serviceId,
  )
  if (!answer.ok) return
  const read = await who.call(edge => edge.visit(answer.value.id))
  if (!read.ok) return
  if (read.value === null)
    checker.fail('[2]', `appointment ${answer.value.id} was acknowledged and has no row`, serviceId)
  else checker.calendars.told(read.value.view, read.value.version)
}

export class Clinic extends Caller implements Offered {
  readonly serviceId: string
  readonly pharmacyId: string
  #terms: Terms

  constructor(
    serviceId: string,
    pharmacyId: string,
    ...rest: ConstructorParameters<typeof Caller>
  ) {
    super(...rest)
    this.serviceId = serviceId
    this.pharmacyId = pharmacyId
    const { chance } = this
    this.#terms = {
      ...defaultTerms,
      duration_minutes: slotMinutes,
      interval_minutes: slotMinutes,
      capacity: chance.whole(1, 2),
      buffer_after_minutes: chance.pick([0, 0, 2]),
      notice_minutes: chance.pick([0, 0, 5]),
      window_days: 1,
      rules: [
        { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '24:00' },
      ],
      overrides: [],
      leave: [],
      closures: [],
      required_documents: [],
      steps: [{ id: 'talk', name: 'Talk', minutes: 1 }],
      confirmation: chance.happens(0.3) ? 'manual' : 'automatic',
      prepaid: chance.happens(0.3),
      hold_minutes: chance.whole(1, 3),
      offer_minutes: chance.whole(1, 4),
      cancel_minutes: chance.pick([0, 3]),
      grace_minutes: 1,
      automatic_no_show: chance.happens(0.5),
      reminder_minutes: [8, 3],
      quiet_hours: null,
      time_zone: 'UTC',
      revision: 1,
      active: true,
      name: this.name,
      price_minor: null,
      currency: 'USD',
    }
  }

  get terms(): Terms {
    return this.#terms
  }

  async work(): Promise<void> {
    for (;;) {
      await this.sleep(this.chance.around(workMs))
      if (this.world.closing()) return
      if (this.chance.happens(0.25)) this.#change()
      const own = await this.call(edge => edge.visitsOf(this.serviceId))
      if (own.ok) await this.#tend(own.value)
      if (this.chance.happens(0.2)) await this.#admit()
    }
  }

  /** Somebody without an appointment stands at the counter. */
  #admit(): Promise<void> {
    const { chance, world } = this
    const start_ms = chance.happens(0.7)
      ? null
      : slotAfter(world.schedule.nowMs, chance.whole(0, 3))
    return tellCalendar(this, this.#by, this, 'admit', appointment_id => ({
      appointment_id,
      vendor_id: this.pharmacyId,
      terms: this.#terms,
      customer_id: appointment_id,
      customer_name: 'Somebody',
      customer_phone: '',
      check_in_code: 'code-of-someone',
      start_ms,
      settles: ['payment'],
    }))
  }

  #change(): void {
    const { chance, world } = this
    const before = this.#terms
    const what = chance.random()
    const startMs = slotAfter(world.schedule.nowMs, chance.whole(2, 8))
    const text = (ms: number): string => new Date(ms).toISOString().slice(0, 16)
    const change: Partial<Terms> =
      what < 0.6
        ? { capacity: chance.whole(1, 3) }
        : what < 0.8
          ? { closures: [{ from: text(startMs), to: text(startMs + slotMinutes * minuteMs) }] }
          : { closures: [] }
    this.#terms = { ...before, ...change, revision: before.revision + 1 }
    if (chance.happens(0.2)) return
    void this.call((edge: SimEdge) =>
      edge.commands.send({
        actor: 'appointment',
        id: this.newKey(),
        actor_id: this.serviceId,
        verb: 'describe',
        by: this.#by,
        data: { vendor_id: this.pharmacyId, terms: this.#terms },
      }),
    )
  }

  get #by(): Principal {
    return { role: 'vendor', id: this.pharmacyId }
  }

  async #tend(views: readonly AppointmentView[]): Promise<void> {
    const { chance, world } = this
    const now = world.schedule.nowMs
    const tell = (verb: AppointmentVerb, one: AppointmentView, data: object = {}): Promise<void> =>
      tellCalendar(this, this.#by, this, verb, () => ({ appointment_id: one.id, ...data }))
    for (const one of views) {
      const what = chance.random()
      const begun = one.start !== null && Date.parse(one.start) <= now
      if (one.status === 'proposed' && !one.offered && chance.happens(0.5))
        await tell('settle', one, { what: 'payment' })
      else if (one.status === 'pending' && chance.happens(0.6))
        await tell('confirm', one, { settles: [] })
      else if (one.status === 'booked' && what < 0.03) await tell('cancel', one)
      else if (one.status === 'booked' && what < 0.06)
        await tell('reschedule', one, {
          vendor_id: this.pharmacyId,
          terms: this.#terms,
          start_ms: slotAfter(now, chance.whole(0, 6)),
        })
      else if (one.status === 'booked' && begun && chance.happens(0.4)) await tell('no_show', one)
      else if (one.status === 'arrived') await tell('check_in', one)
      else if (one.status === 'checked_in' && one.steps[0]?.outcome === null)
        await tell('complete_step', one, {
          step_id: 'talk',
          outcome: 'done',
          person_id: this.pharmacyId,
          person_name: this.name,
        })
      else if (one.status === 'checked_in') await tell('complete', one)
    }
  }
}
