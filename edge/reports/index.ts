/** Figures of pharmacies and drivers, and their export as CSV. */
import { feature } from '../kernel/feature.ts'
import { reportRoutes } from './routes.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'

export const reports = feature()({
  name: 'reports',
  routes: reportRoutes,
  tags: { reports: 'Figures and CSV' },
  access,
  examples,
  answers: 'edge/reports/answers.json',
})
