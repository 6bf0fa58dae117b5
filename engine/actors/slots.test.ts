/**
 * Engines over one store own slots in fair shares, hand them over, and take them when leases lapse.
 * Two engines may serve a slot at once, but never under one epoch. Numbers in brackets are the
 * invariants of SPEC.md.
 */
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import type { SlotLease } from '../journal/leases.ts'
import { memoryJournal } from '../journal/memory.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { faulty, runtimeWorld, type Faults, type RuntimeWorld } from './fixtures.ts'
import { fairShare, SlotKeeper } from './slots.ts'
import { allSlots, slotCount, slots } from '../../protocol/kernel/slots.ts'

const shareOf = (engineId: string, engines: readonly string[]): Set<number> =>
  fairShare(engineId, engines, allSlots)

const engineNames = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 8 })

t.test('a fair share: every slot has exactly one engine, and all engines agree', async t => {
  fc.assert(
    fc.property(engineNames, engines => {
      const shares = engines.map(engine => shareOf(engine, engines))
      assert.deepEqual(
        shares.flatMap(share => [...share]).sort((a, b) => a - b),
        allSlots,
      )
      assert.deepEqual(
        shareOf(engines[0]!, [...engines].reverse()),
        shares[0],
        'in any order of the names',
      )
    }),
  )
  t.same([...shareOf('new', [])], allSlots, 'an engine alone has all slots')
})

t.test('when an engine joins, slots move only to this engine', async t => {
  fc.assert(
    fc.property(engineNames, fc.uuid(), (engines, newcomer) => {
      fc.pre(!engines.includes(newcomer))
      const joined = [...engines, newcomer]
      const gained = shareOf(newcomer, joined)
      for (const engine of engines) {
        const before = shareOf(engine, engines)
        const after = shareOf(engine, joined)
        for (const slot of after) assert.ok(before.has(slot), 'no other engine gets a slot')
        for (const slot of before)
          assert.ok(
            after.has(slot) || gained.has(slot),
            'a slot that an engine loses is now of the new engine',
          )
      }
    }),
  )
  t.pass()
})

t.test('the shares of four engines have similar sizes', async t => {
  const engines = ['a', 'b', 'c', 'd'].map(name => `engine-${name}-of-some-length`)
  for (const engine of engines) {
    const size = shareOf(engine, engines).size
    t.ok(size >= 5 && size <= 30, `${size} of ${slotCount}`)
  }
})

function keeper(
  w: RuntimeWorld,
  engineId: string,
  options: {
    faults?: Faults
    gained?: (lease: SlotLease) => Promise<void>
    exclusive?: boolean
    announce?: () => void
  } = {},
) {
  const serving = new Map<number, number>()
  let paused = false
  const held: (() => void)[] = []
  const env: Env = {
    nowMs: () => w.env.nowMs(),
    random: w.env.random,
    after: (ms, run) =>
      w.env.after(ms, () => {
        if (paused) held.push(run)
        else run()
      }),
  }
  const slotKeeper = new SlotKeeper({
    env,
    leases: faulty(memoryJournal(w.store), options.faults ?? {}),
    slots,
    engineId,
    exclusive: options.exclusive ?? false,
    leaseMs,
    announce() {
      options.announce?.()
    },
    async gained(lease) {
      await options.gained?.(lease)
      serving.set(lease.slot, lease.epoch)
    },
    lost(slot) {
      serving.delete(slot)
    },
    log: (level, message) => {
      w.logs.push(`${level} ${message}`)
    },
  })
  return {
    keeper: slotKeeper,
    serving,
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
      for (const run of held.splice(0)) run()
    },
  }
}
const leaseMs = limits.slotLeaseMsDefault
/** A little more than the time between two renewals, ms. */
const round = leaseMs / 10 + 100

t.test('an engine alone serves all slots, and releases them when it stops', async t => {
  const w = runtimeWorld()
  const a = keeper(w, 'a')
  await a.keeper.start()
  t.equal(a.serving.size, slotCount)
  await w.env.advance(20 * round)
  t.equal(a.serving.size, slotCount, 'it keeps them')
  t.ok(
    [...a.serving.values()].every(epoch => epoch === 1),
    'under one epoch',
  )
  await a.keeper.stop()
  t.equal(a.serving.size, 0)
  t.ok(
    allSlots.every(slot => w.store.slot(slot).owner === null),
    'released at once',
  )
  t.notOk(w.store.engines.has('a'))
})

