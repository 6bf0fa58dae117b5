/**
 * The state of a driver stays right for any commands, in any sequence. The orders here behave like
 * real ones: they assign a driver who holds their offer, and complete after they assigned. But
 * messages are repeated and come late, as after crashes, and no command id is remembered. Numbers
 * in brackets are the invariants of SPEC.md.
 */
import { driverKind } from './kind.ts'
import type { AnyKind } from '../actors/kind.ts'
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { DriverView } from '../../protocol/drivers/view.ts'
import { decodeSnapshot, encodeSnapshot } from '../actors/snapshot.ts'
import type { DriverCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { after, give, offerOf, orderOf, registered } from './fixtures.ts'
import { react } from './react.ts'
import { isMember, placesTaken, type RegisteredDriver } from './state.ts'
import { view } from './view.ts'
import { wakeAtMs } from './wake.ts'

const n = fc.nat({ max: 4 })
const step = fc.oneof(
  fc.record({ verb: fc.constantFrom('hold', 'release', 'assign', 'complete', 'cancel'), n }),
  fc.record({
    verb: fc.constantFrom('offline', 'available', 'on_break', 'end', 'approve', 'ask'),
    n: fc.constant(0),
  }),
  fc.record({ verb: fc.constant('update'), n }),
  fc.record({ verb: fc.constant('again'), n }),
)
const valid = Compile(DriverView)

t.test('[8] capacity is never exceeded, and there is at most one hold', async t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { maxLength: 300 }),
      (capacity, steps) => {
        let driver = after([
          registered(capacity),
          { type: 'status_changed', data: { availability: 'available' } },
        ]) as RegisteredDriver
        const sent: DriverCommand[] = []
        let completions = 0
        let earnedMinor = 0
        // Each order has one offer here. An order that is over comes back as the next order.
        const orders = [0, 1, 2, 3, 4]
        const over = new Set<number>()
        const tell = (command: DriverCommand): void => {
          const decision = decide(driver, command, 0)
          assert.deepEqual(
            decide(
              decodeSnapshot(
                driver.driverId,
                encodeSnapshot(
                  driver.driverId,
                  { state: driver, acceptedIds: [], updatedAtMs: 0 },
                  driverKind as AnyKind,
                  { version: 1, wakeAtMs: null, attentive: false },
                ),
                driverKind as AnyKind,
              ).state as RegisteredDriver,
              command,
              0,
            ),
            decision,
          )
          if (!decision.ok) return
          for (const event of decision.events) {
            if (event.type === 'offer_held') {
              assert.equal(driver.hold, null, '[8] never two holds')
              assert.ok(isMember(driver), 'only a member holds an offer')
            }
            if (event.type === 'order_completed' && event.data.outcome === 'delivered') {
              completions++
              earnedMinor += event.data.earnings_minor
            }
            driver = evolve(driver, event) as RegisteredDriver
            react(event, driver, { slot: 0, seq: 1 })
          }
          const again = decide(driver, command, 0)
          assert.ok(!again.ok || again.events.length === 0, `[3] ${command.verb} again`)
        }
        for (const { verb, n: place } of steps) {
          if (verb === 'hold' && over.has(orders[place]!)) orders[place]! += 5
          const n = verb === 'again' ? place : (orders[place] ?? place)
          const active = driver.activeOrderIds.includes(orderOf(n))
          let command: DriverCommand | null = null
          switch (verb) {
            case 'hold':
              command = give.hold(n)
              break
            case 'release':
              command = give.release(n)
              break
            case 'assign':
              command = driver.hold?.offer_id === offerOf(n) ? give.assign(n) : null
              break
            case 'complete':
              command = active ? give.complete(n) : null
              break
            case 'update':
              command = give.update({ phone: String(place) })
              break
            case 'cancel':
              command = active ? give.complete(n, 'cancelled') : null
              break
            // Repeats an assignment or a completion that was sent before, as if its command id were
            // forgotten.
            case 'again':
              command =
                sent.filter(one => one.verb === 'assign' || one.verb === 'complete').at(-1 - n) ??
                null
              break
            case 'end':
              command = give.end()
              break
            case 'approve':
              command = give.approve()
              break
            case 'ask':
              command = give.ask()
              break
            default:
              command = give.setStatus(verb as 'offline')
          }
          if (command === null) continue
          const before = driver
          tell(command)
          if (
            (verb === 'release' && before.hold?.offer_id === offerOf(n)) ||
            ((verb === 'complete' || verb === 'cancel') && active)
          )
            over.add(n)
          if (verb === 'again') assert.deepEqual(driver, before, 'a repeat changes nothing')
          sent.push(command)
          assert.ok(placesTaken(driver) <= capacity, `[8] ${placesTaken(driver)} of ${capacity}`)
          assert.equal(new Set(driver.activeOrderIds).size, driver.activeOrderIds.length)
          assert.ok(
            driver.hold === null || !driver.activeOrderIds.includes(driver.hold.order_id),
            'no hold of an order that is under way',
          )
          assert.equal(driver.totalDeliveries, completions, 'the number of delivered orders')
          assert.equal(driver.totalEarningsMinor, earnedMinor, 'the pay of the delivered orders')
          assert.ok(
            valid.Check(view(driver, 1)),
            JSON.stringify([...valid.Errors(view(driver, 1))]),
          )
          assert.equal(wakeAtMs(driver) === null, driver.hold === null)
        }
      },
    ),
    { numRuns: 500 },
  )
  t.pass()
})

