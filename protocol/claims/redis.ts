/**
 * Claims in Redis: one hash per order, one Lua script per operation, one round trip per call.
 * The defaults of the client allow a command to wait over a minute for a connection. Here a fast
 * failure is better, because the edge can ask the order's actor instead. So nothing is queued while
 * the connection is down, and nothing waits longer than `commandTimeoutMs`. Unanswered commands are
 * sent again after a reconnection; every script tolerates that.
 */
import { readFileSync } from 'node:fs'
import { Redis, ReplyError } from 'ioredis'
import { assetUrl } from '../kernel/assets.ts'
import { CaduceusError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'
import type { ClaimAnswer, Claims } from './claims.ts'

export interface RedisClaimsOptions {
  leaseMs?: number
  onLog?: (line: string) => void
  /** Time that the first connection may take, retries included. */
  connectTimeoutMs?: number
}

const connectTimeoutMsDefault = 10_000
const commandTimeoutMs = 800
/** Silence, with commands under way, after which another connection is made. */
const silenceMs = 2 * commandTimeoutMs
const reconnectMsMin = 50
const reconnectMsMax = 1_000

interface Scripts {
  claimOpen(
    key: string,
    deadlineMs: number,
    afterlifeMs: number,
    ...pharmacyIds: string[]
  ): Promise<number>
  claimClaim(key: string, pharmacyId: string, leaseMs: number): Promise<[string, string?]>
  claimConfirm(key: string, pharmacyId: string): Promise<number>
  claimRelease(key: string, pharmacyId: string): Promise<number>
  claimClose(key: string, outcome: string): Promise<number>
}

const scriptFiles: Record<keyof Scripts, string> = {
  claimOpen: 'open',
  claimClaim: 'claim',
  claimConfirm: 'confirm',
  claimRelease: 'release',
  claimClose: 'close',
}

/** The braces keep an order on one node of a Redis cluster. */
const keyOf = (orderId: string): string => `caduceus:claim:{${orderId}}`

/** Connects, with retries for a while. After that it reconnects by itself without a time limit. */
export async function redisClaims(url: string, options: RedisClaimsOptions = {}): Promise<Claims> {
  const log = options.onLog ?? (line => console.error(line))
  const leaseMs = options.leaseMs ?? limits.claimLeaseMs
  const scripts = Object.fromEntries(
    Object.entries(scriptFiles).map(([name, file]) => [
      name,
      { lua: readFileSync(assetUrl(`protocol/claims/${file}.lua`), 'utf8'), numberOfKeys: 1 },
    ]),
  )
  if (!/^rediss?:\/\//.test(url))
    throw new Error('REDIS_URL: expected redis://host:port or rediss://host:port')
  const client = new Redis(url, {
    scripts,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: commandTimeoutMs,
    // A half-open connection never closes by itself. Commands without any answer are its only sign.
    socketTimeout: silenceMs,
    connectTimeout: 2 * commandTimeoutMs,
    retryStrategy: times => Math.min(reconnectMsMin * 2 ** Math.min(times, 10), reconnectMsMax),
  })
  const scripted = client as Redis & Scripts
  await firstConnection(client, url, options.connectTimeoutMs ?? connectTimeoutMsDefault)
  let open = true
  client.on('ready', () => log('claims: connected'))
  client.on('close', () => {
    if (open) log('claims: disconnected')
  })
  // `close` logs it, and each call that fails reports it.
  client.on('error', () => {})

  /** C12: whatever is wrong with Redis, the caller gets the same error. */
  async function run<T>(call: () => Promise<T>): Promise<T> {
    if (!open) throw new CaduceusError('unavailable', 'claims are shut down')
    try {
      return await call()
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      // A reply that is an error (out of memory, read-only, a broken script) is worth a line each.
      if (cause instanceof ReplyError) log(`claims: ${message}`)
      throw new CaduceusError('unavailable', `claims: ${message}`)
    }
  }

  return {
    async open(orderId, pharmacyIds, deadlineMs) {
      await run(() =>
        scripted.claimOpen(keyOf(orderId), deadlineMs, limits.claimAfterlifeMs, ...pharmacyIds),
      )
    },
    claim: (orderId, pharmacyId) =>
      run(async () => answerOf(await scripted.claimClaim(keyOf(orderId), pharmacyId, leaseMs))),
    async confirm(orderId, pharmacyId) {
      await run(() => scripted.claimConfirm(keyOf(orderId), pharmacyId))
    },
    async release(orderId, pharmacyId) {
      await run(() => scripted.claimRelease(keyOf(orderId), pharmacyId))
    },
    async close(orderId, outcome) {
      await run(() => scripted.claimClose(keyOf(orderId), outcome))
    },
    async shutdown() {
      if (!open) return
      open = false
      await client.quit().catch(() => {})
      client.disconnect()
    },
  }
}

function answerOf([outcome, detail]: [string, string?]): ClaimAnswer {
  switch (outcome) {
    case 'won':
    case 'held':
    case 'not_eligible':
    case 'too_late':
    case 'unknown':
      return { outcome }
    case 'taken':
      return { outcome, by: detail! }
    case 'closed':
      return { outcome, as: detail === 'cancelled' ? 'cancelled' : 'expired' }
    default:
      throw new Error(`claim.lua answered ${outcome}`)
  }
}

/** Resolves when commands can be sent. Rejects after `timeoutMs` and stops trying. */
function firstConnection(client: Redis, url: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let last = 'no answer'
    const fail = (): void => {
      client.off('ready', succeed)
      client.disconnect()
      const { protocol, host } = new URL(url)
      reject(new Error(`REDIS_URL: cannot connect to ${protocol}//${host}: ${last}`))
    }
    // The timer of the adapter: the clock of the core does not decide how long a connection takes.
    const timer = setTimeout(fail, timeoutMs)
    const succeed = (): void => {
      clearTimeout(timer)
      client.off('error', onError)
      resolve()
    }
    const onError = (cause: Error): void => {
      last = cause.message
      // Waiting does not help with wrong credentials.
      if (!/WRONGPASS|NOAUTH|invalid (username-password|password)/i.test(last)) return
      clearTimeout(timer)
      fail()
    }
    client.on('error', onError)
    client.once('ready', succeed)
    client.connect().catch((cause: Error) => onError(cause))
  })
}
