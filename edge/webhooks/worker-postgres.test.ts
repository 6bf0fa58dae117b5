/** The webhook worker on a real PostgreSQL, where its transactions run side by side. */
import t from 'tap'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { openDatabase } from '../../migrations/database/open.ts'
import { workerSuite } from './worker-suite.ts'

t.test('the worker on PostgreSQL', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const postgres = await startPostgres()
  await workerSuite(t, () => openDatabase({ url: postgres.url }))
  t.teardown(() => postgres.stop())
})
