/**
 * The page of a pharmacy's manager in a real browser, on a phone and on a desk: the drivers, an
 * order from its first minute to its history, and a connection that is lost and found.
 */
import type { Page } from 'playwright-core'
import t from 'tap'
import { createAccount } from '../accounts/accounts.ts'
import { http, newCustomer, newDriver, newPharmacy, password } from '../acceptance/people.ts'
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
  const { access_token: token } = (await http(url, 'POST', '/api/auth/login', { body: admin })).body
  await http(url, 'POST', `/api/admin/vendors/${pharmacy.pharmacyId}/approve`, { token, body: {} })
  const courier = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
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
  const page = await stage.openSignedIn('/pharmacy', pharmacy, undefined, { viewport: phone })
  const open = (name: string): Promise<void> =>
    page
      .getByRole('navigation')
      .getByRole('button', { name: new RegExp(`^${name}`) })
      .press('Enter')
  const card = (id: string) => page.locator(`[data-order="${id}"]`)
  const driver = (id: string) => page.locator(`[data-driver="${id}"]`)
  const said = (words: string) => page.getByText(words).waitFor()
  let first = ''

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
    await carl.getByRole('button', { name: 'Really let go?' }).press('Enter')
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

  await t.test('every part fits a desk and a phone in both themes', async t => {
    for (const part of ['Today', 'Settings']) {
      await open(part)
      t.same(await faultsOf(page, `pharmacy-${part.toLowerCase()}`), [])
    }
    await page.setViewportSize(desk)
    for (const part of ['Orders', 'Drivers', 'Today']) {
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

/** Waits until the part has its content. */
const partIsShown = (page: Page, part: string): Promise<void> =>
  ({
    Orders: page.locator('[data-order]').first(),
    Drivers: page.locator('[data-driver]').first(),
    Today: page.getByText('Orders of the last 7 days').last(),
  })[part]!.waitFor()
