/** The calendar of a service as a kind of actor: everything that the list of kinds knows of it. */
import { closedAppointmentVerbs } from '../../protocol/dispatch/appointment-commands.ts'
import { commandSchemas } from '../../protocol/dispatch/commands.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import type { Attendant, Kind } from '../actors/kind.ts'
import type { CalendarCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { calendarMachine } from './machine.ts'
import { calendarName, lookAt, react } from './react.ts'
import { absentCalendar, appointmentIn, type Calendar, type OpenCalendar } from './state.ts'
import { calendarTables, type CalendarRow } from './tables.ts'
import { view } from './view.ts'
import { nextDue } from './wake.ts'
import { words } from './words.ts'

const attendant: Attendant<Calendar, CalendarCommand, AppointmentEvent> = {
  // The data fits the schema of its verb.
  plan: ({ verb, by, actor_id: serviceId, data }) =>
    ({ verb, by, serviceId, data }) as CalendarCommand,
  reply({ state }, command) {
    const one =
      state.kind === 'open' && 'data' in command && 'appointment_id' in command.data
        ? appointmentIn(state, command.data.appointment_id)
        : undefined
    return { ok: true, appointment: one === undefined ? null : view(state as OpenCalendar, one) }
  },
}

export const calendarKind: Kind<Calendar, CalendarCommand, AppointmentEvent, CalendarRow> = {
  name: calendarName,
  byte: 2,
  words,
  tables: calendarTables,
  commands: commandSchemas.appointment,
  closedToServices: Object.fromEntries(
    Array.from(closedAppointmentVerbs, verb => [
      verb,
      'appointments are made and moved by /api/appointments, which knows the terms of the service',
    ]),
  ),
  machine: calendarMachine,
  absent: absentCalendar,
  // A booking of a calendar without terms brings them, but nearly every calendar exists.
  creates: () => false,
  actorOf: command => command.by,
  decide,
  evolve,
  react: (event, calendar, _atMs, source) =>
    calendar.kind === 'absent' ? [] : react(event, calendar, source),
  resume: () => [],
  wakeAtMs: calendar => nextDue(calendar)?.atMs ?? null,
  row(calendar, version) {
    if (calendar.kind === 'absent') throw new Error('a calendar without terms has no row')
    const { touchedId } = calendar
    const one = appointmentIn(calendar, touchedId ?? '') ?? null
    return { version, one, view: one === null ? null : view(calendar, one) }
  },
  finished: () => false,
  attentive: () => false,
  pharmacyOf: calendar => (calendar.kind === 'absent' ? null : calendar.vendorId),
  aboutOf: ({ data }) => ('appointment_id' in data ? data.appointment_id : null),
  attend: engine => ({
    ...attendant,
    due: ({ actorId, version }) => void engine.actors.tell(lookAt(actorId, version)),
  }),
}
