/** Tracking: a delivery as the holder of its public link sees it. */
import { feature } from '../kernel/feature.ts'
import { trackingRoutes } from './routes.ts'
import { openTracking } from './socket.ts'
import { access } from './callers.ts'
import { readTrackingConfig } from './config.ts'
import { examples } from './examples.ts'

export const tracking = feature()({
  name: 'tracking',
  config: readTrackingConfig,
  routes: trackingRoutes,
  sockets: parts => [
    {
      path: '/ws/tracking/:tracking_token',
      role: 'tracking',
      targetKind: 'tracking',
      open: (session, entrance) => openTracking(parts, session, entrance),
    },
  ],
  tags: { tracking: 'A delivery as the holder of its link sees it' },
  access,
  examples,
  answers: 'edge/tracking/answers.json',
})
