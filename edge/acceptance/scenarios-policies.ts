/**
 * The whole way of a cold, controlled, age-restricted prescription, over real HTTP and sockets, with
 * every wrong turn: each is refused, or breaks the chain until the pharmacy has decided. They run
 * like the scenarios of requests.
 */
import type { Test } from 'tap'
import { eventually, http, Listener, newDriver, terminal, upload } from './people.ts'
import { city, type Deployment } from './fixture-city.ts'

const package1 = '01095060001343521776123110B1\u001d21S1'
const label = 'RX-77-2'

/** Adds the scenarios to the tests; all scenarios of a run share `deployment`. */
export function policyScenarios(t: Test, deployment: () => Deployment): void {
  let longitude = 60
  async function ordered(classes: string[]) {
    const { url } = deployment()
    const { A, B, customer } = await city(url, (longitude += 2))
    const driver = await newDriver(url, A.pharmacyId, 'Dora Driver')
    const office = await terminal(url, A)
    const call = (who: { token: string }, method: string, path: string, body?: object) =>
      http(url, method, path, { token: who.token, body })
    const done = async (...of: Parameters<typeof call>) => {
      const answer = await call(...of)
      if (answer.status >= 300) throw new Error(`${of[2]}: ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    await done(driver, 'PATCH', `/api/drivers/${driver.driverId}/status`, { status: 'available' })
    const { id } = await done(customer, 'POST', '/api/orders', {
      vendor_id: A.pharmacyId,
      delivery_address: '456 Home Ave',
      delivery_latitude: 27.7172,
      delivery_longitude: longitude,
      items: [{ name: 'Morphine', quantity: 1 }],
      goods_classes: classes,
    })
    await done(A, 'POST', `/api/orders/${id}/accept`, {})
    const at = `/api/orders/${id}/custody`
    const hand = async (who: { token: string }, body: object) => {
      const answer = await call(who, 'POST', `${at}/handover`, body)
      return answer.status === 200 ? answer.body.status : answer.body.code
    }
    const fields = async (body: object) =>
      (await call(driver, 'POST', `${at}/handover`, body)).body.fields.map(
        ({ field }: { field: string }) => field,
      )
    return { id: id as string, at, A, B, customer, driver, office, call, done, hand, fields }
  }

  t.test('a cold, controlled, age-restricted prescription and every wrong turn', async t => {
    const { url, other } = deployment()
    const { id, at, A, B, customer, driver, office, call, done, hand, fields } = await ordered([
      'prescription',
      'cold_chain',
      'controlled',
      'age_restricted',
    ])
    await done(A, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })

    // Packing: expired goods are refused before anybody has them.
    const pack = { seal_number: 'S-1042', packages: [package1, label] }
    const expired = { ...pack, packages: ['010950600013435217200101'] }
    t.match(await call(A, 'POST', `${at}/pack`, expired), {
      status: 422,
      body: { code: 'goods_refused', fields: [{ field: 'expiry' }] },
    })
    t.equal((await call(B, 'POST', `${at}/pack`, pack)).status, 404, 'another pharmacy')
    t.equal((await call(driver, 'POST', `${at}/pack`, pack)).status, 403, 'not the driver')
    t.same(await fields({ stage: 'pickup' }), [
      'seal_number',
      'custody.seal_number',
      'packages',
      'custody.temperature_celsius',
    ])
    t.match(await done(A, 'POST', `${at}/pack`, pack), {
      custody: { packed: true, sealed: true, packages: 2 },
    })
    // The driver reads the seal on the parcel and nowhere else.
    const seen = await done(driver, 'GET', `/api/orders/${id}`)
    t.notMatch(JSON.stringify(seen), /S-1042/)

    // The scans at the pick-up.
    const scan = (code: string) => call(driver, 'POST', `${at}/scans`, { code })
    t.match((await scan('010950600013436917761231')).body, { fields: [{ field: 'gtin' }] })
    t.match((await scan(package1.replace('10B1', '10B2'))).body, { fields: [{ field: 'batch' }] })
    t.match((await scan(package1)).body, { custody: { scanned: { pickup: 1 } } })
    t.match((await scan(package1)).body, { custody: { scanned: { pickup: 1 } } }, 'once')
    const taken = { stage: 'pickup', seal_number: 'S-1042', temperature_celsius: 5 }
    t.same(await fields(taken), ['scans'])
    await scan(label)
    t.equal(await hand(A, taken), 'custody_evidence_missing', 'the driver takes it, nobody else')

    // Another seal breaks the chain until the pharmacy has decided.
    t.equal(await hand(driver, { ...taken, seal_number: 'S-1043' }), 'custody_unresolved')
    t.match(await office.next('custody'), { order_id: id, kind: 'other_seal', outcome: null })
    t.equal(await hand(driver, taken), 'custody_unresolved')
    t.equal((await call(driver, 'POST', `${at}/decisions`, {})).status, 403)
    await done(A, 'POST', `${at}/decisions`, {
      number: 1,
      outcome: 'continue',
      reason: 'sealed anew at the counter',
    })
    t.equal(await hand(driver, { ...taken, seal_number: 'S-1043' }), 'picked_up')
    t.equal(
      (await call(driver, 'PATCH', `/api/orders/${id}`, { status: 'out_for_delivery' })).status,
      200,
    )

    // Too warm on the way.
    const signature = await upload(url, driver.token, 'signature')
    t.equal(
      (
        await call(driver, 'PATCH', `/api/orders/${id}`, {
          status: 'delivered',
          signature_url: signature,
        })
      ).body.code,
      'custody_evidence_missing',
      'the older way does not go around the policy',
    )
    const { pin, qr } = await done(customer, 'GET', `${at}/code`)
    t.equal((await call(A, 'GET', `${at}/code`)).status, 403, 'the code is for the customer alone')
    t.equal((await call(driver, 'GET', `${at}/code`)).status, 403)
    const given = {
      stage: 'handover',
      seal_number: 'S-1043',
      temperature_celsius: 5,
      signature_url: signature,
      receiver: { name: 'John Doe', relationship: 'patient' },
      identity: { document: 'passport', outcome: 'matches' },
      age_at_least: 30,
      pin,
    }
    t.equal(await hand(driver, { ...given, temperature_celsius: 12 }), 'custody_unresolved')
    t.equal(await hand(driver, given), 'custody_unresolved')
    await done(A, 'POST', `${at}/decisions`, {
      number: 2,
      outcome: 'continue',
      reason: 'stable for a day at 25 degrees',
    })

    // The wrong person, the wrong code, the wrong place.
    const refused = 'custody_evidence_refused'
    t.equal(await hand(driver, { ...given, left_at_door: true }), refused)
    t.equal(await hand(driver, { ...given, age_at_least: 17 }), refused)
    t.equal(
      await hand(driver, { ...given, identity: { document: 'passport', outcome: 'differs' } }),
      refused,
    )
    t.match(
      await call(driver, 'POST', `${at}/handover`, {
        ...given,
        identity: { document: 'passport', outcome: 'matches', number: 'X123' },
      }),
      { status: 400 },
      'the number of a document has no place',
    )
    const agent = { name: 'Ann Agent', relationship: 'family' }
    t.equal(await hand(driver, { ...given, receiver: agent }), refused, 'not named before')
    t.equal((await call(driver, 'POST', `${at}/agents`, agent)).status, 403)
    t.match(
      (await call(customer, 'POST', `${at}/agents`, { ...agent, name: 'dora  driver' })).body,
      { code: refused },
      'never the driver',
    )
    await done(customer, 'POST', `${at}/agents`, agent)
    const wrongPin = pin === '000000' ? '000001' : '000000'
    t.equal(await hand(driver, { ...given, pin: wrongPin }), 'custody_code_refused')
    const { pin: _, ...unpinned } = given
    t.equal(await hand(driver, { ...unpinned, qr: `${qr}x` }), 'custody_code_refused')
    t.same(await fields(unpinned), ['custody.code'])
    for (let i = 0; i < 3; i++) await hand(driver, { ...given, pin: wrongPin })
    t.equal(await hand(driver, given), 'custody_code_locked', 'the tries are bounded')
    // The pharmacy unlocks the driver, and does not see the code.
    t.equal((await call(driver, 'POST', `${at}/unlock`, {})).status, 403)
    t.equal((await call(B, 'POST', `${at}/unlock`, {})).status, 404, 'another pharmacy')
    t.match(await done(A, 'POST', `${at}/unlock`, {}), {
      custody: { code: { generation: 1, tries_left: 5 } },
    })
    const renewed = await done(customer, 'POST', `${at}/code`, {})
    t.equal(await hand(driver, given), 'custody_code_refused', 'the code of before opens nothing')
    // Without a connection at the door the phone hands in later what happened.
    const happened_at = new Date().toISOString()
    const late = { ...unpinned, qr: renewed.qr, receiver: agent }
    t.equal(
      await hand(driver, { ...late, happened_at: '2026-01-01T00:00:00Z' }),
      refused,
      'but not any time',
    )
    t.equal(await hand(driver, { ...late, happened_at }), 'delivered')

    const { body: chain } = await eventually(
      () => http(other, 'GET', at, { token: A.token }),
      ({ body }) => body.entries?.at(-1)?.step.kind === 'delivered',
    )
    t.match(chain.entries.at(-1).step.facts, {
      happened_at,
      seal_number: 'S-1043',
      receiver: agent,
      code_method: 'qr',
      identity: { document: 'passport', outcome: 'matches' },
    })
    const kinds = chain.entries.map(({ step }: { step: { kind: string } }) => step.kind)
    t.equal(kinds.filter((kind: string) => kind === 'chain_broken').length, 2)
    t.equal(kinds.filter((kind: string) => kind === 'code_refused').length, 6)
    t.notMatch(JSON.stringify(chain), new RegExp(`${pin}|${renewed.pin}`), 'no PIN in the chain')
    const { body: seenByDriver } = await http(other, 'GET', at, { token: driver.token })
    t.notMatch(JSON.stringify(seenByDriver.entries.slice(0, 4)), /S-1042/)
  })

  t.test('thermometers stop a delivery until a pharmacist decides', async t => {
    const { url, other } = deployment()
    const { id, at, A, B, customer, driver, office, call, done, hand } = await ordered([
      'cold_chain',
    ])
    const logger = { device: 'LOG-7', calibrated_on: '2026-01-01' }
    const measure = (who: { token: string }, body: object) =>
      call(who, 'POST', `${at}/temperatures`, { ...logger, ...body })
    await done(A, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
    await done(A, 'POST', `${at}/pack`, { seal_number: 'S-7', packages: [label] })
    const anyTime = { readings: [{ at: new Date().toISOString(), temperature: 5 }] }
    t.match(
      (await measure(driver, anyTime)).body,
      { code: 'order_state_conflict' },
      'before the pick-up the goods lie in the pharmacy',
    )
    const taken = { stage: 'pickup', seal_number: 'S-7', temperature_celsius: 5 }
    t.equal(await hand(driver, taken), 'picked_up')
    await done(driver, 'PATCH', `/api/orders/${id}`, { status: 'out_for_delivery' })
    const begunMs = Date.parse((await done(A, 'GET', `/api/orders/${id}`)).picked_up_at)
    /** Seconds after the pick-up. A phone's clock may run ahead by half a minute. */
    const after = (seconds: number) => new Date(begunMs + seconds * 1_000).toISOString()

    // What is wrong is refused, with its field.
    for (const [body, code, field] of [
      [{ readings: [{ at: after(-60), temperature: 5 }] }, 'temperature_refused', 'readings.0.at'],
      [{ readings: [{ at: after(9e5), temperature: 5 }] }, 'temperature_refused', 'readings.0.at'],
      [
        { readings: [{ at: after(1), temperature: 300 }] },
        'temperature_refused',
        'readings.0.temperature',
      ],
      [{ ...anyTime, calibrated_on: '2999-01-01' }, 'temperature_refused', 'calibrated_on'],
      [{ ...anyTime, unit: 'kelvin' }, 'invalid_request', 'unit'],
      [{ readings: [] }, 'invalid_request', 'readings'],
    ] as const)
      t.match((await measure(driver, body)).body, { code, fields: [{ field }] }, field)
    t.equal((await measure(B, anyTime)).status, 404, 'another pharmacy')
    t.equal((await measure(customer, anyTime)).status, 403)

    // Good readings are only kept: no entry, and what comes twice counts once.
    const app = new Listener(other, `/ws/driver?token=${driver.token}`)
    await app.next('connection')
    const said = (seconds: number, celsius: number, messageId: string) => {
      app.send({
        type: 'temperatures',
        order_id: id,
        ...logger,
        readings: [{ at: after(seconds), celsius }],
        id: messageId,
      })
      return app.next('temperatures_result', message => message.id === messageId)
    }
    t.match(await said(1, 5, 'a'), { outcome: 'stored', stored: 1 })
    t.match(await said(1, 5, 'b'), { outcome: 'stored', stored: 0 })
    t.match(await said(-60, 5, 'c'), { outcome: 'error', code: 'temperature_refused' })
    t.match(
      await measure(driver, { unit: 'fahrenheit', readings: [{ at: after(2), temperature: 41 }] }),
      {
        body: { stored: 1, open_break: null, summary: { max_celsius: 5, verdict: null } },
      },
    )

    // Too warm: the hand-over is stopped, and the pharmacy hears of it.
    t.match(await said(3, 9, 'd'), { outcome: 'stored', open_break: 1 })
    t.match(await office.next('custody'), { order_id: id, kind: 'excursion', outcome: null })
    const given = {
      stage: 'handover',
      seal_number: 'S-7',
      temperature_celsius: 5,
      receiver: { name: 'John Doe', relationship: 'patient' },
      proof_photo_url: await upload(url, driver.token, 'proof'),
    }
    t.equal(await hand(driver, given), 'custody_unresolved')
    t.match(await said(4, 12, 'e'), { open_break: 1 }, 'one excursion at a time')
    t.match((await done(A, 'GET', `/api/orders/${id}`)).custody.breaks, [
      { kind: 'excursion', celsius: 9, verdict: 'within', outcome: null },
    ])
    const decide = (number: number, outcome: string) =>
      call(A, 'POST', `${at}/decisions`, { number, outcome, reason: 'stable for a day at 25 °C' })
    t.equal((await decide(1, 'continue')).status, 200)

    // The file of the logger shows that it was warmer still than what was allowed.
    const file = (text: string, query = '') =>
      http(url, 'POST', `${at}/temperatures/file?device=BOX-1&calibrated_on=2026-01-01${query}`, {
        token: driver.token,
        body: text,
        headers: { 'content-type': 'text/csv' },
      })
    const heads = 'Serial,BOX-1\nTime,Temperature °C\n'
    for (const [text, field] of [
      ['5,5\n', 'file'],
      [`Time,Temperature\n${after(1)},5\n`, 'unit'],
      [`${heads}${after(-60)},5\n`, 'file'],
      [`${heads}yesterday,5\n`, 'line 3'],
    ] as const)
      t.match((await file(text)).body, { code: 'temperature_refused', fields: [{ field }] }, text)
    t.match(await file('x'.repeat(600_000)), { status: 413, body: { code: 'body_too_large' } })
    t.match((await file(`${heads}${after(-60)},20\n${after(5)},13\n`)).body, {
      stored: 1,
      skipped: 1,
      open_break: 2,
    })
    t.equal(await hand(driver, given), 'custody_unresolved')
    t.equal((await decide(2, 'continue')).status, 200)
    t.equal(await hand(driver, given), 'delivered')

    const { body: chain } = await eventually(
      () => http(other, 'GET', at, { token: A.token }),
      ({ body }) => body.entries?.at(-1)?.step.kind === 'delivered',
    )
    const steps = chain.entries.map(({ step }: { step: { kind: string } }) => step)
    t.equal(steps.filter(({ kind }: { kind: string }) => kind === 'chain_broken').length, 2)
    t.match(steps.at(-1).facts, {
      temperatures: { readings: 5, min_celsius: 5, max_celsius: 13, devices: { length: 2 } },
    })
    t.match((await http(other, 'GET', `${at}/temperatures`, { token: customer.token })).body, {
      summary: { max_celsius: 13 },
      series: [{ device: 'BOX-1' }, { device: 'LOG-7' }],
    })
    const epcis = await http(url, 'GET', `${at}/export?format=epcis`, { token: A.token })
    t.match(JSON.stringify(epcis.body), /sensorElementList/)
    app.close()
  })

  t.test('no reading hides behind another one, and none behind a bound', async t => {
    const { id, at, A, driver, call, done, hand } = await ordered(['cold_chain'])
    await done(A, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
    await done(A, 'POST', `${at}/pack`, { seal_number: 'S-7', packages: [label] })
    const taken = { stage: 'pickup', seal_number: 'S-7', temperature_celsius: 5 }
    t.equal(await hand(driver, taken), 'picked_up')
    const begunMs = Date.parse((await done(A, 'GET', `/api/orders/${id}`)).picked_up_at)
    const measure = (device: string, temperature: number) =>
      call(driver, 'POST', `${at}/temperatures`, {
        device,
        calibrated_on: '2026-01-01',
        readings: [{ at: new Date(begunMs + 1_000).toISOString(), temperature }],
      })
    t.match((await measure('BOX-1', 5)).body, { stored: 1, open_break: null })
    t.match((await measure('BOX-1', 9)).body, { stored: 1, open_break: 1 }, 'of the same moment')
    t.match((await measure('BOX-1', 9)).body, { stored: 0 })
    await done(A, 'POST', `${at}/decisions`, { number: 1, outcome: 'continue', reason: 'stable' })
    for (const device of ['BOX-2', 'BOX-3', 'BOX-4'])
      t.equal((await measure(device, 5)).status, 200, device)
    t.match((await measure('BOX-5', 20)).body, {
      code: 'temperature_refused',
      fields: [{ field: 'device' }],
    })
    t.match((await done(A, 'GET', `/api/orders/${id}`)).custody.breaks, [
      { kind: 'excursion', celsius: 9, outcome: 'continue' },
      { kind: 'excursion', celsius: 20, outcome: null },
    ])
  })

  t.test(
    'controlled goods that nobody takes are back at the shelf, taken by the pharmacy',
    async t => {
      const { id, at, A, customer, driver, call, done, hand } = await ordered(['controlled'])
      await done(A, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
      await done(A, 'POST', `${at}/pack`, { seal_number: 'S-7', packages: [label] })
      await done(driver, 'POST', `${at}/scans`, { code: label })
      t.equal(await hand(driver, { stage: 'pickup', seal_number: 'S-7' }), 'picked_up')
      // The label got wet: the pharmacy decides upon the missing scan, and wants the parcel back.
      await done(driver, 'POST', `${at}/breaks`, { kind: 'damaged', note: 'the box is wet' })
      await done(A, 'POST', `${at}/decisions`, {
        number: 1,
        outcome: 'return',
        reason: 'come back',
      })
      for (const status of ['failed', 'returning'])
        await done(driver, 'PATCH', `/api/orders/${id}`, { status, reason: 'wet' })
      const back = { stage: 'return', seal_number: 'S-7' }
      t.equal(await hand(A, back), 'custody_evidence_missing', 'a scan is missing')
      t.equal((await call(customer, 'POST', `${at}/scans`, { code: label })).status, 403)
      await done(A, 'POST', `${at}/scans`, { code: label })
      t.equal(await hand(driver, back), 'custody_evidence_missing', 'the pharmacy takes it back')
      t.equal(await hand(A, back), 'returned')
    },
  )
}
