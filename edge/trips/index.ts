/** Trips: the deliveries under the names of the rides backend, with their socket. */
import { TripView } from '../../protocol/trips/view.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithAudit } from '../audit/port.ts'
import type { OrderContext } from '../orders/terms.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { tripRoutes } from './routes.ts'
import { openTrips } from './socket.ts'

export const trips = feature<Kernel & OrderContext & WithAudit>()({
  name: 'trips',
  routes: tripRoutes,
  sockets: parts => [
    {
      path: '/ws/:user_id',
      role: 'trips',
      targetKind: 'users',
      open: (session, entrance) => openTrips(parts, session, entrance),
    },
  ],
  named: { Trip: TripView },
  access,
  examples,
  answers: 'edge/trips/answers.json',
})
