/** Everything that moves, on one socket for operators and for a pharmacy's own wall. */
import { feature } from '../kernel/feature.ts'
import { LiveSockets } from './socket.ts'

export const live = feature()({
  name: 'live',
  sockets(parts) {
    const sockets = new LiveSockets(parts)
    return [
      {
        path: '/ws/live',
        role: 'live',
        targetKind: 'users',
        open: (session, entrance) => sockets.open(session, entrance),
      },
    ]
  },
})
