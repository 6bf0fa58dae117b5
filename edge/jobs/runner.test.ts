/**
 * Background work of many edges on a real PostgreSQL: each run is done once, a job whose edge dies
 * is taken over, failures are bounded, and missed runs do not pile up.
 */
import t, { type Test } from 'tap'
import { Registry } from 'prom-client'
import { openDatabase } from '../../migrations/database/open.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { createLog } from '../../protocol/kernel/log.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import type { JobRun, ReadyJob } from '../kernel/job.ts'
import { jobLimits } from './limits.ts'
import { jobsMetrics } from './metrics.ts'
import { JobRunner } from './runner.ts'

t.test('Postgres', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  const database = await openDatabase({ url: postgres.url })
  t.teardown(() => database.close())
  const env = realEnv()
  const log = createLog('silent', {})
  const timing = { leaseMs: 400, lookMs: 20, runMs: 60_000, retryMs: 20 }
  let jobs = 0

  /** A job with a name of its own that is due at once. */
  async function dueJob(run: ReadyJob['run'], everyMinutes = 60) {
    const name = `test.job_${++jobs}`
    await database.kysely
      .insertInto('jobs')
      .values({ name, due_at: new Date(Date.now() - 3 * 24 * 3_600_000) })
      .execute()
    return {
      name,
      /** Starts one more edge that does the job. Its timers end with `kill`. */
      edge(t: Test, own: Partial<typeof timing> = {}) {
        let isDead = false
        const cancels: (() => void)[] = []
        const edgeId = uuidV7(Date.now(), Math.random)
        const runner = new JobRunner(
          {
            edgeId,
            database,
            log,
            random: env.random,
            after(ms, then) {
              const cancel = env.after(ms, () => isDead || then())
              cancels.push(cancel)
              return cancel
            },
            metrics: jobsMetrics(new Registry()),
          },
          { ...timing, ...own },
        )
        void runner
          .register(new Map([[name, { everyMinutes, about: 'Tests', run }]]))
          .then(() => runner.start())
        t.teardown(() => (isDead ? undefined : runner.stop()))
        return {
          edgeId,
          runner,
          /** From now on this edge renews nothing and looks for nothing. Its timers keep no process alive. */
          kill() {
            isDead = true
            for (const cancel of cancels) cancel()
          },
        }
      },
      row: () =>
        database.kysely
          .selectFrom('jobs')
          .selectAll()
          .where('name', '=', name)
          .executeTakeFirstOrThrow(),
      runs: () =>
        database.kysely
          .selectFrom('job_runs')
          .selectAll()
          .where('job', '=', name)
          .orderBy('epoch')
          .execute(),
    }
  }
  async function until(what: string, is: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 1_000; tries++) {
      if (await is()) return
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`never: ${what}`)
  }

  t.test('of eight edges one does a job that was missed for days, and once', async t => {
    const did: string[] = []
    const job = await dueJob(async () => {
      did.push('run')
      // Longer than the lease: it is renewed.
      await new Promise(resolve => setTimeout(resolve, timing.leaseMs * 3))
      return { done: 1 }
    })
    for (let i = 0; i < 8; i++) job.edge(t)
    await until('it ended', async () => (await job.runs())[0]?.state === 'succeeded')
    await new Promise(resolve => setTimeout(resolve, timing.lookMs * 10))
    t.same(did, ['run'])
    t.match(await job.runs(), [{ epoch: 1, attempt: 1, figures: { done: 1 }, error: null }])
    const { due_at, owner } = await job.row()
    t.ok(
      due_at.getTime() > Date.now() + 55 * 60_000,
      'the next run counts from the end of this one',
    )
    t.equal(owner, null)
  })

  t.test('a job whose edge dies is taken over, and the dead edge can write nothing', async t => {
    const began: JobRun[] = []
    const job = await dueJob(async run => {
      began.push(run)
      if (began.length === 1) await new Promise<never>(() => {})
      return { done: began.length }
    })
    const first = job.edge(t)
    await until('it began', async () => began.length === 1)
    first.kill()
    job.edge(t)
    await until('it was taken over', async () => (await job.runs())[1]?.state === 'succeeded')
    t.match(await job.runs(), [
      { epoch: 1, state: 'died', edge_id: first.edgeId },
      { epoch: 2, state: 'succeeded', attempt: 2, figures: { done: 2 } },
    ])
    await t.rejects(
      database.kysely.transaction().execute(tx => began[0]!.fence(tx)),
      /another edge does test/,
    )
  })

  t.test('an edge that cannot renew gives its run up before the lease ends', async t => {
    const reasons: string[] = []
    const job = await dueJob(
      ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            reasons.push((signal.reason as Error).message)
            reject(signal.reason as Error)
          }),
        ),
    )
    job.edge(t)
    await until('it began', async () => (await job.runs()).length === 1)
    await database.kysely
      .updateTable('jobs')
      .set({ owner: uuidV7(Date.now(), Math.random) })
      .where('name', '=', job.name)
      .execute()
    await until('it was given up', async () => reasons.length === 1)
    t.match(reasons, [/another edge/])
  })

  t.test('a job that fails is tried a few times, and then waits for its next time', async t => {
    let tries = 0
    const job = await dueJob(async () => {
      tries++
      throw new Error(`no luck ${tries} ${'x'.repeat(1_000)}`)
    })
    job.edge(t)
    job.edge(t)
    await until(
      'it gave up',
      async () => (await job.row()).due_at.getTime() > Date.now() + 50 * 60_000,
    )
    t.equal(tries, jobLimits.attemptsMax)
    const runs = await job.runs()
    t.same(
      runs.map(({ attempt, state }) => [attempt, state]),
      [1, 2, 3, 4, 5].map(attempt => [attempt, 'failed']),
    )
    t.match(runs[4]!.error, /^no luck 5/)
    t.equal(runs[4]!.error!.length, jobLimits.errorCharactersMax)
    t.equal((await job.row()).attempts, 0)
  })

  t.test('a job that kills its edges is not tried for ever', async t => {
    const job = await dueJob(() => new Promise<never>(() => {}))
    for (let attempt = 1; attempt <= jobLimits.attemptsMax; attempt++) {
      const edge = job.edge(t)
      await until(`attempt ${attempt}`, async () => (await job.runs()).length === attempt)
      edge.kill()
    }
    job.edge(t)
    await until('it gave up', async () => (await job.runs()).at(-1)?.state === 'failed')
    const runs = await job.runs()
    t.equal(runs.length, jobLimits.attemptsMax + 1)
    t.match(runs.at(-1), { error: /died 5 times/ })
    t.ok((await job.row()).due_at.getTime() > Date.now() + 50 * 60_000)
  })

  t.test('a run that takes too long is a failure', async t => {
    let runs = 0
    const job = await dueJob(async () =>
      ++runs === 1 ? new Promise<never>(() => {}) : { done: 1 },
    )
    job.edge(t, { runMs: 100 })
    await until('it failed', async () => (await job.runs())[0]?.state === 'failed')
    await new Promise(resolve => setTimeout(resolve, timing.lookMs * 10))
    t.equal(runs, 1, 'the edge whose run goes on all the same does not begin another one')
    job.edge(t)
    await until('another edge did it', async () => (await job.runs())[1]?.state === 'succeeded')
  })

  t.test(
    'when an edge ends, another one goes on at once, and the attempt does not count',
    async t => {
      let runs = 0
      const job = await dueJob(({ signal }) =>
        ++runs === 1
          ? new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason as Error)),
            )
          : Promise.resolve({ done: 1 }),
      )
      const { runner } = job.edge(t)
      await until('it began', async () => runs === 1)
      await runner.stop()
      job.edge(t)
      await until('it ended', async () => (await job.runs())[1]?.state === 'succeeded')
      t.match(await job.runs(), [
        { state: 'interrupted', attempt: 1 },
        { state: 'succeeded', attempt: 1 },
      ])
    },
  )

  t.test('only the last runs are kept', async t => {
    const job = await dueJob(async () => ({ done: 1 }), 0)
    job.edge(t, { lookMs: 2 })
    await until('many', async () => (await job.row()).epoch > jobLimits.runsKept + 5)
    t.ok((await job.runs()).length <= jobLimits.runsKept + 1)
  })
})
