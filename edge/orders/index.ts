/** Orders: from creation to delivery, their events, and the messages to their customers. */
import { OrderView } from '../../protocol/orders/view.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { WithVault } from '../keys/vault.ts'
import { breadcrumbRoutes } from './breadcrumbs.ts'
import { orderEventRoutes } from './order-events.ts'
import { orderRoutes } from './routes.ts'
import type { OrderContext } from './terms.ts'
import { openCustomer } from './socket.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { deleteOldKeys } from './housekeeping.ts'

export const orders = feature<Kernel & OrderContext & WithStandings & WithVault>()({
  name: 'orders',
  routes: parts => [...orderRoutes(parts), ...orderEventRoutes(parts), ...breadcrumbRoutes(parts)],
  sockets: parts => [
    {
      path: '/ws/customer',
      role: 'customer',
      open: (session, entrance) => openCustomer(parts, session, entrance),
    },
  ],
  jobs: { delete_old_keys: every(10, 'Deletes old idempotency keys', deleteOldKeys) },
  named: { Order: OrderView },
  tags: { orders: 'From the order to the delivery' },
  access,
  examples,
  answers: 'edge/orders/answers.json',
})
