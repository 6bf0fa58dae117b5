/**
 * Composition of an edge: one port, HTTP and sockets on it, everything they share made here once and
 * passed down. Who provides the database, the bus and the claims is the caller's business: `main.ts`
 * brings the real ones, `embedded.ts` those of one process, tests whatever they need.
 */
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import * as uWebSockets from 'uWebSockets.js'
import { App, us_listen_socket_close, us_socket_local_port, type TemplatedApp, type us_listen_socket } from 'uWebSockets.js'
import type { Database } from '../migrations/open.ts'
import { assetUrl } from '../protocol/assets.ts'
import type { Bus } from '../protocol/bus/bus.ts'
import type { Claims } from '../protocol/claims/claims.ts'
import { uuidV7 } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { authenticateToken } from './accounts/authenticate.ts'
import { startHousekeeping } from './accounts/housekeeping.ts'
import { preparePasswords } from './accounts/passwords.ts'
import { ConfigError, type Config } from './config.ts'
import type { EdgeContext } from './context.ts'
import { createCommandClient } from './dispatch/commands.ts'
import { attachHttp } from './http/server.ts'
import { createMetrics } from './metrics.ts'
import { routeTable } from './routes/index.ts'
import { attachSockets } from './sockets/attach.ts'
import { createHub } from './sockets/hub.ts'

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
  /** No new work; requests in flight are answered, sockets closed with 1001; then the port is free. */
  drain(): Promise<void>
}

/** How long closing sockets get to say goodbye. */
const goodbyeMs = 500

/** Throws ConfigError when the port cannot be had. */
export async function startEdge({ config, log, database, bus, claims, env }: EdgeDeps): Promise<Edge> {
  const { nowMs, random, after } = env
  const base = {
    edgeId: uuidV7(nowMs(), random), config, log, database, bus, claims, metrics: createMetrics(), nowMs, random,
    commands: createCommandClient({ bus, nowMs, random, after }),
  }
  const context: EdgeContext = { ...base, hub: createHub(base) }
  const { version } = JSON.parse(readFileSync(assetUrl('package.json'), 'utf8')) as { version: string }
  await preparePasswords()

  const app = App()
  attachSockets(app, context)
  const http = attachHttp(app, {
    routes: routeTable(context, { version, after }),
    authenticate: token => authenticateToken(context, token),
    corsOrigins: config.corsOrigins, uploadBytesMax: config.uploadBytesMax, log, metrics: context.metrics, nowMs, random,
  })
  const { port, stopListening } = await listen(app, config.host, config.port)
  const stopHousekeeping = startHousekeeping(context, after)
  log.info({ host: config.host, port }, 'edge listens')

  let drained: Promise<void> | null = null
  const drain = async (): Promise<void> => {
    stopListening()
    stopHousekeeping()
    await within(http.drain(), limits.drainTimeoutMs, after)
    context.hub.closeAll()
    await within(until(() => context.hub.size === 0, after), goodbyeMs, after)
    app.close()
  }
  return { port, context, drain: () => drained ??= drain() }
}

/** Exported by the library and missing from its types. */
const { LIBUS_LISTEN_EXCLUSIVE_PORT } = uWebSockets as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number }

function listen(app: TemplatedApp, host: string, port: number): Promise<{ port: number; stopListening(): void }> {
  return new Promise((resolve, reject) => {
    // Without the option a second process listens on the same port too, and the kernel deals out its connections.
    const listenExclusively = app.listen.bind(app) as unknown as (host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void) => void
    listenExclusively(host, port, LIBUS_LISTEN_EXCLUSIVE_PORT, socket => {
      if (socket) resolve({ port: us_socket_local_port(socket), stopListening: () => us_listen_socket_close(socket) })
      else reject(new ConfigError(`PORT: ${host}:${port} cannot be listened on; it is in use, or HOST is not an address of this machine`))
    })
  })
}

/** Resolves with the work, or without it after `ms`. */
async function within(work: Promise<unknown>, ms: number, after: EdgeDeps['env']['after']): Promise<void> {
  let cancel = () => {}
  await Promise.race([work, new Promise<void>(resolve => { cancel = after(ms, resolve) })])
  cancel()
}

async function until(done: () => boolean, after: EdgeDeps['env']['after']): Promise<void> {
  while (!done()) await new Promise<void>(resolve => { after(10, resolve) })
}
