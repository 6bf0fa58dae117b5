/**
 * The driver's page in a real browser, on a phone: a whole delivery by keyboard, with its end in a
 * tunnel, and everything that the page keeps when its tab is closed.
 */
import t from 'tap'
import {
  eventually,
  http,
  newCustomer,
  newDriver,
  newPharmacy,
  password,
} from '../acceptance/people.ts'
import { pdf, png } from '../uploads/samples.ts'
import {
  browserMissing,
  desk,
  faultsOf,
  isLive,
  keptSteps,
  newAdmin,
  openStage,
  phone,
  press,
} from './fixture.ts'

const shop = { latitude: 27.7172, longitude: 85.324 }
const door = { latitude: 27.72, longitude: 85.327 }

t.test('a driver works with a phone', { skip: browserMissing, timeout: 300_000 }, async t => {
  const stage = await openStage(t)
  const { url, troubles } = stage
  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', shop.latitude, shop.longitude)
  const courier = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
  const patient = await newCustomer(url, 'Wilhelmina Xylander')
  const admin = await newAdmin(stage)
  await http(url, 'POST', '/api/requirements', {
    token: admin,
    body: { role: 'driver', kind: 'driver_licence', effect: 'warning' },
  })
  const options = { viewport: phone, geolocation: shop, permissions: ['geolocation'] }
  const colleague = await newDriver(url, pharmacy.pharmacyId, 'Carl Colleague')
  const page = await stage.openSignedIn('/driver', courier, undefined, options)
  const context = page.context()
  const signInAgain = async (email: string): Promise<void> => {
    const form = page.locator('#login')
    await form.getByLabel('E-mail').fill(email)
    await form.getByLabel('Password').fill(password)
    await form.getByRole('button', { name: 'Sign in' }).click()
    await isLive(page)
  }

  const newDelivery = async (): Promise<string> => {
    const placed = await http(url, 'POST', '/api/orders', {
      token: patient.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: '7 Long Lane',
        delivery_latitude: door.latitude,
        delivery_longitude: door.longitude,
        items: [{ name: 'Aspirin', quantity: 2 }],
      },
    })
    const id: string = placed.body.id
    for (const verb of ['accept', 'find-driver'])
      await http(url, 'POST', `/api/orders/${id}/${verb}`, { token: pharmacy.token, body: {} })
    return id
  }
  const orderOf = (id: string, token = pharmacy.token) =>
    http(url, 'GET', `/api/orders/${id}`, { token })

  await t.test('the sign-in outlives the tab, and no script can read its token', async t => {
    const kept = await page.evaluate(() => JSON.stringify([localStorage, document.cookie]))
    t.notMatch(kept, /eyJ/, 'neither the store nor the readable cookies have a token')
    const [cookie] = (await context.cookies(`${url}/api/auth/page-sessions/driver`)).filter(
      ({ name }) => name === 'caduceus_driver',
    )
    t.match(cookie, { httpOnly: true, sameSite: 'Strict' })
    const again = await context.newPage()
    await again.goto(`${url}/driver`)
    await isLive(again)
    await again.close()
  })

  await t.test('on duty, and an offer is taken, by keyboard alone', async t => {
    await press(page, 'Go on duty')
    await page.getByText('Your position is shared').waitFor()
    await eventually(
      () => http(url, 'GET', `/api/drivers/${courier.driverId}`, { token: pharmacy.token }),
      ({ body }) => body.status === 'available' && body.latitude !== null,
    )
    const id = await newDelivery()
    await page.getByRole('heading', { name: 'New delivery' }).waitFor()
    t.match(await page.title(), /^\(1\) /, 'the title of the tab has the number of offers')
    t.same(await faultsOf(page, 'driver-offer'), [])
    await press(page, 'Accept')
    const card = page.locator(`[data-order="${id}"]`)
    await card.getByText('Corner Pharmacy', { exact: true }).waitFor()
    t.equal(
      await card.getByRole('link', { name: 'Navigate' }).getAttribute('href'),
      `geo:${shop.latitude},${shop.longitude}?q=${shop.latitude},${shop.longitude}`,
    )
    await page.route(`**/api/orders/${id}`, (route, request) =>
      request.method() === 'PATCH' ? route.abort() : route.continue(),
    )
    await press(page, 'Picked up')
    await card.getByText('7 Long Lane').waitFor()
    const { body: kept } = await eventually(
      () => keptSteps(page),
      ({ body }) => body[0]?.waited === true,
    )
    t.match(kept, [{ status: 'picked_up', waited: true }])
    await page.unroute(`**/api/orders/${id}`)
    await isLive(page)
    // Neither a connection nor another step begins meanwhile: the page tries again by itself.
    const { body: taken } = await eventually(
      () => orderOf(id),
      ({ body }) => body.status === 'picked_up',
    )
    t.equal(taken.status, 'picked_up')

    await t.test('customer and driver write to each other', async t => {
      await card.getByRole('button', { name: 'Chat with the customer' }).click()
      await card.getByLabel('Message').fill('Five minutes')
      await page.keyboard.press('Enter')
      await card.getByText('Five minutes').waitFor()
      const { body } = await http(url, 'GET', '/api/conversations', { token: patient.token })
      await http(url, 'POST', `/api/conversations/${body.conversations[0].id}/messages`, {
        token: patient.token,
        body: { text: 'The bell is broken', client_id: 'one' },
      })
      await card.getByText('The bell is broken').waitFor()
      t.same(await faultsOf(page, 'driver-delivery'), [])
    })

    await t.test('the end in a tunnel is handed in later', async t => {
      await page.evaluate(() => navigator.serviceWorker.ready)
      await stage.stopServer()
      await page.getByText('No connection.').waitFor()
      await press(page, 'Set out')
      await page.getByText('One step waits for a connection.').waitFor()
      t.same(await faultsOf(page, 'driver-tunnel'), [])
      await context.setGeolocation(door)

      await page.reload()
      await card.getByText('Kept on this phone.').waitFor()
      t.ok(true, 'the page opens without a server, with the delivery and the step')
      await card
        .getByLabel('Photo')
        .setInputFiles({ name: 'door.png', mimeType: 'image/png', buffer: Buffer.from(png) })
      await card.getByLabel('Or type the name').fill('W. Xylander')
      await page.keyboard.press('Tab')
      await card.getByRole('img', { name: 'Signed' }).waitFor()
      t.same(await faultsOf(page, 'driver-hand-over'), [])
      await press(page, 'Delivered')
      await page.getByText('2 steps wait for a connection.').waitFor()

      await stage.startServer()
      await isLive(page)
      const { body } = await eventually(
        () => orderOf(id),
        answer => answer.body.status === 'delivered',
      )
      t.match(body, { status: 'delivered', proof_photo_url: /\/api\//, signature_url: /\/api\// })
      await page.getByText('steps wait for a connection').waitFor({ state: 'detached' })
    })
  })

  await t.test('earnings, a device with its code, and the account', async t => {
    await press(page, 'Earnings')
    await page.getByText('Delivered', { exact: true }).waitFor()
    t.same(await faultsOf(page, 'driver-earnings'), [])
    await press(page, 'Account')
    await page.getByLabel('Name of the device').fill('Old phone')
    await page.keyboard.press('Enter')
    await page.getByRole('img', { name: 'Code that sets up Old phone' }).waitFor()
    const papers = page.locator('#papers')
    await papers.locator('[data-requirement=driver_licence]').getByText('Missing').waitFor()
    await papers.getByLabel('Paper', { exact: true }).selectOption('driver_licence')
    await papers
      .getByLabel('Photo or PDF')
      .setInputFiles({ name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from(pdf) })
    await papers.getByLabel('Number').fill('DL-1')
    await papers.getByLabel('Good until').fill('2099-12-31')
    await press(page, 'Hand it in')
    const paper = papers.locator('[data-paper=driver_licence]')
    await paper.getByText('Waits for review').waitFor()
    const { body: taken } = await http(url, 'POST', '/api/documents/reviews', {
      token: admin,
      body: { queue: 'drivers' },
    })
    await http(url, 'POST', `/api/documents/${taken.id}/decision`, {
      token: admin,
      body: { decision: 'rejected', digest: taken.digest, reason_code: 'unreadable' },
    })
    await press(page, 'Work')
    await press(page, 'Account')
    await paper.getByText('Rejected').waitFor()
    await paper.getByText('It cannot be read.').waitFor()
    await page.getByText('This one', { exact: true }).waitFor()
    t.same(await faultsOf(page, 'driver-account'), [])
    await page.setViewportSize(desk)
    t.same(await faultsOf(page, 'driver-account'), [])
    await page.getByRole('button', { name: 'Work' }).click()
    t.same(await faultsOf(page, 'driver-work'), [])
  })

  let strandedId = ''
  await t.test('a sign-in that ran out keeps unsent work for its driver', async t => {
    const id = await newDelivery()
    strandedId = id
    await page.getByRole('heading', { name: 'New delivery' }).waitFor()
    await press(page, 'Accept')
    await page.locator(`[data-order="${id}"]`).waitFor()
    await stage.stopServer()
    await page.getByText('No connection.').waitFor()
    await press(page, 'Picked up')
    await page.getByText('One step waits for a connection.').waitFor()
    await page.reload()
    await page.getByText('One step waits for a connection.').waitFor()
    await context.clearCookies()
    await stage.startServer()
    await signInAgain(courier.email)
    const { body } = await eventually(
      () => orderOf(id),
      answer => answer.body.status === 'picked_up',
    )
    t.equal(body.status, 'picked_up')
    await page.locator(`[data-order="${id}"]`).getByText('7 Long Lane').waitFor()
  })

  await t.test('the next driver of the phone finds nothing of the last one', async t => {
    await stage.stopServer()
    await page.getByText('No connection.').waitFor()
    await press(page, 'Set out')
    await page.getByText('One step waits for a connection.').waitFor()
    await page.reload()
    await page.getByText('One step waits for a connection.').waitFor()
    await context.clearCookies()
    const handedIn: string[] = []
    page.on('request', request => {
      if (request.method() === 'PATCH') handedIn.push(request.url())
    })
    await stage.startServer()
    await page.locator('#login').waitFor()
    // The page reads the orders after it has handed in every step.
    const read = page.waitForResponse(
      answer =>
        answer.request().method() === 'GET' && new URL(answer.url()).pathname === '/api/orders',
    )
    await signInAgain(colleague.email)
    await read
    t.same(handedIn, [], 'nobody hands in the step of another driver')
    t.equal(await page.locator('[data-order]').count(), 0)
    t.notMatch(await page.evaluate(() => JSON.stringify(localStorage)), /Long Lane/)
  })

  await t.test('a sign-out without a network is not undone', async t => {
    await page.evaluate(() => navigator.serviceWorker.ready)
    await stage.stopServer()
    await page.getByText('No connection.').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.locator('#login').waitFor()
    await stage.startServer()
    await page.reload()
    await page.locator('#login').waitFor()
    t.same(
      (await context.cookies(`${url}/api/auth/page-sessions/driver`)).filter(
        ({ name }) => name === 'caduceus_driver',
      ),
      [],
      'the server took the cookie away',
    )
    await signInAgain(colleague.email)
  })

  await t.test('after signing out nothing is left on the phone', async t => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.locator('#login').waitFor()
    const left = await page.evaluate(() => Object.keys(localStorage).join(' '))
    t.notMatch(left, /deliveries|frames|account/)
    await page.reload()
    await page.locator('#login').waitFor()
  })

  await t.test('what was not handed in has waited for its driver', async t => {
    await signInAgain(courier.email)
    const { body } = await eventually(
      () => orderOf(strandedId),
      answer => answer.body.status === 'out_for_delivery',
    )
    t.equal(body.status, 'out_for_delivery')
  })

  await t.test('the page speaks the visitor’s language, from right to left too', async t => {
    const arabic = await stage.open('/driver', { viewport: phone, locale: 'ar-EG' })
    await arabic.getByRole('heading', { name: 'السائق' }).waitFor()
    t.equal(await arabic.locator('html').getAttribute('dir'), 'rtl')
    t.same(await faultsOf(arabic, 'driver-gate-arabic'), [])
    await arabic.getByLabel('اللغة').selectOption('en')
    await arabic.getByRole('heading', { name: 'Driver' }).waitFor()
    await arabic.reload()
    await arabic.getByRole('heading', { name: 'Driver' }).waitFor()
    t.equal(await arabic.locator('html').getAttribute('dir'), null, 'the choice is remembered')
    await arabic.context().close()
  })
  t.same(troubles, [], 'no page threw, broke its policy or asked another server')
})
