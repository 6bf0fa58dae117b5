/**
 * A whole delivery by three browsers: a customer with a phone, a pharmacy's terminal, a driver with a
 * phone. Nobody calls the API by hand. Then what else a customer does: order from one pharmacy at its
 * price, write, rate, book, with a connection that is lost and found.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Locator } from 'playwright-core'
import t from 'tap'
import { http, newCustomer, newDriver, newPharmacy } from '../acceptance/people.ts'
import { png } from '../uploads/samples.ts'
import {
  browserMissing,
  desk,
  faultsOf,
  isLive,
  openStage,
  phone,
  press,
  widthsTooNarrow,
} from './fixture.ts'

const shop = { latitude: 27.7172, longitude: 85.324 }
const door = { latitude: 27.72, longitude: 85.327 }
const picture = { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from(png) }

/** Records until the meter has moved, and hears the recording before it is sent. */
async function recordVoice(place: Locator): Promise<void> {
  await place.getByRole('button', { name: 'Record a' }).click()
  await place.page().waitForFunction(() => (document.querySelector('meter')?.value ?? 0) > 0)
  await place.getByRole('button', { name: 'Stop recording' }).click()
  const own = place.getByLabel('Your recording')
  await own.waitFor()
  await own.evaluate((sound: HTMLAudioElement) => sound.play())
  await place.page().waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0)
}

