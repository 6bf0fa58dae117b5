/**
 * Faults between an appender and its database that no real database produces on demand: which
 * errors are answers, how long the appender waits, and the result after a lost reply. The database
 * is a script of answers. postgres.test.ts repeats the lost replies on a real database.
 */
import t from 'tap'
import type { Log, PgPool } from '../../migrations/database/open.ts'
import { after, happened } from '../orders/fixtures.ts'
import { row } from '../orders/row.ts'
import type { Living } from '../orders/view.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { Appender, type AppenderEnv, type QueueBudget } from './appender.ts'
import { testEvent } from './contract/rows.ts'
import type { AppendRequest } from './journal.ts'

const id = (n: number): string => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
const lost = (): Error => Object.assign(new Error('connection lost'), { code: 'ECONNRESET' })
const refusal = (code: string): Error => Object.assign(new Error(`refused: ${code}`), { code })

const request = (
  actor: number,
  change: Partial<AppendRequest> & { count?: number } = {},
): AppendRequest => {
  const { count = 1, ...rest } = change
  return {
    kind: 'order',
    actorId: id(actor),
    slot: 1,
    epoch: 5,
    fromVersion: 0,
    events: Array.from({ length: count }, () => testEvent()),
    commandId: `k${actor}`,
    atMs: 0,
    by: { role: 'system', id: 'test' },
    row: { kind: 'order', order: row(after([happened.opened]) as Living, 1, 0, false) },
    ...rest,
  }
}

type Answer = object | Error
/** The database's answers for each statement, one after the other; the last answer is repeated. */
interface Script {
  append?: Answer[]
  find_written?: Answer[]
  actor_version?: Answer[]
  last_seqs?: Answer[]
}
const committed = { committed: true, held_slots: [1], gap_actor_ids: [] }
const refusedBy = (held: number[], gaps: number[] = []): object => ({
  committed: false,
  held_slots: held,
  gap_actor_ids: gaps.map(id),
})

/** The script does not look at the statement. */
const plan = { query: () => ({ name: 'journal_append', text: '', values: [] }) }

function open(script: Script, settings: Partial<AppenderEnv> = {}) {
  const env = new VirtualEnv(1)
  const waits: number[] = []
  const asked: string[] = []
  const budget: QueueBudget = { eventsHeld: 0 }
  const left = { append: [committed], last_seqs: [{ slot: 1, last_seq: 10 }], ...script } as Record<
    string,
    Answer[]
  >
  const pool = {
    query: async ({ name }: { name: string }) => {
      const statement = name.replace('journal_', '')
      asked.push(statement)
      const answers = left[statement]!
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!
      if (answer instanceof Error) throw answer
      return { rows: [answer] }
    },
  } as unknown as PgPool
  const wait = (ms: number, run: () => void): (() => void) => {
    waits.push(ms)
    return env.after(ms, run)
  }
  const log = { warn: () => {}, error: () => {} } as unknown as Log
  return {
    env,
    waits,
    asked,
    budget,
    appender: new Appender(pool, plan, { after: wait, ...settings }, log, budget),
  }
}
type Opened = ReturnType<typeof open>

/** The outcome of each append after `ms` of virtual time. */
async function outcomes(
  { env, appender }: Opened,
  requests: readonly AppendRequest[],
  ms = 60_000,
): Promise<unknown[]> {
  const results: unknown[] = requests.map(() => 'waits')
  requests.forEach((one, i) => {
    appender.append(one).then(
      result => {
        results[i] = result
      },
      (error: Error & { code?: string }) => {
        results[i] = error.code ?? error.message
      },
    )
  })
  await env.advance(ms)
  return results
}

