/** What people may do with the data about them. */
import { feature } from '../kernel/feature.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { privacyRoutes, type PrivacyContext } from './routes.ts'
import type { Kernel } from '../kernel/kernel.ts'

export const privacy = feature<Kernel & PrivacyContext>()({
  name: 'privacy',
  routes: privacyRoutes,
  access,
  examples,
  answers: 'edge/privacy/answers.json',
})
