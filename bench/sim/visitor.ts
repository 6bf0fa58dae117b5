/**
 * A customer who books appointments: at the few slots that everybody wants, or by waiting for a
 * place. Some cancel or move them, some decline or forget an offer, some come and some do not.
 */
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import type { AppointmentVerb } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { Caller } from './clients.ts'
import { minuteMs, slotAfter, tellCalendar, type Offered } from './clinic.ts'

/** Average time between two actions. */
const thinkMs = 40_000
const dayMs = 24 * 60 * minuteMs

export class Visitor extends Caller {
  readonly customerId: string

  constructor(customerId: string, ...rest: ConstructorParameters<typeof Caller>) {
    super(...rest)
    this.customerId = customerId
  }

  get #by(): Principal {
    return { role: 'customer', id: this.customerId }
  }

  async live(clinics: readonly Offered[]): Promise<void> {
    const { chance } = this
    for (;;) {
      await this.sleep(chance.around(thinkMs))
      if (this.world.closing()) return
      const clinic = chance.pick(clinics)
      const what = chance.random()
      if (what < 0.35) await this.#book(clinic)
      else if (what < 0.55) await this.#wait(clinic)
      else {
        const own = await this.call(edge => edge.visitsOf(clinic.serviceId, this.customerId))
        if (own.ok) for (const one of own.value) await this.#tend(clinic, one)
      }
    }
  }

  #tell(
    clinic: Offered,
    verb: AppointmentVerb,
    dataOf: (targetId: string) => Record<string, unknown>,
  ): Promise<void> {
    return tellCalendar(this, this.#by, clinic, verb, dataOf)
  }

  #made(clinic: Offered, appointment_id: string) {
    return {
      appointment_id,
      vendor_id: clinic.pharmacyId,
      terms: clinic.terms,
      customer_id: this.customerId,
      customer_name: this.name,
      customer_phone: '555',
      check_in_code: 'code-of-someone',
    }
  }

  #book(clinic: Offered): Promise<void> {
    const start_ms = slotAfter(this.world.schedule.nowMs, this.chance.whole(0, 5))
    return this.#tell(clinic, 'book', id => ({ ...this.#made(clinic, id), start_ms }))
  }

  #wait(clinic: Offered): Promise<void> {
    const { chance, world } = this
    const now = world.schedule.nowMs
    // For a place that somebody else has, or for one that the window has not reached.
    const from_ms = chance.happens(0.25)
      ? slotAfter(now + dayMs, chance.whole(0, 3))
      : slotAfter(now, chance.whole(2, 5))
    const to_ms = from_ms + chance.pick([5, 5, 10, 20]) * minuteMs
    return this.#tell(clinic, 'join_waitlist', id => ({
      ...this.#made(clinic, id),
      from_ms,
      to_ms,
    }))
  }

  async #tend(clinic: Offered, one: AppointmentView): Promise<void> {
    const { chance, world } = this
    const about = { appointment_id: one.id }
    const now = world.schedule.nowMs
    const near = one.start !== null && Math.abs(Date.parse(one.start) - now) < 4 * minuteMs
    const what = chance.random()
    if (one.offered && what < 0.6)
      await this.#tell(clinic, 'confirm', () => ({ ...about, settles: [] }))
    else if (one.status === 'waitlist' || one.offered) {
      if (what < 0.7) await this.#tell(clinic, 'cancel', () => ({ ...about, if_waiting: true }))
    } else if (one.status === 'booked' && near) {
      if (what < 0.5) await this.#tell(clinic, 'check_in', () => about)
    } else if (what < 0.2) await this.#tell(clinic, 'cancel', () => ({ ...about, reason: 'ill' }))
    else if (what < 0.35)
      await this.#tell(clinic, 'reschedule', () => ({
        ...about,
        vendor_id: clinic.pharmacyId,
        terms: clinic.terms,
        start_ms: slotAfter(now, chance.whole(0, 6)),
      }))
  }
}
