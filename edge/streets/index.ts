/** Streets on the maps of the pages, from the tiles that the operator names. */
import { everyone } from '../kernel/access.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { readStreetsConfig } from './config.ts'
import { streetRoutes } from './routes.ts'

export const streets = feature<Kernel>()({
  name: 'streets',
  config: readStreetsConfig,
  routes: streetRoutes,
  access: { getMap: everyone, getMapOutline: everyone },
  examples: { getMap: { status: 200 }, getMapOutline: { status: 200 } },
  answers: 'edge/streets/answers.json',
})
