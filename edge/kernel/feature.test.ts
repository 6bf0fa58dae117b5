/**
 * A feature that nobody planned for: parcels that neighbours keep for each other. Only this file
 * defines it. An edge that has it in its list serves all of its parts.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sql } from 'kysely'
import { pino } from 'pino'
import { Counter, type Registry } from 'prom-client'
import t from 'tap'
import Type from 'typebox'
import { WebSocket } from 'ws'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { openDatabase, type Database } from '../../migrations/database/open.ts'
import type { OwnMessage } from '../../protocol/documents/sockets.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { readConfig } from '../config.ts'
import { startEdge } from '../edge.ts'
import { features } from '../features.ts'
import { route, type AnyRoute } from './route.ts'
import { compiledChecks, MessageTable } from './messages.ts'
import { webName } from '../http/page-modules.ts'
import { admins, signedIn } from './access.ts'
import { composeParts } from './compose.ts'
import { feature } from './feature.ts'
import { doAllJobs } from './fixture-jobs.ts'
import { every } from './job.ts'
import type { Kernel, WithConfig, WithMetrics } from './kernel.ts'

/** A bound of the feature. */
const parcelLimits = { wordsMax: 3 } as const

interface ParcelsConfig {
  parcelDays: number
}
const parcelsMetrics = (registry: Registry) => ({
  parcelsKept: new Counter({
    name: 'caduceus_parcels_kept_total',
    help: 'Parcels that a neighbour keeps',
    registers: [registry],
  }),
})
type ParcelsParts = Kernel &
  WithConfig<ParcelsConfig> &
  WithMetrics<ReturnType<typeof parcelsMetrics>>

const Parcel = Type.Object({ id: Type.String(), words: Type.Array(Type.String()) })
const Knock = Type.Object({ type: Type.Literal('knock'), door: Type.Integer() })
type Knock = Type.Static<typeof Knock>
const Opened = Type.Object({ type: Type.Literal('opened'), parcels: Type.Integer() })

const messages: Readonly<Record<string, OwnMessage>> = {
  knock: {
    description: 'Is anybody there?',
    schema: Knock,
    example: { type: 'knock', door: 1 },
    saidOn: ['parcels'],
    heardOn: [],
  },
  opened: {
    description: 'Somebody is, and keeps so many parcels.',
    schema: Opened,
    example: { type: 'opened', parcels: 2 },
    saidOn: [],
    heardOn: ['parcels'],
  },
}
const checks = compiledChecks(new Map([['knock', Knock]]))

