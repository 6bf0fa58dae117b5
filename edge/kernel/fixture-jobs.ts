/** Background work for tests: each job once, at once, without its rows. */
import type { Feature } from './feature.ts'
import { jobsOf } from './compose.ts'
import type { Kernel } from './kernel.ts'

/** Rejects with the error of the first job that fails. */
export async function doAllJobs(features: readonly Feature<never>[], parts: Kernel): Promise<void> {
  for (const job of jobsOf(features, parts).values())
    await job.run({ signal: new AbortController().signal, fence: async () => {} })
}
