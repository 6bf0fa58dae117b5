/**
 * The administrators' page in a real browser: a pharmacy and a paper are decided upon by keyboard,
 * an account is held, an order is found, and every part is clean on a phone and a desk.
 */
import type { Page } from 'playwright-core'
import t from 'tap'
import { makeAdministrator } from '../accounts/administrator.ts'
import {
  eventually,
  http,
  newCustomer,
  newDriver,
  newPharmacy,
  password,
} from '../acceptance/people.ts'
import { png } from '../uploads/samples.ts'
import { browserMissing, desk, faultsOf, openStage, phone } from './fixture.ts'

const place = { latitude: 27.7172, longitude: 85.324 }
/** Parts of the page with a heading of theirs. */
const parts = {
  Approvals: 'Pharmacies',
  Papers: 'Papers',
  Accounts: 'Accounts',
  Orders: 'Orders',
  Appeals: 'Appeals',
  Keys: 'Keys',
  'Audit trail': 'Audit trail',
}

/** Presses a button that the Tab key reaches from the top of the page. */
async function press(page: Page, name: string | RegExp): Promise<void> {
  const target = page.getByRole('button', { name, exact: true }).first()
  await target.waitFor()
  for (let presses = 0; presses < 80; presses++) {
    if (await target.evaluate(element => element === document.activeElement)) {
      await page.keyboard.press('Enter')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`${String(name)} is out of the reach of the keyboard`)
}

/** True when the ground of the map is light, or dark, as `isLight` asks. Runs in the page. */
function mapIsLight(isLight: boolean): boolean {
  const canvas = document.querySelector('canvas')!
  const { data } = canvas.getContext('2d')!.getImageData(canvas.width - 1, 0, 1, 1)
  return data[3] === 255 && data[0]! > 128 === isLight
}

t.test('administrators work', { skip: browserMissing, timeout: 300_000 }, async t => {
  const stage = await openStage(t, { REGISTRATION: 'approval' })
  const { url, troubles } = stage
  const { database, nowMs, random } = stage.server.edge.parts
  const email = 'admin@example.org'
  await makeAdministrator(
    database.kysely,
    { nowMs, random },
    { email, name: 'Ada Administrator', phone: '', password },
  )
  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', place.latitude, place.longitude)
  const form = new FormData()
  form.append('file', new Blob([png as Uint8Array<ArrayBuffer>]), 'licence.png')
  const file = await http(url, 'POST', '/api/uploads/document', {
    token: pharmacy.token,
    body: form,
  })
  const paper = await http(url, 'POST', '/api/documents', {
    token: pharmacy.token,
    body: {
      file_id: file.body.id,
      kind: 'pharmacy_licence',
      subject: 'pharmacy',
      subject_id: pharmacy.pharmacyId,
    },
  })
  const page = await stage.openSignedIn('/admin', { email }, undefined, { viewport: desk })
  const part = (name: string): Promise<void> =>
    page.getByRole('navigation').getByRole('button', { name }).click()

  await t.test('what waits is counted, and the inbox counts by itself', async t => {
    await page.locator('[data-count="admin.pharmacies"]').getByText('1', { exact: true }).waitFor()
    await page.locator('#health').getByText('Healthy').waitFor()
    const processes = page.locator('#processes')
    await processes.getByText(/^Engine /).waitFor()
    await processes.getByText(/^Edge /).waitFor()
    await processes.locator('summary').first().click()
    await processes
      .getByText(/^(slots|sockets)$/)
      .first()
      .waitFor()
    const badge = page.locator('nav .badge')
    await badge.waitFor()
    await page.getByRole('button', { name: 'Mark all as read' }).click()
    await badge.waitFor({ state: 'detached' })
    await newPharmacy(url, 'Second Pharmacy', place.latitude, place.longitude)
    await http(url, 'POST', '/api/auth/login', {
      body: { email, password },
      headers: { 'user-agent': 'a browser of another place' },
    })
    await badge.waitFor()
    t.equal(await badge.textContent(), '1', 'without a reload')
    await page.locator('[data-count="admin.pharmacies"]').getByText('2', { exact: true }).waitFor()
    t.same(await faultsOf(page, 'admin-today'), [])
  })

  await t.test('a pharmacy is approved and another refused, by keyboard', async t => {
    await press(page, 'Approvals')
    await press(page, 'Reject: Second Pharmacy')
    await page.keyboard.press('Tab')
    await page.keyboard.type('No such street')
    await page.keyboard.press('Enter')
    await page.getByText('Second Pharmacy', { exact: true }).waitFor({ state: 'detached' })
    await press(page, 'Approve: Corner Pharmacy')
    await page.getByText('Corner Pharmacy', { exact: true }).waitFor({ state: 'detached' })
    const { body } = await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, {
      token: pharmacy.token,
    })
    t.equal(body.status, 'active')
    await page.getByLabel('State').selectOption('rejected')
    await page.getByText('No such street').waitFor()
  })

  await t.test('a paper is seen and approved as it was seen', async t => {
    await part('Papers')
    await press(page, 'Look at it: Licence of the pharmacy')
    const picture = page.getByRole('img', { name: 'Licence of the pharmacy' })
    await picture.waitFor()
    t.ok(await picture.evaluate(element => (element as HTMLImageElement).naturalWidth > 0))
    t.same(await faultsOf(page, 'admin-review'), [])
    const sent = page.waitForRequest(/\/decision$/)
    await press(page, 'Approve')
    t.equal((await sent).postDataJSON().digest, paper.body.digest)
    await picture.waitFor({ state: 'detached' })
    const { body } = await http(url, 'GET', `/api/documents/${paper.body.id}`, {
      token: pharmacy.token,
    })
    t.equal(body.state, 'approved')
  })

  await t.test('an account is found, held and restored', async t => {
    const customer = await newCustomer(url)
    await part('Accounts')
    const search = page.locator('#find-account')
    await search.getByLabel('E-mail').fill(customer.email)
    await page.keyboard.press('Enter')
    const row = page.locator(`[data-account="${customer.id}"]`)
    await row.getByRole('button', { name: /^Hold/ }).click()
    await row.getByRole('button', { name: 'Really hold?' }).click()
    await row.getByRole('button', { name: /^Restore/ }).waitFor()
    const me = () => http(url, 'GET', '/api/auth/me', { token: customer.token })
    t.equal((await me()).status, 401, 'a held account is signed out at once')
    await row.getByRole('button', { name: /^Restore/ }).click()
    await row.getByRole('button', { name: /^Hold/ }).waitFor()
  })

  await t.test('an order is found by its id, with its history', async t => {
    const customer = await newCustomer(url)
    const placed = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: '7 Long Lane',
        delivery_latitude: place.latitude,
        delivery_longitude: place.longitude,
        items: [{ name: 'Aspirin', quantity: 2 }],
      },
    })
    await part('Orders')
    await page.getByLabel('Id, number or a word').fill(placed.body.id)
    await page.keyboard.press('Enter')
    await page.locator(`[data-order="${placed.body.id}"]`).getByText('order_placed').waitFor()
    t.same(await faultsOf(page, 'admin-order'), [])
  })

  await t.test('settings take effect at once, and a mistake stands at its field', async t => {
    await part('Settings')
    const form = page.locator('#rules')
    await form.getByLabel('Smallest radius').fill('20')
    await form.getByLabel('Largest radius').fill('10')
    await page.keyboard.press('Enter')
    await form.getByText('must be at most').waitFor()
    t.equal(await form.getByLabel('Smallest radius').getAttribute('aria-invalid'), 'true')
    await form.getByLabel('Smallest radius').fill('2')
    await form.getByLabel('New requests').selectOption('false')
    await form.getByRole('button', { name: 'Save' }).click()
    await page.locator('[data-revision="1"]').waitFor()
    const customer = await newCustomer(url)
    const ask = () =>
      http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: { ...place, radius_km: 5, items: [{ name: 'Aspirin', quantity: 1 }] },
      })
    const refused = await eventually(ask, ({ status }) => status === 503)
    t.equal(refused.body.code, 'orders_paused')
    const price = page.locator('#price')
    await price.getByLabel('Which price').selectOption('own')
    await price.getByLabel('Base fee').fill('4')
    t.same(await faultsOf(page, 'admin-settings'), [])
    await price.getByRole('button', { name: 'Save' }).click()
    await page.locator('[data-revision="2"]').waitFor()
    const { body } = await http(url, 'GET', '/api/v1/pricing/calculate', {
      token: customer.token,
    })
    t.equal(body.pricing.base_fee, 4)
    await form.getByLabel('New requests').selectOption('true')
    await form.getByRole('button', { name: 'Save' }).click()
    await page.locator('[data-revision="3"]').waitFor()
  })

  await t.test('the machine room, the keys, and the trail of it all', async t => {
    await part('Machine room')
    const job = page.locator('[data-job="audit.delete_old_rows"], [data-job]').first()
    await job.getByRole('button', { name: /^Pause/ }).click()
    await job.getByRole('button', { name: /^Resume/ }).waitFor()
    t.same(await faultsOf(page, 'admin-work'), [])
    await part('Keys')
    const form = page.locator('#new-key')
    await form.getByLabel('Name').fill('Reader')
    await form.getByText('orders:read').click()
    await form.getByRole('button', { name: 'Make the key' }).click()
    await form.getByText('is shown only now').waitFor()
    t.same(await faultsOf(page, 'admin-keys'), [])
    await page.getByRole('button', { name: 'Revoke: Reader' }).click()
    await page.getByRole('button', { name: 'Really revoke?' }).click()
    await page.getByText('Revoked').waitFor()
    await part('Audit trail')
    await page.getByLabel('Operation').fill('approveVendor')
    await page.keyboard.press('Enter')
    await eventually(
      async () => ({
        status: 200,
        body: await page.locator('article code', { hasText: 'approveVendor' }).count(),
        headers: new Headers(),
      }),
      ({ body }) => body > 0,
    )
    t.same(await faultsOf(page, 'admin-audit'), [])
  })

  await t.test('every part fits on a phone, in both languages', async t => {
    await page.setViewportSize({ ...phone, width: 320 })
    for (const [name, heading] of Object.entries(parts)) {
      await part(name)
      await page.getByRole('heading', { name: heading, level: 2 }).first().waitFor()
      t.same(await faultsOf(page, `admin-${name}`), [], name)
    }
    await page.getByLabel('Language').selectOption('ar')
    await page.getByRole('button', { name: 'اليوم' }).click()
    t.equal(await page.locator('html').getAttribute('dir'), 'rtl')
    t.same(await faultsOf(page, 'admin-today-arabic'), [])
  })
  await t.test('the live map has everything on one socket, and finds it', async t => {
    const driver = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
    await http(
      url,
      'POST',
      `/api/vendors/${pharmacy.pharmacyId}/drivers/${driver.driverId}/approve`,
      { token: pharmacy.token, body: {} },
    )
    const live = await stage.open('/live', { viewport: desk })
    const form = live.locator('#login')
    await form.getByLabel('E-mail').fill(email)
    await form.getByLabel('Password').fill(password)
    await form.getByRole('button', { name: 'Sign in' }).click()
    await live.getByText('Live: 1 pharmacy').waitFor()
    const row = live.locator(`[data-vehicle="${driver.driverId}"]`)
    await row.getByText('Offline').waitFor()
    await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
      token: driver.token,
      body: { status: 'available' },
    })
    await row.getByText('Available').waitFor()
    await live.locator('#count-available').getByText('1', { exact: true }).waitFor()
    t.same(await faultsOf(live, 'live'), [])
    for (const [colorScheme, isLight] of [
      ['light', true],
      ['dark', false],
    ] as const) {
      await live.emulateMedia({ colorScheme })
      await live.waitForFunction(mapIsLight, isLight)
    }

    await live.getByRole('button', { name: 'Orders' }).click()
    const customer = await newCustomer(url)
    const placed = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: '9 Long Lane',
        delivery_latitude: place.latitude,
        delivery_longitude: place.longitude,
        items: [{ name: 'Aspirin', quantity: 2 }],
      },
    })
    const order = live.locator(`[data-order-row="${placed.body.id}"]`)
    await order.waitFor()
    await live.getByLabel('Search').fill('no such thing')
    await order.waitFor({ state: 'detached' })
    await live.getByLabel('Search').fill('9 long')
    await live.getByLabel('State').selectOption('accepted')
    await order.waitFor({ state: 'detached' })
    await http(url, 'POST', `/api/orders/${placed.body.id}/accept`, {
      token: pharmacy.token,
      body: {},
    })
    await press(live, placed.body.order_number)
    await live.locator(`[data-order="${placed.body.id}"]`).getByText('order_accepted').waitFor()
    await live.setViewportSize({ ...phone, width: 320 })
    t.same(await faultsOf(live, 'live-order'), [])
    await live.getByLabel('Language').selectOption('ar')
    await live.getByRole('button', { name: 'المركبات' }).click()
    t.same(await faultsOf(live, 'live-arabic'), [])
  })
  t.same(troubles, [], 'no page threw, broke its policy or asked another server')
})
