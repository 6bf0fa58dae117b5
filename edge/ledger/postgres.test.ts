/**
 * The ledger's store on real PostgreSQL servers, the embedded one and a server: the contract, groups
 * of several at once, transactions side by side, and rows that nobody changes.
 */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { openDatabase, type Database } from '../../migrations/database/open.ts'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { emptyAccount } from './account.ts'
import { ledgerContract } from './fixture-contract.ts'
import { key, sumsOf, type Subject } from './fixture-ledgers.ts'
import { checkSums } from './housekeeping.ts'
import { accountColumns, accountOfRow, expireDue, record, type AccountRow } from './store.ts'
import type { Move } from './transfer.ts'
import { correctionsOf } from './views.ts'

const newId = (): string => uuidV7(Date.now(), Math.random)

async function storeTests(t: Test, database: Database): Promise<void> {
  const { kysely: db, pool } = database
  const account = async (id: string) => {
    const {
      rows: [row],
    } =
      await sql<AccountRow>`select ${accountColumns} from ledger_accounts where id = ${id}`.execute(
        db,
      )
    return accountOfRow(row!)
  }
  const subject: Subject = {
    open: async keys => {
      for (const { id, code, ownerId, currency, flag } of keys)
        await pool.query(
          `insert into ledger_accounts (id, code, owner_id, currency, flag, opened_at) values ($1, $2, $3, $4, $5, now())`,
          [id, code, ownerId, currency, flag],
        )
    },
    record: async (group, atMs) =>
      (await db.transaction().execute(tx => record(tx, [{ transfers: group }], atMs)))[0]!,
    expire: atMs => db.transaction().execute(tx => expireDue(tx, atMs, 100)),
    account,
  }
  const faults = async (): Promise<number> => {
    const quiet = { error() {} } as never
    const metrics = { ledgerFaults: { set() {} } } as never
    return (await checkSums({ database, log: quiet, metrics }))['faults']!
  }
  const move = (debitId: string, creditId: string, amount: bigint): Move => ({
    id: newId(),
    code: 'test',
    phase: 'direct',
    debitId,
    creditId,
    currency: 'USD',
    amount,
  })

  await ledgerContract(t, subject)

  await t.test('a batch decides each group after the groups before it', async t => {
    const [world, payable] = [key(newId()), key(newId(), 'debits_must_not_exceed_credits')]
    const opens = [world, payable]
    const outcomes = await db.transaction().execute(tx =>
      record(
        tx,
        [
          { opens, transfers: [move(payable.id, world.id, 1n)] },
          { opens, transfers: [move(world.id, payable.id, 5n)] },
          { opens, transfers: [move(payable.id, world.id, 3n)] },
          { opens, transfers: [move(payable.id, world.id, 3n)] },
        ],
        Date.now(),
      ),
    )
    t.same(
      outcomes.map(one => (one.ok ? 'ok' : one.refusal)),
      ['exceeds_credits', 'ok', 'ok', 'exceeds_credits'],
    )
    t.same(sumsOf(await account(payable.id)), [0, 3, 0, 5])
  })

  await t.test(
    'transactions side by side spend an amount once, and none waits for ever',
    async t => {
      const [world, one, two] = [
        key(newId()),
        key(newId(), 'debits_must_not_exceed_credits'),
        key(newId(), 'debits_must_not_exceed_credits'),
      ]
      await subject.open([world, one, two])
      await subject.record([move(world.id, one.id, 10n), move(world.id, two.id, 10n)], Date.now())
      const held: Move = { ...move(one.id, two.id, 4n), phase: 'pending' }
      await subject.record([held], Date.now())
      const outcomes = await Promise.all([
        ...Array.from({ length: 12 }, () =>
          subject.record([move(one.id, two.id, 3n), move(two.id, world.id, 3n)], Date.now()),
        ),
        ...Array.from({ length: 12 }, () =>
          subject.record([move(two.id, one.id, 1n), move(one.id, world.id, 1n)], Date.now()),
        ),
        ...Array.from({ length: 6 }, () =>
          subject.record(
            [{ id: newId(), code: 'test', phase: 'post', pendingId: held.id }],
            Date.now(),
          ),
        ),
      ])
      t.equal(outcomes.slice(24).filter(outcome => outcome.ok).length, 1, 'a reservation ends once')
      for (const { id } of [one, two]) {
        const { debitsPosted, creditsPosted } = await account(id)
        t.ok(debitsPosted <= creditsPosted, `${debitsPosted} of ${creditsPosted}`)
      }
      const again = move(world.id, one.id, 1n)
      const copies = await Promise.all(
        Array.from({ length: 10 }, () => subject.record([again], Date.now())),
      )
      t.equal(copies.filter(copy => copy.ok && !copy.repeated).length, 1, 'an id happens once')
    },
  )

  await t.test('what waits is found without a walk over all reservations', async t => {
    const used = (run: (tx: typeof db) => Promise<unknown>) =>
      db.transaction().execute(async tx => {
        // Small tables are read whole otherwise.
        await sql`set local enable_seqscan = off`.execute(tx)
        await run(tx)
        const { rows } = await sql<{ name: string }>`
          select indexrelid::regclass::text as name from pg_index
          where indrelid = 'ledger_transfers'::regclass and pg_stat_get_xact_numscans(indexrelid) > 0`.execute(
          tx,
        )
        return rows.map(row => row.name)
      })
    const expiring = await used(tx => expireDue(tx, Date.now(), 10))
    t.ok(expiring.includes('ledger_transfers_timed'), expiring.join(' '))
    const listing = await used(tx => correctionsOf(tx, {}, Date.now(), 10))
    t.ok(listing.includes('ledger_transfers_stated'), listing.join(' '))
  })

  await t.test('nobody changes or deletes a transfer, and an account keeps its flag', async t => {
    const [world, payable] = [key(newId()), key(newId(), 'debits_must_not_exceed_credits')]
    await subject.open([world, payable])
    await subject.record([move(world.id, payable.id, 5n)], Date.now())
    const refuses = (statement: string, pattern: RegExp) =>
      t.rejects(pool.query(statement), { message: pattern }, statement)
    await refuses(`update ledger_transfers set amount = 6`, /never changes/)
    await refuses(`delete from ledger_transfers`, /never changes/)
    await refuses(
      `update ledger_accounts set debits_posted = 6 where id = '${payable.id}'`,
      /check constraint/,
    )
  })

  await t.test('the check of all sums finds what does not add up', async t => {
    t.equal(await faults(), 0, 'after everything above')
    const stray = emptyAccount(key(newId()))
    await subject.open([stray])
    await pool.query(`update ledger_accounts set credits_posted = 5 where id = $1`, [stray.id])
    t.equal(await faults(), 2, 'the account and its currency')
    await pool.query(
      `update ledger_accounts set credits_posted = 0, debits_pending = 1 where id = $1`,
      [stray.id],
    )
    t.equal(await faults(), 2, 'also of what is reserved')
    await pool.query(`update ledger_accounts set debits_pending = 0 where id = $1`, [stray.id])
    t.equal(await faults(), 0)
  })
}

t.test('embedded', async t => {
  const database = await preparedDatabase()
  t.teardown(() => database.close())
  await storeTests(t, database)
})

t.test('Postgres', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  const database = await openDatabase({ url: postgres.url })
  t.teardown(() => database.close())
  await storeTests(t, database)
})
