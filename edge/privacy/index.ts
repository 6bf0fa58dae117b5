/** What people may do with the data about them: get all of it, and have it erased. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { readPrivacyConfig } from './config.ts'
import { eraseDue, type EraseContext } from './erase.ts'
import { examples } from './examples.ts'
import { privacyRoutes, type PrivacyContext } from './routes.ts'

export const privacy = feature<Kernel & Omit<PrivacyContext & EraseContext, 'config'>>()({
  name: 'privacy',
  config: readPrivacyConfig,
  routes: privacyRoutes,
  jobs: { erase: every(10, 'Erases people who asked for it, after their grace', eraseDue) },
  access,
  examples,
  answers: 'edge/privacy/answers.json',
})
