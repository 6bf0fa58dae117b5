/**
 * The servers of the rest bench, each in its own process, chosen by the first argument: `caduceus`,
 * and the same two reads by hand on bare uWebSockets and on Fastify. They give a reader the same:
 * the token verified by the same library with the same key, the order read from the same database
 * by its owner, the same JSON. They lack limits, audit trail, metrics, security headers, request
 * ids and validation; the difference in cost pays for these.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fastify } from 'fastify'
import { jwtVerify } from 'jose'
import pg from 'pg'
import { App, us_socket_local_port } from '../../edge/kernel/uws.ts'
import { startEmbedded } from '../../edge/embedded.ts'
import { orderView, type OrderParts } from '../../protocol/orders/view-parts.ts'

const kind = process.argv[2]
const key = await crypto.subtle.importKey(
  'raw',
  new TextEncoder().encode(process.env['JWT_SECRET_KEY']),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['verify'],
)
const healthy = {
  status: 'healthy',
  dependencies: { database: 'up', bus: 'up', claims: 'up', engine: 'up' },
  version: '0.0.0',
  bench_allowed: true,
}

/** The order of the token's owner, or the status of the refusal. */
function reads() {
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 })
  return {
    async health(): Promise<object> {
      await pool.query({ name: 'health', text: 'select 1' })
      return healthy
    },
    async order(authorization: string, id: string): Promise<object | number> {
      let userId: string
      try {
        userId = (
          await jwtVerify(authorization.slice('Bearer '.length), key, {
            algorithms: ['HS256'],
            issuer: 'caduceus',
            audience: 'caduceus-api',
            requiredClaims: ['sub', 'exp', 'typ'],
          })
        ).payload.sub!
      } catch {
        return 401
      }
      const { rows } = await pool.query<OrderParts>({
        name: 'order',
        text: 'select placed, progress from orders where id = $1 and user_id = $2',
        values: [id, userId],
      })
      return rows[0] === undefined ? 404 : orderView(rows[0])
    },
    end: () => pool.end(),
  }
}

async function start(): Promise<{ url: string; stop(): Promise<unknown> }> {
  if (kind === 'caduceus') {
    const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-bench-'))
    const embedded = await startEmbedded({
      ...process.env,
      DATA_DIR: dataDir,
      PORT: '0',
      BENCH_ALLOWED: '1',
      LOG_LEVEL: 'warn',
    })
    return {
      url: embedded.url,
      stop: () => embedded.stop().finally(() => rmSync(dataDir, { recursive: true, force: true })),
    }
  }
  const data = reads()
  if (kind === 'fastify') {
    const server = fastify()
    server.get('/api/health', () => data.health())
    server.get<{ Params: { id: string } }>('/api/orders/:id', async (request, reply) => {
      const found = await data.order(request.headers.authorization ?? '', request.params.id)
      return typeof found === 'number' ? reply.code(found).send({}) : found
    })
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    return { url, stop: () => server.close().then(data.end) }
  }
  const app = App()
  app.get('/api/health', res => {
    let gone = false
    res.onAborted(() => {
      gone = true
    })
    void data.health().then(body => {
      if (!gone)
        res.cork(() =>
          res
            .writeHeader('content-type', 'application/json; charset=utf-8')
            .end(JSON.stringify(body)),
        )
    })
  })
  app.get('/api/orders/:id', (res, req) => {
    let gone = false
    res.onAborted(() => {
      gone = true
    })
    void data.order(req.getHeader('authorization'), req.getParameter(0)!).then(found => {
      if (gone) return
      res.cork(() => {
        if (typeof found === 'number') res.writeStatus(String(found)).end()
        else
          res
            .writeHeader('content-type', 'application/json; charset=utf-8')
            .end(JSON.stringify(found))
      })
    })
  })
  const url = await new Promise<string>((resolve, reject) => {
    app.listen('127.0.0.1', 0, socket => {
      if (socket) resolve(`http://127.0.0.1:${us_socket_local_port(socket)}`)
      else reject(new Error('no port'))
    })
  })
  return {
    url,
    async stop() {
      app.close()
      await data.end()
    },
  }
}

const server = await start()
const end = (): void => {
  void server.stop().finally(() => process.exit(0))
}
// The terminal signals the whole group, but the parent decides when to stop.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', end)
process.on('disconnect', end)
process.send?.({ url: server.url })
