/**
 * Two engines and two edges as processes on real NATS, Redis and PostgreSQL, each under its own
 * user of nats-server.conf.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy } from '../../protocol/testing/processes.ts'
import { startNats, startPostgres, startRedis } from '../../protocol/testing/services.ts'
import { busConfig, busPasswords, busUrl } from './fixture-other-services.ts'

export interface DistributedOptions {
  /** Variables of all four processes. */
  environment: Readonly<Record<string, string>>
  /** Variables of the engines. */
  engineEnvironment?: Readonly<Record<string, string>>
  /** Runs when the servers are up, and before the engines. */
  prepare?(databaseUrl: string): Promise<void>
}

/**
 * Resolves when both edges are healthy. `stop` throws when a process does not end with 0 on
 * SIGTERM.
 */
export async function startDistributed(options: DistributedOptions) {
  const [nats, redis, postgres] = await Promise.all([
    startNats({ jetstream: true, config: busConfig, variables: busPasswords }),
    startRedis(),
    startPostgres(),
  ])
  const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-distributed-'))
  const environment = {
    REDIS_URL: redis.url,
    DATABASE_URL: postgres.url,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    JWT_SECRET_KEY: 'a-key-for-tests-that-is-long-enough-to-be-one',
    ...options.environment,
  }
  await options.prepare?.(postgres.url)
  const engines = [1, 2].map(() =>
    startProcess('engine/main.js', {
      ...environment,
      ...options.engineEnvironment,
      NATS_URL: busUrl(nats.port, 'engine'),
    }),
  )
  const ports = [await freePort(), await freePort()]
  const edges = ports.map(port =>
    startProcess('edge/main.js', {
      ...environment,
      NATS_URL: busUrl(nats.port, 'edge'),
      PORT: String(port),
    }),
  )
  const [url, other] = ports.map(port => `http://127.0.0.1:${port}`) as [string, string]
  const stop = async () => {
    const codes = await Promise.all([...edges, ...engines].map(child => child.stop()))
    await Promise.all([nats.stop(), redis.stop(), postgres.stop()])
    rmSync(dataDir, { recursive: true, force: true })
    return codes
  }
  // Processes that stay behind a failed start would hold the test until its time limit.
  await Promise.all([untilHealthy(url, edges[0]!), untilHealthy(other, edges[1]!)]).catch(
    async (error: unknown) => {
      await stop()
      throw error
    },
  )
  return {
    nats,
    databaseUrl: postgres.url,
    /** Starts one more process with variables of its own; nobody waits until it is healthy. */
    more: (role: 'engine' | 'edge', variables: Readonly<Record<string, string>>) =>
      startProcess(`${role}/main.js`, {
        ...environment,
        NATS_URL: busUrl(nats.port, role),
        ...variables,
      }),
    url,
    other,
    processes: [...edges, ...engines],
    async stop(): Promise<void> {
      const codes = await stop()
      if (codes.some(code => code !== 0))
        throw new Error(`SIGTERM ended the processes with ${codes.join(' ')}`)
    },
  }
}
