/** A process that counts in another currency than the running engines does not start. */
import t from 'tap'
import { encodeBody } from '../bus/codec.ts'
import { memoryBus } from '../bus/memory.ts'
import { subjects } from '../bus/subjects.ts'
import { ConfigError } from '../kernel/environment.ts'
import { requireSameCurrency } from './same-currency.ts'

t.test('only an engine with another currency forbids the start', async t => {
  const bus = memoryBus()
  t.teardown(() => bus.close())
  await t.resolves(requireSameCurrency(bus, 'EUR'), 'no engine runs yet')
  for (const [answer, allowed] of [
    [{ engine_id: 'e', currency: 'EUR' }, true],
    [{ engine_id: 'an older release' }, true],
    [null, true],
    [{ engine_id: 'e', currency: 'USD' }, false],
  ] as const) {
    const engine = bus.subscribe(subjects.queryHealth, ({ respond }) =>
      respond?.(encodeBody(answer)),
    )
    const start = requireSameCurrency(bus, 'EUR')
    if (allowed) await t.resolves(start, JSON.stringify(answer))
    else
      await t.rejects(start, {
        constructor: ConfigError,
        message: /^CURRENCY: this process counts in EUR and the engines that run count in USD; /,
      })
    engine.unsubscribe()
  }
})
