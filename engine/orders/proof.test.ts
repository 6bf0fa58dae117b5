/**
 * Which uploads prove a delivery depends on who reports it. A delivery far from the door, or
 * without a known position, is flagged.
 */
import t from 'tap'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { uploadIdOf, uploadUrl } from '../../protocol/uploads/url.ts'
import { decide } from './decide.ts'
import {
  admin,
  after,
  driver,
  driverIds,
  give,
  id,
  orderId,
  photo,
  principal,
  reached,
  signature,
  system,
  vendor,
  pharmacyIds,
} from './fixtures.ts'
import { doorMetresMax } from './limits.ts'
import { evolve } from './evolve.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'
import { view, type Living } from './view.ts'

const pickedUpAtMs = 1_000
const onTheWay = after(reached.out_for_delivery, pickedUpAtMs)
const fresh = (change: Partial<UploadFact> = {}): UploadFact => ({
  ...photo,
  atMs: pickedUpAtMs,
  ...change,
})
const service = principal('service', 'dispatch')
const ofPharmacy = { driverId: null, ownerId: id(0xb2), pharmacyId: pharmacyIds[0] }
const ofStranger = { driverId: driverIds[1], ownerId: id(0xb3) }

const reported = (
  by: Principal,
  uploads: UploadFact[],
  data = { proof_photo_url: uploadUrl(photo.id) } as Record<string, string>,
) => decide(onTheWay, give.deliver(by, data, uploads), 2_000)

for (const [name, by, upload, wrong] of [
  ["the driver's own", driver, fresh(), null],
  ['of the millisecond of the pick-up', driver, fresh({ atMs: pickedUpAtMs }), null],
  ['from before the pick-up', driver, fresh({ atMs: pickedUpAtMs - 1 }), /before the pick-up/],
  ['of another driver', driver, fresh(ofStranger), /no upload of who reports/],
  [
    'of the pharmacy, reported by the driver',
    driver,
    fresh(ofPharmacy),
    /no upload of who reports/,
  ],
  ['bound to another order', driver, fresh({ orderId: id(2) }), /another order/],
  [
    'bound to none, because the order was not on its way when it was asked for',
    driver,
    fresh({ orderId: null }),
    /another order/,
  ],
  ['a prescription', driver, fresh({ kind: 'prescription' }), /of the kind proof/],
  ['a signature as a photo', driver, fresh({ kind: 'signature' }), /of the kind proof/],
  ["the driver's, reported by the pharmacy by hand", vendor, fresh(), null],
  ["the pharmacy's own, by hand", vendor, fresh(ofPharmacy), null],
  [
    "another pharmacy's, by hand",
    vendor,
    fresh({ ...ofPharmacy, pharmacyId: pharmacyIds[1] }),
    /no upload of who reports/,
  ],
  ["a stranger's, by the pharmacy", vendor, fresh(ofStranger), /no upload of who reports/],
  ["the driver's, reported by an administrator", admin, fresh(), null],
  ["an administrator's own", admin, fresh({ driverId: null, ownerId: admin.id }), null],
  ["another account's, by an administrator", admin, fresh(ofStranger), /no upload of who reports/],
  ["the pharmacy's, by an administrator", admin, fresh(ofPharmacy), /no upload of who reports/],
  ["the driver's, by a service", service, fresh(), null],
  ["the pharmacy's, by a service", service, fresh(ofPharmacy), null],
  ["a stranger's, by a service", service, fresh(ofStranger), /no upload of who reports/],
  ["a stranger's, by the system", system, fresh(ofStranger), /no upload of who reports/],
] as const)
  t.test(`${wrong === null ? 'a proof' : 'no proof'}: ${name}`, async t => {
    const decision = reported(by, [upload])
    if (wrong === null)
      t.match(decision, {
        ok: true,
        events: [
          {
            type: 'delivered',
            data: { proof_photo_url: uploadUrl(photo.id), signature_url: null },
          },
        ],
      })
    else {
      t.match(decision, { ok: false, code: 'proof_invalid', detail: wrong })
      t.match(decision, { detail: /^proof_photo_url / }, 'the error names the field')
    }
  })