async function countOf(database: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from parcels`.execute(
    database.kysely,
  )
  return rows[0]!.count
}

async function deleteOldParcels({ config, database, nowMs }: ParcelsParts) {
  const oldest = new Date(nowMs() - config.parcelDays * 24 * 3_600_000)
  const deleted = await sql`delete from parcels where kept_at < ${oldest}`.execute(database.kysely)
  return { deleted: Number(deleted.numAffectedRows) }
}

const parcelRoutes = ({ database, metrics, nowMs, random }: ParcelsParts): AnyRoute[] => [
  route({
    method: 'POST',
    path: '/api/parcels',
    operationId: 'keepParcel',
    summary: 'Keep a parcel for a neighbour',
    tags: ['parcels'],
    auth: ['admin'],
    body: Type.Object({
      words: Type.Array(Type.String(), { minItems: 1, maxItems: parcelLimits.wordsMax }),
    }),
    responses: { 201: { description: 'It is kept', schema: Parcel } },
    async handler({ body: { words } }) {
      const id = uuidV7(nowMs(), random)
      await sql`insert into parcels values (${id}, ${JSON.stringify(words)}::jsonb, ${new Date(nowMs())})`.execute(
        database.kysely,
      )
      metrics.parcelsKept.inc()
      return { status: 201, body: { id, words } }
    },
  }),
  route({
    method: 'GET',
    path: '/api/parcels',
    operationId: 'countParcels',
    summary: 'How many parcels are kept',
    tags: ['parcels'],
    auth: ['user', 'vendor', 'driver', 'admin'],
    responses: {
      200: { description: 'The count', schema: Type.Object({ count: Type.Integer() }) },
    },
    handler: async () => ({ status: 200, body: { count: await countOf(database) } }),
  }),
]

/**
 * The page of the feature. Its folder is outside the sources and exists while the test runs; an
 * absolute path is not resolved against the sources.
 */
const pageFolder = join(tmpdir(), `caduceus-${process.pid}`, 'parcels')
mkdirSync(pageFolder, { recursive: true })
t.teardown(() => rmSync(dirname(pageFolder), { recursive: true }))
const pageScript = webName(join(pageFolder, 'parcels.ts'))
writeFileSync(
  join(pageFolder, 'page.json'),
  JSON.stringify({ path: '/parcels', title: 'Parcels', script: 'parcels.ts' }),
)
writeFileSync(join(pageFolder, 'page.html'), '<main id="main"><h1>Parcels</h1></main>')
writeFileSync(join(pageFolder, 'parcels.js'), 'export const parcels = 1\n')
writeFileSync(
  join(pageFolder, 'answers.json'),
  JSON.stringify({ keepParcel: { id: '1', words: ['heavy'] } }),
)

const marks: string[] = []
const parcels = feature()({
  name: 'parcels',
  config: (environment: Environment): ParcelsConfig => ({
    parcelDays: integerVariable(environment, 'PARCEL_DAYS', 7, 1, 30),
  }),
  metrics: parcelsMetrics,
  tables: {
    '0001_parcels': {
      up: db =>
        db.schema
          .createTable('parcels')
          .addColumn('id', 'uuid', column => column.primaryKey())
          .addColumn('words', 'jsonb', column => column.notNull())
          .addColumn('kept_at', 'timestamptz', column => column.notNull())
          .execute(),
    },
  },
  services: () => ({ neighbours: 2 }),
  routes: parcelRoutes,
  sockets: parts => [
    {
      path: '/ws/parcels',
      role: 'neighbour',
      async open(session, entrance) {
        const identity = await entrance.identify()
        parts.hub.admit(session, identity.userId)
        const table = new MessageTable<Knock>(checks).on('knock', () => {
          void countOf(parts.database).then(parcels =>
            session.pushText(JSON.stringify({ type: 'opened', parcels })),
          )
        })
        return {
          handler: { onText: message => table.dispatch(session, message) },
          greeting: [],
        }
      },
    },
  ],
  messages: {
    channels: { parcels: { path: '/ws/parcels', title: "A neighbour's door", parameters: {} } },
    messages,
  },
  pages: [pageFolder],
  async prepare({ neighbours }) {
    marks.push(`prepared with ${neighbours} neighbours`)
  },
  start() {
    marks.push('started')
    return () => {
      marks.push('stopped')
    }
  },
  jobs: { delete_old: every(10, 'Deletes old parcels', deleteOldParcels) },
  async drain() {
    marks.push('drained')
  },
  close: () => {
    marks.push('closed')
  },
  named: { Parcel },
  tags: { parcels: 'Parcels for neighbours' },
  examples: { keepParcel: { as: 'admin', body: { words: ['heavy'] }, status: 201 } },
  answers: join(pageFolder, 'answers.json'),
  access: { keepParcel: admins, countParcels: signedIn },
})
const list = [...features, parcels]

const environment = { PORT: '0', JWT_SECRET_KEY: 'x'.repeat(32), PARCEL_DAYS: '2' }
const dataDir = await preparedDataDir()
t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
const database = await openDatabase({ dataDir })
const env = realEnv()
const edge = await startEdge({
  config: readConfig({ ...environment, DATA_DIR: dataDir }, 'embedded', list),
  log: pino({ level: 'silent' }),
  database,
  bus: memoryBus(),
  claims: memoryClaims(env.nowMs, env.after),
  env,
  list,
})
const url = `http://127.0.0.1:${edge.port}`

async function call(method: string, path: string, token?: string, body?: unknown) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, body: (isJson ? JSON.parse(text) : text) as never }
}
const json = async (method: string, path: string, token?: string, body?: unknown) =>
  (await call(method, path, token, body)) as { status: number; body: Record<string, unknown> }