t.test('a second engine gets its share under new epochs, and gives it back [5]', async t => {
  const w = runtimeWorld()
  const [a, b] = [keeper(w, 'a'), keeper(w, 'b')]
  await a.keeper.start()
  await b.keeper.start()
  t.equal(b.serving.size, 0, 'a live lease is respected')
  await w.env.advance(3 * round)
  const [ofA, ofB] = [shareOf('a', ['a', 'b']), shareOf('b', ['a', 'b'])]
  t.same([new Set(a.serving.keys()), new Set(b.serving.keys())], [ofA, ofB])
  t.ok(
    [...b.serving.values()].every(epoch => epoch === 2),
    '[5] a new owner, a new epoch',
  )
  t.ok(
    [...a.serving.values()].every(epoch => epoch === 1),
    'slots that stayed kept their epoch',
  )
  await b.keeper.stop()
  await w.env.advance(2 * round)
  t.equal(a.serving.size, slotCount)
  await a.keeper.stop()
})

t.test('when an engine announces that it joins or leaves, slots move at once', async t => {
  const w = runtimeWorld()
  const all: ReturnType<typeof keeper>[] = []
  const announce = (): void => {
    for (const one of all) one.keeper.hurry()
  }
  const [a, b] = [keeper(w, 'a', { announce }), keeper(w, 'b', { announce })]
  all.push(a, b)
  await a.keeper.start()
  await w.env.advance(round)
  await b.keeper.start()
  await w.env.advance(1)
  t.same(
    [new Set(a.serving.keys()), new Set(b.serving.keys())],
    [shareOf('a', ['a', 'b']), shareOf('b', ['a', 'b'])],
    'before the next renewal',
  )
  await b.keeper.stop()
  await w.env.advance(1)
  t.equal(a.serving.size, slotCount)
  announce()
  announce()
  await w.env.advance(20 * round)
  t.equal(a.serving.size, slotCount, 'announcements without a change do no harm')
  await a.keeper.stop()
})

t.test(
  'the slots of a dead engine are served at the latest a tenth of a lease after its lease lapsed',
  async t => {
    for (const afterMs of [0, 170, 330, 490]) {
      const w = runtimeWorld()
      const [a, b] = [keeper(w, 'a'), keeper(w, 'b')]
      await a.keeper.start()
      // The two engines look at different times.
      await w.env.advance(afterMs)
      await b.keeper.start()
      await w.env.advance(3 * round)
      a.pause()
      await w.env.advance(w.store.engines.get('a')! - w.env.nowMs() + leaseMs / 10 + 1)
      t.equal(b.serving.size, slotCount)
      await b.keeper.stop()
    }
  },
)

t.test(
  'when the answers to acquisitions and the releases are lost, no slot stays with an engine that does not serve it',
  async t => {
    const w = runtimeWorld()
    let lossy = false
    const [a, b] = [
      keeper(w, 'a', {
        faults: {
          acquireSlots: () => (lossy ? 'failAfter' : 'pass'),
          releaseSlots: () => (lossy ? 'failBefore' : 'pass'),
        },
      }),
      keeper(w, 'b'),
    ]
    await a.keeper.start()
    await b.keeper.start()
    await w.env.advance(3 * round)
    b.pause()
    lossy = true
    await w.env.advance(leaseMs + round)
    lossy = false
    b.resume()
    await w.env.advance(5 * round)
    t.same(
      [new Set(a.serving.keys()), new Set(b.serving.keys())],
      [shareOf('a', ['a', 'b']), shareOf('b', ['a', 'b'])],
      'each engine serves its share, so all slots are served',
    )
    await a.keeper.stop()
    await b.keeper.stop()
  },
)

