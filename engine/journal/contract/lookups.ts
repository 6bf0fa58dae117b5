/** The pharmacies that changed, and the open requests of a customer. */
import type { Test } from 'tap'
import type { DirectoryPharmacy } from '../../../protocol/dispatch/directory.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import type { Store } from '../journal.ts'
import { acquired, orderAppend, testId, testOrderRow, testOrderView, testSlot } from './rows.ts'
import type { JournalSubject } from './subject.ts'

/** Runs the rules as subtests of `t`. */
export async function lookupRules(t: Test, subject: JournalSubject, journal: Store): Promise<void> {
  await t.test("a pharmacy that changed is found by a time of the store's clock", async t => {
    const pharmacy: DirectoryPharmacy = {
      vendor_id: testId(),
      name: 'P',
      phone: '1',
      address: null,
      latitude: 1.5,
      longitude: 2.5,
      status: 'active',
      is_active: true,
      revision: 1,
      proof_required: false,
      dispatch_policy: 'offer',
      time_zone: 'Asia/Kolkata',
      custody_additions: { plain: { pickup: ['photo'] } },
      opening_hours: { mon: [{ open: '09:00', close: '18:30' }] },
      tariff: {
        base_minor: 100,
        minimum_minor: 200,
        bands: [{ up_to_km: null, per_km_minor: 50 }],
      },
    }
    const before = await journal.pharmaciesChangedSince(0)
    t.notOk(before.pharmacies.some(one => one.vendor_id === pharmacy.vendor_id))
    await subject.putPharmacy(pharmacy)
    const after = await journal.pharmaciesChangedSince(before.nextSinceMs)
    t.same(
      after.pharmacies.filter(one => one.vendor_id === pharmacy.vendor_id),
      [pharmacy],
    )
    t.ok(after.nextSinceMs >= before.nextSinceMs)
  })

  await t.test('the newest configuration is found', async t => {
    t.equal((await journal.pharmaciesChangedSince(0)).configuration, null)
    for (const revision of [1, 2]) {
      const stored = { revision, settings: { offer_seconds: 10 + revision } }
      await subject.putConfiguration(stored)
      t.same((await journal.pharmaciesChangedSince(0)).configuration, stored)
    }
  })

  await t.test('the open requests of a customer are found, and those of no other', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const [customerId, stranger, open, taken, direct, other] = [
      testId(),
      testId(),
      testId(),
      testId(),
      testId(),
      testId(),
    ]
    // Times are by the store's clock, because the journal reads no row that is older than any open
    // request can be.
    const nowMs = Math.floor((await journal.pharmaciesChangedSince(0)).nextSinceMs / 1000) * 1000
    const expires_at = new Date(nowMs + 60_000).toISOString()
    const place = async (id: string, change: Partial<OrderView>) => {
      const view = testOrderView(id, 1, {
        user_id: customerId,
        created_at: new Date(nowMs).toISOString(),
        expires_at,
        ...change,
      })
      t.match(
        await journal.append(
          orderAppend(slot, epoch, id, 0, {
            row: { order: testOrderRow(view, true) },
          }),
        ),
        { outcome: 'committed' },
      )
    }
    t.same(await journal.openRequestsOf(customerId, []), [])
    await place(open, {})
    await place(taken, { status: 'accepted' })
    await place(direct, { kind: 'direct', expires_at: null })
    await place(other, { user_id: stranger })
    const row = { orderId: open, open: true, expiresAtMs: nowMs + 60_000 }
    t.same(await journal.openRequestsOf(customerId, []), [row])
    t.same(
      (await journal.openRequestsOf(customerId, [taken, testId()])).sort(
        (a, b) => Number(b.open) - Number(a.open),
      ),
      [row, { ...row, orderId: taken, open: false }],
      'an order that is named is found too, and whether it is open',
    )
  })
}
