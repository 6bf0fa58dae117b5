/** The bounds of applicants who wait, on a database: the last one who finds room, and who counts. */
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { addPharmacy, newId, startFixture } from '../sockets/fixture.ts'
import { refuseTooManyDrivers, refuseTooManyPharmacies } from './bounds.ts'
import { approvalLimits } from './limits.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { kysely: db, pool } = edge.database

/** 'room', or the code of the refusal. */
const outcome = async (ask: () => Promise<void>): Promise<string> => {
  try {
    await ask()
    return 'room'
  } catch (error) {
    if (!(error instanceof CaduceusError)) throw error
    return error.code
  }
}
const pharmacy = async (): Promise<string> => {
  const pharmacyId = newId()
  await addPharmacy(edge.database, { userId: newId(), pharmacyId })
  return pharmacyId
}
const drivers = (n: number, pharmacyId: string, from: string | null, membership = 'pending') =>
  pool.query(
    `insert into drivers (id, user_id, vendor_id, full_name, phone, vehicle_type, status, membership, registered_from)
      select gen_random_uuid(), gen_random_uuid(), $2, 'Dee', '2', 'bike', 'offline', $3, $4 from generate_series(1, $1::int)`,
    [n, pharmacyId, membership, from],
  )
const mayJoin = (pharmacyId: string, from: string | null) =>
  outcome(() => db.transaction().execute(tx => refuseTooManyDrivers(tx, pharmacyId, from)))

t.test('so many drivers wait for one pharmacy, from whatever address', async t => {
  const [full, other] = [await pharmacy(), await pharmacy()]
  await drivers(approvalLimits.pendingDriversPerPharmacyMax, full, '192.0.2.1', 'active')
  await drivers(approvalLimits.pendingDriversPerPharmacyMax - 1, full, null)
  t.equal(await mayJoin(full, '192.0.2.2'), 'room', 'members and others do not count')
  await drivers(1, full, null)
  t.equal(await mayJoin(full, '192.0.2.2'), 'too_many_requests')
  t.equal(await mayJoin(full, null), 'too_many_requests')
  t.equal(await mayJoin(other, '192.0.2.2'), 'room', 'another pharmacy')
})

t.test('so many drivers of one address wait, for whatever pharmacies', async t => {
  const [first, second] = [await pharmacy(), await pharmacy()]
  const from = '192.0.2.3'
  await drivers(approvalLimits.pendingDriversPerAddressMax, first, from, 'ended')
  await drivers(approvalLimits.pendingDriversPerAddressMax - 1, first, from)
  t.equal(await mayJoin(second, from), 'room')
  await drivers(1, second, from)
  t.equal(await mayJoin(second, from), 'too_many_requests')
  t.equal(await mayJoin(second, '192.0.2.4'), 'room', 'another address')
  t.equal(await mayJoin(second, null), 'room', 'whoever asks again has no address')
})

t.test('so many pharmacies of one address wait', async t => {
  const from = '192.0.2.5'
  const may = (address: string) =>
    outcome(() => db.transaction().execute(tx => refuseTooManyPharmacies(tx, address)))
  const waiting = async (n: number, status: string): Promise<void> => {
    for (let i = 0; i < n; i++) {
      const id = await pharmacy()
      await pool.query('update vendors set status = $2 where id = $1', [id, status])
      await pool.query('update vendors set registered_from = $2 where id = $1', [id, from])
    }
  }
  await waiting(1, 'active')
  await waiting(approvalLimits.pendingPharmaciesPerAddressMax - 1, 'pending')
  t.equal(await may(from), 'room')
  await waiting(1, 'pending')
  t.equal(await may(from), 'too_many_requests')
  t.equal(await may('192.0.2.6'), 'room')
})

t.test('many at once do not all find the last place', async t => {
  const one = await pharmacy()
  await drivers(approvalLimits.pendingDriversPerPharmacyMax - 1, one, null)
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      outcome(() =>
        db.transaction().execute(async tx => {
          await refuseTooManyDrivers(tx, one, null)
          await tx
            .insertInto('drivers')
            .values({
              id: newId(),
              user_id: newId(),
              vendor_id: one,
              full_name: 'Dee',
              phone: '2',
              vehicle_type: 'bike',
              status: 'offline',
              membership: 'pending',
            } as never)
            .execute()
        }),
      ),
    ),
  )
  t.equal(answers.filter(answer => answer === 'room').length, 1)
})
