/** Facts about money, which edges publish on the bus as engines publish theirs. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import { readFactsConfig } from './config.ts'
import { factsMetrics } from './metrics.ts'
import { deleteTold, startTelling } from './tell.ts'

export const facts = feature()({
  name: 'facts',
  config: readFactsConfig,
  metrics: factsMetrics,
  start: startTelling,
  jobs: {
    delete_told_facts: every(60, 'Deletes facts about money that were told long ago', deleteTold),
  },
})
