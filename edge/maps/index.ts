/** Maps: the services for places and routes that orders and prices use. */
import { createMaps } from './maps.ts'
import { feature } from '../kernel/feature.ts'
import { readMapsConfig } from './config.ts'

export const maps = feature()({
  name: 'maps',
  config: readMapsConfig,
  services: ({ config, log, nowMs, after }) => ({
    maps: createMaps(config.maps, { log, nowMs, after }),
  }),
})