async function signUp(asAdministrator: boolean): Promise<string> {
  const email = `${asAdministrator ? 'admin' : 'customer'}@example.com`
  const account = { email, password: 'password123' }
  await json('POST', '/api/auth/register', undefined, {
    ...account,
    full_name: 'Nora Neighbour',
    phone: '+1234567890',
    role: 'user',
  })
  if (asAdministrator)
    await database.kysely
      .updateTable('users')
      .set({ role: 'admin' })
      .where('email', '=', email)
      .execute()
  const { body } = await json('POST', '/api/auth/login', undefined, account)
  return body['access_token'] as string
}
const admin = await signUp(true)
const customer = await signUp(false)

t.test('the edge serves the route, the table, the limit and the metric of the feature', async t => {
  const kept = await json('POST', '/api/parcels', admin, { words: ['heavy', 'wet'] })
  t.match(kept, { status: 201, body: { words: ['heavy', 'wet'] } })
  const tooMany = { words: Array(parcelLimits.wordsMax + 1).fill('word') }
  t.match(await json('POST', '/api/parcels', admin, tooMany), {
    status: 400,
    body: { code: 'invalid_request' },
  })
  t.match(await json('GET', '/api/parcels', customer), { status: 200, body: { count: 1 } })
  const metrics = (await call('GET', '/metrics')).body as string
  t.match(metrics, /^caduceus_parcels_kept_total 1$/m)
})

t.test('each operation answers only the callers of its access row', async t => {
  const tokens = { stranger: undefined, customer, admin }
  for (const row of edge.routes.filter(row => row.tags.includes('parcels'))) {
    const allowed = parcels.access?.[row.operationId] ?? []
    const body = row.method === 'POST' ? { words: ['small'] } : undefined
    for (const who of ['stranger', 'customer', 'admin'] as const) {
      const { status } = await json(row.method, row.path, tokens[who], body)
      t.equal(status < 400, allowed.includes(who), `${row.operationId} as ${who}: ${status}`)
    }
  }
})

t.test('the socket of the feature sends its messages', async t => {
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/ws/parcels?token=${customer}`)
  const heard: Record<string, unknown>[] = []
  const say = (message: object): Promise<Record<string, unknown>> => {
    const answer = new Promise<Record<string, unknown>>(resolve => {
      socket.once('message', data => {
        heard.push(JSON.parse(String(data)) as Record<string, unknown>)
        resolve(heard.at(-1)!)
      })
    })
    socket.send(JSON.stringify(message))
    return answer
  }
  await new Promise(resolve => socket.once('open', resolve))
  t.same(await say({ type: 'knock', door: 7 }), { type: 'opened', parcels: 2 })
  t.match(await say({ type: 'knock', door: 'the red one' }), {
    type: 'error',
    code: 'message_malformed',
  })
  t.match(await say({ type: 'ring' }), { type: 'error', code: 'message_unknown_type' })
  t.match(
    (await call('GET', '/metrics')).body as string,
    /^caduceus_sockets\{role="neighbour"\} 1$/m,
  )
  socket.terminate()
})

t.test('the API documents show the feature', async t => {
  const openapi = (await json('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>
    components: { schemas: Record<string, unknown> }
    tags: { name: string }[]
  }
  t.match(openapi.paths['/api/parcels'], { post: { operationId: 'keepParcel' } })
  t.match(JSON.stringify(openapi.paths['/api/parcels']), '"heavy"', 'with its example')
  t.match(JSON.stringify(openapi.paths['/api/parcels']), '#/components/schemas/Parcel')
  t.ok(openapi.components.schemas['Parcel'])
  t.ok(openapi.tags.some(({ name }) => name === 'parcels'))

  const asyncapi = (await json('GET', '/asyncapi.json')).body as {
    channels: Record<string, { address: string; messages: object }>
  }
  const channel = asyncapi.channels['ws_parcels']!
  t.equal(channel.address, '/ws/parcels')
  t.same(Object.keys(channel.messages).sort(), [
    'ws_error',
    'ws_knock',
    'ws_opened',
    'ws_ping',
    'ws_pong',
  ])
  t.notMatch(JSON.stringify(asyncapi.channels['ws_driver']), 'knock')
})

t.test('the edge serves the page of the feature and the files that the page loads', async t => {
  const page = await call('GET', '/parcels')
  t.match(page, { status: 200, body: /<title>Parcels<\/title>[^]*<h1>Parcels<\/h1>/ })
  t.ok(String(page.body).includes(`src="/web/${pageScript}?v=`))
  t.match(await call('GET', `/web/${pageScript}`), { status: 200, body: /parcels = 1/ })
  const root = await fetch(url, { headers: { accept: 'application/json' } })
  const { sockets } = (await root.json()) as { sockets: string[] }
  t.ok(sockets.includes('/ws/parcels') && sockets.includes('/ws/driver'))
})

