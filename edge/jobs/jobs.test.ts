/** Background work over HTTP: an administrator lists, runs, pauses and resumes it. */
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { features } from '../features.ts'
import { jobsOf } from '../kernel/compose.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const admin = await edge.admin()
const { call } = edge
const path = '/api/admin/jobs'
const job = `${path}/pricing.delete_old_quotes`
const get = async (of = job) => (await call('GET', of, { token: admin.token })).body
const post = (what: string, of = job, body: object = {}) =>
  call('POST', `${of}/${what}`, { token: admin.token, body })
async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await is()) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`never: ${what}`)
}

t.test('every job of every feature is listed with its sentence and its time', async t => {
  const { jobs } = await get(path)
  t.same(
    jobs.map((one: { name: string }) => one.name),
    [...jobsOf(features, edge.edge.parts).keys()].sort(),
  )
  for (const one of jobs) {
    t.match(one, { state: 'waiting', paused: false, failures: 0, last_run: null }, one.name)
    t.match(one.about, /^[A-Z].{10,}[^.]$/)
    t.ok(Date.parse(one.due_at) > Date.now(), 'a new job waits, so that a start stays quick')
  }
})

t.test('an administrator runs a job and sees its result', async t => {
  const pharmacy = await edge.pharmacy()
  await edge.database.pool.query(
    `insert into quotes (id, account_id, vendor_id, pickup_latitude, pickup_longitude, delivery_latitude, delivery_longitude, distance_km, duration_minutes, fee_minor, currency, expires_at)
     select gen_random_uuid(), $1, $1, 0, 0, 0, 0, 1, 1, 1, 'USD', now() - interval '1 day' from generate_series(1, 3)`,
    [pharmacy.id],
  )
  const asked = await post('run')
  t.match(asked, { status: 202, body: { name: 'pricing.delete_old_quotes' } })
  await until('it ran', async () => (await get()).last_run?.state === 'succeeded')
  const shown = await get()
  t.match(shown, {
    state: 'waiting',
    last_run: { attempt: 1, asked_by: admin.id, figures: { deleted: 3 }, error: null },
  })
  t.same(shown.runs, [shown.last_run])
  t.match(
    (await call('GET', '/metrics')).body,
    /^caduceus_job_runs_total\{job="pricing.delete_old_quotes",outcome="succeeded"\} 1$/m,
  )
})

t.test('a paused job runs only when it is asked for', async t => {
  t.match(await post('pause'), { status: 200, body: { paused: true, paused_by: admin.id } })
  const { paused_at } = await get()
  t.equal((await post('pause')).body.paused_at, paused_at, 'a second pause changes nothing')
  await edge.database.pool.query(`update jobs set due_at = now() - interval '1 hour'`)
  edge.edge.parts.jobRunner.soon()
  await until(
    'all others ran',
    async () =>
      (await get(path)).jobs.filter((one: { last_run: unknown }) => one.last_run === null)
        .length === 0,
  )
  const runs = () => get().then(({ runs }) => runs.length)
  t.equal(await runs(), 1, 'the paused one did not')
  await post('run')
  await until('it ran', async () => (await runs()) === 2)
  await until('it ended', async () => (await get()).state === 'waiting')
  t.equal((await get()).paused, true)
  await edge.database.pool.query(
    `update jobs set due_at = now() - interval '1 hour' where name = $1`,
    ['pricing.delete_old_quotes'],
  )
  t.match(await post('resume'), { status: 200, body: { paused: false, paused_at: null } })
  edge.edge.parts.jobRunner.soon()
  await until('it ran when it was resumed', async () => (await runs()) === 3)
})

t.test('a job that runs on an edge cannot be run beside it', async t => {
  await edge.database.pool.query(
    `update jobs set owner = gen_random_uuid(), lease_until = now() + interval '1 hour' where name = $1`,
    ['audit.delete_old'],
  )
  t.match(await post('run', `${path}/audit.delete_old`), {
    status: 409,
    body: { code: 'job_running', retryable: true },
  })
  t.match(await get(`${path}/audit.delete_old`), { state: 'running' })
})

t.test('an unknown job, a name that is none, and a field too many are refused', async t => {
  for (const what of ['run', 'pause', 'resume'])
    t.match(await post(what, `${path}/nobody.knows`), { status: 404, body: { code: 'not_found' } })
  t.match(await call('GET', `${path}/nobody.knows`, { token: admin.token }), { status: 404 })
  t.match(await call('GET', `${path}/no-name`, { token: admin.token }), { status: 404 })
  t.match(await post('run', job, { force: true }), {
    status: 400,
    body: { fields: [{ field: 'force' }] },
  })
})

t.test('the audit trail has the person who ran or paused a job, and the job', async () => {
  const { id } = await get()
  await until('the rows are written', async () => {
    const { body } = await call('GET', '/api/admin/audit?limit=100', { token: admin.token })
    const seen = body.entries.filter(
      (one: { target_id: string; actor_id: string }) =>
        one.target_id === id && one.actor_id === admin.id,
    )
    return ['runJob', 'pauseJob', 'resumeJob'].every(operation =>
      seen.some((one: { operation: string }) => one.operation === operation),
    )
  })
})
