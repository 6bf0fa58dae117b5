/** One edge as a process of its own: `npm run edge`, with NATS_URL, REDIS_URL, DATABASE_URL and JWT_SECRET_KEY. */
import { realEnv } from '../protocol/env.ts'
import { openDatabase } from '../migrations/database/open.ts'
import { natsBus } from '../protocol/bus/nats.ts'
import { redisClaims } from '../protocol/claims/redis.ts'
import { limits } from '../protocol/limits.ts'
import { createLog } from '../protocol/log.ts'
import { runProcess } from '../protocol/process.ts'
import { readConfig } from './config.ts'
import { startEdge } from './edge.ts'

const help = `caduceus edge: HTTP and WebSockets. Needs NATS_URL, REDIS_URL, DATABASE_URL, JWT_SECRET_KEY.
PORT (8000) and HOST (127.0.0.1) say where to listen. Start as many as you like. SIGTERM drains and ends.`

if (process.argv.includes('--help')) console.log(help)
else
  await runProcess('edge', limits.drainTimeoutMs + 5_000, async environment => {
    const config = readConfig(environment, 'edge')
    const log = createLog(config.logLevel, { role: 'edge' })
    const onLog = (line: string): void => log.warn(line)
    const database = await openDatabase({ url: config.databaseUrl!, log })
    const bus = await natsBus(config.natsUrl!, { name: 'edge', onLog })
    const claims = await redisClaims(config.redisUrl!, { onLog })
    const edge = await startEdge({
      config,
      log,
      database,
      bus,
      claims,
      env: realEnv((line, error) => log.error({ err: error }, line)),
    })
    log.info({ url: `http://${config.host}:${edge.port}` }, 'edge is serving')
    return {
      async stop() {
        await edge.drain()
        await bus.close()
        await claims.shutdown()
        await database.close()
      },
    }
  })