t.test('which texts are the URL of an upload, and which proofs a delivery needs', async t => {
  const [small, capitals] = [photo.id, photo.id.toUpperCase()]
  for (const url of [
    uploadUrl(small),
    uploadUrl(capitals),
    `https://pharmacy.example${uploadUrl(small)}`,
    `http://127.0.0.1:8000${uploadUrl(small)}?signature=x`,
    `${uploadUrl(small)}#p`,
  ]) {
    t.equal(uploadIdOf(url), small, url)
    t.match(
      reported(driver, [fresh()], { proof_photo_url: url }),
      { ok: true, events: [{ data: { proof_photo_url: uploadUrl(small) } }] },
      'it is stored as the server writes it',
    )
  }
  for (const url of [
    'x',
    small,
    `/uploads/${small}`,
    `/api/uploads/file/${small}/more`,
    `/api/uploads/file/${small.slice(1)}`,
    `ftp://h${uploadUrl(small)}`,
    `https://a/b${uploadUrl(small)}`,
    ` ${uploadUrl(small)}`,
    `javascript:${uploadUrl(small)}`,
  ]) {
    t.equal(uploadIdOf(url), null, url)
    t.match(reported(driver, [fresh()], { proof_photo_url: url }), {
      ok: false,
      code: 'proof_invalid',
      detail: /must be the url of an upload/,
    })
  }
  t.match(reported(driver, [], {}), { ok: false, code: 'proof_required' })
  t.match(
    reported(driver, [fresh()], { proof_photo_url: uploadUrl(id(0xff)) }),
    { ok: false, code: 'proof_invalid', detail: /no upload/ },
    'an upload that does not exist',
  )
  t.match(
    reported(driver, [fresh(), { ...signature, atMs: pickedUpAtMs }], {
      proof_photo_url: uploadUrl(photo.id),
      signature_url: uploadUrl(signature.id),
    }),
    { ok: true },
    'a photo and a signature',
  )
  t.match(
    reported(driver, [fresh()], { proof_photo_url: uploadUrl(photo.id), signature_url: 's' }),
    { ok: false, code: 'proof_invalid', detail: /^signature_url / },
    'a valid photo does not excuse an invalid signature',
  )
  t.match(
    reported(driver, [fresh()], {
      proof_photo_url: uploadUrl(photo.id),
      signature_url: uploadUrl(photo.id),
    }),
    { ok: false, code: 'proof_invalid', detail: /^signature_url / },
    'one file is not a photo and a signature',
  )
})

t.test(
  'a delivery far from the door or without a position is flagged, unless explained',
  async t => {
    for (const [metres, reason, flag, shown] of [
      [0, undefined, null, null],
      [doorMetresMax, undefined, null, null],
      [doorMetresMax + 1, undefined, 'far_from_door', null],
      [100_000, '', 'far_from_door', null],
      [100_000, '  ', 'far_from_door', null],
      [null, undefined, 'position_unknown', null],
      [null, 'no signal in the cellar', null, 'no signal in the cellar'],
      [900, ' handed over at the gate ', null, 'handed over at the gate'],
      [10, 'left with the neighbour', null, 'left with the neighbour'],
    ] as const) {
      const data = {
        signature_url: uploadUrl(signature.id),
        ...(reason !== undefined && { reason }),
      }
      const decision = decide(
        onTheWay,
        give.deliver(driver, data, [{ ...signature, atMs: pickedUpAtMs, orderId }], metres),
        2_000,
      )
      t.match(
        decision,
        {
          ok: true,
          events: [{ type: 'delivered', data: { door_distance_m: metres, reason: shown, flag } }],
        },
        `${metres} m, ${reason}`,
      )
      if (!decision.ok) continue
      const order = evolve(onTheWay, decision.events[0]!, 2_000) as Living
      t.match(view(order, 7, 2_000).reason ?? null, shown)
      t.equal(view(order, 7, 2_000).delivery_flag, flag, 'the order shows the flag')
    }
  },
)
