/**
 * The composition root of an edge. One port serves HTTP and sockets; everything they share is made
 * here once and passed down. The caller provides the database, the bus and the claims: `alone.ts`
 * those of a deployment of several processes, `embedded.ts` those of one process, and tests their
 * own.
 */
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import {
  App,
  configure,
  LIBUS_LISTEN_EXCLUSIVE_PORT,
  SSLApp,
  us_listen_socket_close,
  us_socket_local_port,
  type TemplatedApp,
  type us_listen_socket,
} from './kernel/uws.ts'
import type { Database } from '../migrations/database/open.ts'
import { assetUrl } from '../protocol/kernel/assets.ts'
import type { Bus } from '../protocol/bus/bus.ts'
import type { Claims } from '../protocol/claims/claims.ts'
import { ConfigError } from '../protocol/kernel/environment.ts'
import { uuidV7 } from '../protocol/kernel/ids.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { authenticate, createAuthenticator } from './accounts/authenticate.ts'
import { createCommandClient } from './kernel/commands.ts'
import { features, type EdgeConfig, type EdgeFeature, type EdgeParts } from './features.ts'
import type { AnyRoute } from './kernel/route.ts'
import { attachHttp } from './http/server.ts'
import { composeParts, jobsOf, migrateTables } from './kernel/compose.ts'
import type { Clock } from './kernel/kernel.ts'
import { routeTable } from './http/table.ts'
import { createMetrics } from './kernel/metrics.ts'
import { attachSockets } from './sockets/attach.ts'
import { Hub } from './kernel/hub.ts'

export interface EdgeDeps {
  config: EdgeConfig
  log: Logger
  database: Database
  bus: Bus
  claims: Claims
  env: Clock
  /** The features of this edge. A test may add its own, and then reads `config` with them too. */
  list?: readonly EdgeFeature[]
}

export interface Edge {
  port: number
  parts: EdgeParts
  routes: readonly AnyRoute[]
  /**
   * Takes no new work, answers the requests in flight and closes the sockets with 1001. The port is
   * free when the promise resolves.
   */
  drain(): Promise<void>
}

/** Time that closing sockets get to send their close frame. */
const goodbyeMs = 500

/** Throws ConfigError when the port is not available. */
export async function startEdge({
  config,
  log,
  database,
  bus,
  claims,
  env,
  list = features,
}: EdgeDeps): Promise<Edge> {
  const { nowMs, random, after } = env
  const edgeId = uuidV7(nowMs(), random)
  const metrics = createMetrics()
  const { version } = JSON.parse(readFileSync(assetUrl('package.json'), 'utf8')) as {
    version: string
  }
  const parts = composeParts(list, {
    edgeId,
    version,
    config,
    log,
    database,
    bus,
    claims,
    metrics,
    nowMs,
    random,
    after,
    commands: createCommandClient({ bus, nowMs, random, after }),
    hub: new Hub({ edgeId, bus, metrics, log, nowMs, after }),
  }) as EdgeParts
  await migrateTables(list, database)
  await parts.jobRunner.register(jobsOf(list, parts))
  for (const { prepare } of list) await prepare?.(parts)

  const sockets = list.flatMap(feature => feature.sockets?.(parts) ?? [])
  const routes = routeTable(list, parts, sockets)
  configure(withoutServerHeader)
  const app =
    config.tls === null
      ? App()
      : SSLApp({ cert_file_name: config.tls.certificate, key_file_name: config.tls.key })
  attachSockets(app, sockets, { ...parts, authenticator: createAuthenticator(parts) })
  const http = attachHttp(app, {
    routes,
    authenticate: credential => authenticate(parts, credential),
    corsOrigins: config.corsOrigins,
    uploadBytesMax: config.uploadBytesMax,
    trustedProxies: config.trustedProxies,
    isTls: config.tls !== null,
    publicUrl: config.publicUrl,
    rates: parts.rates,
    text: { phoneCountry: config.phoneCountry },
    audit: parts.audit,
    log,
    metrics,
    nowMs,
    random,
    after,
  })
  const { port, stopListening } = await listen(app, config.host, config.port)
  const stops = list.map(({ start }) => start?.(parts))
  log.info({ host: config.host, port }, 'edge listens')

  /**
   * Calls a hook of every feature at once. A rejection is logged and does not stop the other hooks.
   */
  const each = (
    what: string,
    hook: (feature: EdgeFeature, at: number) => void | Promise<void> | undefined,
  ): Promise<unknown> =>
    Promise.all(
      list.map(async (feature, at) => {
        try {
          await hook(feature, at)
        } catch (error) {
          log.warn({ err: error, feature: feature.name }, `a feature could not ${what}`)
        }
      }),
    )
  let drained: Promise<void> | null = null
  const drain = async (): Promise<void> => {
    stopListening()
    const stopped = each('stop', (_, at) => stops[at]?.())
    await within(
      http.drain().then(() => each('drain', feature => feature.drain?.(parts))),
      limits.drainTimeoutMs,
      after,
    )
    await within(stopped, limits.drainTimeoutMs, after)
    parts.hub.closeAll()
    await within(
      until(() => parts.hub.size === 0, after),
      goodbyeMs,
      after,
    )
    app.close()
    await within(
      each('close', feature => feature.close?.(parts)),
      goodbyeMs * 4,
      after,
    )
  }
  return { port, parts, routes, drain: () => (drained ??= drain()) }
}

/**
 * The library's key for leaving out the header that names the library and its version in every
 * answer. Nobody outside needs to know them.
 */
const withoutServerHeader = '999999990007'

function listen(
  app: TemplatedApp,
  host: string,
  port: number,
): Promise<{ port: number; stopListening(): void }> {
  return new Promise((resolve, reject) => {
    // Without the option a second process may listen on the same port, and the operating system
    // would divide the connections between both.
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
async function within(work: Promise<unknown>, ms: number, after: Clock['after']): Promise<void> {
  let cancel = () => {}
  await Promise.race([
    work,
    new Promise<void>(resolve => {
      cancel = after(ms, resolve)
    }),
  ])
  cancel()
}

async function until(done: () => boolean, after: Clock['after']): Promise<void> {
  while (!done())
    await new Promise<void>(resolve => {
      after(10, resolve)
    })
}
