/** Maps: the services for places and routes that orders and prices use, and the search of people. */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { readMapsConfig } from './config.ts'
import { examples } from './examples.ts'
import { createMaps } from './maps.ts'
import { mapsRoutes } from './routes.ts'

export const maps = feature<Kernel>()({
  name: 'maps',
  config: readMapsConfig,
  services: ({ config, log, nowMs, after }) => ({
    maps: createMaps(config.maps, { log, nowMs, after }),
  }),
  routes: mapsRoutes,
  tags: { places: 'Addresses and their places' },
  access,
  examples,
  answers: 'edge/maps/answers.json',
})