t.test('[5] a paused engine loses its lease, and drops its slots when it continues', async t => {
  const w = runtimeWorld()
  const [a, b] = [keeper(w, 'a'), keeper(w, 'b')]
  await a.keeper.start()
  await b.keeper.start()
  await w.env.advance(3 * round)
  a.pause()
  await w.env.advance(leaseMs + 2 * round)
  t.equal(b.serving.size, slotCount, 'the other engine took its slots when the lease lapsed')
  t.equal(a.serving.size, shareOf('a', ['a', 'b']).size, 'the paused engine does not know it')
  a.resume()
  await w.env.settle()
  t.ok(
    [...a.serving].every(([slot, epoch]) => w.store.slot(slot).epoch === epoch),
    'it serves no slot under an old epoch',
  )
  await w.env.advance(3 * round)
  t.same(new Set(a.serving.keys()), shareOf('a', ['a', 'b']), 'it gets its share again')
  t.ok(w.logs.some(line => line.includes('late')))
  await a.keeper.stop()
  await b.keeper.stop()
})

t.test('a slot with a refused append is dropped once, and taken under a new epoch', async t => {
  const w = runtimeWorld()
  const a = keeper(w, 'a')
  await a.keeper.start()
  a.keeper.fenced(3)
  a.keeper.fenced(3)
  t.notOk(a.serving.has(3))
  t.equal(w.logs.length, 1)
  await w.env.advance(round)
  t.equal(
    a.serving.get(3),
    2,
    'the slot is in the share of this engine, so it takes the slot again',
  )
  await a.keeper.stop()
})

t.test('an exclusive engine takes slots with live leases', async t => {
  const w = runtimeWorld()
  const dead = keeper(w, 'dead')
  await dead.keeper.start()
  dead.pause()
  const a = keeper(w, 'a', { exclusive: true })
  await a.keeper.start()
  t.equal(a.serving.size, slotCount, 'it takes all slots at once')
  await a.keeper.stop()
})

t.test('failures', async t => {
  await t.test('the journal is away at the start: the start fails', async t => {
    const w = runtimeWorld()
    w.store.setAway(true)
    await t.rejects(keeper(w, 'a').keeper.start())
  })
  await t.test('the journal is away for less than a lease: all slots are served', async t => {
    const w = runtimeWorld()
    const a = keeper(w, 'a')
    await a.keeper.start()
    w.store.setAway(true)
    await w.env.advance(3 * round)
    w.store.setAway(false)
    await w.env.advance(round)
    t.equal(a.serving.size, slotCount)
    await a.keeper.stop()
  })
  await t.test(
    'one slot cannot be loaded: the others are served, and this slot is taken again under a new epoch',
    async t => {
      const w = runtimeWorld()
      let broken = true
      const a = keeper(w, 'a', {
        gained: async lease => {
          if (lease.slot === 5 && broken) throw new Error('injected')
        },
      })
      await t.rejects(a.keeper.start(), /injected/)
      t.same(
        allSlots.filter(slot => !a.serving.has(slot)),
        [5],
      )
      broken = false
      await a.keeper.start()
      t.equal(a.serving.get(5), 2)
      await a.keeper.stop()
    },
  )
  await t.test('loading takes longer than a lease: the lease is renewed meanwhile', async t => {
    const w = runtimeWorld()
    const b = keeper(w, 'b')
    const a = keeper(w, 'a', {
      gained: () =>
        new Promise(resolve => {
          w.env.after(200, resolve)
        }),
    })
    const started = a.keeper.start()
    await w.env.advance(leaseMs / 2)
    await b.keeper.start()
    await w.env.advance(slotCount * 200)
    await started
    t.ok(
      [...w.store.slots.values()].every(slot => slot.epoch <= 2),
      'no engine takes a slot that is being loaded',
    )
    await w.env.advance(20 * round)
    t.equal(a.serving.size + b.serving.size, slotCount)
    await a.keeper.stop()
    await b.keeper.stop()
  })
  await t.test('an engine that stops while it loads a slot serves no slot afterwards', async t => {
    const w = runtimeWorld()
    const a = keeper(w, 'a', {
      gained: () =>
        new Promise(resolve => {
          w.env.after(200, resolve)
        }),
    })
    const started = a.keeper.start()
    await w.env.advance(500)
    const stopped = a.keeper.stop()
    await w.env.advance(60_000)
    await Promise.all([started, stopped])
    t.equal(a.serving.size, 0)
    t.ok([...w.store.slots.values()].every(slot => slot.owner === null))
  })
})
