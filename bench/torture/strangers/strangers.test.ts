/**
 * Strangers attack for a few seconds in each way. `npm run torture -- --strangers` attacks for
 * longer.
 */
import t from 'tap'
import { requireOrSkip } from '../../../protocol/testing/services.ts'
import { addressesMissing } from './addresses.ts'
import { reportStrangers, strangers } from './strangers.ts'

const skip = requireOrSkip(t, 'nats', 'redis', 'postgres') || (addressesMissing ?? false)

t.test(
  'while strangers attack memory and processor, honest clients are served and lose nothing',
  { skip, timeout: 450_000 },
  async t => {
    const outcome = await strangers({
      phaseMs: 4_000,
      say: line => t.comment(line),
      progress: () => undefined,
      interrupted: () => false,
    })
    for (const line of reportStrangers(outcome)) t.comment(line)
    t.ok(outcome.orders > 0, `${outcome.orders} honest requests`)
    t.same(outcome.wrong, [])
  },
)
