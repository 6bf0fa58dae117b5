/** Every rule of the schedule of deliveries, as a row of a table. */
import t from 'tap'
import {
  afterAttempt,
  backoffMs,
  choose,
  wellHealth,
  type Candidate,
  type Health,
  type Outcome,
  type Policy,
} from './schedule.ts'

const policy: Policy = {
  attemptsMax: 4,
  ageMsMax: 10_000,
  backoffMsFirst: 100,
  backoffMsMax: 1_000,
  pauseFailuresMin: 3,
  pauseMsMax: 500,
  disableAfterMs: 5_000,
  disableFailuresMin: 4,
  inFlightMax: 3,
  inFlightPerSubscriptionMax: 2,
}
const answered = (status: number, retryAfterMs: number | null = null): Outcome => ({
  kind: 'answered',
  status,
  retryAfterMs,
})
const timeout: Outcome = { kind: 'failed', error: 'no answer within 10 ms' }
const failing = (failuresInARow: number, failingSinceMs: number): Health => ({
  failuresInARow,
  failingSinceMs,
  pausedUntilMs: null,
})

t.test('the backoff doubles up to a bound, and half of it is random', t => {
  t.same(
    [1, 2, 3, 4, 5, 100].map(failures => backoffMs(policy, failures, 1)),
    [100, 200, 400, 800, 1_000, 1_000],
  )
  t.same(
    [1, 2, 3, 4, 5].map(failures => backoffMs(policy, failures, 0)),
    [50, 100, 200, 400, 500],
  )
  t.end()
})

t.test('an attempt decides the next state of its delivery and the time of the next attempt', t => {
  const table: [
    name: string,
    attempts: number,
    createdAtMs: number,
    outcome: Outcome,
    state: string,
    nextAttemptAtMs?: number,
  ][] = [
    ['2xx is success', 1, 0, answered(204), 'delivered'],
    ['also on the last attempt', 4, 0, answered(200), 'delivered'],
    ['a redirect is a failure', 1, 0, answered(302), 'waiting', 1_100],
    ['a refusal is tried again', 1, 0, answered(400), 'waiting', 1_100],
    ['each time later', 3, 0, answered(500), 'waiting', 1_400],
    ['a missing answer is a failure', 2, 0, timeout, 'waiting', 1_200],
    ['Retry-After delays the next attempt', 1, 0, answered(429, 700), 'waiting', 1_700],
    ['Retry-After has a bound', 1, 0, answered(503, 99_000), 'waiting', 2_000],
    ['Retry-After never shortens the pause', 3, 0, answered(503, 1), 'waiting', 1_400],
    ['the last attempt gives up', 4, 0, answered(500), 'given_up'],
    ['too old to wait longer gives up', 1, -8_950, answered(500), 'given_up'],
  ]
  for (const [name, attempts, createdAtMs, outcome, state, nextAttemptAtMs] of table)
    t.match(
      afterAttempt({ attempts, createdAtMs }, wellHealth, outcome, 1_000, 1, policy).after,
      { state, ...(nextAttemptAtMs !== undefined && { nextAttemptAtMs }) },
      name,
    )
  t.end()
})

t.test('an attempt changes the health of its subscription', t => {
  const table: [
    name: string,
    before: Health,
    outcome: Outcome,
    after: Partial<Health>,
    disable: RegExp | null,
  ][] = [
    ['a success ends the failures', failing(9, 0), answered(200), wellHealth, null],
    [
      'the first failure is remembered',
      wellHealth,
      answered(500),
      { failuresInARow: 1, failingSinceMs: 6_000, pausedUntilMs: null },
      null,
    ],
    [
      'the third failure pauses',
      failing(2, 5_000),
      timeout,
      { failuresInARow: 3, failingSinceMs: 5_000, pausedUntilMs: 6_100 },
      null,
    ],
    ['each pause is longer', failing(3, 5_000), timeout, { pausedUntilMs: 6_200 }, null],
    ['a pause has a bound', failing(30, 5_000), timeout, { pausedUntilMs: 6_500 }, null],
    [
      'long and often enough disables',
      failing(3, 1_000),
      answered(500),
      { failuresInARow: 4 },
      /4 attempts in a row failed since 1970-01-01T00:00:01.000Z; the last one: status 500/,
    ],
    ['long but seldom does not', failing(1, 0), answered(500), { failuresInARow: 2 }, null],
    ['often but briefly does not', failing(90, 1_001), answered(500), { failuresInARow: 91 }, null],
    ['410 disables at once', wellHealth, answered(410), { failuresInARow: 1 }, /410 Gone/],
  ]
  for (const [name, before, outcome, after, disable] of table) {
    const result = afterAttempt(
      { attempts: 1, createdAtMs: 6_000 },
      before,
      outcome,
      6_000,
      1,
      policy,
    )
    t.match(result.health, after, name)
    if (disable === null) t.equal(result.disable, null, `${name}: stays`)
    else t.match(result.disable, disable, `${name}: disabled`)
  }
  t.end()
})

t.test('the schedule chooses the deliveries to send and the time of the next look', t => {
  const one = (id: string, subscriptionId: string, nextAttemptAtMs: number): Candidate => ({
    id,
    subscriptionId,
    nextAttemptAtMs,
  })
  const table: [
    name: string,
    candidates: Candidate[],
    health: [string, Health][],
    inFlight: [string, string][],
    start: string[],
    wakeAtMs: number | null,
  ][] = [
    ['nothing', [], [], [], [], null],
    [
      'due deliveries, earliest first',
      [one('b', 's', 2), one('a', 's', 1)],
      [],
      [],
      ['a', 'b'],
      null,
    ],
    [
      'the next due delivery sets the time of the next look',
      [one('a', 's', 10), one('b', 's', 150), one('c', 's', 120)],
      [],
      [],
      ['a'],
      120,
    ],
    ['a delivery under way is not chosen', [one('a', 's', 1)], [], [['a', 's']], [], null],
    [
      'a bounded number of one subscription',
      [one('a', 's', 1), one('b', 's', 2), one('c', 's', 3)],
      [],
      [],
      ['a', 'b'],
      null,
    ],
    [
      'deliveries under way count',
      [one('a', 's', 1), one('b', 's', 2)],
      [],
      [['x', 's']],
      ['a'],
      null,
    ],
    [
      'a bounded number of all',
      [one('a', 's', 1), one('b', 'r', 2), one('c', 'q', 3), one('d', 'p', 4)],
      [],
      [],
      ['a', 'b', 'c'],
      null,
    ],
    [
      'one at a time of a failing subscription',
      [one('a', 's', 1), one('b', 's', 2), one('c', 'r', 3)],
      [['s', failing(3, 0)]],
      [],
      ['a', 'c'],
      null,
    ],
    [
      'none of a subscription that pauses',
      [one('a', 's', 1), one('c', 'r', 3)],
      [['s', { ...failing(3, 0), pausedUntilMs: 130 }]],
      [],
      ['c'],
      130,
    ],
    [
      'a pause that has ended',
      [one('a', 's', 1)],
      [['s', { ...failing(3, 0), pausedUntilMs: 100 }]],
      [],
      ['a'],
      null,
    ],
  ]
  for (const [name, candidates, health, inFlight, start, wakeAtMs] of table) {
    const chosen = choose(candidates, new Map(health), new Map(inFlight), 100, policy)
    t.same([chosen.start.map(candidate => candidate.id), chosen.wakeAtMs], [start, wakeAtMs], name)
  }
  t.end()
})
