/** Ratings on a real PostgreSQL, where transactions run side by side. */
import t from 'tap'
import { openDatabase } from '../../migrations/database/open.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { figuresOf } from './figures.ts'
import { giveRating } from './give.ts'

t.test('Postgres', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  const database = await openDatabase({ url: postgres.url })
  t.teardown(() => database.close())
  const ctx = { database, nowMs: Date.now, random: Math.random }
  const newId = () => uuidV7(Date.now(), Math.random)

  t.test('of twenty ratings at once every group is counted', async t => {
    for (let round = 0; round < 5; round++) {
      const pharmacyId = newId()
      const raters = Array.from({ length: 20 }, newId)
      const orders = await Promise.all(
        raters.map(async rater => {
          const order = newId()
          const at = new Date().toISOString()
          await database.pool.query(
            `insert into orders (id, kind, order_number, tracking_token, status, user_id, vendor_id, created_at, updated_at, version, progress, ended_as)
             values ($1::uuid, 'direct', $1, $1, 'cancelled', $2, $3, $4, $4, 1, $5, 'cancelled')`,
            [order, rater, pharmacyId, at, JSON.stringify({ accepted_at: at, ended_at: at })],
          )
          return order
        }),
      )
      await Promise.all(
        raters.map((rater, i) =>
          giveRating(
            ctx,
            rater,
            { order_id: orders[i]!, subject: 'vendor', score: (i % 5) + 1 },
            newId(),
          ),
        ),
      )
      t.same((await figuresOf(database.kysely, 'vendor', [pharmacyId])).get(pharmacyId), {
        median: 3,
        ratings: 20,
      })
    }
  })
})
