/**
 * The answers of pharmacies to a request: the race of accepts, the claims, and the actor that
 * decides.
 */
import t from 'tap'
import { pino } from 'pino'
import type { Claims } from '../../protocol/claims/claims.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { CaduceusError, type ErrorCode } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { CommandClient } from '../kernel/kernel.ts'
import { answersUnderWayMax } from '../orders/answers-under-way.ts'
import { Races } from '../orders/races.ts'
import { respondToRequest, type RespondContext } from '../orders/respond.ts'

const order = (id: string) => ({ id, responses: [] }) as unknown as OrderView
type Actor = (pharmacyId: string, type: string) => Promise<'won' | 'recorded'>

/**
 * Claims of one request to `a`, `b` and `c`, an actor from a script, and a clock that only `pause`
 * moves.
 */
async function world(actor: Actor, options: { claims?: Partial<Claims>; open?: boolean } = {}) {
  let nowMs = 1_000_000
  const claims = memoryClaims(
    () => nowMs,
    () => () => {},
  )
  if (options.open !== false) await claims.open('r', ['a', 'b', 'c'], nowMs + 60_000)
  const asked: string[] = []
  const commands = {
    order: async (envelope: Parameters<CommandClient['order']>[0]) => {
      const type = (envelope.data as { response_type: string }).response_type
      asked.push(`${envelope.by.id} ${type}`)
      return {
        ok: true,
        order: order('r'),
        outcome: { response: await actor(envelope.by.id, type) },
      }
    },
  } as unknown as CommandClient
  const races = new Races((ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  })
  const ctx: RespondContext = {
    claims: { ...claims, ...options.claims },
    commands,
    races,
    log: pino({ level: 'silent' }),
    orderMoney: { accepting: async () => {} },
    nowMs: () => nowMs,
  }
  const pauses: number[] = []
  const respond = (pharmacyId: string, response_type: 'ACCEPTED' | 'REJECTED' = 'ACCEPTED') =>
    respondToRequest(
      ctx,
      { pharmacyId, person: 'p', requestId: 'r', commandId: `c-${pharmacyId}`, response_type },
      ctx,
      async ms => {
        pauses.push(ms)
        nowMs += ms
        await new Promise(setImmediate)
      },
    ).then(
      result => result.outcome,
      (error: unknown) => {
        if (error instanceof CaduceusError) return error.code
        throw error
      },
    )
  return {
    claims,
    races,
    respond,
    asked,
    pauses,
    advance: (ms: number) => {
      nowMs += ms
    },
  }
}

const refusing =
  (code: ErrorCode): Actor =>
  async () => {
    throw new CaduceusError(code)
  }
const later = (ms: number) =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

t.test(
  'answers under way of one pharmacy are bounded, and other pharmacies are not held up',
  async t => {
    let go = () => {}
    const held = new Promise<void>(resolve => {
      go = resolve
    })
    const { respond, races } = await world(
      async () => {
        await held
        return 'won'
      },
      { open: false },
    )
    const storm = Array.from({ length: answersUnderWayMax + 100 }, () => respond('b'))
    const refused = (await Promise.all(storm.slice(answersUnderWayMax))).filter(
      outcome => outcome === 'too_many_requests',
    )
    t.equal(refused.length, 100)
    t.equal(races.answers.pharmacies, 1)
    const rejection = respond('c', 'REJECTED')
    go()
    t.equal(await rejection, 'won')
    t.same(new Set(await Promise.all(storm.slice(0, answersUnderWayMax))), new Set(['won']))
    t.equal(races.answers.pharmacies, 0, 'no answer is left under way')
  },
)

t.test(
  'one of many accepts wins, its repeat wins again, and the others never reach the actor [1]',
  async t => {
    const { claims, respond, asked } = await world(async pharmacyId => {
      await new Promise(setImmediate)
      await claims.confirm('r', pharmacyId)
      return 'won'
    })
    const outcomes = await Promise.all(['a', 'b', 'c'].map(v => respond(v)))
    t.same(outcomes.toSorted(), ['request_already_assigned', 'request_already_assigned', 'won'])
    t.equal(asked.length, 1)
    const winner = asked[0]!.split(' ')[0]!
    t.equal(await respond(winner), 'won')
    t.equal(await respond(winner === 'a' ? 'b' : 'a'), 'request_already_assigned')
  },
)

t.test(
  'a race on one edge asks the claims once; the engine tells the losers of the end',
  async t => {
    let claimed = 0
    const { claims, races, respond, asked } = await world(
      async pharmacyId => {
        await later(20)
        await claims.confirm('r', pharmacyId)
        return 'won'
      },
      {
        claims: {
          claim: (request, vendor) => {
            claimed++
            return claims.claim(request, vendor)
          },
        },
      },
    )
    const heard: string[] = []
    const racers = ['a', 'b', 'c', 'stranger'].map(v =>
      respond(v).then(outcome => {
        heard.push(`${v} ${outcome}`)
      }),
    )
    await new Promise(setImmediate)
    t.same(
      [claimed, asked, heard],
      [1, ['a ACCEPTED'], []],
      'nobody is told before the journal has the win',
    )
    races.taken('r', ['b', 'c'])
    await new Promise(setImmediate)
    t.same(heard, [
      'b request_already_assigned',
      'c request_already_assigned',
      'stranger request_not_offered',
    ])
    t.equal(
      await respond('b'),
      'request_already_assigned',
      'an accept that comes while the leader waits for its answer',
    )
    await Promise.all(racers)
    t.equal(heard.at(-1), 'a won')
    t.equal(
      claimed,
      2,
      'the claims are asked for the leader and for the pharmacy that was not asked',
    )
    t.equal(races.size, 0)
  },
)

