/**
 * Approval with two engines and two edges on NATS, Redis and PostgreSQL: each decision is made on
 * one edge and takes effect on the other.
 */
import t from 'tap'
import { openDatabase } from '../../migrations/database/open.ts'
import { requireOrSkip } from '../../protocol/testing/services.ts'
import { createAccount } from '../accounts/accounts.ts'
import { startDistributed } from '../acceptance/fixture-distributed.ts'
import { http, password } from '../acceptance/people.ts'
import { approvalAttacks } from './suite-attacks.ts'
import type { ApprovalDeployment } from './suite-people.ts'
import { driverMemberships } from './suite-drivers.ts'
import { pharmacyApprovals } from './suite-pharmacies.ts'
import { suspensions } from './suite-suspensions.ts'

t.test(
  'decisions of one edge take effect on the other',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 600_000 },
  async t => {
    // REGISTRATION is not set, because approval is the default of a deployment.
    const { databaseUrl, url, other, stop } = await startDistributed({
      environment: { RATE_LIMIT_AUTH_PER_ADDRESS: '100000' },
    })
    t.teardown(stop)
    const database = await openDatabase({ url: databaseUrl, connectionsMax: 1 })
    await createAccount(
      database.kysely,
      { nowMs: Date.now, random: Math.random },
      { email: 'admin@example.com', full_name: 'Admin', phone: '', role: 'admin', password },
      async () => null,
    )
    await database.close()
    const admin = (
      await http(url, 'POST', '/api/auth/login', {
        body: { email: 'admin@example.com', password },
      })
    ).body.access_token as string
    const deployment: ApprovalDeployment = { url, other, admin }
    pharmacyApprovals(t, () => deployment)
    suspensions(t, () => deployment)
    driverMemberships(t, () => deployment)
    approvalAttacks(t, () => deployment)
  },
)
