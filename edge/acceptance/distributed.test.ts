/** The acceptance scenarios with two engines and two edges on real NATS, Redis and PostgreSQL. */
import t from 'tap'
import { freePort } from '../../protocol/testing/free-port.ts'
import { requireOrSkip } from '../../protocol/testing/services.ts'
import type { Deployment } from './fixture-city.ts'
import { startDistributed } from './fixture-distributed.ts'
import { otherServices, pharmacyOfDispatch, servicePharmacies } from './fixture-other-services.ts'
import { race } from './race.ts'
import { conversationScenarios } from './scenarios-conversations.ts'
import { custodyScenarios } from './scenarios-custody.ts'
import { policyScenarios } from './scenarios-policies.ts'
import { orderScenarios } from './scenarios-orders.ts'
import { requestScenarios } from './scenarios-requests.ts'
import { slotRace, slotRaceEnvironment, slotRaceMs } from './slot-race.ts'

t.test(
  'two engines, two edges',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 360_000 + slotRaceMs },
  async t => {
    const started = await startDistributed({
      environment: {
        REGISTRATION: 'open',
        CUSTODY_LOG_KEY: 'c0'.repeat(32),
        ...slotRaceEnvironment,
      },
      engineEnvironment: { SERVICE_PHARMACIES: servicePharmacies },
      prepare: pharmacyOfDispatch,
    })
    const { nats, url, other } = started
    const deployment: Deployment = { url, other, stop: async () => {} }
    requestScenarios(t, () => deployment)
    orderScenarios(t, () => deployment)
    conversationScenarios(t, () => deployment)
    custodyScenarios(t, () => deployment)
    policyScenarios(t, () => deployment)
    race(t, () => deployment)
    slotRace(t, () => deployment)
    otherServices(t, () => ({ url: deployment.url, nats }))
    t.test('an engine and an edge with another currency do not start', async t => {
      for (const role of ['engine', 'edge'] as const) {
        const child = started.more(role, {
          CURRENCY: 'JPY',
          ...(role === 'edge' && { PORT: String(await freePort()) }),
        })
        const code = await new Promise(resolve => {
          child.process.once('exit', resolve)
        })
        t.equal(code, 78, child.output())
        t.match(child.output(), /CURRENCY: this process counts in JPY and the engines .* in USD/)
        t.notMatch(child.output(), /permission/i)
      }
    })
    t.test('the bus refused no process a subject', async t => {
      for (const child of started.processes) t.notMatch(child.output(), /permission/i)
    })
    t.teardown(started.stop)
  },
)
