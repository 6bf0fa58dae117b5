/** One engine as a process of its own: `npm run engine`, with NATS_URL, REDIS_URL and DATABASE_URL. */
import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { ConfigError, readServices } from '../migrations/environment.ts'
