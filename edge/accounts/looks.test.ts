/** Looks: how many follow from how many questions, hints and turns of the clock. */
import t from 'tap'
import { pino } from 'pino'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { createLooks } from './looks.ts'

/** Looks that the test answers one by one, with the clock in its hands. */
function setUp() {
  const bus = memoryBus()
  const warnings: string[] = []
  const log = pino({ level: 'warn' }, { write: line => void warnings.push(line) })
  const open: { done(): void; fail(error: Error): void }[] = []
  let begun = 0
  let tick: (() => void) | null = null
  const after = (_ms: number, run: () => void) => {
    tick = run
    return () => {
      tick = null
    }
  }
  const read = (): Promise<void> => {
    begun++
    return new Promise((done, fail) => open.push({ done, fail }))
  }
  const looks = createLooks({ bus, log, after }, read, 'not read')
  /** The turn of the clock that waits; it is taken out, as a timer that has run. */
  const takeTick = () => {
    const waiting = tick
    tick = null
    return waiting
  }
  return { bus, looks, warnings, open, begun: () => begun, tick: takeTick }
}
const settled = () => new Promise(resolve => setImmediate(resolve))

t.test('all who ask while a look is under way share the next one', async t => {
  const { looks, open, begun } = setUp()
  const first = looks.look()
  let later = 0
  const others = [looks.look(), looks.look(), looks.look()].map(look => look.then(() => later++))
  t.equal(begun(), 1)
  open.shift()!.done()
  await first
  await settled()
  t.equal(begun(), 2)
  t.equal(later, 0, 'they wait for a look that began after they asked')
  open.shift()!.done()
  await Promise.all(others)
  t.equal(begun(), 2)
  looks.close()
})

t.test('a hint over the bus is a look, and an announcement tells the others', async t => {
  const { bus, looks, open, begun } = setUp()
  let hints = 0
  bus.subscribe(subjects.accessEnded, () => hints++)
  bus.publish(subjects.accessEnded, new Uint8Array())
  await settled()
  t.equal(begun(), 1)
  open.shift()!.done()
  await settled()
  const announced = looks.announce()
  await settled()
  t.equal(hints, 2)
  while (open.length > 0) {
    open.shift()!.done()
    await settled()
  }
  await announced
  looks.close()
})

t.test('the clock asks again after each look, also after one that failed', async t => {
  const { looks, warnings, open, begun, tick } = setUp()
  tick()!()
  t.equal(begun(), 1)
  open.shift()!.fail(new Error('away'))
  await settled()
  t.match(warnings.join(''), 'not read')
  tick()!()
  t.equal(begun(), 2)
  looks.close()
  open.shift()!.fail(new Error('closing'))
  await settled()
  t.equal(warnings.length, 1, 'closing is no failure')
  t.equal(tick(), null, 'and nothing follows')
})

t.test('no hint is heard after closing', async t => {
  const { bus, looks, begun } = setUp()
  looks.close()
  bus.publish(subjects.accessEnded, new Uint8Array())
  await settled()
  t.equal(begun(), 0)
})
