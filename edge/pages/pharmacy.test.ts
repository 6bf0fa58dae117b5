/**
 * The page of a pharmacy's manager in a real browser, on a phone and on a desk: the drivers, an
 * order from its first minute to its history, and a connection that is lost and found.
 */
import type { Locator, Page } from 'playwright-core'
import t from 'tap'
import { createAccount } from '../accounts/accounts.ts'
import {
  eventually,
  http,
  newCustomer,
  newDriver,
  newPharmacy,
  password,
} from '../acceptance/people.ts'
import { png } from '../uploads/samples.ts'
import { browserMissing, desk, faultsOf, isLive, openStage, phone } from './fixture.ts'

const shop = { latitude: 27.7172, longitude: 85.324 }

t.test('a manager runs a pharmacy', { skip: browserMissing, timeout: 300_000 }, async t => {
  const stage = await openStage(t, { REGISTRATION: 'approval' })
  const { url, troubles, server } = stage
  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', shop.latitude, shop.longitude)
  const ctx = server.edge.parts
  const admin = { email: 'admin@example.com', password }
  await createAccount(
    ctx.database.kysely,
    ctx,
    { ...admin, full_name: 'Admin', phone: '', role: 'admin' },
    async () => null,
  )
  const patient = await newCustomer(url, 'Wilhelmina Xylander')
  const order = async (name: string): Promise<string> => {
    const { body } = await http(url, 'POST', '/api/orders', {
      token: patient.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: '7 Long Lane',
        delivery_latitude: 27.72,
        delivery_longitude: 85.327,
        items: [{ name, quantity: 2 }],
      },
    })
    return body.id
  }
  const page = await stage.open('/pharmacy', { viewport: phone })
  await page.locator('#login').getByLabel('E-mail').fill(pharmacy.email)
  await page.locator('#login').getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  const open = (name: string): Promise<void> =>
    page
      .getByRole('navigation')
      .getByRole('button', { name: new RegExp(`^${name}`) })
      .press('Enter')
  const card = (id: string) => page.locator(`[data-order="${id}"]`)
  const driver = (id: string) => page.locator(`[data-driver="${id}"]`)
  const said = (words: string) => page.getByText(words).waitFor()
  const setting = (name: string): Promise<void> =>
    page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name }).press('Enter')
  let first = ''
  let courier: Awaited<ReturnType<typeof newDriver>>

  await t.test('a pharmacy that is not approved sees why', async t => {
    await said('Your pharmacy waits for a decision')
    const { access_token: token } = (await http(url, 'POST', '/api/auth/login', { body: admin }))
      .body
    await http(url, 'POST', `/api/admin/vendors/${pharmacy.pharmacyId}/approve`, {
      token,
      body: {},
    })
    await page.reload()
    await isLive(page)
    t.equal(await page.locator('#standing').count(), 0)
    courier = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
  })

  await t.test('the day says what waits, as it comes', async t => {
    await said('One driver asks to join')
    first = await order('Aspirin')
    await page.getByRole('link', { name: 'One order waits for an answer' }).press('Enter')
    await card(first).getByText('Wilhelmina Xylander').waitFor()
    t.match(page.url(), /#orders$/, 'the address names the part')
  })

  await t.test('a driver is approved, invited, and let go', async t => {
    await open('Drivers')
    await driver(courier.driverId).getByText('Waits for approval').waitFor()
    t.same(await faultsOf(page, 'pharmacy-drivers'), [])
    await driver(courier.driverId).getByRole('button', { name: 'Approve' }).press('Enter')
    await driver(courier.driverId).getByText('Off duty', { exact: true }).waitFor()

    await page.getByLabel('For whom').fill('Carl')
    await page.keyboard.press('Enter')
    await said('This code is shown only now:')
    await said('0 of 1 used')
    const { body } = await http(url, 'POST', '/api/drivers/register', {
      body: {
        email: 'carl@example.org',
        full_name: 'Carl Courier',
        phone: '+977-1-5550101',
        password,
        vehicle_type: 'bike',
        invitation_code: await page.locator('#invitation').textContent(),
      },
    })
    const carl = driver(body.driver.id)
    await carl.getByText('Off duty', { exact: true }).waitFor()
    await page.getByText('0 of 1 used').waitFor({ state: 'detached' })
    await carl.getByRole('button', { name: 'Let go: Carl Courier' }).press('Enter')
    await carl.getByRole('button', { name: 'Really let go?', disabled: false }).press('Enter')
    await carl.waitFor({ state: 'detached' })
    await open('Orders')
  })

  await t.test('an order is answered and given to a driver by keyboard', async t => {
    await card(first).getByRole('button', { name: 'Accept' }).press('Enter')
    await card(first).getByLabel('Driver').selectOption({ label: 'Dora Driver · Off duty' })
    await card(first).getByRole('button', { name: 'Assign' }).press('Enter')
    const refused = card(first).getByRole('alert').filter({ hasText: /./ })
    await refused.waitFor()
    t.ok(await refused.textContent(), 'a driver who is off duty takes nothing')
    await http(url, 'PATCH', `/api/drivers/${courier.driverId}/status`, {
      token: courier.token,
      body: { status: 'available' },
    })
    await card(first).getByRole('option', { name: 'Dora Driver · On duty' }).waitFor({
      state: 'attached',
    })
    await card(first).getByRole('button', { name: 'Assign' }).press('Enter')
    await card(first).getByText('Driver assigned', { exact: true }).waitFor()
    await card(first).getByRole('button', { name: 'What happened' }).press('Enter')
    const history = card(first).locator('.history')
    for (const step of ['Ordered', 'Accepted', 'Driver assigned'])
      await history.getByText(step, { exact: false }).first().waitFor()
    const saved = page.waitForEvent('download')
    await history.getByRole('button', { name: 'Save the proof of custody' }).press('Enter')
    t.match((await saved).suggestedFilename(), /\.html$/)
    t.same(await faultsOf(page, 'pharmacy-orders'), [])
  })

  await t.test('what came while the connection was lost is there when it is back', async t => {
    await stage.stopServer()
    await said('What you see may be old.')
    t.same(await faultsOf(page, 'pharmacy-lost'), [])
    await stage.startServer()
    const missed = await order('Bandage')
    await isLive(page)
    await card(missed).getByText('2 × Bandage').waitFor()
    await page.getByLabel('Words').fill('aspirin')
    await page.keyboard.press('Enter')
    await card(missed).waitFor({ state: 'detached' })
    await card(first).waitFor()
    t.equal(await page.locator('[data-order]').count(), 1, 'the search finds one')
  })

  await t.test('people are received by their code, and without a booking', async t => {
    await open('Settings')
    await setting('Services')
    await page.getByRole('button', { name: 'Add a service' }).press('Enter')
    const form = page.locator('#service')
    await form.getByLabel('Name').fill('Flu vaccination')
    for (const line of await form.getByRole('group', { name: 'Hours' }).locator('input').all())
      await line.fill('00:00-24:00')
    await form.getByLabel('Booked so many minutes before').fill('0')
    await form.getByLabel('Seats at a time').fill('3')
    await form.getByLabel('Paid before it is confirmed').check()
    t.same(await faultsOf(page, 'pharmacy-service'), [])
    await page.getByLabel('Name').press('Enter')
    await page.getByRole('button', { name: 'Change: Flu vaccination' }).waitFor()

    await open('Calendar')
    await page.getByRole('button', { name: 'Week' }).press('Enter')
    const path = `/api/vendors/${pharmacy.pharmacyId}/services`
    const [service] = (await http(url, 'GET', path, { token: patient.token })).body.services
    const free = await http(url, 'GET', `/api/services/${service.id}/availability`, {
      token: patient.token,
    })
    const { body: booked } = await http(url, 'POST', '/api/appointments', {
      token: patient.token,
      body: { service_id: service.id, start: free.body.slots[0].start },
    })
    const row = page.locator(`[data-appointment="${booked.id}"]`)
    await row.getByText('Missing: payment').waitFor()
    await row.getByRole('button', { name: 'Everything is settled' }).press('Enter')
    await row.getByText('Booked', { exact: true }).waitFor()
    const code = await fetch(`${url}/api/qr/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${patient.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ appointment_id: booked.id }),
    })
    const buffer = Buffer.from(await code.arrayBuffer())
    const checkIn = page.locator('#check-in')
    await checkIn
      .getByLabel('Photo of the code')
      .setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer })
    await checkIn.getByRole('button', { name: 'Check in' }).press('Enter')
    await said('Wilhelmina Xylander is checked in.')
    await row.getByRole('button', { name: 'Done' }).press('Enter')
    await row.getByText('Done', { exact: true }).waitFor()

    const walkIn = page.locator('#walk-in')
    await walkIn.getByLabel('Papers and payment are settled').check()
    await walkIn.getByLabel('Name').fill('Walter Walkin')
    await page.keyboard.press('Enter')
    await said('Walter Walkin is checked in.')
    await page.locator('[data-status=checked_in]').getByText('Walter Walkin').waitFor()
    t.same(await faultsOf(page, 'pharmacy-calendar'), [])
  })

  await t.test('figures are drawn, read as a table, and saved', async t => {
    await open('Reports')
    const chart = page.getByRole('img', { name: 'Orders by day' }).locator('canvas')
    await chart.waitFor()
    t.ok(await isDrawn(chart), 'something is drawn')
    await page.getByText('As a table').first().press('Enter')
    await page.getByRole('region', { name: 'Orders by day' }).getByRole('row').nth(28).waitFor()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Days as CSV' }).press('Enter')
    t.match((await saved).suggestedFilename(), /^days-.*\.csv$/)
    t.same(await faultsOf(page, 'pharmacy-reports'), [])
    await open('Insights')
    await page.getByRole('heading', { name: 'From order to door', exact: true }).waitFor()
    t.same(await faultsOf(page, 'pharmacy-insights'), [])
  })

  await t.test('the settings are kept', async t => {
    await open('Settings')
    await page.getByLabel('Minutes that you promise').fill('45')
    await page.getByLabel('Minutes that you promise').press('Enter')
    await said('Saved.')
    await setting('Opening hours')
    await page.getByLabel('Always open').uncheck()
    await page.getByLabel('Monday').fill('09:00-12:00, 14:00-18:00')
    await page.keyboard.press('Enter')
    await said('Saved.')
    await setting('Tariff')
    await page.getByRole('button', { name: 'Add a band' }).press('Enter')
    await page.getByLabel('Up to so many kilometres').last().fill('7')
    await page.keyboard.press('Enter')
    const { body } = await eventually(
      () => http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, { token: pharmacy.token }),
      answer => answer.body.pricing.bands.some((one: { up_to_km: number }) => one.up_to_km === 7),
    )
    t.equal(body.delivery_promise_minutes, 45)
    t.same(body.opening_hours.mon, [
      { open: '09:00', close: '12:00' },
      { open: '14:00', close: '18:00' },
    ])

    await setting('Papers')
    await page.getByLabel('Paper').selectOption({ label: 'Licence of the pharmacy' })
    const buffer = Buffer.from(png)
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'licence.png', mimeType: 'image/png', buffer })
    await page.locator('#papers').getByRole('button', { name: 'Hand it in' }).press('Enter')
    await page.locator('#papers').getByText('Waits for review').waitFor()

    await setting('Webhooks')
    await page.locator('#webhook').getByLabel('Address').fill('https://example.org/hook')
    await page.keyboard.press('Enter')
    await said('This secret is shown only now:')
    await page.getByRole('button', { name: 'Log' }).press('Enter')
    await page.getByRole('heading', { name: 'Log' }).waitFor()
    t.same(await faultsOf(page, 'pharmacy-webhooks'), [])
    await setting('People')
    await page.locator('#member').getByLabel('Name').fill('Petra Pharmacist')
    await page.locator('#member').getByLabel('Rights').selectOption({ label: 'Pharmacist' })
    await page.locator('#member').getByLabel('Name').press('Enter')
    await said('This code is shown only now:')
    const invitation = await page.locator('#member-invitation').textContent()
    const colleague = await stage.open(`/pharmacy#invitation=${invitation}`, { viewport: phone })
    t.notMatch(colleague.url(), 'invitation', 'the code leaves the address bar')
    const join = colleague.locator('#join')
    await join.getByLabel('Name').fill('Petra Pharmacist')
    await join.getByLabel('E-mail').fill('petra@example.org')
    await join.getByLabel('Phone').fill('+977-1-5550102')
    await join.getByLabel('Password').fill(password)
    await colleague.keyboard.press('Enter')
    await isLive(colleague)
    await colleague.context().close()
    await setting('Shop')
    await setting('People')
    await page.locator('[data-member]').getByText('petra@example.org').waitFor()
    t.same(await faultsOf(page, 'pharmacy-people'), [])
    await setting('Shops')
    await page.getByRole('button', { name: 'Connect a WooCommerce shop' }).press('Enter')
    await said('This secret is shown only now:')
  })

  await t.test('every part fits a desk and a phone in both themes', async t => {
    await open('Today')
    await partIsShown(page, 'Today')
    t.same(await faultsOf(page, 'pharmacy-today'), [])
    await page.setViewportSize(desk)
    for (const part of ['Orders', 'Drivers', 'Calendar', 'Reports', 'Today']) {
      await open(part)
      await partIsShown(page, part)
      t.same(await faultsOf(page, `pharmacy-${part.toLowerCase()}`), [])
    }
    await page.setViewportSize({ width: 320, height: 640 })
    await page.getByLabel('Language').selectOption('ar')
    await page.getByText('طلبات آخر 7 أيام').first().waitFor()
    t.same(await faultsOf(page, 'pharmacy-arabic'), [])
  })
  t.same(troubles, [], 'no page threw, broke its policy or asked another server')
})

/** True when the canvas has a pixel that is not empty. */
const isDrawn = (canvas: Locator): Promise<boolean> =>
  canvas.evaluate(element => {
    const { width, height } = element as HTMLCanvasElement
    const context = (element as HTMLCanvasElement).getContext('2d')!
    return context.getImageData(0, 0, width, height).data.some(byte => byte !== 0)
  })

/** Waits until the part has its content. */
const partIsShown = (page: Page, part: string): Promise<void> =>
  ({
    Orders: page.locator('[data-order]').first(),
    Drivers: page.locator('[data-driver]').first(),
    Calendar: page.locator('[data-appointment]').first(),
    Reports: page.getByRole('img', { name: 'Orders by day' }).locator('canvas'),
    Today: page.getByText('Orders of the last 7 days').last(),
  })[part]!.waitFor()
