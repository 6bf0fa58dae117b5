/**
 * Background work of all features: each job is done by one edge at a time, and administrators see
 * and steer it.
 */
import { feature } from '../kernel/feature.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { jobsMetrics } from './metrics.ts'
import { jobRoutes } from './routes.ts'
import { JobRunner } from './runner.ts'
import { JobView } from './views.ts'

export const jobs = feature()({
  name: 'jobs',
  metrics: jobsMetrics,
  services: kernel => ({ jobRunner: new JobRunner(kernel) }),
  routes: jobRoutes,
  start({ jobRunner }) {
    jobRunner.start()
    return () => jobRunner.stop()
  },
  named: { Job: JobView },
  access,
  examples,
  answers: 'edge/jobs/answers.json',
})