t.test('three browsers', { skip: browserMissing, timeout: 240_000 }, async t => {
  const geocoder = createServer((_, response) => {
    const place = { lat: '27.72', lon: '85.327', display_name: '7 Long Lane, Kathmandu' }
    response.end(JSON.stringify([place, { ...place, lat: '1', place_rank: 16 }]))
  }).listen(0, '127.0.0.1')
  t.teardown(() => geocoder.close())
  await once(geocoder, 'listening')
  const { port } = geocoder.address() as AddressInfo
  const stage = await openStage(t, {
    NOMINATIM_URL: `http://127.0.0.1:${port}`,
    PAYMENT_METHODS: 'cash',
  })
  const { url, troubles } = stage
  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', shop.latitude, shop.longitude)
  const courier = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
  const patient = await newCustomer(url, 'Wilhelmina Xylander')
  const onPhone = { viewport: phone, permissions: ['geolocation'] }
  const customer = await stage.openSignedIn('/customer', patient, undefined, {
    ...onPhone,
    geolocation: door,
  })
  const terminal = await stage.openSignedIn('/terminal', pharmacy, undefined, {
    viewport: desk,
    permissions: ['microphone'],
  })
  await terminal.evaluate(() => {
    const make = AudioContext.prototype.createOscillator
    AudioContext.prototype.createOscillator = function (): OscillatorNode {
      document.body.dataset['tones'] = String(Number(document.body.dataset['tones'] ?? 0) + 1)
      return make.call(this)
    }
  })
  await terminal.getByRole('button', { name: 'Turn the sound on' }).click()
  const driver = await stage.openSignedIn('/driver', courier, undefined, {
    ...onPhone,
    geolocation: shop,
  })

  await t.test('from the question to the signature at the door', async t => {
    const form = customer.locator('#ask')
    t.equal(await form.getByLabel('Latitude').inputValue(), '', 'no place is proposed')
    t.equal(await form.getByLabel('Medicine').inputValue(), '', 'and no medicine')
    await form.getByRole('button', { name: 'Use my position' }).click()
    await customer.waitForFunction(
      () => document.querySelector<HTMLInputElement>('#ask input[type=number]')!.value !== '',
    )
    t.equal(await form.getByLabel('Latitude').inputValue(), '27.72000')
    await form.getByLabel('Medicine').fill('Aspirin')
    await form.getByLabel('Prescription').setInputFiles(picture)
    await form.getByText('from the nearest pharmacy').waitFor()
    t.same(await faultsOf(customer, 'customer-ask'), [])
    await form.getByRole('button', { name: 'Ask now' }).focus()
    await customer.keyboard.press('Enter')
    await customer.getByText('Asked one pharmacy.').waitFor()

    await driver.getByRole('button', { name: 'Go on duty' }).click()
    await driver.getByText('Your position is shared').waitFor()

    const request = terminal.locator('[data-request]')
    await terminal.waitForFunction(() => Number(document.body.dataset['tones'] ?? 0) > 0)
    t.match(await terminal.title(), /^\(1\) /, 'the terminal rings, and its tab has the number')
    await request.getByRole('button', { name: 'Show it here' }).click()
    await request.getByRole('img', { name: 'Prescription' }).waitFor()
    await request.getByLabel('Message').fill('Ready in 5 minutes')
    await recordVoice(request)
    t.same(await faultsOf(terminal, 'terminal-request'), [])
    t.same(await widthsTooNarrow(terminal), [])
    await press(terminal, 'Accept')
    const order = customer.locator('#orders [data-order]')
    await order.getByText('“Ready in 5 minutes”').waitFor()
    await order.getByRole('button', { name: 'Play the answer' }).click()
    await customer.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0)
    const ours = terminal.locator('#ours')
    await ours.getByRole('button', { name: 'Chat with the customer' }).click()
    await ours.getByLabel('Message').fill('Is a generic fine?')
    await terminal.keyboard.press('Enter')
    await ours.getByText('Is a generic fine?').waitFor()
    await order.getByRole('button', { name: 'Write to the pharmacy' }).click()
    await order.getByText('Is a generic fine?').waitFor()
    await terminal.getByLabel('Language').selectOption('ar')
    t.same(await faultsOf(terminal, 'terminal-arabic'), [])
    t.same(await widthsTooNarrow(terminal), [])
    await terminal.getByLabel('اللغة').selectOption('en')
    await ours.getByRole('button', { name: 'Find a driver' }).click()

    await driver.getByRole('button', { name: 'Accept' }).click()
    const delivery = driver.locator('[data-order]')
    await delivery.getByRole('button', { name: 'Picked up' }).click()
    await delivery.getByRole('button', { name: 'Set out' }).click()
    await order.getByText('On its way', { exact: true }).first().waitFor()
    await driver.context().setGeolocation(door)
    await order.getByText('to go').waitFor()
    t.same(await faultsOf(customer, 'customer-tracking'), [])

    await order.getByRole('button', { name: 'Write to the driver' }).click()
    await order.getByLabel('Message').fill('Second floor')
    await customer.keyboard.press('Enter')
    await order.getByText('Second floor').waitFor()
    await delivery.getByRole('button', { name: 'Chat with the customer' }).click()
    await delivery.getByText('Second floor').waitFor()
    await order.getByRole('button', { name: 'Record a voice message' }).click()
    await order.getByText('The microphone is not allowed').waitFor()
    await customer.context().grantPermissions(['microphone', 'geolocation'])
    await recordVoice(order)
    t.same(await faultsOf(customer, 'customer-voice'), [])
    await order.getByRole('button', { name: 'Send the recording' }).click()
    await order.getByRole('button', { name: 'Play the voice message' }).waitFor()
    await delivery.getByRole('button', { name: 'Play the voice message' }).click()
    await driver.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0)

    await delivery.getByLabel('Photo').setInputFiles(picture)
    const paper = delivery.locator('canvas')
    await paper.scrollIntoViewIfNeeded()
    const box = (await paper.boundingBox())!
    await driver.mouse.move(box.x + 20, box.y + 20)
    await driver.mouse.down()
    await driver.mouse.move(box.x + 120, box.y + 40, { steps: 5 })
    await driver.mouse.up()
    await delivery.getByRole('img', { name: 'Signed' }).waitFor()
    await delivery.getByRole('button', { name: 'Delivered' }).click()

    const past = customer.locator('#past [data-status=delivered]')
    await past.waitFor()
    const id = await past.getAttribute('data-order')
    const { body } = await http(url, 'GET', `/api/orders/${id}`, { token: pharmacy.token })
    t.match(body, { proof_photo_url: /^http|^\//, signature_url: /^http|^\// })

    await past.getByText('Rate it').click()
    await past.getByRole('radio', { name: '5' }).first().check()
    await past.getByRole('button', { name: 'Rate' }).first().click()
    await past.getByText('Thank you for rating the pharmacy.').waitFor()
    await past.getByText('What happened').click()
    t.equal(await past.locator('.steps li').count(), 6, 'the whole history with its times')
    t.same(await faultsOf(customer, 'customer-past'), [])
  })

  await t.test(
    'an order from one pharmacy, at a price that is shown before, and a driver chosen by hand',
    async t => {
      const form = customer.locator('#ask')
      await form.getByLabel('Ask', { exact: true }).selectOption({ index: 1 })
      await form.getByText(/^Delivery \$\d/).waitFor()
      const price = (await form.getByText(/^Delivery \$\d/).textContent())!.match(/\$[\d.]+/)![0]
      await form.getByLabel('Find by address').fill('Long Lane 7')
      await customer.keyboard.press('Enter')
      await form.getByRole('button', { name: '7 Long Lane, Kathmandu' }).click()
      t.equal(
        await form.getByLabel('Address', { exact: true }).inputValue(),
        '7 Long Lane, Kathmandu',
      )
      await form.getByLabel('Medicine').fill('Ibuprofen')
      await customer.keyboard.press('Enter')
      const order = customer.locator('#orders [data-status=pending]')
      await order.waitFor()
      await terminal.locator('#ours').getByText('Ibuprofen').waitFor()
      await press(terminal, 'Accept')
      await press(terminal, 'Choose a driver')
      await terminal.getByText(/Dora Driver.* k?m ·/).waitFor()
      t.same(await faultsOf(terminal, 'terminal-drivers'), [])
      await press(terminal, 'Give it to this driver: Dora Driver')
      await driver.locator('[data-order]').getByText('Ibuprofen').waitFor()
      const assigned = customer.locator('#orders [data-status=driver_assigned]')
      await assigned.getByText(`Delivery ${price}`).waitFor()
      await assigned.getByRole('button', { name: 'Cancel' }).click()
      await assigned.getByRole('button', { name: 'Really cancel?' }).click()
      await customer.locator('#past [data-status=cancelled]').waitFor()
    },
  )

  await t.test('an order that is paid in cash, to its receipt', async t => {
    const { body } = await http(url, 'POST', '/api/requests', {
      token: patient.token,
      body: { ...door, radius_km: 5, quantity: 1, payment_method: 'cash', tip: 1 },
    })
    const request = terminal.locator(`[data-request="${body.request_id}"]`)
    await request.getByRole('button', { name: 'Accept' }).click()
    await request.getByLabel('Price without tax').fill('12.50')
    await request.getByRole('spinbutton', { name: /^Tax/ }).fill('0.5')
    t.same(await faultsOf(terminal, 'terminal-price'), [])
    await request.getByRole('button', { name: 'Accept at this price' }).click()
    // The payment and its parties follow the order, so a driver who is quick hears these before.
    const early = [
      { status: 404, json: { code: 'payment_not_found', status: 404, title: 'none yet' } },
      { status: 503, json: { code: 'unavailable', status: 503, title: 'not now' } },
      { status: 200, json: { method: 'cash', due: null } },
    ]
    const heard: number[] = []
    await driver.route(`**/api/orders/${body.request_id}/payment`, route => {
      const answer = early.shift()
      heard.push(answer?.status ?? 200)
      return answer === undefined ? route.fallback() : route.fulfill(answer)
    })
    const ours = terminal.locator(`#ours [data-order="${body.request_id}"]`)
    await ours.getByRole('button', { name: 'Choose a driver' }).click()
    await ours.getByRole('button', { name: 'Give it to this driver' }).click()
    const delivery = driver.locator(`[data-order="${body.request_id}"]`)
    await delivery.getByRole('button', { name: 'Picked up' }).click()
    await delivery.getByRole('button', { name: 'Set out' }).click()
    await delivery.getByText('It is not known yet whether cash is due.').waitFor()
    await delivery.getByText(/^Collect \$1\d/).waitFor()
    t.same(heard.slice(0, 3), [404, 503, 200], 'the page asked until it knew the amount')
    await delivery.getByLabel('Or type the name').fill('W. Xylander')
    await driver.keyboard.press('Tab')
    await delivery.getByRole('img', { name: 'Signed' }).waitFor()
    const due = await delivery.getByLabel('Cash taken').inputValue()
    await delivery.getByLabel('Cash taken').fill('20')
    await delivery.getByRole('button', { name: 'Delivered' }).click()
    await delivery.getByText('Say why another amount was paid.').waitFor()
    await delivery.getByLabel('Cash taken').fill(due)
    t.same(await faultsOf(driver, 'driver-cash'), [])
    await delivery.getByRole('button', { name: 'Delivered' }).click()
    const past = customer.locator(`#past [data-order="${body.request_id}"]`)
    await past.getByText('Receipt').click()
    await past.getByRole('row', { name: 'Medicine $12.50' }).waitFor()
    await past.getByRole('row', { name: `In all $${due}` }).waitFor()
    t.same(await faultsOf(customer, 'customer-receipt'), [])
  })

  await t.test('an appointment', async t => {
    const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
    const rules = [{ days, from: '00:00', to: '23:00' }]
    const made = await http(url, 'POST', `/api/vendors/${pharmacy.pharmacyId}/services`, {
      token: pharmacy.token,
      body: { name: 'Vaccination', rules, time_zone: 'Asia/Kathmandu', duration_minutes: 30 },
    })
    t.equal(made.status, 201, JSON.stringify(made.body))
    await customer.getByRole('button', { name: 'Appointments' }).click()
    await customer.getByLabel('Pharmacy').selectOption({ index: 1 })
    await customer.getByLabel('Service').selectOption({ index: 1 })
    await customer.locator('.slots button').last().click()
    await customer.locator('[data-appointment]').getByText('Vaccination').waitFor()
    t.same(await faultsOf(customer, 'customer-appointments'), [])
  })

  await t.test('the connection is lost and found, and the sign-in stays', async t => {
    await customer.getByRole('button', { name: 'Account' }).click()
    await customer.getByText('This one', { exact: true }).waitFor()
    t.same(await faultsOf(customer, 'customer-account'), [])
    await customer.setViewportSize(desk)
    await customer.getByRole('button', { name: 'Orders' }).click()
    t.same(await faultsOf(customer, 'customer-orders'), [])
    await stage.stopServer()
    await customer.getByText('No connection.').waitFor()
    await stage.startServer()
    await isLive(customer)
    await customer.reload()
    await isLive(customer)
    await customer.locator('#past [data-status=delivered]').first().waitFor()
  })
  t.same(troubles, [], 'no page threw, broke its policy or asked another server')
})
