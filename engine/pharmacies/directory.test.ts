/** The pharmacies that an engine knows: which of them a request asks, and which of them may act. */
import t from 'tap'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { firstCurrency } from '../../protocol/pricing/money.ts'
import { defaultTariff } from '../../protocol/pricing/tariff.ts'
import { Directory } from './directory.ts'

const pharmacy = (
  vendor_id: string,
  change: Partial<DirectoryPharmacy> = {},
): DirectoryPharmacy => ({
  vendor_id,
  name: vendor_id,
  phone: '1',
  address: null,
  latitude: 52.5,
  longitude: 13.4,
  status: 'active',
  is_active: true,
  revision: 1,
  proof_required: true,
  dispatch_policy: 'manual',
  time_zone: 'Europe/Berlin',
  opening_hours: null,
  tariff: null,
  ...change,
})
const office = { mon: [{ open: '09:00', close: '18:00' }] }
/** Monday in Berlin, 09:00 in summer time. */
const mondayNineMs = Date.parse('2026-06-01T07:00:00Z')
const asked = (directory: Directory, nowMs: number) =>
  directory
    .near(52.5, 13.4, 5, nowMs)
    .map(candidate => candidate.vendor_id)
    .sort()

t.test('a pharmacy is asked only in its opening hours, in its own time zone', async t => {
  const directory = new Directory()
  directory.put(pharmacy('always'))
  directory.put(pharmacy('office', { opening_hours: office }))
  directory.put(pharmacy('elsewhere', { opening_hours: office, time_zone: 'Asia/Tokyo' }))
  directory.put(pharmacy('gone', { is_active: false }))
  t.same(asked(directory, mondayNineMs - 60_000), ['always', 'elsewhere'])
  t.same(asked(directory, mondayNineMs), ['always', 'elsewhere', 'office'])
  t.same(
    asked(directory, mondayNineMs + 3 * 3_600_000),
    ['always', 'office'],
    'seven in the evening in Tokyo',
  )
  t.ok(directory.fact('office') !== null, 'an order to this pharmacy can be placed at any time')
  directory.put(pharmacy('office'))
  t.same(
    asked(directory, mondayNineMs - 60_000),
    ['always', 'elsewhere', 'office'],
    'a pharmacy whose hours were removed is always open',
  )
})

t.test(
  'only an approved pharmacy is known and asked, and an older message never undoes a newer one',
  async t => {
    const directory = new Directory()
    const at = (
      vendor_id: string,
      status: DirectoryPharmacy['status'],
      revision: number,
      change: Partial<DirectoryPharmacy> = {},
    ) =>
      directory.put(
        pharmacy(vendor_id, { status, is_active: status === 'active', revision, ...change }),
      )
    at('real', 'active', 1)
    for (let i = 0; i < 3_000; i++) at(`fake ${i}`, i % 2 === 0 ? 'pending' : 'rejected', 1)
    t.equal(directory.size, 1, 'pharmacies without an approval are not kept')
    t.same(asked(directory, mondayNineMs), ['real'])
    t.equal(directory.fact('fake 0'), null)
    at('fake 0', 'active', 2)
    t.same(asked(directory, mondayNineMs), ['fake 0', 'real'])
    at('fake 0', 'suspended', 3)
    t.same(asked(directory, mondayNineMs), ['real'])
    t.equal(directory.fact('fake 0'), null)
    t.notOk(directory.mayAct('fake 0'))
    at('fake 0', 'active', 2, { latitude: 52.6 })
    t.same(
      asked(directory, mondayNineMs),
      ['real'],
      'a message from before the suspension changes nothing',
    )
    t.notOk(directory.mayAct('fake 0'))
    at('fake 0', 'rejected', 4)
    t.notOk(directory.mayAct('fake 0'))
    at('fake 0', 'active', 5)
    t.ok(directory.mayAct('fake 0'))
    t.ok(directory.mayAct('unknown'))
  },
)

t.test("a pharmacy has its own tariff or the currency's default", async t => {
  const directory = new Directory()
  const tariff = { base_minor: 1, minimum_minor: 2, bands: [{ up_to_km: null, per_km_minor: 3 }] }
  directory.put(pharmacy('own', { tariff }))
  directory.put(pharmacy('none'))
  t.same(
    [directory.tariff('own'), directory.tariff('none'), directory.tariff('unknown')],
    [tariff, defaultTariff(firstCurrency), defaultTariff(firstCurrency)],
  )
})
