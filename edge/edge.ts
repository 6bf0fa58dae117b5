/**
 * Composition of an edge: one port, HTTP and sockets on it, everything they share made here once and
 * passed down. Who provides the database, the bus and the claims is the caller's business: `main.ts`
 * brings the real ones, `embedded.ts` those of one process, tests whatever they need.
 */
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import * as uWebSockets from './http/uws.ts'
import {
  App,
  us_listen_socket_close,
  us_socket_local_port,
  type TemplatedApp,
  type us_listen_socket,
} from './http/uws.ts'
import type { Database } from '../migrations/database/open.ts'
import { assetUrl } from '../protocol/assets.ts'
import type { Bus } from '../protocol/bus/bus.ts'
import type { Claims } from '../protocol/claims/claims.ts'
import { uuidV7 } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { startApplicantLetters } from './approval/applicants.ts'
import { createStandings } from './approval/standing.ts'
import { startSuspensions } from './approval/suspension.ts'
import { openRegistrationWarning } from './approval/registration.ts'
import { authenticate } from './accounts/authenticate.ts'
import { completePhones } from './accounts/complete-phones.ts'
import { createEndedAccess } from './accounts/ended-access.ts'
import { startHousekeeping } from './accounts/housekeeping.ts'
import { preparePasswords } from './accounts/passwords.ts'
import { ConfigError, type Config } from './config.ts'
import type { EdgeContext } from './context.ts'
import { createCommandClient } from './dispatch/commands.ts'
import { Races } from './dispatch/races.ts'
import type { AnyRoute } from './http/route.ts'
import { attachHttp } from './http/server.ts'
import { createMaps } from './integrations/maps.ts'
import { createMessenger } from './integrations/messenger.ts'
import { openStorages } from './integrations/storage/open.ts'
import { startWebhooks } from './integrations/webhooks/start.ts'
import { startImportRetries } from './integrations/woocommerce/imports.ts'
import { createMetrics } from './metrics.ts'
import { routeTable } from './routes/index.ts'
import { attachSockets } from './sockets/attach.ts'
import { createHub } from './sockets/hub.ts'
import { createAuditTrail } from './audit/audit-trail.ts'
import { createRateLimits } from './rate/rate-limits.ts'

export interface EdgeDeps {
  config: Config
  log: Logger
  database: Database
  bus: Bus
  claims: Claims
  env: { nowMs(): number; random(): number; after(ms: number, run: () => void): () => void }
}

export interface Edge {
  port: number
  context: EdgeContext
  routes: readonly AnyRoute[]
  /** No new work; requests in flight are answered, sockets closed with 1001; then the port is free. */
  drain(): Promise<void>
}

/** How long closing sockets get to say goodbye. */
const goodbyeMs = 500