t.test(
  'each accept asks the claims itself when the engine names no winner or the leader fails',
  async t => {
    const silent = await world(async pharmacyId => {
      await silent.claims.confirm('r', pharmacyId)
      return 'won'
    })
    t.same(await Promise.all(['a', 'b'].map(v => silent.respond(v))), [
      'won',
      'request_already_assigned',
    ])
    t.equal(silent.races.size, 0)
    const failing = await world(async pharmacyId => {
      if (pharmacyId === 'a') throw new CaduceusError('vendor_not_found')
      return 'won'
    })
    t.same(await Promise.all(['a', 'b'].map(v => failing.respond(v))), ['vendor_not_found', 'won'])
    t.equal(failing.races.size, 0)
  },
)

t.test("while another edge holds the claim, the engine's message ends the pause", async t => {
  const { claims, races, respond } = await world(async () => 'won')
  await claims.claim('r', 'a')
  const waiting = respond('b')
  await Promise.resolve()
  await Promise.resolve()
  races.taken('r', ['b', 'c'])
  t.equal(await waiting, 'request_already_assigned')
  t.equal(races.size, 0)
})

t.test('the winner is told only after the actor has journaled the win [2]', async t => {
  let journaled = false
  const { respond } = await world(async () => {
    await later(20)
    journaled = true
    return 'won'
  })
  t.equal(await respond('a'), 'won')
  t.ok(journaled)
})

t.test(
  'an accept is not answered while another pharmacy holds the claim, and wins when that claim lapses',
  async t => {
    const { claims, respond, pauses } = await world(async () => 'won')
    await claims.claim('r', 'a')
    t.equal(await respond('b'), 'won')
    t.same(pauses.slice(0, 5), [10, 20, 40, 80, 160])
    t.ok(
      pauses.reduce((sum, ms) => sum + ms, 0) >= limits.claimLeaseMs - 1,
      'the accept waited for the end of the lease',
    )
  },
)

t.test('the actor decides within a bound when a claim is held for ever', async t => {
  const { respond, asked, pauses } = await world(refusing('request_already_assigned'), {
    claims: { claim: async () => ({ outcome: 'held' }) },
  })
  t.equal(await respond('b'), 'request_already_assigned')
  t.same(asked, ['b ACCEPTED'])
  t.ok(pauses.reduce((sum, ms) => sum + ms, 0) <= limits.claimLeaseMs + 1_000)
})

t.test('a refusal of the actor frees the claim, and a lost reply does not', async t => {
  const refused = await world(refusing('vendor_not_found'))
  t.equal(await refused.respond('a'), 'vendor_not_found')
  t.same(await refused.claims.claim('r', 'b'), { outcome: 'won' })
  const unheard = await world(refusing('unavailable'))
  t.equal(await unheard.respond('a'), 'unavailable')
  t.same(
    await unheard.claims.claim('r', 'b'),
    { outcome: 'held' },
    'the win may have been journaled',
  )
})

t.test('the other answers of the claims refuse the accept, or let the actor decide', async t => {
  const won: Actor = async () => 'won'
  const stranger = await world(won)
  t.equal(await stranger.respond('x'), 'request_not_offered')
  const late = await world(won)
  late.advance(60_000)
  t.equal(await late.respond('a'), 'request_expired')
  const expired = await world(won)
  await expired.claims.close('r', 'expired')
  t.equal(await expired.respond('a'), 'request_expired')
  const cancelled = await world(won)
  await cancelled.claims.close('r', 'cancelled')
  t.equal(await cancelled.respond('a'), 'request_cancelled')
  t.same(
    [stranger.asked, late.asked, expired.asked, cancelled.asked],
    [[], [], [], []],
    'no refused accept reached the actor',
  )
  const forgetful = await world(won, { open: false })
  t.equal(await forgetful.respond('a'), 'won')
  const away = await world(won, {
    claims: {
      claim: async () => {
        throw new CaduceusError('unavailable')
      },
    },
  })
  t.equal(await away.respond('a'), 'won')
  t.same(
    [forgetful.asked, away.asked],
    [['a ACCEPTED'], ['a ACCEPTED']],
    'without an answer of the claims the actor is asked',
  )
})

t.test('REJECTED goes to the actor and uses no claim', async t => {
  const { claims, respond, asked } = await world(async () => 'recorded')
  t.equal(await respond('a', 'REJECTED'), 'recorded')
  t.same(asked, ['a REJECTED'])
  t.same(await claims.claim('r', 'b'), { outcome: 'won' })
})
