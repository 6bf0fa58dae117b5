/**
 * Orders of an earlier release have the same views after the views were split into two parts.
 */
import t from 'tap'
import { testId, testOrderView } from '../../engine/journal/contract/rows.ts'
import { endedStatuses } from '../../protocol/orders/statuses.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { orderView, type OrderParts } from '../../protocol/orders/view-parts.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { migrations } from './index.ts'
import { migrate } from '../database/migrate.ts'
import { serverPool, silentLog } from '../database/pool.ts'

t.test('0009: each order keeps its view', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const server = await startPostgres()
  const pool = serverPool(server.url, { connectionsMax: 2 }, silentLog)
  t.teardown(async () => {
    await pool.end()
    await server.stop()
  })
  await migrate(
    pool,
    Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0009')),
  )
  const at = new Date(Date.UTC(2026, 0, 5)).toISOString()
  const views: OrderView[] = [
    // The notes of this view have a NUL and half a surrogate pair. The database's own functions
    // fail on them.
    testOrderView(testId(), 1),
    testOrderView(testId(), 4, {
      status: 'accepted',
      vendor_id: testId(),
      accepted_at: at,
      driver_search: {
        state: 'offering',
        offers_made: 2,
        offer: { offer_id: testId(), driver_id: testId(), expires_at: at },
      },
    }),
    ...endedStatuses.map(status =>
      testOrderView(testId(), 9, {
        status,
        ended_at: at,
        reason: 'because',
        responses: [
          {
            vendor_id: testId(),
            response_type: 'REJECTED',
            text_message: null,
            audio_url: null,
            responded_at: at,
          },
        ],
      }),
    ),
    // More orders than the migration reads at once.
    ...Array.from({ length: 1_100 }, () => testOrderView(testId(), 2, { notes: null })),
  ]
  for (const view of views)
    await pool.query(
      `insert into orders (id, kind, order_number, tracking_token, status, user_id, created_at, updated_at, version, view) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        view.id,
        view.kind,
        view.order_number,
        view.tracking_token,
        view.status,
        view.user_id,
        view.created_at,
        view.updated_at,
        view.version,
        JSON.stringify(view),
      ],
    )

  await migrate(pool)
  const { rows } = await pool.query<
    { id: string; status: string; ended_as: string | null } & OrderParts
  >('select id, status, ended_as, placed, progress from orders')
  const stored = new Map(rows.map(row => [row.id, row]))
  const wrong = views.filter(
    view => JSON.stringify(orderView(stored.get(view.id)!)) !== JSON.stringify(view),
  )
  t.same(wrong, [], 'each order has the same view, with its fields in the same order')
  for (const row of rows.slice(0, 10))
    t.equal(
      row.ended_as,
      endedStatuses.includes(row.status as OrderView['status']) ? row.status : null,
      row.status,
    )
  const { placed, progress } = stored.get(views[0]!.id)!
  t.ok('customer_name' in placed!)
  t.notOk('customer_name' in progress, 'a field that never changes is only in the first part')
  t.notOk('status' in placed!, 'a field that changes is only in the second part')
})
