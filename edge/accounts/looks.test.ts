/** The number of looks at the database for many questions, hints and ticks of the clock. */
import t from 'tap'
import { pino } from 'pino'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { createLooks } from './looks.ts'

/** Looks that the test ends one by one, with a clock that the test moves. */
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
  /** Takes the waiting tick out, as a timer that has run. */
  const takeTick = () => {
    const waiting = tick
    tick = null
    return waiting
  }
  return { bus, looks, warnings, open, begun: () => begun, tick: takeTick }
}
const settled = () => new Promise(resolve => setImmediate(resolve))

t.test('all calls during a look share the next one', async t => {
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

t.test('a hint over the bus starts a look, and an announcement sends a hint', async t => {
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

t.test('a new look follows each look after a time, also a failed one', async t => {
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
  t.equal(warnings.length, 1, 'a look that ends after closing logs nothing')
  t.equal(tick(), null, 'no look follows')
})

t.test('no hint starts a look after closing', async t => {
  const { bus, looks, begun } = setUp()
  looks.close()
  bus.publish(subjects.accessEnded, new Uint8Array())
  await settled()
  t.equal(begun(), 0)
})
