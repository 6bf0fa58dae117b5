/** The counters' connection to Redis: quick to give up and slow to knock, because memory counts meanwhile. */
import { Redis } from 'ioredis'

/** A request waits for its counter: after this it is counted here instead. */
const redisCommandTimeoutMs = 300
/** No answer to anything for this long: the connection is dead, whatever the socket thinks. */
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
    /* told by `close`, and harmless: memory counts meanwhile */
  })
  client.on('close', () => onLog('rate limits: no connection to Redis, counting in this process'))
  return client
}