// The commands of orders in several slots. Each order sends its commands in order, and any earlier
// command may be repeated at any time.
const ofOrder = fc.record({
  order: fc.nat({ max: 7 }),
  end: fc.constantFrom('delivered', 'returned', 'cancelled', 'let go'),
})
const delivery = fc.oneof(
  { weight: 2, arbitrary: ofOrder },
  { weight: 3, arbitrary: fc.record({ repeated: fc.nat({ max: 40 }) }) },
)

const numberOf = (command: DriverCommand): number =>
  'offer' in command ? offers.indexOf(command.offer.offer_id) : -1
const offers = Array.from({ length: 8 }, (_, n) => offerOf(n))

t.test(
  '[3] an order is paid once, whatever commands are repeated, from however many slots, however late',
  async t => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(delivery, { maxLength: 400 }),
        (capacity, deliveries) => {
          let driver = after([
            registered(capacity),
            { type: 'status_changed', data: { availability: 'available' } },
          ]) as RegisteredDriver
          const next = new Map<number, 'hold' | 'assign' | 'complete' | 'nothing'>()
          const sent: DriverCommand[] = []
          const paid = new Map<string, number>()
          const delivered = new Set<string>()
          const tell = (command: DriverCommand): boolean => {
            const decision = decide(driver, command, 0)
            for (const event of decision.ok ? decision.events : []) {
              driver = evolve(driver, event) as RegisteredDriver
              if (event.type === 'order_completed' && event.data.outcome === 'delivered')
                paid.set(event.data.order_id, (paid.get(event.data.order_id) ?? 0) + 1)
            }
            return decision.ok
          }
          const first = (command: DriverCommand): boolean => {
            sent.push(command)
            return tell(command)
          }
          for (const step of deliveries) {
            if ('repeated' in step) {
              const again = sent.at(-1 - step.repeated)
              // A hold that was refused may be granted to a repeat. Its order has released the
              // offer, and the doubt about old holds ends it.
              if (
                again !== undefined &&
                tell(again) &&
                again.verb === 'hold_offer' &&
                next.get(numberOf(again)) === 'nothing'
              )
                tell(give.release(numberOf(again)))
              continue
            }
            const { order, end } = step
            switch (next.get(order) ?? 'hold') {
              case 'hold':
                next.set(order, first(give.hold(order)) ? 'assign' : 'nothing')
                break
              case 'assign':
                if (end === 'let go') first(give.release(order))
                else {
                  first(give.assign(order))
                  assert.ok(
                    driver.activeOrderIds.includes(orderOf(order)),
                    'the first command of its kind has its effect',
                  )
                }
                next.set(order, end === 'let go' ? 'nothing' : 'complete')
                break
              case 'complete': {
                const outcome = end === 'let go' ? 'delivered' : end
                if (outcome === 'delivered') delivered.add(orderOf(order))
                first(give.complete(order, outcome as 'delivered'))
                next.set(order, 'nothing')
                break
              }
              default:
            }
          }
          assert.deepEqual(
            [...paid.values()].filter(times => times !== 1),
            [],
            'no order is paid twice',
          )
          assert.deepEqual(
            [...paid.keys()].sort(),
            [...delivered].sort(),
            'every delivered order is paid',
          )
          assert.deepEqual(
            driver.activeOrderIds.toSorted(),
            [...next]
              .filter(([, step]) => step === 'complete')
              .map(([order]) => orderOf(order))
              .sort(),
          )
        },
      ),
      { numRuns: 600 },
    )
    t.pass()
  },
)
