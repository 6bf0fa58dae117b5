/**
 * A database of a release without normal forms keeps every account when its texts are brought into
 * one form, and the database computes the same form as the code.
 */
import t, { type Test } from 'tap'
import { normalEmail, writtenEmail } from '../../protocol/accounts/emails.ts'
import { testId } from '../../engine/journal/contract/rows.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { migrations } from './index.ts'
import { migrate } from '../database/migrate.ts'
import { openDatabase } from '../database/open.ts'
import { serverPool, silentLog, type PgPool } from '../database/pool.ts'

async function agrees(t: Test, pool: PgPool): Promise<void> {
  const characters = Array.from({ length: 0x2_0000 }, (_, i) => i + 1)
    .filter(point => point < 0xd800 || point > 0xdfff)
    .filter(
      point =>
        point < 0x600 ||
        point % 13 === 0 ||
        (point > 0x1dff && point < 0x2200) ||
        (point > 0xff00 && point < 0x10000),
    )
  const written = [
    ...characters.map(point => writtenEmail(`i${String.fromCodePoint(point)}\u0307x@example.org`)),
    ...['İzmir@example.com', 'I\u0307zmir@example.com', 'E\u0301mile@x.org'].map(writtenEmail),
  ]
  const { rows } = await pool.query<{ given: string; normal: string }>(
    'select given, normal_email(given) as normal from unnest($1::text[]) as given',
    [written],
  )
  t.same(
    rows.filter(row => row.normal !== normalEmail(row.given)).map(row => row.given),
    [],
    'the database and the code have the same rule',
  )
  t.equal(rows.length, written.length)
}

t.test('embedded database: e-mail addresses have the form of the code', async t => {
  const database = await openDatabase()
  t.teardown(() => database.close())
  await agrees(t, database.pool)
})

t.test('Postgres: every account is kept', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const server = await startPostgres()
  const pool = serverPool(server.url, { connectionsMax: 2 }, silentLog)
  t.teardown(async () => {
    await pool.end()
    await server.stop()
  })
  await migrate(
    pool,
    Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0011')),
  )
  const insert = (
    id: string,
    email: string,
    phone: string,
    day: number,
    phoneProvenDay: number | null = null,
  ) =>
    pool.query(
      `insert into users (id, email, full_name, phone, role, password_hash, created_at, phone_verified_at) values ($1, $2, 'Ann', $3, 'user', 'x', $4, $5)`,
      [
        id,
        email,
        phone,
        new Date(Date.UTC(2026, 0, day)),
        phoneProvenDay === null ? null : new Date(Date.UTC(2026, 1, phoneProvenDay)),
      ],
    )
  const accounts = Array.from({ length: 9 }, () => testId()) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  const [composed, decomposed, third, plain, national, odd, firstProven, lastProven, admin] =
    accounts
  // The younger account comes first in the order of ids, so only its date tells that it is younger.
  await insert(decomposed, 'Rene\u0301@example.org', '+977 984-123 4567', 2)
  await insert(composed, 'René@example.org', '00977 984 123 4567', 1)
  await insert(third, 'ren\u200bé@EXAMPLE.org', '(+977)9841234567', 3)
  await insert(plain, 'Ann@example.org', '+1 (555) 010', 4)
  await insert(national, 'İzmir@example.com', '984-1234567', 5)
  await insert(odd, 'odd@example.org', 'none', 6)
  await insert(firstProven, 'first@example.org', '+977 984 765 4321', 7, 1)
  await insert(lastProven, 'last@example.org', '+9779847654321', 8, 2)
  await insert(admin, 'admin@example.org', '', 9)
  const vendor = testId()
  await pool.query(
    `insert into vendors (id, user_id, business_name, email, phone, latitude, longitude) values ($1, $2, 'MedPharm', 'x@example.org', '+977-1-5550100', 1, 1)`,
    [vendor, testId()],
  )
  for (let i = 0; i < 1_100; i++)
    await insert(testId(), `many${i}@example.org`, `+977 ${9800000000 + i}`, 10)
  await migrate(pool)

  const { rows } = await pool.query<{
    id: string
    email: string
    phone: string
    email_twin_of: string | null
    phone_verified_at: Date | null
  }>('select * from users order by id')
  t.equal(rows.length, accounts.length + 1_100, 'every account is kept')
  const of = (id: string) => rows.find(row => row.id === id)!
  t.same(
    [composed, decomposed, third, plain, national].map(id => of(id).email_twin_of),
    [null, composed, composed, null, null],
    'the oldest account owns an address, and the others are marked',
  )
  t.equal(of(third).email, 'rené@EXAMPLE.org', 'composed, and otherwise as its owner wrote it')
  t.same(
    [composed, decomposed, third, plain, national, odd, admin].map(id => of(id).phone),
    ['+9779841234567', '+9779841234567', '+9779841234567', '+1555010', '984-1234567', 'none', ''],
  )
  t.same(
    [of(firstProven), of(lastProven)].map(row => row.phone_verified_at !== null),
    [false, true],
    'a phone belongs to the account that proved it last',
  )
  t.equal(rows.filter(row => /^\+97798000\d{5}$/.test(row.phone)).length, 1_100)
  t.same((await pool.query('select phone from vendors')).rows, [{ phone: '+97715550100' }])
  await t.rejects(insert(testId(), 'RENÉ@example.org', '+1555', 1), { code: '23505' })
  await t.rejects(
    pool.query(`update users set phone_verified_at = now() where id = $1`, [firstProven]),
    { code: '23505' },
  )
  await agrees(t, pool)
})
