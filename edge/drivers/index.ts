/** Drivers: their records, availability and figures, and the socket of their app. */
import type { OrderContext } from '../orders/terms.ts'
import type { WithInvitationTries } from '../approval/invitations.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithVault } from '../keys/vault.ts'
import { driverFigureRoutes } from './figure-routes.ts'
import { DriverProfile } from '../approval/driver-reads.ts'
import { olderDriverRoutes } from './older.ts'
import { driverRoutes, type DriverContext } from './routes.ts'
import { openDriver } from './socket.ts'
import { Ingest } from '../river/ingest.ts'
import type { SocketRow } from '../kernel/socket.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'

export const drivers = feature<
  Kernel & DriverContext & WithInvitationTries & OrderContext & WithVault
>()({
  name: 'drivers',
  routes(parts) {
    const rows = driverRoutes(parts, parts.invitationTries)
    return [...rows, ...driverFigureRoutes(parts), ...olderDriverRoutes(rows)]
  },
  sockets(parts) {
    const ingest = new Ingest(parts)
    parts.hub.onDrain(() => ingest.close())
    const row: SocketRow = {
      path: '/ws/driver',
      role: 'driver',
      open: (session, entrance) => openDriver(parts, ingest, session, entrance),
    }
    return [row, { ...row, path: '/ws/driver/:user_id', alias: row.path }]
  },
  named: { Driver: DriverProfile },
  tags: { drivers: 'Drivers, their availability and earnings' },
  access,
  examples,
  answers: 'edge/drivers/answers.json',
})
