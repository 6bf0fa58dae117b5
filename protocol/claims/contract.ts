/**
 * The rules of claims.ts as one suite for every adapter. The factory decides about time: the memory
 * adapter has a clock that the suite moves, and with Redis the suite waits.
 */
import type { Test } from 'tap'
import type { Claims } from './claims.ts'

/** Claims, their clock, and a way to break them. */
export interface ClaimsUnderTest {
  claims: Claims
  leaseMs: number
  nowMs(): number
  /** Lets this much time pass. */
  pass(ms: number): Promise<void>
  /**
   * Breaks the store, where there is one: `cut` closes the connections, `hang` leaves them without
   * answers.
   */
  outage?: { cut(): Promise<void>; hang(): Promise<void>; restore(): Promise<void> }
  stop(): Promise<void>
}

const unavailable = { code: 'unavailable' }
const won = { outcome: 'won' }
const held = { outcome: 'held' }
const unknown = { outcome: 'unknown' }
const notEligible = { outcome: 'not_eligible' }
const tooLate = { outcome: 'too_late' }
const takenBy = (by: string) => ({ outcome: 'taken', by })
const pharmacies = ['v1', 'v2', 'v3']
/** A deadline that no test reaches. */
const later = (under: ClaimsUnderTest): number => under.nowMs() + 60_000

/**
 * A lease is short where a test waits for its end. Elsewhere it must not end, however slow the
 * machine is.
 */
export type Lease = 'short' | 'ordinary'

