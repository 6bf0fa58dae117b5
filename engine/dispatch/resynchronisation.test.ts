/**
 * Terminals that connect again and again cost an engine one answer a second, and a terminal waits
 * no longer than a second for its open requests [9].
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
  '[9] open requests are told at once, the oldest first, in one message for all pharmacies that asked together',
  async t => {
    const w = world({ a: ['1', '2'], b: ['2', '3'], idle: [] })
    w.resynchronisation.ask(['a', 'b', 'idle', 'unknown'])
    t.same(w.told, ['1 to a', '2 to a,b', '3 to b'])
  },
)

t.test(
  '[9] a hundred terminals a second of one pharmacy cost one answer a second, and the last one is answered',
  async t => {
    const w = world({ a: ['1'], b: ['2'] })
    for (let i = 0; i < 250; i++) {
      w.resynchronisation.ask(['a'])
      await w.env.advance(10)
    }
    t.equal(w.taken().length, 3, 'answers at once and after each second')
    await w.env.advance(restMs)
    t.equal(w.taken().length, 1, 'an answer to the terminals that came after the last answer')
    await w.env.advance(10 * restMs)
    t.equal(w.taken().length, 0, 'no answer more')
    w.resynchronisation.ask(['a'])
    t.equal(w.taken().length, 1, 'an answer at once after a rest')
    w.resynchronisation.ask(['b'])
    t.same(w.taken(), ['2 to b'], 'another pharmacy does not wait for the first one')
  },
)

t.test('after stop no answer follows', async t => {
  const w = world({ a: ['1'] })
  w.resynchronisation.ask(['a'])
  w.resynchronisation.ask(['a'])
  w.resynchronisation.stop()
  await w.env.advance(10 * restMs)
  t.same(w.told, ['1 to a'])
})
