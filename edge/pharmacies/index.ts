/** Pharmacies: their records and settings, and the fleet view of their drivers. */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithVault } from '../keys/vault.ts'
import type { PharmacyContext } from './context.ts'
import { PharmacyView, pharmacyRoutes } from './routes.ts'
import { openFleet } from './socket.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'

export const pharmacies = feature<Kernel & PharmacyContext & WithVault>()({
  name: 'pharmacies',
  routes: pharmacyRoutes,
  sockets: parts => [
    {
      path: '/ws/vendor/:vendor_id',
      role: 'vendor',
      open: (session, entrance) => openFleet(parts, session, entrance),
    },
  ],
  named: { Vendor: PharmacyView },
  tags: { vendors: 'Pharmacies' },
  access,
  examples,
  answers: 'edge/pharmacies/answers.json',
})