t.test('a database that is down is asked again, later each time, at most every second', async t => {
  const opened = open({
    append: [...Array.from({ length: 8 }, lost), committed],
    find_written: [{ found: 0 }],
  })
  t.same(await outcomes(opened, [request(1)]), [{ outcome: 'committed', firstSeq: 11 }])
  t.same(opened.waits, [20, 40, 80, 160, 320, 640, 1_000, 1_000])
  t.equal(opened.budget.eventsHeld, 0)
  const heads = open({ last_seqs: [lost(), lost(), { slot: 1, last_seq: 3 }] })
  t.same(
    await outcomes(heads, [request(1)]),
    [{ outcome: 'committed', firstSeq: 4 }],
    'the question for the numbers of a slot is repeated too',
  )
  t.same(heads.waits, [20, 40])
})

t.test('errors of data and schema are answers, and after other errors it asks again', async t => {
  for (const code of ['22P02', '23502', '42P01', '23514']) {
    const opened = open({ append: [refusal(code)] })
    t.same(await outcomes(opened, [request(1)]), [code])
    t.same(opened.waits, [], `${code}: the same statement would be refused again`)
    const heads = open({ last_seqs: [refusal(code)] })
    t.same(await outcomes(heads, [request(1)]), [code])
  }
  for (const code of [
    'ECONNRESET',
    '57P01',
    '08006',
    '40001',
    '2201',
    '2201EX',
    '122P02',
    '22p02',
  ]) {
    const opened = open({ append: [refusal(code), committed] })
    t.same(await outcomes(opened, [request(1)]), [{ outcome: 'committed', firstSeq: 11 }])
    t.same(opened.waits, [20], `${code}: asked again`)
  }
  t.same(open({}).waits, [])
})

t.test('after a lost reply the database is asked whether the write landed', async t => {
  const landed = open({ append: [lost(), refusedBy([])], find_written: [{ found: 2 }] })
  t.same(
    await outcomes(landed, [request(1, { count: 2 })]),
    [{ outcome: 'committed', firstSeq: 11 }],
    'the slot is lost, and the write is in the journal',
  )
  const half = open({ append: [lost(), refusedBy([])], find_written: [{ found: 1 }] })
  t.same(await outcomes(half, [request(1, { count: 2 })]), [{ outcome: 'fenced' }])
  const twice = open({ append: [lost(), refusal('23505')], find_written: [{ found: 1 }] })
  t.same(await outcomes(twice, [request(1)]), [{ outcome: 'committed', firstSeq: 11 }])
  const sure = open({ append: [refusedBy([])], find_written: [{ found: 1 }] })
  t.same(
    await outcomes(sure, [request(1)]),
    [{ outcome: 'fenced' }],
    'no reply was lost, so the database is not asked',
  )
  t.notOk(sure.asked.includes('find_written'))
  const other = open({ append: [lost(), refusal('23514')], find_written: [{ found: 1 }] })
  t.same(await outcomes(other, [request(1)]), ['23514'])
  t.notOk(other.asked.includes('find_written'))
})

t.test(
  'a refused group: each append gets its own answer, and the others are sent again',
  async t => {
    const opened = open({
      append: [refusedBy([1], [2]), committed],
      last_seqs: [{ slot: 1, last_seq: 10 }],
    })
    t.same(await outcomes(opened, [request(1, { count: 2 }), request(2), request(3)]), [
      { outcome: 'committed', firstSeq: 11 },
      { outcome: 'conflict' },
      { outcome: 'committed', firstSeq: 13 },
    ])
    const later = await outcomes(opened, [request(1, { epoch: 4 }), request(4)])
    t.same(
      later,
      [{ outcome: 'fenced' }, { outcome: 'committed', firstSeq: 14 }],
      'an append under an epoch that is over is answered without the database',
    )
    t.equal(opened.asked.filter(name => name === 'last_seqs').length, 1)
    t.same(
      await outcomes(opened, [request(5, { epoch: 6 })]),
      [{ outcome: 'committed', firstSeq: 11 }],
      'a new epoch asks for the numbers again',
    )
    const fenced = open({ append: [refusedBy([]), committed] })
    t.same(await outcomes(fenced, [request(1), request(2)]), [
      { outcome: 'fenced' },
      { outcome: 'fenced' },
    ])
  },
)

