/** Insights: the weeks of a pharmacy and of its drivers in figures with written definitions. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { DriverInsights, insightRoutes, Insights } from './routes.ts'
import { serviceInsightRoutes, ServiceInsights } from './service-routes.ts'
import { makeWeeks } from './weekly.ts'

export const insights = feature<Kernel & WithMessenger>()({
  name: 'insights',
  routes: parts => [...insightRoutes(parts), ...serviceInsightRoutes(parts)],
  jobs: { weekly: every(60, 'Stores the weeks that are over, and mails them', makeWeeks) },
  named: { Insights, DriverInsights, ServiceInsights },
  tags: { insights: 'The weeks of pharmacies and drivers in figures' },
  access,
  examples,
  answers: 'edge/insights/answers.json',
})