/** Runs every rule of claims as a subtest of `t`, each with claims of its own. */
export function claimsContract(
  t: Test,
  name: string,
  make: (lease: Lease) => Promise<ClaimsUnderTest>,
): void {
  const rule = (
    title: string,
    body: (t: Test, under: ClaimsUnderTest) => Promise<void>,
    lease: Lease = 'ordinary',
  ): void => {
    void t.test(`${name} ${title}`, async t => {
      const under = await make(lease)
      try {
        await body(t, under)
      } finally {
        await under.stop()
      }
    })
  }

  rule(
    'C1 C3 200 pharmacies claim the same order at once, 100 orders: one winner each',
    async (t, { claims, nowMs }) => {
      const crowd = Array.from({ length: 200 }, (_, i) => `pharmacy-${i}`)
      const race = (order: string) =>
        Promise.all(crowd.map(pharmacy => claims.claim(order, pharmacy)))
      // Ten at a time: all 20,000 claims in one instant would measure the client's queue.
      for (let first = 0; first < 100; first += 10) {
        await Promise.all(
          Array.from({ length: 10 }, async (_, i) => {
            const order = `order-${first + i}`
            await claims.open(order, crowd, nowMs() + 60_000)
            const answers = await race(order)
            const winners = crowd.filter((_, i) => answers[i]!.outcome === 'won')
            t.equal(winners.length, 1, 'C1 exactly one wins')
            t.equal(
              answers.filter(answer => answer.outcome === 'held').length,
              crowd.length - 1,
              'C3 all others get held',
            )
            const winner = winners[0]!
            await claims.confirm(order, winner)
            t.same(
              await race(order),
              crowd.map(pharmacy => (pharmacy === winner ? won : takenBy(winner))),
              'C3 all others get taken',
            )
          }),
        )
      }
    },
  )

  rule(
    'C2 C3 the holder gets won again; others get held, and after the confirmation taken',
    async (t, under) => {
      const { claims } = under
      await claims.open('o', pharmacies, later(under))
      t.same(await claims.claim('o', 'v2'), won)
      t.same(await claims.claim('o', 'v2'), won, 'C2 held')
      t.same(await claims.claim('o', 'v1'), held)
      await claims.confirm('o', 'v2')
      t.same(await claims.claim('o', 'v2'), won, 'C2 confirmed')
      t.same(await claims.claim('o', 'v1'), takenBy('v2'))
      await under.pass(under.leaseMs + 50)
      t.same(await claims.claim('o', 'v1'), takenBy('v2'), 'a confirmed claim does not lapse')
    },
    'short',
  )

  rule(
    'C4 an unconfirmed claim lapses; asking again does not prolong it',
    async (t, under) => {
      const { claims, leaseMs } = under
      await claims.open('o', pharmacies, later(under))
      t.same(await claims.claim('o', 'v1'), won)
      await under.pass(leaseMs * 0.6)
      t.same(await claims.claim('o', 'v1'), won)
      t.same(await claims.claim('o', 'v2'), held)
      await under.pass(leaseMs * 0.6)
      t.same(await claims.claim('o', 'v2'), won)
      t.same(await claims.claim('o', 'v1'), held)
    },
    'short',
  )

  rule('C5 a pharmacy that was not asked gets not_eligible in every state', async (t, under) => {
    const { claims } = under
    await claims.open('o', pharmacies, later(under))
    t.same(await claims.claim('o', 'stranger'), notEligible)
    t.same(await claims.claim('o', 'v1'), won)
    t.same(await claims.claim('o', 'stranger'), notEligible, 'held')
    await claims.confirm('o', 'v1')
    t.same(await claims.claim('o', 'stranger'), notEligible, 'confirmed')
    await claims.open('closed', pharmacies, later(under))
    await claims.close('closed', 'expired')
    t.same(await claims.claim('closed', 'stranger'), notEligible, 'closed')
    await claims.open('late', pharmacies, under.nowMs() - 1)
    t.same(await claims.claim('late', 'stranger'), notEligible, 'late')
    await claims.open('nobody asked', [], later(under))
    t.same(await claims.claim('nobody asked', 'v1'), notEligible)
  })

  rule(
    'C6 after the deadline a claim without a holder is too late, and a confirmed one is taken',
    async (t, under) => {
      const { claims, leaseMs } = under
      const deadlineMs = under.nowMs() + leaseMs / 2
      for (const order of ['unheld', 'held', 'confirmed'])
        await claims.open(order, pharmacies, deadlineMs)
      t.same(await claims.claim('held', 'v1'), won)
      t.same(await claims.claim('confirmed', 'v1'), won)
      await claims.confirm('confirmed', 'v1')
      await under.pass(leaseMs / 2)
      t.same(await claims.claim('unheld', 'v1'), tooLate)
      t.same(
        await claims.claim('held', 'v2'),
        held,
        'a hold from before the deadline may still be confirmed',
      )
      t.same(await claims.claim('held', 'v1'), won)
      t.same(await claims.claim('confirmed', 'v2'), takenBy('v1'))
      await under.pass(leaseMs)
      t.same(await claims.claim('held', 'v1'), tooLate, 'lapsed')
    },
    'short',
  )

  rule('C7 close ends a claim, and a confirmed winner stays', async (t, under) => {
    const { claims } = under
    for (const order of ['expired', 'cancelled', 'held', 'confirmed'])
      await claims.open(order, pharmacies, later(under))
    await claims.claim('held', 'v1')
    await claims.confirm('confirmed', 'v1')
    await claims.close('expired', 'expired')
    for (const order of ['cancelled', 'held', 'confirmed']) await claims.close(order, 'cancelled')
    await claims.close('expired', 'cancelled')
    t.same(
      await claims.claim('expired', 'v1'),
      { outcome: 'closed', as: 'expired' },
      'the first outcome stands',
    )
    t.same(await claims.claim('cancelled', 'v1'), { outcome: 'closed', as: 'cancelled' })
    t.same(
      await claims.claim('held', 'v1'),
      { outcome: 'closed', as: 'cancelled' },
      'also for the holder',
    )
    t.same(await claims.claim('confirmed', 'v1'), won)
    t.same(await claims.claim('confirmed', 'v2'), takenBy('v1'))
  })

  rule('C8 an unknown order answers unknown, and only open makes it known', async (t, under) => {
    const { claims } = under
    t.same(await claims.claim('o', 'v1'), unknown)
    await claims.confirm('o', 'v1')
    await claims.release('o', 'v1')
    await claims.close('o', 'expired')
    t.same(await claims.claim('o', 'v1'), unknown)
  })

  rule('C9 a second open changes no claim that was made', async (t, under) => {
    const { claims } = under
    await claims.open('held', pharmacies, later(under))
    await claims.claim('held', 'v1')
    await claims.open('held', ['v2'], later(under))
    t.same(await claims.claim('held', 'v2'), held)
    t.same(await claims.claim('held', 'v1'), won)
    await claims.confirm('held', 'v1')
    await claims.open('held', pharmacies, later(under))
    t.same(await claims.claim('held', 'v2'), takenBy('v1'))
    await claims.open('closed', pharmacies, later(under))
    await claims.close('closed', 'expired')
    await claims.open('closed', pharmacies, later(under))
    t.same(await claims.claim('closed', 'v1'), { outcome: 'closed', as: 'expired' })
  })

  rule(
    'C10 a release by the holder frees the claim at once; a release by others or after confirm does nothing',
    async (t, under) => {
      const { claims } = under
      await claims.open('o', pharmacies, later(under))
      await claims.claim('o', 'v1')
      await claims.release('o', 'v2')
      t.same(await claims.claim('o', 'v2'), held)
      await claims.release('o', 'v1')
      await claims.release('o', 'v1')
      t.same(await claims.claim('o', 'v2'), won)
      await claims.release('o', 'v1')
      t.same(await claims.claim('o', 'v1'), held)
      await claims.confirm('o', 'v2')
      await claims.release('o', 'v2')
      t.same(await claims.claim('o', 'v1'), takenBy('v2'))
    },
  )

  rule('C11 confirm sets the winner, also when another pharmacy has the hold', async (t, under) => {
    const { claims } = under
    await claims.open('o', pharmacies, later(under))
    await claims.claim('o', 'v1')
    await claims.confirm('o', 'v2')
    t.same(await claims.claim('o', 'v1'), takenBy('v2'))
    t.same(await claims.claim('o', 'v2'), won)
    await claims.open('unheld', pharmacies, later(under))
    await claims.confirm('unheld', 'v3')
    t.same(await claims.claim('unheld', 'v1'), takenBy('v3'))
  })

  rule('open takes as many pharmacies as a request may ask', async (t, under) => {
    const { claims } = under
    const many = Array.from({ length: 2_500 }, (_, i) => `pharmacy-${i}`)
    await claims.open('o', many, later(under))
    t.same(await claims.claim('o', 'pharmacy-2500'), notEligible)
    t.same(await claims.claim('o', 'pharmacy-2499'), won)
    const others = await Promise.all(many.slice(0, -1).map(pharmacy => claims.claim('o', pharmacy)))
    t.same(
      many.filter((_, i) => i < others.length && others[i]!.outcome !== 'held'),
      [],
      'every pharmacy was asked',
    )
  })

  rule('C12 after shutdown every call rejects', async (t, { claims }) => {
    await claims.shutdown()
    for (const call of everyCall(claims)) await t.rejects(call(), unavailable)
    await claims.shutdown()
  })

  void t.test(`${name} C12 outages`, async t => {
    const under = await make('ordinary')
    const { claims, outage } = under
    try {
      if (!outage) {
        t.comment('C12 does not apply: no store to lose')
        return
      }
      const allUnavailable = async (outageName: string): Promise<void> => {
        // The store is still away when these calls reject, so no call waits for the store.
        await Promise.all(everyCall(claims).map(call => t.rejects(call(), unavailable, outageName)))
      }
      const back = async (): Promise<void> => {
        for (let tries = 0; tries < 100; tries++) {
          try {
            await claims.claim('o', 'v1')
            return
          } catch {
            await under.pass(50)
          }
        }
        throw new Error('no recovery within five seconds')
      }
      await claims.open('o', pharmacies, later(under))
      await outage.hang()
      await allUnavailable('hangs')
      await allUnavailable('still hangs')
      await outage.restore()
      await back()
      await outage.cut()
      await allUnavailable('cut')
      await outage.restore()
      await back()
      await claims.open('new', pharmacies, later(under))
      t.same(await claims.claim('new', 'v1'), won, 'claims work again by themselves')
    } finally {
      await under.stop()
    }
  })
}

const everyCall = (claims: Claims): (() => Promise<unknown>)[] => [
  () => claims.open('x', pharmacies, 0),
  () => claims.claim('x', 'v1'),
  () => claims.confirm('x', 'v1'),
  () => claims.release('x', 'v1'),
  () => claims.close('x', 'expired'),
]
