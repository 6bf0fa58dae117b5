/**
 * Goods that ask for something, in real browsers: the driver scans, reads the seal and the code of
 * the customer, looks at a document, and hands in later what happened without a connection. The
 * customer shows the code and names an agent, and takes or erases the own data afterwards.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventually, http, newCustomer, newDriver, newPharmacy } from '../acceptance/people.ts'
import { png } from '../uploads/samples.ts'
import {
  browserMissing,
  faultsOf,
  keptSteps,
  openStage,
  phone,
  press,
  widthsTooNarrow,
} from './fixture.ts'

const shop = { latitude: 27.7172, longitude: 85.324 }
const door = { latitude: 27.72, longitude: 85.327 }
const label = 'RX-77-2'
const packedSeal = 'S-1042'
/** Of the parcel as the driver gets it; the pharmacy accepts it. */
const seal = 'S-1043'

t.test('a parcel with custody', { skip: browserMissing, timeout: 300_000 }, async t => {
  const stage = await openStage(t)
  const { url, troubles } = stage
  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', shop.latitude, shop.longitude)
  const courier = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
  const patient = await newCustomer(url, 'Wilhelmina Xylander')
  const call = async (who: { token: string }, method: string, path: string, body?: object) => {
    const answer = await http(url, method, path, { token: who.token, body })
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  // A browser of its own reads codes on some systems alone, so this one is given a reader.
  const driver = await stage.openSignedIn(
    '/driver',
    courier,
    async page => {
      await page.addInitScript(() => {
        Object.assign(globalThis, {
          BarcodeDetector: class {
            detect = async (): Promise<object[]> => {
              const rawValue = document.body.dataset['code']
              return rawValue === undefined ? [] : [{ rawValue }]
            }
          },
        })
      })
    },
    { viewport: phone, geolocation: shop, permissions: ['geolocation', 'camera'] },
  )
  const customer = await stage.openSignedIn('/customer', patient, undefined, { viewport: phone })
  /** Holds a code before the camera of the driver. */
  const show = (code: string): Promise<void> =>
    driver.evaluate(text => {
      document.body.dataset['code'] = text
    }, code)
  await press(driver, 'Go on duty')
  await driver.getByText('Your position is shared').waitFor()

  await call(pharmacy, 'PUT', `/api/vendors/${pharmacy.pharmacyId}/custody-policies`, {
    cold_chain: { handover: ['scans', 'photo'] },
  })
  const { id } = await call(patient, 'POST', '/api/orders', {
    vendor_id: pharmacy.pharmacyId,
    delivery_address: '7 Long Lane',
    delivery_latitude: door.latitude,
    delivery_longitude: door.longitude,
    items: [{ name: 'Morphine', quantity: 1 }],
    goods_classes: ['controlled', 'cold_chain', 'age_restricted'],
  })
  await call(pharmacy, 'POST', `/api/orders/${id}/accept`, {})
  await call(pharmacy, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: courier.driverId })
  const card = driver.locator(`[data-order="${id}"]`)

  /** What the driver reads, and whom and which document the driver sees at the door. */
  async function fillAtDoor(): Promise<void> {
    await card.getByRole('textbox', { name: 'Seal number' }).fill(seal)
    await card.getByLabel('Temperature in °C').fill('5')
    await card.getByLabel('Name of the receiver').fill('Ann Agent')
    await card.getByLabel('Relationship to the patient').selectOption('family')
    await card.getByLabel('Document', { exact: true }).selectOption('national_id')
    await card.getByLabel('Is it this person?').selectOption('matches')
    await card.getByLabel('Age by the document').fill('30')
  }

  await t.test('the pick-up: a scan, the seal, the temperature, a break', async t => {
    await card.getByText('The pharmacy has not packed it yet.').waitFor()
    await call(pharmacy, 'POST', `/api/orders/${id}/custody/pack`, {
      seal_number: packedSeal,
      packages: [label],
    })
    await driver.reload()
    await card.getByText('0 of 1 packages scanned.').waitFor()
    t.same(await faultsOf(driver, 'driver-custody-pickup'), [])
    t.same(await widthsTooNarrow(driver), [])
    await card.getByRole('textbox', { name: 'Code of the package' }).fill('RX-0')
    await driver.keyboard.press('Enter')
    await driver.getByText(/RX-0.*not the goods that were dispensed: Code of the package/).waitFor()
    await press(driver, 'Got it')
    await card.getByRole('button', { name: 'Scan with the camera: Code of the package' }).click()
    await card.getByLabel('Picture of the camera').waitFor()
    await show(label)
    await card.getByText('1 of 1 packages scanned.').waitFor()

    await card.getByRole('textbox', { name: 'Seal number' }).fill(seal)
    await card.getByLabel('Temperature in °C').fill('5')
    await press(driver, 'Picked up')
    await card.getByText('The chain of custody broke: another seal.').waitFor()
    t.equal(await card.getByRole('button', { name: 'Picked up' }).count(), 0, 'it is held')
    t.same(await faultsOf(driver, 'driver-custody-broken'), [])
    await press(driver, 'Got it')
    await call(pharmacy, 'POST', `/api/orders/${id}/custody/decisions`, {
      number: 1,
      outcome: 'continue',
      reason: 'sealed anew at the counter',
    })
    await show(seal)
    await card.getByRole('button', { name: 'Scan with the camera: Seal number' }).click()
    await driver.waitForFunction(
      text => document.querySelector<HTMLInputElement>('[name=seal_number]')?.value === text,
      seal,
    )
    await card.getByLabel('Temperature in °C').fill('5')
    await press(driver, 'Picked up')
    await press(driver, 'Set out')
  })

  await t.test('the hand-over without a connection counts from when it happened', async t => {
    const triesLeft = async () =>
      (await call(patient, 'GET', `/api/orders/${id}/custody/code`)).tries_left
    const codeTries = await triesLeft()
    const { qr, pin } = await call(patient, 'GET', `/api/orders/${id}/custody/code`)
    await eventually(
      () => http(url, 'GET', `/api/orders/${id}`, { token: patient.token }),
      ({ body }) => body.status === 'out_for_delivery',
    )
    await driver.getByLabel('Language').selectOption('ar')
    t.same(await faultsOf(driver, 'driver-custody-door-arabic'), [])
    t.same(await widthsTooNarrow(driver), [])
    await driver.getByLabel('اللغة').selectOption('en')
    await card.getByText('it must not be left at the door').waitFor()
    for (const choice of ['Relationship to the patient', 'Document', 'Is it this person?']) {
      const field = card.getByLabel(choice, { exact: true })
      t.equal(await field.inputValue(), '', `${choice} is the choice of the driver`)
      t.ok(await field.evaluate(({ validity }: HTMLSelectElement) => validity.valueMissing))
    }
    await fillAtDoor()
    const code = card.getByRole('textbox', { name: 'PIN, or the text' })
    await code.fill(pin.slice(1))
    await press(driver, 'Delivered')
    await card.getByText('this is neither a PIN nor the text of a QR code').waitFor()
    t.equal(await triesLeft(), codeTries, 'a slip of the finger is no try')
    await code.fill(pin)
    await press(driver, 'Delivered')
    await card.getByText('Missing: scans of all packages, photo, signature.').waitFor()
    await card.getByRole('button', { name: 'Scan with the camera: Code of the package' }).click()
    await show(label)
    await card.getByText('1 of 1 packages scanned.').waitFor()
    const photo = { name: 'door.png', mimeType: 'image/png', buffer: Buffer.from(png) }
    await card.getByLabel('Photo', { exact: true }).setInputFiles(photo)
    await card.getByLabel('Or type the name').fill('A. Agent')
    await driver.keyboard.press('Tab')
    await card.getByRole('img', { name: 'Signed' }).waitFor()
    await show(qr)
    await card.getByRole('button', { name: /Scan with the camera: PIN/ }).click()
    await driver.waitForFunction(
      text => document.querySelector<HTMLInputElement>('[name=code]')?.value === text,
      qr,
    )
    const persian = pin.replaceAll(/\d/g, (digit: string) => String.fromCharCode(0x6f0 + +digit))
    await code.fill(` ${persian.slice(0, 3)}-${persian.slice(3)}`)
    await press(driver, 'Delivered')
    await driver.getByText('Not allowed: receiver.').waitFor()
    const { body: kept } = await eventually(
      () => keptSteps(driver),
      steps => steps.body[0]?.refused !== undefined,
    )
    t.match(kept, [{ status: 'delivered', refused: { code: 'custody_evidence_refused' } }])
    t.match(kept[0].evidence, { receiver: { name: 'Ann Agent' } })
    t.notMatch(JSON.stringify(kept), pin, 'the phone keeps no code of the customer')
    t.equal(await triesLeft(), codeTries, 'the digits of another keyboard are the PIN')

    const own = customer.locator(`#orders [data-order="${id}"]`)
    t.equal(await own.locator('[data-pin]').count(), 0, 'nobody sees the code over a shoulder')
    await customer.route('**/api/qr/generate', route => route.abort())
    await own.getByRole('button', { name: 'Show the code for the door' }).click()
    await own.locator('[data-pin]').waitFor()
    t.equal(await own.getByRole('img', { name: 'QR code for the driver' }).count(), 0)
    t.equal(await own.locator('[data-pin]').textContent(), pin, 'the number needs no picture')
    await customer.unroute('**/api/qr/generate')
    await press(customer, 'Close')
    await own.getByRole('button', { name: 'Show the code for the door' }).click()
    await own.getByRole('img', { name: 'QR code for the driver' }).waitFor()
    const next = await call(patient, 'POST', `/api/orders/${id}/custody/code`, {})
    t.not(next.pin, pin)
    await own.getByText('Who may take it for you').click()
    t.same(await faultsOf(customer, 'customer-code'), [])
    t.same(await widthsTooNarrow(customer), [])
    await own.getByLabel('Name of the person').fill('Ann Agent')
    await own.getByLabel('Relationship to the patient').selectOption('family')
    await customer.keyboard.press('Tab')
    await press(customer, 'Name this person')
    await own.getByRole('listitem').filter({ hasText: 'Ann Agent' }).waitFor()
    // The order that came with the answer says that the code was replaced on another device.
    await own.getByText(next.pin, { exact: true }).waitFor()
    await card.getByRole('textbox', { name: 'Seal number' }).waitFor()
    await driver.evaluate(() => navigator.serviceWorker.ready)
    await driver.context().setOffline(true)
    await fillAtDoor()
    await card.getByLabel('Photo', { exact: true }).setInputFiles(photo)
    await card.getByLabel('Or type the name').fill('Ann Agent')
    await driver.keyboard.press('Tab')
    await card.getByRole('img', { name: 'Signed' }).waitFor()
    await card.getByRole('textbox', { name: 'PIN, or the text' }).fill(next.qr)
    const before = Date.now()
    await press(driver, 'Delivered')
    await driver.getByText('One step waits for a connection.').waitFor()
    // What the next run of the page finds on the phone has waited.
    await driver.reload()
    await driver.getByText('One step waits for a connection.').waitFor()
    await driver.getByText('Not allowed: receiver.').waitFor()
    await press(driver, 'Got it')
    const { body: left } = await eventually(
      () => keptSteps(driver),
      steps => steps.body.length === 1,
    )
    t.match(left, [{ status: 'delivered', refused: undefined }], 'the refused step is forgotten')
    await driver.context().setOffline(false)
    const { body } = await eventually(
      () => http(url, 'GET', `/api/orders/${id}/custody`, { token: pharmacy.token }),
      answer => answer.body.entries?.at(-1)?.step.kind === 'delivered',
    )
    const { facts } = body.entries.at(-1).step
    t.match(facts, {
      receiver: { name: 'Ann Agent', relationship: 'family' },
      code_method: 'qr',
      identity: { document: 'national_id', outcome: 'matches' },
      age_at_least: 30,
    })
    t.ok(Math.abs(Date.parse(facts.happened_at) - before) < 60_000, 'by the clock of the phone')
  })

  await t.test('the customer saves the own data, and an erasure can be taken back', async t => {
    await customer.locator(`#past [data-order="${id}"]`).waitFor()
    await press(customer, 'Account')
    const data = customer.locator('#own-data')
    const [download] = await Promise.all([
      customer.waitForEvent('download'),
      data.getByRole('button', { name: 'Save a copy of my data' }).click(),
    ])
    t.match(readFileSync(await download.path(), 'utf8'), /Wilhelmina Xylander/)
    const erasure = () => call(patient, 'GET', '/api/auth/me/erasure')
    await data.getByRole('button', { name: 'Erase my account' }).dblclick()
    t.equal((await erasure()).erasure, null, 'one press is not enough, nor a double one')
    await data.getByRole('button', { name: 'Really erase it?' }).click()
    await data.getByText(/^Your account will be erased after/).waitFor()
    t.ok((await erasure()).erasure)
    t.same(await faultsOf(customer, 'customer-erasure'), [])
    await data.getByRole('button', { name: 'Keep my account' }).click()
    await data.getByRole('button', { name: 'Erase my account' }).waitFor()
    t.equal((await erasure()).erasure, null)
  })
  t.same(troubles, [], 'no page threw, broke its policy or asked another server')
})
