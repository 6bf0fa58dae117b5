/** Streets on the maps of the pages, from what the operator has. */
import { everyone } from '../kernel/access.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { readStreetsConfig } from './config.ts'
import { streetRoutes } from './routes.ts'

export const streets = feature<Kernel>()({
  name: 'streets',
  config: readStreetsConfig,
  routes: streetRoutes,
  access: { getMap: everyone, getMapOutline: everyone, getMapArchive: everyone },
  examples: {
    getMap: { status: 200 },
    getMapOutline: { status: 200 },
    getMapArchive: { status: 200 },
  },
  answers: 'edge/streets/answers.json',
})
