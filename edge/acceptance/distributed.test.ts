/** The acceptance scenarios against real NATS, Redis and Postgres, two engines and two edges as processes, each under its own user of nats-server.conf. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  requireOrSkip,
  startNats,
  startPostgres,
  startRedis,
} from '../../protocol/testing/services.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy } from '../../protocol/testing/processes.ts'
import {
  busConfig,
  busPasswords,
  busUrl,
  otherServices,
  pharmacyOfDispatch,
  servicePharmacies,
} from './fixture-other-services.ts'
import { race } from './race.ts'
import type { Deployment } from './fixture-city.ts'
import { orderScenarios } from './scenarios-orders.ts'
import { requestScenarios } from './scenarios-requests.ts'

t.test(
  'two engines, two edges',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 600_000 },
  async t => {
    const [nats, redis, postgres] = await Promise.all([
      startNats({ jetstream: true, config: busConfig, variables: busPasswords }),
      startRedis(),
      startPostgres(),
    ])
    const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-'))
    const environment = {
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      REGISTRATION: 'open',
      JWT_SECRET_KEY: 'a-key-for-tests-that-is-long-enough-to-be-one',
    }
    const ports = [await freePort(), await freePort()]
    await pharmacyOfDispatch(postgres.url)
    const engine = () =>
      startProcess('engine/main.js', {
        ...environment,
        SERVICE_PHARMACIES: servicePharmacies,
        NATS_URL: busUrl(nats.port, 'engine'),
      })
    const engines = [engine(), engine()]
    const edges = ports.map(port =>
      startProcess('edge/main.js', {
        ...environment,
        NATS_URL: busUrl(nats.port, 'edge'),
        PORT: String(port),
      }),
    )
    const urls = ports.map(port => `http://127.0.0.1:${port}`)
    await Promise.all(edges.map((edge, i) => untilHealthy(urls[i]!, edge)))
    const deployment: Deployment = { url: urls[0]!, other: urls[1]!, stop: async () => {} }
    requestScenarios(t, () => deployment)
    orderScenarios(t, () => deployment)
    race(t, () => deployment)
    otherServices(t, () => ({ url: deployment.url, nats }))
    t.test('nobody was refused a subject of theirs', async t => {
      for (const child of [...engines, ...edges]) t.notMatch(child.output(), /permission/i)
    })
    t.teardown(async () => {
      const codes = await Promise.all([...edges, ...engines].map(child => child.stop()))
      await Promise.all([nats.stop(), redis.stop(), postgres.stop()])
      rmSync(dataDir, { recursive: true, force: true })
      if (codes.some(code => code !== 0))
        throw new Error(`SIGTERM ended the processes with ${codes.join(' ')}`)
    })
  },
)
