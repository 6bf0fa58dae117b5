/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'

const job = { name: 'ratings.delete_old' }

export const examples: Readonly<Record<string, Example>> = {
  listJobs: { as: 'admin', status: 200 },
  getJob: { as: 'admin', params: job, status: 200 },
  pauseJob: { as: 'admin', params: job, body: {}, status: 200 },
  resumeJob: { as: 'admin', params: job, body: {}, status: 200 },
  runJob: { as: 'admin', params: { name: 'pricing.delete_old_quotes' }, body: {}, status: 202 },
}
