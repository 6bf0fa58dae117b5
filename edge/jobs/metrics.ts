/** Counts runs of background work. */
import { Counter, type Registry } from 'prom-client'

export const jobsMetrics = (registry: Registry) => ({
  jobRuns: new Counter({
    name: 'caduceus_job_runs_total',
    help: 'Runs of background work that ended on this edge',
    labelNames: ['job', 'outcome'],
    registers: [registry],
  }),
})
export type JobsMetrics = ReturnType<typeof jobsMetrics>
