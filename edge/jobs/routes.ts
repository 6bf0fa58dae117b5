/** Background work as administrators see and steer it: `/api/admin/jobs`. */
import Type from 'typebox'
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject } from '../kernel/shapes.ts'
import type { JobRunner } from './runner.ts'
import { findJob, findJobs, JobView, JobWithRuns, runsOf } from './views.ts'

const path = '/api/admin/jobs'
const tags = ['admin']
const auth = ['admin'] as const
const audit = { kind: 'jobs', id: (body: unknown) => (body as { id?: unknown }).id }
const params = Type.Object({
  name: Type.String({
    pattern: '^[A-Za-z_]{1,40}\\.[a-z_]{1,40}$',
    'x-rule': 'must be the name of a job',
  }),
})

/** Parts with the runner of background work. */
export interface WithJobs {
  readonly jobRunner: JobRunner
}

/** The rows of `/api/admin/jobs`. */
export function jobRoutes({
  database: { kysely: db },
  jobRunner,
}: Pick<Kernel, 'database'> & WithJobs): AnyRoute[] {
  const found = async (name: string) => ({ status: 200, body: await findJob(db, jobRunner, name) })

  return [
    route({
      method: 'GET',
      path,
      operationId: 'listJobs',
      summary: 'The background work of all edges, with the last result of each job',
      tags,
      auth,
      audit: { kind: 'jobs' },
      responses: {
        200: {
          description: 'All jobs, by name',
          schema: Type.Object({ jobs: Type.Array(JobView) }),
        },
      },
      handler: async () => ({ status: 200, body: { jobs: await findJobs(db, jobRunner) } }),
    }),
    route({
      method: 'GET',
      path: `${path}/:name`,
      operationId: 'getJob',
      summary: 'One job with its last runs',
      tags,
      auth,
      audit,
      params,
      responses: { 200: { description: 'The job', schema: JobWithRuns } },
      handler: async ({ params: { name } }) => ({
        status: 200,
        body: { ...(await findJob(db, jobRunner, name)), runs: await runsOf(db, name) },
      }),
    }),
    route({
      method: 'POST',
      path: `${path}/:name/run`,
      operationId: 'runJob',
      summary: 'Run the job now, also a paused one; an edge begins within seconds',
      tags,
      auth,
      audit,
      params,
      body: closedObject({}),
      responses: { 202: { description: 'The job', schema: JobView } },
      errors: ['job_running'],
      handler: async ({ identity, params: { name } }) => {
        await findJob(db, jobRunner, name)
        const now = sql<Date>`clock_timestamp()`
        const { numUpdatedRows } = await db
          .updateTable('jobs')
          .set({ asked_at: now, asked_by: identity.userId })
          .where('name', '=', name)
          .where(sql<boolean>`(lease_until is null or lease_until < clock_timestamp())`)
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n)
          throw new CaduceusError('job_running', 'an edge does this job at the moment')
        const body = await findJob(db, jobRunner, name)
        jobRunner.soon()
        return { status: 202, body }
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:name/pause`,
      operationId: 'pauseJob',
      summary: 'Pause the job; a run under way comes to its end',
      tags,
      auth,
      audit,
      params,
      body: closedObject({}),
      responses: { 200: { description: 'The job', schema: JobView } },
      handler: async ({ identity, params: { name } }) => {
        await findJob(db, jobRunner, name)
        await db
          .updateTable('jobs')
          .set({ paused_at: sql<Date>`clock_timestamp()`, paused_by: identity.userId })
          .where('name', '=', name)
          .where('paused_at', 'is', null)
          .execute()
        return found(name)
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:name/resume`,
      operationId: 'resumeJob',
      summary: 'End the pause of a job; a run that was due meanwhile happens once',
      tags,
      auth,
      audit,
      params,
      body: closedObject({}),
      responses: { 200: { description: 'The job', schema: JobView } },
      handler: async ({ params: { name } }) => {
        await findJob(db, jobRunner, name)
        await db
          .updateTable('jobs')
          .set({ paused_at: null, paused_by: null })
          .where('name', '=', name)
          .execute()
        return found(name)
      },
    }),
  ]
}
