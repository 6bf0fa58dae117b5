/** Decides upon the visit itself: check-in, steps, completion, and nobody coming. */
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { minuteMs } from '../../protocol/appointments/zones.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import { type Decision, emit, reject, unreachable } from '../actors/decision.ts'
import type { CommandOf } from './commands.ts'
import type { Appointment, OpenCalendar } from './state.ts'

type VisitDecision = Decision<AppointmentEvent>
type VisitCommand = CommandOf<'check_in' | 'complete_step' | 'complete' | 'no_show'>

const conflict = ({ status }: Appointment, wish: string): VisitDecision =>
  reject('appointment_state_conflict', `the appointment is ${status}, so ${wish}`)

/** The caller may touch the appointment. `nowMs`: ms since the epoch. */
export function attend(
  calendar: OpenCalendar,
  one: Appointment,
  command: VisitCommand,
  nowMs: number,
): VisitDecision {
  if (command.verb === 'check_in') return checkIn(one, command, nowMs)
  if (command.by.role === 'customer') return reject('forbidden', 'only the pharmacy may say that')
  switch (command.verb) {
    case 'complete_step':
      return completeStep(one, command)
    case 'complete':
      return complete(one)
    case 'no_show':
      return noShow(calendar, one, nowMs)
    default:
      return unreachable(command)
  }
}

/** By the customer: "I am here". By the pharmacy: the customer was received. */
function checkIn(
  one: Appointment,
  { by, data }: CommandOf<'check_in'>,
  nowMs: number,
): VisitDecision {
  const { id, status, startMs, endMs, checkInCode } = one
  if (data.code !== undefined && !data.code.endsWith(checkInCode))
    return reject('code_wrong', 'this is the code of another appointment')
  const byCustomer = by.role === 'customer'
  if (status === 'checked_in' || (byCustomer && status === 'arrived')) return emit()
  if ((status !== 'booked' && status !== 'arrived') || startMs === null || endMs === null)
    return conflict(one, 'nobody can check in')
  if (nowMs < startMs - appointmentLimits.checkInEarlyMs)
    return reject('appointment_too_early', 'check-in opens two hours before the beginning')
  if (byCustomer && nowMs >= endMs) return reject('appointment_too_late', 'the appointment is over')
  const about = { appointment_id: id }
  return emit(
    byCustomer
      ? { type: 'appointment_arrived', data: about }
      : { type: 'appointment_checked_in', data: about },
  )
}

/** Steps are done in their order. */
function completeStep(one: Appointment, { data }: CommandOf<'complete_step'>): VisitDecision {
  const step = one.steps.find(({ id }) => id === data.step_id)
  if (step === undefined) return reject('not_found', 'the appointment has no such step')
  if (step.outcome === data.outcome) return emit()
  if (one.status !== 'checked_in') return conflict(one, 'no step can be done')
  const next = one.steps.find(({ outcome }) => outcome === null)
  if (next !== step)
    return reject(
      'step_out_of_order',
      next === undefined ? 'every step is done' : `the step ${next.id} comes first`,
    )
  return emit({ type: 'step_completed', data })
}

function complete(one: Appointment): VisitDecision {
  if (one.status === 'fulfilled') return emit()
  if (one.status !== 'checked_in') return conflict(one, 'it cannot be completed')
  const next = one.steps.find(({ outcome }) => outcome === null)
  if (next !== undefined) return reject('step_out_of_order', `the step ${next.id} comes first`)
  return emit({ type: 'appointment_fulfilled', data: { appointment_id: one.id } })
}

function noShow({ terms }: OpenCalendar, one: Appointment, nowMs: number): VisitDecision {
  if (one.status === 'noshow') return emit()
  if (one.status !== 'booked' || one.startMs === null)
    return conflict(one, 'it cannot become a no-show')
  if (nowMs < one.startMs + terms.grace_minutes * minuteMs)
    return reject(
      'appointment_too_early',
      `a no-show is known ${terms.grace_minutes} minutes after the beginning`,
    )
  return emit({ type: 'appointment_missed', data: { appointment_id: one.id } })
}