t.test('the feature reads its variable, and an error line names a mistake in it', t => {
  const read = (more: Environment, of = list) =>
    readConfig({ ...environment, DATA_DIR: dataDir, ...more }, 'embedded', of)
  t.match(read({}), { parcelDays: 2 })
  t.throws(() => read({ PARCEL_DAYS: '99' }), {
    message: /^PARCEL_DAYS: "99" is not a whole number/,
  })
  t.notMatch(read({}, [...features]), { parcelDays: 2 })
  t.end()
})

t.test('the job of the feature runs with its own variable, and is listed', async t => {
  t.equal(await countOf(database), 2)
  await doAllJobs(list, { ...edge.parts, nowMs: () => Date.now() + 24 * 3_600_000 })
  t.equal(await countOf(database), 2, 'after a day they are kept')
  await doAllJobs(list, { ...edge.parts, nowMs: () => Date.now() + 3 * 24 * 3_600_000 })
  t.equal(await countOf(database), 0)
  const { body } = await json('GET', '/api/admin/jobs/parcels.delete_old', admin)
  t.match(body, { about: 'Deletes old parcels', every_minutes: 10, state: 'waiting', runs: [] })
})

t.test('two features that bring a part of one name are refused', async t => {
  const twin = feature()({ name: 'twin', config: () => ({ parcelDays: 1 }) })
  t.throws(() => readConfig({ ...environment, DATA_DIR: dataDir }, 'embedded', [...list, twin]), {
    message: 'the feature twin brings parcelDays, which is there already',
  })
  const other = feature()({ name: 'other', services: () => ({ hub: 1 }) })
  t.throws(() => composeParts([other], edge.parts), {
    message: 'the feature other brings hub, which is there already',
  })
})

t.test('neither the list of features nor the edge names the feature', async t => {
  t.notMatch(readFileSync(assetUrl('edge/features.ts'), 'utf8'), 'parcels')
  t.notMatch(readFileSync(assetUrl('edge/edge.ts'), 'utf8'), 'parcels')
})

t.test('after a restart the tables are there, and background work starts and stops', async t => {
  t.same(marks, ['prepared with 2 neighbours', 'started'])
  await edge.drain()
  t.same(marks.slice(2), ['stopped', 'drained', 'closed'])
  await database.close()
  const again = await openDatabase({ dataDir })
  const restarted = await startEdge({
    config: readConfig({ ...environment, DATA_DIR: dataDir }, 'embedded', list),
    log: pino({ level: 'silent' }),
    database: again,
    bus: memoryBus(),
    claims: memoryClaims(env.nowMs, env.after),
    env,
    list,
  })
  t.equal(await countOf(again), 0)
  await restarted.drain()
  await again.close()
})
