/**
 * Rule J15 of `lookups.ts`, about proofs of delivery. The store in memory and the databases find
 * the pick-up, the accounts and the file in very different ways, and must agree.
 */
import type { Test } from 'tap'
import type { OrderView } from '../../../protocol/orders/view.ts'
import type { UploadFact } from '../../../protocol/uploads/fact.ts'
import type { Store } from '../journal.ts'
import { acquired, orderAppend, testId, testOrderRow, testOrderView, testSlot } from './rows.ts'
import type { JournalSubject } from './subject.ts'

/** Runs J15 as subtests of `t`. */
export async function proofRules(t: Test, subject: JournalSubject, journal: Store): Promise<void> {
  const [pharmacyId, driverId, slot, pickedUpMs] = [
    testId(),
    testId(),
    testSlot(),
    Date.UTC(2026, 0, 5, 10),
  ]
  const epoch = await acquired(journal, 'p', slot)
  const driver = { ownerId: testId(), driverId, pharmacyId: null }
  const stranger = { ownerId: testId(), driverId: testId(), pharmacyId: null }
  const order = async (change: Partial<OrderView> = {}): Promise<string> => {
    const id = testId()
    const words = 'says "picked_up_at":"2000-01-01T00:00:00.000Z" and lone \ud800'
    const view = testOrderView(id, 1, {
      kind: 'direct',
      status: 'out_for_delivery',
      vendor_id: pharmacyId,
      driver_id: driverId,
      picked_up_at: new Date(pickedUpMs).toISOString(),
      reason: words,
      notes: words,
      ...change,
    })
    await journal.append(
      orderAppend(slot, epoch, id, 0, { row: { order: testOrderRow(view, true) } }),
    )
    return id
  }
  const file = async (change: Partial<UploadFact> = {}): Promise<UploadFact> => {
    const upload = {
      id: testId(),
      kind: 'proof',
      ...driver,
      orderId: null,
      atMs: pickedUpMs,
      ...change,
    }
    await subject.putUpload(upload)
    return upload
  }
  const claim = (
    orderId: string,
    photoId: string | null,
    signatureId: string | null = null,
    reporterId: string | null = null,
  ) => subject.open().claimProofs({ orderId, photoId, signatureId, reporterId })

  await t.test(
    'J15 an upload of the driver from after the pick-up is bound to the order, and another order finds it bound',
    async t => {
      const [mine, other, photo, signature] = [
        await order(),
        await order(),
        await file(),
        await file({ kind: 'signature' }),
      ]
      const bound = [
        { ...photo, orderId: mine },
        { ...signature, orderId: mine },
      ]
      const byId = (a: UploadFact, b: UploadFact): number => a.id.localeCompare(b.id)
      for (const id of [mine, other, mine])
        t.same((await claim(id, photo.id, signature.id)).sort(byId), bound.sort(byId))
      t.same(await claim(mine, testId()), [], 'a file that does not exist')
    },
  )

  await t.test(
    'J15 only an upload that proves this order is bound, and every named one is returned',
    async t => {
      const mine = await order()
      const cases: [name: string, upload: Partial<UploadFact>, bound: boolean, orderId?: string][] =
        [
          ['begun at the pick-up', {}, true],
          ['of the pharmacy of the order', { driverId: null, pharmacyId }, true],
          ['begun a millisecond before the pick-up', { atMs: pickedUpMs - 1 }, false],
          ['of another kind', { kind: 'signature' }, false],
          ['a prescription', { kind: 'prescription' }, false],
          ['of another driver', stranger, false],
          ['of another pharmacy', { driverId: null, pharmacyId: testId() }, false],
          [
            'before the pick-up',
            {},
            false,
            await order({ status: 'driver_assigned', picked_up_at: null }),
          ],
          ['on the way from the pharmacy', {}, true, await order({ status: 'picked_up' })],
          ['after the delivery', {}, false, await order({ status: 'delivered' })],
          ['after it has failed', {}, false, await order({ status: 'failed' })],
          ['for an order that does not exist', {}, false, testId()],
        ]
      for (const [name, change, bound, orderId = mine] of cases) {
        // A pharmacy's account has the pharmacy's id here.
        const upload = await file(
          change.pharmacyId === undefined || change.pharmacyId === null
            ? change
            : { ...change, ownerId: change.pharmacyId },
        )
        t.same(
          await claim(orderId, upload.id),
          [{ ...upload, orderId: bound ? orderId : null }],
          name,
        )
      }
      const own = await file({ ownerId: testId(), driverId: null })
      t.same(
        await claim(mine, own.id),
        [{ ...own, orderId: null }],
        'of an account that does not report the delivery',
      )
      t.same(
        await claim(mine, own.id, null, own.ownerId),
        [{ ...own, orderId: mine }],
        'of the administrator who reports the delivery',
      )
    },
  )

  await t.test(
    'J15 when many orders claim one file at the same moment, one gets it, and only this one is told so',
    async t => {
      for (let round = 0; round < 10; round++) {
        const orders = await Promise.all(Array.from({ length: 8 }, () => order()))
        const upload = await file()
        const answers = await Promise.all(orders.map(id => claim(id, upload.id)))
        const owner = (await claim(orders[0]!, upload.id))[0]!.orderId
        t.ok(owner !== null && orders.includes(owner))
        t.same(
          orders.filter((id, i) => answers[i]!.some(one => one.orderId === id)),
          [owner],
          'only the order that has the file was told so',
        )
      }
    },
  )
}
