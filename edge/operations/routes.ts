/** Health of the edge and its dependencies, and the metrics. */
import { createHash, timingSafeEqual } from 'node:crypto'
import Type from 'typebox'
import { sql } from 'kysely'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { otherCurrency } from '../../protocol/dispatch/same-currency.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { RegistrationConfig } from '../approval/registration.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { WithVault } from '../keys/vault.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import type { OperationsConfig } from './config.ts'
import type { OperationsMetrics } from './metrics.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import { nullable } from '../kernel/shapes.ts'

/** Age that the state of the dependencies in /api/health may have. */
const healthFreshMs = 250

export type SystemContext = Pick<
  Kernel,
  'after' | 'bus' | 'claims' | 'database' | 'log' | 'metrics' | 'nowMs' | 'version'
> &
  WithConfig<KernelConfig & RegistrationConfig & OperationsConfig> &
  WithMetrics<OperationsMetrics> &
  WithVault
/** A health check that hangs is an outage: a slower check than this counts as down. */
const checkMs = 1_000
/** An id that no order has: the claims answer `unknown` and keep nothing. */
const nobody = '00000000-0000-7000-8000-000000000000'

const State = Type.Enum(['up', 'down'])
const HealthView = Type.Object({
  status: Type.Enum(['healthy', 'degraded']),
  dependencies: Type.Object({ database: State, bus: State, claims: State, engine: State }),
  engine: Type.Optional(
    nullable(
      Type.Object(
        {
          engine_id: Type.String(),
          frames: Type.Record(Type.String(), Type.Integer()),
        },
        {
          additionalProperties: true,
          description:
            'Counters of the engine that answered, more than are listed here; every engine counts every location frame. Only for administrators and for programs on the same machine',
        },
      ),
    ),
  ),
  version: Type.Optional(
    Type.String({ description: 'Only for administrators and for programs on the same machine' }),
  ),
  bench_allowed: Type.Boolean(),
  registration: Type.Enum(['open', 'approval'], {
    description: '`open`: whoever registers as a pharmacy or a driver works at once',
  }),
  encryption: Type.Enum(['on', 'off'], {
    description: '`off`: this edge has no ENCRYPTION_KEY, and files are stored as they are',
  }),
})

/** The rows of `/api/health`, its older name, and `/metrics`. */
export function systemRoutes(ctx: SystemContext): AnyRoute[] {
  const { version, after } = ctx
  const seldom = new Seldom(line => ctx.log.error(line), ctx.nowMs)
  const answered = async <T>(check: () => Promise<T>): Promise<T | undefined> => {
    let cancel = () => {}
    try {
      return await Promise.race([
        check(),
        new Promise<never>((_, reject) => {
          cancel = after(checkMs, () => reject(new Error('slow')))
        }),
      ])
    } catch {
      return undefined
    } finally {
      cancel()
    }
  }
  const state = (answer: unknown) => (answer === undefined ? ('down' as const) : ('up' as const))
  const look = async () => {
    const [database, bus, claims, engine] = await Promise.all([
      answered(() => sql`select 1`.execute(ctx.database.kysely)),
      answered(async () => {
        await ctx.bus.flush()
        return ctx.bus.connected ? true : undefined
      }),
      answered(() => ctx.claims.claim(nobody, nobody)),
      answered(async () => {
        const answer = decodeBody(
          await ctx.bus.request(subjects.queryHealth, encodeBody({}), checkMs),
        )
        const problem = otherCurrency(ctx.config.currency, answer)
        if (problem === null) return answer
        seldom.say('currency', problem)
        return undefined
      }),
    ])
    const dependencies = {
      database: state(database),
      bus: state(bus),
      claims: state(claims),
      engine: state(engine),
    }
    const healthy = Object.values(dependencies).every(state => state === 'up')
    return {
      status: healthy ? 'healthy' : 'degraded',
      dependencies,
      engine: engine ?? null,
      version,
      bench_allowed: ctx.config.benchAllowed,
      registration: ctx.config.registration,
      encryption: ctx.vault.encrypts ? 'on' : 'off',
    }
  }
  /** Anybody may ask as often as they like. Callers share a look while it is under way or fresh. */
  let last: { untilMs: number; answer: ReturnType<typeof look> } | null = null
  const seen = () => {
    const nowMs = ctx.nowMs()
    // A clock that was set back must not keep an old look for long.
    if (last === null || nowMs >= last.untilMs || nowMs < last.untilMs - healthFreshMs)
      last = { untilMs: nowMs + healthFreshMs, answer: look() }
    return last.answer
  }
  /**
   * Counters show how busy a pharmacy is, so only administrators and programs of this machine see
   * them.
   */
  const health = async ({ identity, isLocal }: Pick<RouteRequest, 'identity' | 'isLocal'>) => {
    const { engine, version: running, ...open } = await seen()
    return {
      status: 200,
      body: identity?.role === 'admin' || isLocal ? { ...open, engine, version: running } : open,
    }
  }
  /** Prometheus on this machine needs no token; from elsewhere it must send METRICS_TOKEN. */
  const mayMeasure = (isLocal: boolean, authorization: string | undefined): boolean => {
    const { metricsToken } = ctx.config
    if (isLocal) return true
    const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (metricsToken === null || given === undefined) return false
    const [a, b] = [given, metricsToken].map(text => createHash('sha256').update(text).digest())
    return timingSafeEqual(a!, b!)
  }
  const responses = {
    200: {
      description: 'This process works; `degraded` when one of its dependencies does not',
      schema: HealthView,
    },
  }
  return [
    route({
      method: 'GET',
      path: '/api/health',
      operationId: 'health',
      summary: 'Health',
      tags: ['system'],
      auth: 'optional',
      standing: 'any',
      responses,
      handler: health,
    }),
    route({
      method: 'GET',
      path: '/health',
      operationId: 'healthAlias',
      summary: 'Health',
      tags: ['system'],
      auth: 'optional',
      standing: 'any',
      alias: '/api/health',
      responses,
      handler: health,
    }),
    route({
      method: 'GET',
      path: '/metrics',
      operationId: 'metrics',
      summary: 'Metrics for Prometheus',
      tags: ['system'],
      auth: 'none',
      responses: { 200: { description: 'Metrics', contentType: 'text/plain' } },
      errors: ['unauthenticated'],
      handler: async ({ isLocal, headers }) => {
        if (!mayMeasure(isLocal, headers['authorization']))
          throw new CaduceusError(
            'unauthenticated',
            'metrics are for programs of this machine, and for whoever shows METRICS_TOKEN as a bearer token',
          )
        // The count covers the whole deployment and outlasts restarts, so a scrape of any edge
        // shows it.
        const parked = await answered(() =>
          ctx.database.kysely
            .selectFrom('parked_commands')
            .select(eb => eb.fn.countAll<number>().as('count'))
            .executeTakeFirstOrThrow(),
        )
        if (parked !== undefined) ctx.metrics.commandsParked.set(parked.count)
        return {
          status: 200,
          body: await ctx.metrics.registry.metrics(),
          headers: { 'content-type': ctx.metrics.registry.contentType },
        }
      },
    }),
  ]
}
