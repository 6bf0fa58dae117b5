/**
 * The counters' connection to Redis. It gives up quickly and reconnects slowly, because memory
 * counts meanwhile.
 */
import { Redis } from 'ioredis'

/** Time that a request waits for its counter; after it memory counts. */
const redisCommandTimeoutMs = 300
/**
 * Time without any answer after which the connection counts as dead, whatever the socket reports.
 */
const silenceMs = 1_500
const reconnectMsMax = 1_000

/** Connects in the background; never throws. */
export function openRedis(url: string, onLog: (line: string) => void): Redis {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: redisCommandTimeoutMs,
    socketTimeout: silenceMs,
    retryStrategy: times => Math.min(50 * 2 ** Math.min(times, 10), reconnectMsMax),
  })
  client.on('error', () => {
    // The listener of `close` logs it, and memory counts meanwhile.
  })
  client.on('close', () => onLog('rate limits: no connection to Redis, counting in this process'))
  return client
}
