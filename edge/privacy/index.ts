/** What people may do with the data about them: get all of it, and have it erased. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { readPrivacyConfig } from './config.ts'
import { eraseAgain } from './erase-again.ts'
import { eraseDue, type EraseContext } from './erase.ts'
import { ErasureLog } from './erasure-log.ts'
import { examples } from './examples.ts'
import { privacyRoutes, type PrivacyContext } from './routes.ts'

export const privacy = feature<
  Kernel & Omit<PrivacyContext & EraseContext, 'config' | 'erasureLog'>
>()({
  name: 'privacy',
  config: readPrivacyConfig,
  services: ({ config: { erasuresFile } }) => ({
    erasureLog: erasuresFile === null ? null : new ErasureLog(erasuresFile),
  }),
  routes: parts => privacyRoutes(parts),
  prepare: parts => eraseAgain(parts),
  jobs: {
    erase: every(
      10,
      'Erases people who asked for it, after their grace',
      (parts: EraseContext, run) => eraseDue(parts, run),
    ),
  },
  access,
  examples,
  answers: 'edge/privacy/answers.json',
})
