/**
 * Requests: a customer asks the pharmacies nearby, their terminals show the request, and the first
 * to accept wins.
 */
import { Races } from '../orders/races.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStandings } from '../kernel/standing.ts'
import { medicineRoutes } from './medicine.ts'
import type { OrderContext } from '../orders/terms.ts'
import { requestRoutes } from './routes.ts'
import { openTerminal } from './socket.ts'
import { Terminals } from './terminals.ts'
import type { UploadContext } from '../uploads/upload-store.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'

export const requests = feature<Kernel & OrderContext & UploadContext & WithStandings>()({
  name: 'requests',
  services: ({ after }) => ({ races: new Races(after) }),
  routes: parts => [...requestRoutes(parts), ...medicineRoutes(parts)],
  sockets(parts) {
    const terminals = new Terminals(parts)
    return [
      {
        path: '/ws/pharmacy',
        role: 'pharmacy',
        open: (session, entrance) => openTerminal(parts, terminals, session, entrance),
      },
    ]
  },
  tags: {
    requests: 'A customer asks the pharmacies nearby; the first to accept wins',
    'broadcast (older API)': 'Names and shapes of the broadcast backend',
  },
  access,
  examples,
  answers: 'edge/requests/answers.json',
})
