/** Reminders that waited for their letters wait in the outbox after the move, and nothing twice. */
import t from 'tap'
import { testId } from '../../engine/journal/contract/rows.ts'
import { isUuid, uuidV7 } from '../../protocol/kernel/ids.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { migrations } from './index.ts'
import { migrate } from '../database/migrate.ts'
import { serverPool, silentLog } from '../database/pool.ts'

t.test('0051: letters move', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const server = await startPostgres()
  const pool = serverPool(server.url, { connectionsMax: 2 }, silentLog)
  t.teardown(async () => {
    await pool.end()
    await server.stop()
  })
  await migrate(
    pool,
    Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0051')),
  )
  const [mailed, texted] = [testId(), testId()]
  for (const [id, proven] of [
    [mailed, true],
    [texted, false],
  ] as const)
    await pool.query(
      `insert into users (id, email, full_name, phone, role, password_hash, created_at, email_verified_at)
       values ($1, $2, 'Ann', '', 'user', '', now(), case when $3 then now() end)`,
      [id, `${id}@example.org`, proven],
    )
  const letter = (account: string, event: string, channel: string | null, ended: string | null) =>
    pool.query(
      `insert into notification_letters (account_id, event_id, kind, about_id, due_at, start_at, channel, outcome, ended_at)
       values ($1, $2, 'appointment.reminder', $1, '2027-01-01T10:00:00Z', '2027-01-01T12:00:00Z', $3,
         case when $4::text is not null then 'sent' end, now() - $4::interval)`,
      [account, event, channel, ended],
    )
  await letter(mailed, '1.1', null, null)
  await letter(texted, '1.2', null, null)
  await letter(texted, '1.3', 'sms', '1 hour')
  await letter(texted, '1.4', 'sms', '25 hours')
  await letter(mailed, '1.5', 'email', '1 hour')
  await migrate(pool, migrations)
  const { rows } = await pool.query(
    `select news_id, account_id, event_id, channel, state, kind, due_at, expires_at, ended_at is not null as ended
     from notification_deliveries order by event_id`,
  )
  const waits = {
    kind: 'appointment.reminder',
    state: 'waiting',
    ended: false,
    due_at: new Date('2027-01-01T10:00:00Z'),
    expires_at: new Date('2027-01-01T12:00:00Z'),
  }
  t.match(rows, [
    { account_id: mailed, event_id: '1.1', channel: 'email', ...waits },
    { account_id: texted, event_id: '1.2', channel: 'sms', ...waits },
    { event_id: '1.3', channel: 'sms', state: 'sent', ended: true },
  ])
  const later = uuidV7(1, Math.random)
  t.ok(
    rows.every(({ news_id }) => isUuid(news_id) && news_id < later),
    'copies are older than all news',
  )
  t.equal(rows.length, 3, 'what was sent long ago counts for no bound')
})
