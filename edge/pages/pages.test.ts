/**
 * The pages in a real browser against a real server: the steps of a person with two tabs. Elements
 * are found by their labels and roles, so a page that loses its labels fails too.
 */
import type { Page } from 'playwright-core'
import t from 'tap'
import WebSocket from 'ws'
import { upload } from '../acceptance/people.ts'
import { browserMissing, isLive, openStage } from './fixture.ts'

const pharmacyPlace = { latitude: 27.7172, longitude: 85.324 }
const customerPlace = { latitude: 27.725, longitude: 85.316 }

t.test('a person uses the pages', { skip: browserMissing }, async t => {
  const stage = await openStage(t)
  const { server, troubles } = stage
  const open = stage.open.bind(stage)
  const api = async (
    method: string,
    path: string,
    token: string | null,
    body?: object,
  ): Promise<Record<string, never>> => {
    const response = await fetch(server.url + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as Record<string, never>
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
    return answer
  }
  const registerPharmacy = async (
    page: Page,
    name: string,
    place = pharmacyPlace,
  ): Promise<{ token: string; pharmacyId: string }> => {
    const form = page.locator('#register')
    await form.getByLabel('Name').fill(name)
    await form.getByLabel('E-mail').fill(`${name.replaceAll(' ', '-').toLowerCase()}@example.org`)
    await form.getByLabel('Phone').fill('+977-1-5550100')
    await form.getByLabel('Password').fill('correct horse')
    await form.getByLabel('Latitude').fill(String(place.latitude))
    await form.getByLabel('Longitude').fill(String(place.longitude))
    await form.getByRole('button', { name: 'Register and open the terminal' }).click()
    await isLive(page)
    const { access_token, user } = (await api('POST', '/api/auth/login', null, {
      email: `${name.replaceAll(' ', '-').toLowerCase()}@example.org`,
      password: 'correct horse',
    })) as unknown as { access_token: string; user: { vendor_id: string } }
    return { token: access_token, pharmacyId: user.vendor_id }
  }
  const registerCustomer = async (page: Page, email: string): Promise<void> => {
    const form = page.locator('#register')
    await form.getByLabel('Name').fill('Asha')
    await form.getByLabel('E-mail').fill(email)
    await form.getByLabel('Phone').fill('+977-1-5550123')
    await form.getByLabel('Password').fill('correct horse')
    await form.getByRole('button', { name: 'Register', exact: true }).click()
    await isLive(page)
  }
  const ask = async (page: Page, notes: string): Promise<void> => {
    const form = page.locator('#ask')
    await form.getByLabel('Latitude').fill(String(customerPlace.latitude))
    await form.getByLabel('Longitude').fill(String(customerPlace.longitude))
    await form.getByLabel('Medicine').fill('Paracetamol 500 mg')
    await form.getByLabel('Radius').fill('7')
    await form.getByLabel('Notes').fill(notes)
    await form.getByRole('button', { name: 'Ask now' }).click()
  }
  /**
   * Number of pixels of the map in a colour of the style sheet. What is drawn on the map has no
   * element.
   */
  const painted = (page: Page, name: string): Promise<number> =>
    page.evaluate(name => {
      const canvas = document.querySelector<HTMLCanvasElement>('#map canvas')!
      const wanted = getComputedStyle(canvas)
        .getPropertyValue(name)
        .trim()
        .match(/[0-9a-f]{2}/gi)!
        .map(hex => Number.parseInt(hex, 16))
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      let count = 0
      for (let i = 0; i < data.length; i += 4)
        if (wanted.every((value, k) => data[i + k] === value)) count++
      return count
    }, name)

  await t.test('the front page shows the health of the server', async t => {
    const page = await open('/')
    await page.getByText('Healthy', { exact: true }).waitFor()
    for (const href of ['/docs', '/live', '/terminal', '/customer'])
      t.ok((await page.locator(`a[href="${href}"]`).count()) > 0, `leads to ${href}`)
    t.match(await page.textContent('main'), /npm run demo/)
    t.match(await page.title(), /Caduceus/)
  })

  const terminal = await open('/terminal')
  const other = await open('/terminal')
  const customer = await open('/customer', { colorScheme: 'dark' })
  const pharmacy = await registerPharmacy(terminal, 'Corner Pharmacy')
  await registerPharmacy(other, 'Second Pharmacy', { latitude: 27.73, longitude: 85.32 })
  await registerCustomer(customer, 'asha@example.org')

  await t.test(
    "a request reaches both terminals, one wins, the other's card greys out",
    async t => {
      const script = '<img src=x onerror="document.title=\'run\'">'
      await ask(customer, script)
      await customer.getByText('Asked 2 pharmacies.').waitFor()
      const card = terminal.locator('[data-request]')
      const otherCard = other.locator('[data-request]')
      await otherCard.waitFor()
      t.match(await card.textContent(), /1\.5 km/, 'the card has the distance, to 100 m')
      t.match(await card.textContent(), /[45]:\d\d/, 'the card has the countdown')
      t.notMatch(
        await card.textContent(),
        /Asha|5550123|img/,
        'the card has neither the name nor the words of the customer',
      )

      await card.getByLabel('Message').fill('Ready in 5 minutes')
      await card.getByRole('button', { name: 'Accept' }).focus()
      await terminal.keyboard.press('Enter')
      await terminal.getByText('Yours').waitFor()
      const won = terminal.locator('#ours [data-order]')
      await won.getByText(script).waitFor()
      t.match(
        await won.textContent(),
        /Asha.*\+977/s,
        'the pharmacy that won sees the name and the phone',
      )
      t.equal(await won.locator('img').count(), 0, 'the words of a customer stay text')
      await other.getByText('Taken by another pharmacy').waitFor()
      t.equal(await otherCard.getAttribute('data-state'), 'closed')
      t.equal(await otherCard.getByRole('button').count(), 0)

      const order = customer.locator('[data-order][data-status=accepted]')
      await order.waitFor()
      t.match(
        await order.textContent(),
        /Corner Pharmacy accepted, 1\.2 km away: “Ready in 5 minutes”/,
      )
      t.not(await terminal.title(), 'run')
    },
  )

  await t.test(
    "a driver is assigned and moves: on the customer's page, the tracking page and the live map",
    async t => {
      const driver = (await api('POST', '/api/drivers/register', null, {
        email: 'dee@example.org',
        full_name: 'Dee Driver',
        phone: '+977-1-5550199',
        password: 'correct horse',
        vendor_id: pharmacy.pharmacyId,
        vehicle_type: 'scooter',
      })) as unknown as { access_token: string; driver: { id: string } }
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/driver`, [
        'bearer',
        driver.access_token,
      ])
      t.teardown(() => socket.terminate())
      await new Promise(resolve => {
        socket.once('message', resolve)
      })
      socket.send(JSON.stringify({ type: 'status', status: 'available' }))
      await new Promise<void>(resolve => {
        socket.on('message', (data: Buffer) => {
          if (data.includes('status_result')) resolve()
        })
      })
      let steps = 0
      const start = { latitude: 27.721, longitude: 85.33 }
      const move = (): void => {
        steps++
        socket.send(
          JSON.stringify({
            type: 'location',
            latitude: start.latitude + steps * 1e-5,
            longitude: start.longitude - steps * 1e-4,
            heading: 276,
            speed: 10,
          }),
        )
      }
      move()
      const moving = setInterval(move, 1_000)
      t.teardown(() => clearInterval(moving))

      const live = await open(`/live#token=${pharmacy.token}&vendors=${pharmacy.pharmacyId}`)
      await live.getByText('Live: 1 pharmacy').waitFor()
      t.equal(new URL(live.url()).hash, '', 'the token leaves the address bar')

      const orderId = await customer.locator('[data-order]').getAttribute('data-order')
      await api('POST', `/api/orders/${orderId}/assign-driver`, pharmacy.token, {
        driver_id: driver.driver.id,
      })
      await customer.locator('[data-status=driver_assigned]').waitFor()
      await terminal.locator('[data-order]').getByText('Driver: Dee Driver').waitFor()
      await customer.getByText(' to go').waitFor()

      const link = await customer.getByRole('link', { name: 'Tracking link' }).getAttribute('href')
      const track = await open(link!, { viewport: { width: 390, height: 800 } })
      await track.getByRole('heading', { name: 'A driver is fetching it' }).waitFor()
      await track.getByText('From Corner Pharmacy, brought by Dee, for Asha').waitFor()
      await track.getByText('To go', { exact: true }).waitFor()
      const before = await track.textContent('#distance')
      t.match(before, /\d (m|km)$/)
      await track.waitForFunction(
        before => document.querySelector('#distance')!.textContent !== before,
        before,
      )
      t.ok((await painted(track, '--driver')) > 20, "the driver is on the tracking page's map")
      t.ok((await painted(customer, '--driver')) > 20, "and on the customer's")
      t.equal(
        await track.evaluate(() => document.documentElement.scrollWidth),
        390,
        'the page fits a phone',
      )

      await live.waitForFunction(() => Number(document.querySelector('#rate')!.textContent) >= 1)
      t.equal(await live.textContent('#count-busy'), '1')

      for (const status of ['picked_up', 'out_for_delivery'])
        await api('PATCH', `/api/orders/${orderId}`, driver.access_token, { status })
      await track.getByRole('heading', { name: 'On its way to you' }).waitFor()
      t.equal(await track.locator('[aria-current=step]').textContent(), 'On its way')
      await api('PATCH', `/api/orders/${orderId}`, driver.access_token, {
        status: 'delivered',
        signature_url: await upload(server.url, driver.access_token, 'signature'),
      })
      await track.getByRole('heading', { name: 'Delivered' }).waitFor()
      await customer.locator('#past [data-status=delivered]').waitFor()
      t.equal(await track.locator('.steps li[data-state=done]').count(), 6)
    },
  )

  await t.test('a button that waits for an answer always works again', async t => {
    // The first answer is lost with its connection, as in a tunnel.
    let answers = 0
    let isInTunnel = false
    const page = await open('/terminal', {}, async page => {
      await page.routeWebSocket(/\/ws\/pharmacy/, socket => {
        if (isInTunnel) {
          void socket.close({ code: 1001 })
          return
        }
        const upstream = socket.connectToServer()
        socket.onMessage(message => {
          if (!String(message).includes('"respond"') || ++answers > 1) upstream.send(message)
          else {
            isInTunnel = true
            setTimeout(() => {
              void socket.close({ code: 1001 })
              void upstream.close()
            }, 300)
          }
        })
      })
    })
    await registerPharmacy(page, 'Third Pharmacy', { latitude: 27.726, longitude: 85.317 })
    await ask(customer, 'again')
    const card = page.locator('[data-request]')
    const accept = card.getByRole('button', { name: 'Accept' })
    await accept.click()
    t.ok(await accept.isDisabled(), 'the button waits')
    await card.getByText('The connection was lost').waitFor()
    t.notOk(await accept.isDisabled(), 'the button works again after the connection is lost')
    await accept.click()
    await card.getByText('Not connected').waitFor()
    t.notOk(await accept.isDisabled(), 'the button works again after a click without a connection')
    isInTunnel = false
    await page.getByText('Yours').waitFor()
    t.equal(answers, 2, 'both clicks are one answer, which the client repeats')
    await customer.locator('#orders [data-status=accepted]').waitFor()
  })

  await t.test('a customer cancels, and an unknown tracking link shows no delivery', async t => {
    const first = customer.locator('#orders [data-order]').first()
    await first.getByRole('button', { name: 'Cancel' }).click()
    await first.getByRole('button', { name: 'Really cancel?' }).click()
    await customer.locator('#past [data-status=cancelled]').waitFor()
    const gone = await open('/track/0123456789abcdef')
    await gone.getByRole('heading', { name: 'This link leads nowhere' }).waitFor()
    t.notOk(await gone.locator('#delivery').isVisible())
  })

  t.same(troubles, [], 'no page threw or broke its content security policy')
})
