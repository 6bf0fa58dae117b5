/** The public view of an appointment. Its row keeps it, and readers may see less of it. */
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import { localMsOf, textOfLocalMs } from '../../protocol/appointments/zones.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import type { Appointment, OpenCalendar } from './state.ts'

const time = (ms: number | null): string | null => (ms === null ? null : isoTime(ms))

/** The appointment as the calendar knows it now. */
export function view(
  { serviceId, vendorId }: Pick<OpenCalendar, 'serviceId' | 'vendorId'>,
  one: Appointment,
): AppointmentView {
  const { startMs, wish, priceMinor } = one
  return {
    id: one.id,
    service_id: serviceId,
    vendor_id: vendorId,
    user_id: one.customerId === one.id ? null : one.customerId,
    service_name: one.serviceName,
    status: one.status,
    customer_name: one.customerName,
    customer_phone: one.customerPhone,
    customer_time_zone: one.customerTimeZone,
    notes: one.notes,
    start: time(startMs),
    end: time(one.endMs),
    start_local: startMs === null ? null : textOfLocalMs(localMsOf(one.timeZone, startMs)),
    time_zone: one.timeZone,
    wish: wish === null ? null : { from: isoTime(wish.fromMs), to: isoTime(wish.toMs) },
    missing: [...one.missing],
    offered: one.offered,
    held_until: time(one.heldUntilMs),
    steps: one.steps.map(({ id, name, minutes, outcome, atMs, byId, byName }) => ({
      id,
      name,
      minutes,
      outcome,
      at: time(atMs),
      by_id: byId,
      by_name: byName,
    })),
    reminders: one.remindersMs.map(isoTime),
    sequence: one.sequence,
    rescheduled_from: time(one.rescheduledFromMs),
    price: priceMinor === null ? null : decimalOfMinor(priceMinor, one.currency),
    currency: one.currency,
    check_in_code: one.checkInCode,
    cancel_cause: one.cancelCause,
    reason: one.reason,
    created_at: isoTime(one.createdAtMs),
    updated_at: isoTime(one.updatedAtMs),
    booked_at: time(one.bookedAtMs),
    arrived_at: time(one.arrivedAtMs),
    checked_in_at: time(one.checkedInAtMs),
    ended_at: time(one.endedAtMs),
  }
}
