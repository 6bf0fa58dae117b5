/** Papers: documents with their review, what is required of whom, and what follows from it. */
import type { AccountsConfig } from '../accounts/config.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { documentRoutes, type PaperContext } from './documents.ts'
import { settleAppointments } from './appointments.ts'
import { applyToAll, type EffectContext } from './effects.ts'
import { examples } from './examples.ts'
import { RequirementView, requirementRoutes } from './requirements.ts'
import { reviewRoutes } from './reviews.ts'
import { DocumentView } from './views.ts'
import { warnOfExpiry } from './warnings.ts'

export const papers = feature<PaperContext & WithEndedAccess & WithConfig<AccountsConfig>>()({
  name: 'papers',
  routes: parts => [...reviewRoutes(parts), ...documentRoutes(parts), ...requirementRoutes(parts)],
  jobs: {
    warn_of_expiry: every(10, 'Warns people before their papers expire', warnOfExpiry),
    hold: every(
      1,
      'Holds pharmacies and drivers whose papers are missing or over, and lets others go',
      async (parts: EffectContext & Kernel) => ({ ...(await applyToAll(parts)) }),
    ),
    settle_appointments: every(
      1,
      'Confirms appointments whose papers are approved',
      settleAppointments,
    ),
  },
  named: { Document: DocumentView, Requirement: RequirementView },
  tags: {
    documents: 'Papers of people, pharmacies and vehicles, their review, and what is needed',
  },
  access,
  examples,
  answers: 'edge/papers/answers.json',
})
