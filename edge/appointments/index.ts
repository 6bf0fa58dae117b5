/** Appointments: booking, the visit, the waiting list, and calendars that others read. */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { AppointmentView } from '../../protocol/appointments/view.ts'
import { access } from './callers.ts'
import type { VisitContext } from './context.ts'
import { examples } from './examples.ts'
import { feedRoutes } from './feed-routes.ts'
import { appointmentRoutes } from './routes.ts'
import { waitlistRoutes } from './waitlist-routes.ts'
import { walkInRoutes } from './walk-in-routes.ts'

export const appointments = feature<Kernel & VisitContext>()({
  name: 'appointments',
  routes: parts => [
    ...appointmentRoutes(parts),
    ...walkInRoutes(parts),
    ...waitlistRoutes(parts),
    ...feedRoutes(parts),
  ],
  named: { Appointment: AppointmentView },
  tags: { appointments: 'Appointments, the waiting list, and links to calendars' },
  access,
  examples,
  answers: 'edge/appointments/answers.json',
})