/** Throws ConfigError when the port cannot be had. */
export async function startEdge({
  config,
  log,
  database,
  bus,
  claims,
  env,
}: EdgeDeps): Promise<Edge> {
  const { nowMs, random, after } = env
  const metrics = createMetrics()
  const base = {
    edgeId: uuidV7(nowMs(), random),
    config,
    log,
    database,
    bus,
    claims,
    metrics,
    nowMs,
    random,
    commands: createCommandClient({ bus, nowMs, random, after }),
    races: new Races(after),
    audit: createAuditTrail({ pool: database.pool, log, metrics, nowMs, random, after }),
    maps: createMaps(config.maps, { log, nowMs, after }),
    storages: openStorages(config, { nowMs, after, onLog: line => log.warn(line) }),
    endedAccess: createEndedAccess({ config, database, bus, log, nowMs, after }),
    standings: createStandings({ database, bus, log, nowMs, after }),
    rates:
      config.rateRules === null
        ? null
        : createRateLimits({
            rules: config.rateRules,
            redisUrl: config.redisUrl,
            nowMs,
            onLog: line => log.warn(line),
          }),
    messenger: createMessenger({ delivery: config.delivery, log, metrics, nowMs, random, after }),
  }
  const context: EdgeContext = { ...base, hub: createHub({ ...base, after }) }
  const { version } = JSON.parse(readFileSync(assetUrl('package.json'), 'utf8')) as {
    version: string
  }
  await preparePasswords()
  await base.storages.current.check()
  await base.endedAccess.announce()
  await base.standings.announce()
  if (config.registration === 'open') log.warn(openRegistrationWarning)

  const routes = routeTable(context, { version, after })
  configure(withoutServerHeader)
  const app = App()
  attachSockets(app, context)
  const http = attachHttp(app, {
    routes,
    authenticate: credential => authenticate(context, credential),
    corsOrigins: config.corsOrigins,
    uploadBytesMax: config.uploadBytesMax,
    trustedProxies: config.trustedProxies,
    publicUrl: config.publicUrl,
    rates: base.rates,
    text: { phoneCountry: config.phoneCountry },
    audit: base.audit,
    log,
    metrics: context.metrics,
    nowMs,
    random,
    after,
  })
  const { port, stopListening } = await listen(app, config.host, config.port)
  const stopHousekeeping = startHousekeeping(context, after)
  completePhones(context).catch((error: unknown) =>
    log.warn(
      { err: error },
      'phone numbers without a country could not be completed; the next start tries again',
    ),
  )
  const stopImportRetries = startImportRetries(context, after)
  const webhooks = startWebhooks(context, after)
  const stopSuspensions = startSuspensions(context, after)
  const stopApplicantLetters = startApplicantLetters(context, after)
  log.info({ host: config.host, port }, 'edge listens')

  let drained: Promise<void> | null = null
  const drain = async (): Promise<void> => {
    stopListening()
    stopHousekeeping()
    stopImportRetries()
    stopSuspensions()
    stopApplicantLetters()
    const webhooksStopped = webhooks.stop()
    await within(
      http.drain().then(() => base.messenger.drain()),
      limits.drainTimeoutMs,
      after,
    )
    await within(webhooksStopped, limits.drainTimeoutMs, after)
    base.messenger.close()
    context.hub.closeAll()
    await within(
      until(() => context.hub.size === 0, after),
      goodbyeMs,
      after,
    )
    app.close()
    base.endedAccess.close()
    base.standings.close()
    base.rates?.close()
    await within(base.audit.close(), goodbyeMs * 4, after)
  }
  return { port, context, routes, drain: () => (drained ??= drain()) }
}

/** Exported by the library and missing from its types. */
const { LIBUS_LISTEN_EXCLUSIVE_PORT, _cfg: configure } = uWebSockets as unknown as {
  LIBUS_LISTEN_EXCLUSIVE_PORT: number
  _cfg(key: string): void
}
/** Its switch for the header that names it and its version in every answer, which is nobody's business. */
const withoutServerHeader = '999999990007'

function listen(
  app: TemplatedApp,
  host: string,
  port: number,
): Promise<{ port: number; stopListening(): void }> {
  return new Promise((resolve, reject) => {
    // Without the option a second process listens on the same port too, and the kernel deals out its connections.
    const listenExclusively = app.listen.bind(app) as unknown as (
      host: string,
      port: number,
      options: number,
      done: (socket: us_listen_socket | false) => void,
    ) => void
    listenExclusively(host, port, LIBUS_LISTEN_EXCLUSIVE_PORT, socket => {
      if (socket)
        resolve({
          port: us_socket_local_port(socket),
          stopListening: () => us_listen_socket_close(socket),
        })
      else
        reject(
          new ConfigError(
            `PORT: ${host}:${port} cannot be listened on; it is in use, or HOST is not an address of this machine`,
          ),
        )
    })
  })
}

/** Resolves with the work, or without it after `ms`. */
async function within(
  work: Promise<unknown>,
  ms: number,
  after: EdgeDeps['env']['after'],
): Promise<void> {
  let cancel = () => {}
  await Promise.race([
    work,
    new Promise<void>(resolve => {
      cancel = after(ms, resolve)
    }),
  ])
  cancel()
}

async function until(done: () => boolean, after: EdgeDeps['env']['after']): Promise<void> {
  while (!done())
    await new Promise<void>(resolve => {
      after(10, resolve)
    })
}