t.test('an append that the database refuses fails alone in its group', async t => {
  const opened = open({ append: [refusal('23514'), refusal('23514'), committed] })
  t.same(await outcomes(opened, [request(1), request(2)]), [
    '23514',
    { outcome: 'committed', firstSeq: 11 },
  ])
  t.equal(opened.budget.eventsHeld, 0)
})

t.test('another writer took a number: the append is a conflict, or gets new numbers', async t => {
  const moved = open({ append: [refusal('23505')], actor_version: [{ version: 3 }] })
  t.same(
    await outcomes(moved, [request(1)]),
    [{ outcome: 'conflict' }],
    'the actor has a higher version',
  )
  const again = open({
    append: [refusal('23505'), committed],
    actor_version: [{ version: 0 }],
    last_seqs: [
      { slot: 1, last_seq: 10 },
      { slot: 1, last_seq: 20 },
    ],
  })
  t.same(
    await outcomes(again, [request(1)]),
    [{ outcome: 'committed', firstSeq: 21 }],
    'the actor has the same version: the numbers of the slot are read again',
  )
  const never = open({ append: [refusal('23505')], actor_version: [{ version: 0 }] })
  t.same(await outcomes(never, [request(1)]), ['23505'])
  t.equal(
    never.asked.filter(name => name === 'append').length,
    4,
    'reported after three more tries',
  )
  for (const [answer, outcome] of [
    [refusedBy([]), 'fenced'],
    [refusedBy([1], [1]), 'conflict'],
  ] as const)
    t.same(
      await outcomes(
        open({ append: [refusal('23505'), answer], actor_version: [{ version: 0 }] }),
        [request(1)],
      ),
      [{ outcome }],
    )
})

t.test(
  'groups have a bounded number of events, at most one append for each actor, and the order of the calls',
  async t => {
    const opened = open({}, { batchEventsMax: 3 })
    const first = await outcomes(opened, [
      request(1, { count: 2 }),
      request(2),
      request(3),
      request(4, { count: 9 }),
      request(3),
    ])
    t.same(
      first.map(one => (one as { firstSeq: number }).firstSeq),
      [11, 13, 14, 15, 24],
    )
    t.equal(opened.asked.filter(name => name === 'append').length, 4)
    const pair = open({})
    await outcomes(pair, [request(1), request(1), request(2)])
    t.equal(pair.asked.filter(name => name === 'append').length, 2)
  },
)

t.test('the number of waiting events is bounded, and no append is empty', async t => {
  const opened = open({ append: [lost()] }, { queueEventsMax: 3 })
  t.same(await outcomes(opened, [request(1, { count: 2 }), request(2), request(3)], 100), [
    'waits',
    'waits',
    'overloaded',
  ])
  t.equal(opened.budget.eventsHeld, 3)
  t.same(await outcomes(opened, [request(4, { count: 0 })], 0), [
    'an append has at least one event',
  ])
})

t.test('close answers every append that waits, and later appends are refused', async t => {
  const opened = open({ append: [lost()] })
  const result = outcomes(opened, [request(1), request(1)], 25)
  await opened.env.settle()
  t.same(await result, ['waits', 'waits'])
  const late: unknown[] = []
  await opened.appender.close()
  await opened.appender.append(request(2)).catch((error: { code: string }) => late.push(error.code))
  t.same(late, ['unavailable'])
  t.equal(opened.budget.eventsHeld, 0, 'every append that waited was answered')
  const busy = open({})
  const both = Promise.all([busy.appender.append(request(1)), busy.appender.close()])
  t.same(
    (await both)[0],
    { outcome: 'committed', firstSeq: 11 },
    'an append that can be written is written',
  )
  await open({}).appender.close()
})
