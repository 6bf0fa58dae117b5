/**
 * The acceptance scenarios of custody, over real HTTP: a delivery and a return leave a chain in
 * which exactly one person has the parcel, and its export is true for a verifier without a network.
 * They run like the scenarios of requests.
 */
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { verifyExport } from '../../protocol/custody-log/verify.ts'
import { eventually, http, newDriver, upload } from './people.ts'
import { city, type Deployment } from './fixture-city.ts'

const tool = fileURLToPath(assetUrl('dist/protocol/custody-log/main.js'))
const verdict = (file: string) =>
  new Promise<{ code: number; out: string }>(resolve => {
    execFile(process.execPath, [tool, file], (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    )
  })

/** Adds the scenarios to the tests; all scenarios of a run share `deployment`. */
export function custodyScenarios(t: Test, deployment: () => Deployment): void {
  let longitude = -60
  /** An order that its driver has, and the people around it. */
  async function carried() {
    const { url } = deployment()
    const { A, B, customer } = await city(url, (longitude += 2))
    const driver = await newDriver(url, A.pharmacyId)
    const call = async (who: { token: string }, method: string, path: string, body?: object) => {
      const answer = await http(url, method, path, { token: who.token, body })
      if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    await call(driver, 'PATCH', `/api/drivers/${driver.driverId}/status`, { status: 'available' })
    const { id } = await call(customer, 'POST', '/api/orders', {
      vendor_id: A.pharmacyId,
      delivery_address: '456 Home Ave',
      delivery_latitude: 27.7172,
      delivery_longitude: longitude,
      items: [{ name: 'Aspirin', quantity: 2 }],
    })
    await call(A, 'POST', `/api/orders/${id}/accept`, {})
    await call(A, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
    const step = (body: object) => call(driver, 'PATCH', `/api/orders/${id}`, body)
    await step({ status: 'picked_up' })
    return { id: id as string, A, B, customer, driver, step }
  }
  type Carried = Awaited<ReturnType<typeof carried>>
  /** The custody, once its last entry is of this kind; read at the other edge. */
  const settled = async (reader: { token: string }, { id }: Carried, kind: string) =>
    (
      await eventually(
        () => http(deployment().other, 'GET', `/api/orders/${id}/custody`, { token: reader.token }),
        ({ body }) => body.entries?.at(-1)?.step.kind === kind,
      )
    ).body

  t.test('a delivery leaves a chain that each party sees and that a file proves', async t => {
    const { url, other } = deployment()
    const order = await carried()
    const { id, A, B, customer, driver, step } = order
    await step({ status: 'out_for_delivery' })
    const photo = await upload(url, driver.token, 'proof')
    const signature = await upload(url, driver.token, 'signature')
    await step({ status: 'delivered', proof_photo_url: photo, signature_url: signature })

    const { custodian, entries } = await settled(customer, order, 'delivered')
    const vendorHas = { role: 'vendor', id: A.pharmacyId }
    const driverHas = { role: 'driver', id: driver.driverId }
    const customerHas = { role: 'customer', id: customer.id }
    t.same(custodian, customerHas)
    t.same(
      entries.map(({ number, step: { kind, custodian_before, custodian_after } }: any) => [
        number,
        kind,
        custodian_before,
        custodian_after,
      ]),
      [
        [1, 'accepted', null, vendorHas],
        [2, 'driver_assigned', vendorHas, vendorHas],
        [3, 'picked_up', vendorHas, driverHas],
        [4, 'out_for_delivery', driverHas, driverHas],
        [5, 'delivered', driverHas, customerHas],
      ],
    )
    t.match(entries[0].step, { by: vendorHas, place: { source: 'vendor' } })
    t.same(entries[2].step.by, driverHas)
    const proofs: { kind: string; sha256: string }[] = entries[4].step.proofs
    t.same(
      proofs.map(({ kind }) => kind),
      ['photo', 'signature'],
    )
    const stored = await fetch(url + photo, {
      headers: { authorization: `Bearer ${driver.token}` },
    })
    t.equal(
      proofs[0]!.sha256,
      createHash('sha256')
        .update(new Uint8Array(await stored.arrayBuffer()))
        .digest('hex'),
      'the digest is that of the photo',
    )

    const path = `/api/orders/${id}/custody`
    const seenByDriver = await settled(driver, order, 'delivered')
    t.same(seenByDriver.custodian, { role: 'customer', id: null }, 'drivers know no customer by id')
    t.equal(JSON.stringify(seenByDriver).includes(customer.id), false)
    t.same((await settled(A, order, 'delivered')).entries, entries)
    for (const [who, to, status] of [
      [B, path, 404],
      [B, `${path}/export`, 404],
      [driver, `${path}/export`, 403],
    ] as const)
      t.equal((await http(other, 'GET', to, { token: who.token })).status, status)

    const exported = async (at: string, who: { token: string }) => {
      const answer = await fetch(`${at}${path}/export`, {
        headers: { authorization: `Bearer ${who.token}` },
      })
      t.equal(answer.status, 200)
      t.match(answer.headers.get('content-disposition'), /^attachment; filename="custody-ORD-/)
      return Buffer.from(await answer.arrayBuffer())
    }
    const file = await exported(other, customer)
    const { body: log } = await http(url, 'GET', '/api/custody/checkpoints')
    const trusted = { logKey: log.log_key as string, witnessKeys: [] }
    t.match(verifyExport(file, trusted), {
      faults: [],
      proven: { subject: `order/${id}`, entries: 5, erased: 0 },
    })
    t.ok(log.checkpoints.some(({ note }: { note: string }) => file.includes(JSON.stringify(note))))
    t.match(verifyExport(await exported(url, A), trusted), { faults: [] })

    const folder = join(tmpdir(), `custody-${id}.json`)
    t.teardown(() => rmSync(folder, { force: true }))
    writeFileSync(folder, file)
    t.match(await verdict(folder), { code: 0, out: /^TRUE/ })
    const entry = file.indexOf('"delivered"')
    file[entry + 1]! ^= 1
    writeFileSync(folder, file)
    t.match(await verdict(folder), { code: 1, out: /inclusion_proof_wrong/ })
    file[entry + 1]! ^= 1
    // One bit of every seventh byte; protocol/custody-log changes every bit of a small file.
    const unseen: number[] = []
    for (let i = 0; i < file.length; i += 7) {
      // Connections that the server closes meanwhile must be seen, or the next request uses one.
      if (i % 64 === 0) await new Promise(resolve => setImmediate(resolve))
      const bit = 1 << (i % 8)
      file[i]! ^= bit
      if (verifyExport(file, trusted).faults.length === 0) unseen.push(i)
      file[i]! ^= bit
    }
    t.same(unseen, [], 'a changed bit is found')
  })

  t.test('a delivery that fails brings the parcel back to the pharmacy', async t => {
    const order = await carried()
    const { A, customer, driver, step } = order
    await step({ status: 'failed', reason: 'nobody at home' })
    await step({ status: 'returning' })
    await step({ status: 'returned' })
    const { custodian, entries } = await settled(customer, order, 'returned')
    t.same(custodian, { role: 'vendor', id: A.pharmacyId })
    t.same(
      entries.map(({ step: { kind, custodian_after, facts } }: any) => [
        kind,
        custodian_after.role,
        facts.reason ?? facts.driver_id,
      ]),
      [
        ['accepted', 'vendor', undefined],
        ['driver_assigned', 'vendor', driver.driverId],
        ['picked_up', 'driver', undefined],
        ['delivery_failed', 'driver', 'nobody at home'],
        ['return_started', 'driver', undefined],
        ['returned', 'vendor', undefined],
      ],
    )
  })
}
