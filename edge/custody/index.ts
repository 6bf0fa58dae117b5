/** Custody: who had each parcel when, in a log that others can verify. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { OrderContext } from '../orders/terms.ts'
import type { FileContext } from '../uploads/stored-files.ts'
import { access } from './callers.ts'
import { readCustodyConfig } from './config.ts'
import { examples } from './examples.ts'
import { followJournal } from './follow.ts'
import { custodyMetrics } from './metrics.ts'
import { parcelRoutes } from './parcel-routes.ts'
import { policyRoutes } from './policy-routes.ts'
import { forgetReadings } from './readings.ts'
import { custodyRoutes } from './routes.ts'
import { tellWitnesses } from './telling.ts'
import { temperatureRoutes } from './temperature-routes.ts'
import { CustodyView } from './timeline.ts'

export const custody = feature<Kernel & OrderContext & FileContext>()({
  name: 'custody',
  config: readCustodyConfig,
  metrics: custodyMetrics,
  routes: parts => [
    ...custodyRoutes(parts),
    ...parcelRoutes(parts),
    ...temperatureRoutes(parts),
    ...policyRoutes(parts),
  ],
  start(parts) {
    if (parts.config.custodySigner === null)
      parts.log.warn('CUSTODY_LOG_KEY is not set, so this edge does not sign the custody log')
    return followJournal(parts)
  },
  jobs: {
    tell_witnesses: every(
      1,
      'Hands the newest checkpoint of custody to its witnesses',
      tellWitnesses,
    ),
    forget_temperatures: every(
      60,
      'Deletes readings of thermometers that are older than 90 days',
      async ({ database, nowMs }) => ({
        forgotten: await forgetReadings(database.kysely, nowMs()),
      }),
    ),
  },
  named: { Custody: CustodyView },
  tags: { custody: 'Who had the parcel when, in a log that others can verify' },
  access,
  examples,
  answers: 'edge/custody/answers.json',
})
