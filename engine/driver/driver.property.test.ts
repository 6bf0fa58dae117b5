/**
 * Whatever orders ask of a driver, in whatever sequence: the books stay right. Orders here behave as
 * orders do: they assign what the driver holds for them and complete what they assigned; but messages
 * are repeated and come late, as after crashes. Numbers in brackets are the invariants of SPEC.md.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { DriverView } from '../../protocol/rest/driver.ts'
import { decodeSnapshot, encodeSnapshot } from '../runtime/snapshot.ts'
import type { DriverCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { after, give, offerOf, orderOf, registered } from './fixtures.ts'
import { react } from './react.ts'
import { placesTaken, type RegisteredDriver } from './state.ts'
import { view } from './view.ts'
import { wakeAtMs } from './wake.ts'

const n = fc.nat({ max: 4 })
const step = fc.oneof(
  fc.record({ verb: fc.constantFrom('hold', 'release', 'assign', 'complete', 'cancel'), n }),
  fc.record({ verb: fc.constantFrom('offline', 'available', 'on_break'), n: fc.constant(0) }),
  fc.record({ verb: fc.constant('again'), n }),
)
const valid = Compile(DriverView)

t.test('[8] capacity is never exceeded, and there is one hold at the most', async t => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
    let driver = after([registered(capacity), { type: 'status_changed', data: { availability: 'available' } }]) as RegisteredDriver
    const sent: DriverCommand[] = []
    let completions = 0
    const tell = (command: DriverCommand): void => {
      const decision = decide(driver, command, 0)
      assert.deepEqual(decide(decodeSnapshot(driver.driverId, encodeSnapshot(driver.driverId, { state: driver, acceptedIds: [], updatedAtMs: 0 }, { kind: 'driver', version: 1, wakeAtMs: null, attentive: false })).state as RegisteredDriver, command, 0), decision)
      if (!decision.ok) return
      for (const event of decision.events) {
        if (event.type === 'offer_held') assert.equal(driver.hold, null, '[8] never two holds')
        if (event.type === 'order_completed' && event.data.outcome === 'delivered') completions++
        driver = evolve(driver, event) as RegisteredDriver
        react(event, driver)
      }
      const again = decide(driver, command, 0)
      assert.ok(!again.ok || again.events.length === 0, `[3] ${command.verb} again`)
    }
    for (const { verb, n } of steps) {
      const active = driver.activeOrderIds.includes(orderOf(n))
      let command: DriverCommand | null = null
      switch (verb) {
        case 'hold': command = give.hold(n); break
        case 'release': command = give.release(n); break
        case 'assign': command = driver.hold?.offer_id === offerOf(n) ? give.assign(n) : null; break
        case 'complete': command = active ? give.complete(n) : null; break
        case 'cancel': command = active ? give.complete(n, 'cancelled') : null; break
        // Late repeats of facts, when the id is long forgotten: only those that were told before.
        case 'again': command = sent.filter(one => one.verb === 'assign' || one.verb === 'complete').at(-1 - n) ?? null; break
        default: command = give.setStatus(verb as 'offline')
      }
      if (command === null) continue
      const before = driver
      tell(command)
      if (verb === 'again') assert.deepEqual(driver, before, 'a fact told twice is told once')
      sent.push(command)
      assert.ok(placesTaken(driver) <= capacity, `[8] ${placesTaken(driver)} of ${capacity}`)
      assert.equal(new Set(driver.activeOrderIds).size, driver.activeOrderIds.length)
      assert.ok(driver.hold === null || !driver.activeOrderIds.includes(driver.hold.order_id), 'no hold for what is under way')
      assert.equal(driver.totalDeliveries, completions)
      assert.ok(valid.Check(view(driver, 1)), JSON.stringify([...valid.Errors(view(driver, 1))]))
      assert.equal(wakeAtMs(driver) === null, driver.hold === null)
    }
  }), { numRuns: 1_500 })
  t.pass()
})
