/** The commands of a calendar, as `decide` takes them: those from outside, and its own. */
import type { AppointmentCommandData } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Scoped } from '../actors/decision-scope.ts'

type FromOutside = {
  [V in keyof AppointmentCommandData]: {
    verb: V
    by: Principal
    serviceId: string
    data: AppointmentCommandData[V]
  }
}[keyof AppointmentCommandData]

/**
 * Its own: `look` when a deadline has come, `offer` for a seat that was promised to a customer who
 * waits.
 */
type Own =
  | { verb: 'look'; by: Principal; serviceId: string }
  | { verb: 'offer'; by: Principal; serviceId: string; data: { appointment_id: string } }

export type CalendarCommand = Scoped & (FromOutside | Own)
/** The commands from outside with one of these verbs. */
export type CommandOf<V extends CalendarCommand['verb']> = Extract<CalendarCommand, { verb: V }>
