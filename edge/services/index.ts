/** The catalogue of pharmacies: services, their groups, free slots, and closures. */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { groupRoutes } from './group-routes.ts'
import { serviceRoutes, type ServiceContext } from './routes.ts'
import { ServiceView } from './views.ts'

export const services = feature<Kernel & ServiceContext>()({
  name: 'services',
  routes: parts => [...serviceRoutes(parts), ...groupRoutes(parts)],
  named: { Service: ServiceView },
  tags: { services: 'What pharmacies offer by appointment, and when it is free' },
  access,
  examples,
  answers: 'edge/services/answers.json',
})
