/** Jobs as administrators see them. */
import { sql, type Kysely } from 'kysely'
import Type from 'typebox'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { derivedId } from '../kernel/derived-id.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import type { JobRunner } from './runner.ts'

const RunView = Type.Object({
  state: Type.Enum(['running', 'succeeded', 'failed', 'interrupted', 'died'], {
    description:
      '`interrupted`: its edge ended, and another one went on at once. `died`: its edge was killed or lost the database',
  }),
  attempt: Type.Integer({ description: 'From the second on, the run repeats a failed one' }),
  asked_by: nullable(Uuid),
  edge_id: Uuid,
  started_at: Timestamp,
  ended_at: nullable(Timestamp),
  figures: nullable(Type.Record(Type.String(), Type.Number())),
  error: nullable(Type.String()),
})
const fields = {
  id: Uuid,
  name: Type.String(),
  about: Type.String(),
  every_minutes: Type.Integer(),
  state: Type.Enum(['waiting', 'asked', 'running'], {
    description: '`asked`: an administrator asked for a run, and an edge takes it within seconds',
  }),
  paused: Type.Boolean({ description: 'Runs only when an administrator asks for it' }),
  paused_at: nullable(Timestamp),
  paused_by: nullable(Uuid),
  due_at: Timestamp,
  failures: Type.Integer({ description: 'Failed runs of this occasion' }),
}
export const JobView = Type.Object({ ...fields, last_run: nullable(RunView) })
export const JobWithRuns = Type.Object({
  ...fields,
  last_run: nullable(RunView),
  runs: Type.Array(RunView, { description: 'Newest first' }),
})

const isRunning = sql<boolean>`(lease_until is not null and lease_until >= clock_timestamp())`

/** The jobs of this edge's release with these names, by name. */
export async function findJobs(
  db: Kysely<Tables>,
  runner: Pick<JobRunner, 'jobs'>,
  names: readonly string[] = [...runner.jobs.keys()],
) {
  const known = names.filter(name => runner.jobs.has(name))
  if (known.length === 0) return []
  const rows = await db
    .selectFrom('jobs')
    .leftJoin('job_runs', join =>
      join.onRef('job_runs.job', '=', 'jobs.name').onRef('job_runs.epoch', '=', 'jobs.epoch'),
    )
    .selectAll('job_runs')
    .select(['name', 'asked_at', 'paused_at', 'paused_by', 'due_at', 'attempts'])
    .select(isRunning.as('is_running'))
    .where('name', 'in', known)
    .orderBy('name')
    .execute()
  return rows.map(
    ({ name, asked_at, paused_at, paused_by, due_at, attempts, is_running, ...run }) => {
      const { about, everyMinutes } = runner.jobs.get(name)!
      return {
        id: derivedId(`job ${name}`),
        name,
        about,
        every_minutes: everyMinutes,
        state: is_running ? 'running' : asked_at === null ? 'waiting' : 'asked',
        paused: paused_at !== null,
        paused_at,
        paused_by,
        due_at,
        failures: is_running ? Math.max(attempts - 1, 0) : attempts,
        last_run: run.job === null ? null : runView(run as Run),
      }
    },
  )
}

type Run = Parameters<typeof runView>[0]
const runView = ({
  state,
  attempt,
  asked_by,
  edge_id,
  started_at,
  ended_at,
  figures,
  error,
}: {
  state: string
  attempt: number
  asked_by: string | null
  edge_id: string
  started_at: Date
  ended_at: Date | null
  figures: Record<string, number> | null
  error: string | null
}) => ({ state, attempt, asked_by, edge_id, started_at, ended_at, figures, error })

/** Throws `not_found`. */
export async function findJob(db: Kysely<Tables>, runner: Pick<JobRunner, 'jobs'>, name: string) {
  const [job] = await findJobs(db, runner, [name])
  if (job === undefined) throw new CaduceusError('not_found', 'no such job')
  return job
}

/** The runs of a job that are kept, newest first. */
export async function runsOf(db: Kysely<Tables>, name: string) {
  const rows = await db
    .selectFrom('job_runs')
    .selectAll()
    .where('job', '=', name)
    .orderBy('epoch', 'desc')
    .execute()
  return rows.map(runView)
}
