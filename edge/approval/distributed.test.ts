/**
 * Approval with two engines and two edges on NATS, Redis and PostgreSQL: each decision is made on
 * one edge and takes effect on the other.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openDatabase } from '../../migrations/database/open.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy } from '../../protocol/testing/processes.ts'
import {
  requireOrSkip,
  startNats,
  startPostgres,
  startRedis,
} from '../../protocol/testing/services.ts'
import { createAccount } from '../accounts/accounts.ts'
import { busConfig, busPasswords, busUrl } from '../acceptance/fixture-other-services.ts'
import { http, password } from '../acceptance/people.ts'
import { approvalAttacks } from './suite-attacks.ts'
import type { ApprovalDeployment } from './suite-people.ts'
import { driverMemberships } from './suite-drivers.ts'
import { pharmacyApprovals } from './suite-pharmacies.ts'
import { suspensions } from './suite-suspensions.ts'

t.test(
  'two engines, two edges',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 600_000 },
  async t => {
    const [nats, redis, postgres] = await Promise.all([
      startNats({ jetstream: true, config: busConfig, variables: busPasswords }),
      startRedis(),
      startPostgres(),
    ])
    const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-approval-'))
    // REGISTRATION is not set: the default of a deployment is approval.
    const environment = {
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_AUTH_PER_ADDRESS: '100000',
      JWT_SECRET_KEY: 'a-key-for-tests-that-is-long-enough-to-be-one',
    }
    const ports = [await freePort(), await freePort()]
    const engine = () =>
      startProcess('engine/main.js', { ...environment, NATS_URL: busUrl(nats.port, 'engine') })
    const engines = [engine(), engine()]
    const edges = ports.map(port =>
      startProcess('edge/main.js', {
        ...environment,
        NATS_URL: busUrl(nats.port, 'edge'),
        PORT: String(port),
      }),
    )
    t.teardown(async () => {
      await Promise.all([...edges, ...engines].map(child => child.kill()))
      await Promise.all([nats, redis, postgres].map(server => server.stop()))
      rmSync(dataDir, { recursive: true, force: true })
    })
    const urls = ports.map(port => `http://127.0.0.1:${port}`)
    await Promise.all(edges.map((edge, i) => untilHealthy(urls[i]!, edge)))
    const database = await openDatabase({ url: postgres.url, connectionsMax: 1 })
    await createAccount(
      database.kysely,
      { nowMs: Date.now, random: Math.random },
      { email: 'admin@example.com', full_name: 'Admin', phone: '', role: 'admin', password },
      async () => null,
    )
    await database.close()
    const admin = (
      await http(urls[0]!, 'POST', '/api/auth/login', {
        body: { email: 'admin@example.com', password },
      })
    ).body.access_token as string
    const deployment: ApprovalDeployment = { url: urls[0]!, other: urls[1]!, admin }
    pharmacyApprovals(t, () => deployment)
    suspensions(t, () => deployment)
    driverMemberships(t, () => deployment)
    approvalAttacks(t, () => deployment)
  },
)
