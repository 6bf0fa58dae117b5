/**
 * Two edges on one database, and a late hint of a decision: an edge does not refuse a caller whose
 * access another edge gave back.
 */
import pino from 'pino'
import t from 'tap'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { addDriver, addPharmacy, newId, startFixture } from '../sockets/fixture.ts'
import { approvalLimits } from './limits.ts'
import { createStandings } from './standing.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { pool } = edge.database

/** The standings of an edge that gets no hints and does not look by itself. */
const edgeWithoutHints = async (nowMs: () => number = Date.now) => {
  const standings = createStandings({
    database: edge.database,
    bus: memoryBus(),
    log: pino({ level: 'silent' }),
    nowMs,
    after: () => () => {},
  })
  t.teardown(() => standings.close())
  const heard: string[] = []
  standings.onNews(news => heard.push(...news.map(({ id }) => id)))
  await standings.announce()
  return { standings, heard }
}

t.test(
  'access that another edge gave back counts at the next request, before the hint arrives',
  async t => {
    const [pharmacyId, driverId, userId] = [newId(), newId(), newId()]
    await addPharmacy(edge.database, { userId: newId(), pharmacyId })
    await addDriver(edge.database, { userId, pharmacyId, driverId })
    const driver = { role: 'driver', pharmacyId: null, driverId } as const
    const pharmacy = { role: 'vendor', pharmacyId, driverId: null } as const
    const { standings } = await edgeWithoutHints()
    const news: string[][] = []
    standings.onNews(heard =>
      news.push(heard.map(one => (one.kind === 'driver' ? one.membership : one.status))),
    )

    await pool.query(`update drivers set membership = 'ended' where id = $1`, [driverId])
    await standings.announce()
    t.match(await standings.of(driver), { access: 'none' })
    await pool.query(`update drivers set membership = 'active' where id = $1`, [driverId])
    t.match(await standings.of(driver), { access: 'full' }, 'the driver was invited again')

    await pool.query(`update vendors set status = 'suspended' where id = $1`, [pharmacyId])
    await standings.announce()
    t.match(
      [await standings.of(pharmacy), await standings.of(driver)],
      [{ access: 'none' }, { access: 'none' }],
    )
    await pool.query(`update vendors set status = 'active' where id = $1`, [pharmacyId])
    t.match(
      await standings.of(driver),
      { access: 'full' },
      'the pharmacy works again, so its driver does',
    )
    t.match(await standings.of(pharmacy), { access: 'full' })
    t.same(
      news,
      [['ended'], ['active'], ['suspended'], ['active']],
      'the sockets are told of each decision once',
    )
  },
)

t.test(
  'an edge hears of recent decisions at its start, and then of those since its last look',
  async t => {
    const minuteMs = 60_000
    // Far from the decisions of the other test.
    let now = Date.parse('2040-01-01T12:00:00Z')
    const decidedAt = async (ms: number): Promise<string> => {
      const pharmacyId = newId()
      await addPharmacy(edge.database, { userId: newId(), pharmacyId })
      await pool.query('update vendors set standing_at = $2 where id = $1', [
        pharmacyId,
        new Date(ms),
      ])
      return pharmacyId
    }
    const { standingNewsMs } = approvalLimits
    const first = now - standingNewsMs - minuteMs
    await decidedAt(first - 1_000)
    const recent = await decidedAt(first + 1_000)
    const { standings, heard } = await edgeWithoutHints(() => now)
    t.same(heard, [recent], 'a minute more than the time of news, because clocks differ')
    await standings.announce()
    t.same(heard, [recent], 'each decision once')

    const lookedAtMs = now
    now += 60 * minuteMs
    await decidedAt(lookedAtMs - minuteMs - 1_000)
    // It was decided before the last look, and committed after it.
    const late = await decidedAt(lookedAtMs - minuteMs + 1_000)
    const since = await decidedAt(lookedAtMs + 1_000)
    await standings.announce()
    t.same(heard.slice(1).toSorted(), [late, since].toSorted())
  },
)
