/**
 * The process of one edge, `npm run edge`. It needs NATS_URL, REDIS_URL, DATABASE_URL and
 * JWT_SECRET_KEY.
 */
import { limits } from '../protocol/kernel/limits.ts'
import { runProcess } from '../protocol/kernel/process.ts'

const help = `Usage: npm run edge

An edge of Caduceus: HTTP and WebSockets. Start as many as you like.
It needs NATS_URL, REDIS_URL, DATABASE_URL and JWT_SECRET_KEY.
PORT (8000) and HOST (127.0.0.1) say where it listens. edge/README.md has the table of all variables.
SIGTERM drains and ends. Exit: 0 ended, 1 a service cannot be reached, 2 wrong usage, 70 a defect, 78 a wrong setting.`

await runProcess({ name: 'edge', help }, limits.drainTimeoutMs + 5_000, async environment => {
  const { startEdgeAlone } = await import('./alone.ts')
  return startEdgeAlone(environment)
})
