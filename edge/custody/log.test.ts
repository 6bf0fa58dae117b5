/**
 * The writer of the custody log on a real database: each event once, one writer among several, a
 * crash in the middle, a store of files that is away.
 */
import t from 'tap'
import { parseCheckpoint } from '../../protocol/custody-log/checkpoints.ts'
import { parseKey } from '../../protocol/custody-log/keys.ts'
import { signatureBy } from '../../protocol/custody-log/notes.ts'
import { verifyExport } from '../../protocol/custody-log/verify.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { png } from '../uploads/samples.ts'
import { custodyFile } from './export.ts'
import { startWithJournal, walk } from './fixture-journal.ts'
import { takeCustody, signWhenDue } from './take.ts'
import { entriesOf } from './timeline.ts'

const edge = await startWithJournal(t, { CUSTODY_LOG_NAME: 'pharmacy.example/log' })
const { database, parts, db, happen, settled, newOrder, kindsOf } = edge

t.test('each event is logged once, by one of several writers at a time', async t => {
  const orders = await Promise.all(Array.from({ length: 12 }, () => newOrder()))
  for (const type of walk) for (const id of orders) await happen(id, type)
  await Promise.all(Array.from({ length: 6 }, settled))
  for (const id of orders)
    t.same(await kindsOf(id), ['accepted', 'driver_assigned', 'picked_up', 'out_for_delivery'])
  const { rows } = await database.pool.query<{ leaves: number; next: number }>(
    'select count(*) as leaves, max(leaf) + 1 as next from custody_entries',
  )
  t.same(rows, [{ leaves: orders.length * walk.length, next: orders.length * walk.length }])
})

t.test('a writer that fails in the middle leaves nothing behind', async t => {
  const id = await newOrder()
  await database.pool.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'injected'; end $$`,
  )
  await database.pool.query(
    'create trigger refuse before insert on custody_nodes execute function refuse()',
  )
  await happen(id, 'order_accepted')
  for (;;) {
    const failure = await takeCustody(parts).then(
      ({ led }) => led,
      (error: Error) => error.message,
    )
    // False: the edge's own follower has the log at the moment.
    if (failure === false) continue
    t.equal(failure, 'injected')
    break
  }
  t.same(await kindsOf(id), [])
  await database.pool.query('drop trigger refuse on custody_nodes')
  await settled()
  t.same(await kindsOf(id), ['accepted'])
})

t.test('an entry waits while its proof cannot be read, and others do not', async t => {
  const [late, other] = [await newOrder(), await newOrder()]
  const form = new FormData()
  form.set('file', new Blob([png as Uint8Array<ArrayBuffer>]), 'photo.png')
  const { token } = await edge.customer()
  const { body: upload } = await edge.call('POST', '/api/uploads/proof', { token, body: form })
  const delivered = { ...orderEvents.delivered.example, proof_photo_url: uploadUrl(upload.id) }
  for (const type of walk) await happen(late, type)
  await settled()

  // The edge's own follower has the same stores.
  const { storages } = parts
  const real = storages.of
  let asked = 0
  Object.assign(storages, {
    of: (name: string) => ({
      ...real(name),
      read: () => {
        asked += 1
        throw new Error('away')
      },
    }),
  })
  await happen(late, 'delivered', delivered)
  await happen(other, 'order_accepted')
  while ((await kindsOf(other)).length === 0) await takeCustody(parts)
  t.same(await kindsOf(late), ['accepted', 'driver_assigned', 'picked_up', 'out_for_delivery'])
  t.ok(asked > 0)
  edge.clock.skewMs += 25 * 3_600_000
  await settled()
  t.match(
    (await entriesOf(db, late)).at(-1)?.entry,
    { kind: 'delivered', proofs: [{ kind: 'photo', upload_id: upload.id, sha256: null }] },
    'a day later the log goes on without it',
  )
  edge.clock.skewMs = 0
  Object.assign(storages, { of: real })

  const next = await newOrder()
  for (const type of walk) await happen(next, type)
  await happen(next, 'delivered', delivered)
  await settled()
  t.match((await entriesOf(db, next)).at(-1)?.entry?.proofs, [{ sha256: /^[0-9a-f]{64}$/ }])
})

t.test('checkpoints are signed, and an erased entry keeps its place', async t => {
  const id = await newOrder()
  for (const type of walk) await happen(id, type)
  await settled()
  await signWhenDue(parts)
  const key = parts.config.custodySigner!.key
  t.match(key, /^pharmacy\.example\/log\+[0-9a-f]{8}\+/)
  const trusted = { logKey: key, witnessKeys: [] }
  t.match(verifyExport(Buffer.from(await custodyFile(parts, await entriesOf(db, id))), trusted), {
    faults: [],
    proven: { entries: 4, erased: 0 },
  })
  await database.pool.query(
    'update custody_entries set salt = null, entry = null where order_id = $1 and number = 2',
    [id],
  )
  t.match(verifyExport(Buffer.from(await custodyFile(parts, await entriesOf(db, id))), trusted), {
    faults: [],
    proven: { entries: 4, erased: 1 },
  })
  const { body } = await edge.call('GET', '/api/custody/checkpoints?limit=1')
  t.equal(body.log_key, key)
  const checkpoint = parseCheckpoint(body.checkpoints[0].note)
  t.equal(checkpoint.size, body.checkpoints[0].size)
  t.match(signatureBy(parseKey('log', key), checkpoint.note), { outcome: 'good' })
})
