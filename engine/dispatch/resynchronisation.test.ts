/**
 * Terminals in a loop cost one answer a second, and a terminal that comes late waits no longer than
 * that [9].
 */
import t from 'tap'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { Resynchronisation, restMs } from './resynchronisation.ts'

function world(open: Record<string, string[]>) {
  const env = new VirtualEnv(1)
  const told: string[] = []
  const resynchronisation = new Resynchronisation({
    env,
    openOf: (pharmacyId, limit) => (open[pharmacyId] ?? []).slice(-limit),
    tell: (orderId, pharmacyIds) => {
      told.push(`${orderId} to ${[...pharmacyIds].join()}`)
    },
  })
  return { env, told, resynchronisation, taken: () => told.splice(0) }
}

t.test(
  'at once, one message a request for all pharmacies that asked together, oldest request first',
  async t => {
    const w = world({ a: ['1', '2'], b: ['2', '3'], idle: [] })
    w.resynchronisation.ask(['a', 'b', 'idle', 'unknown'])
    t.same(w.told, ['1 to a', '2 to a,b', '3 to b'])
  },
)

t.test(
  '[9] a hundred terminals a second of one pharmacy cost one answer a second, and the last of them is answered',
  async t => {
    const w = world({ a: ['1'], b: ['2'] })
    for (let i = 0; i < 250; i++) {
      w.resynchronisation.ask(['a'])
      await w.env.advance(10)
    }
    t.equal(w.taken().length, 3, 'at once, and after each second')
    await w.env.advance(restMs)
    t.equal(w.taken().length, 1, 'the terminals that came after the last answer')
    await w.env.advance(10 * restMs)
    t.equal(w.taken().length, 0, 'and nothing more')
    w.resynchronisation.ask(['a'])
    t.equal(w.taken().length, 1, 'at once again')
    w.resynchronisation.ask(['b'])
    t.same(w.taken(), ['2 to b'], 'another pharmacy does not wait for it')
  },
)

t.test('stopped: nothing follows', async t => {
  const w = world({ a: ['1'] })
  w.resynchronisation.ask(['a'])
  w.resynchronisation.ask(['a'])
  w.resynchronisation.stop()
  await w.env.advance(10 * restMs)
  t.same(w.told, ['1 to a'])
})
