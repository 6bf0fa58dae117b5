/**
 * Files and lists of orders on the pages, in a real browser. A prescription goes from the
 * customer's form to a tab of the pharmacy, a spoken answer is heard, an address of another host is
 * no link, and newer orders hide neither an open order nor an ended one.
 */
import type { Page } from 'playwright-core'
import t from 'tap'
import { http, newCustomer, newPharmacy } from '../acceptance/people.ts'
import { png, webm } from '../uploads/samples.ts'
import { browserMissing, openStage } from './fixture.ts'

/** More orders than one page of a list shows. */
const olderOrders = 24

t.test('files and lists of orders', { skip: browserMissing, timeout: 120_000 }, async t => {
  const stage = await openStage(t)
  const { url, troubles } = stage
  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', 27.7172, 85.324)
  const patient = await newCustomer(url, 'Wilhelmina Xylander')
  const terminal = await stage.openSignedIn('/terminal', pharmacy)
  const customer = await stage.openSignedIn('/customer', patient)
  const ask = (body: object) =>
    http(url, 'POST', '/api/requests', {
      token: patient.token,
      body: { latitude: 27.725, longitude: 85.316, radius_km: 5, quantity: 1, ...body },
    })

  await t.test('the pharmacy opens the prescription, the customer hears the answer', async t => {
    const form = customer.locator('#ask')
    await form.getByLabel('Latitude').fill('27.725')
    await form.getByLabel('Longitude').fill('85.316')
    await form.getByLabel('Medicine').fill('Paracetamol 500 mg')
    await form.getByLabel('Notes').fill('ring twice')
    await form
      .getByLabel('Prescription')
      .setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from(png) })
    await form.getByRole('button', { name: 'Ask now' }).click()
    const card = terminal.locator('[data-request]')
    await card.getByText('W. X.').waitFor()
    t.notMatch(
      await card.textContent(),
      /Xylander|ring twice|\+?\d{7}/,
      'the card of an open request has no name, notes or phone',
    )

    const openTab = async (link: ReturnType<Page['getByRole']>) => {
      // The waits begin before the click, because the tab may have its answer before the test looks
      // at it.
      const [tab, answer] = await Promise.all([
        terminal.context().waitForEvent('page'),
        terminal
          .context()
          .waitForEvent('response', response => response.url().includes('/api/uploads/file/')),
        link.click(),
      ])
      t.same(
        [
          answer.status(),
          answer.headers()['content-type'],
          answer.request().headers()['authorization'],
        ],
        [200, 'image/png', undefined],
        'the tab sends no token',
      )
      await tab.close()
    }
    await openTab(card.getByRole('link', { name: 'Prescription' }))

    const sound = new FormData()
    sound.set('file', new Blob([Buffer.from(webm)], { type: 'audio/webm' }), 'answer.webm')
    const {
      body: { url: audio_url },
    } = await http(url, 'POST', '/api/uploads/audio', { token: pharmacy.token, body: sound })
    const id = await card.getAttribute('data-request')
    t.equal(
      (
        await http(url, 'POST', `/api/requests/${id}/responses`, {
          token: pharmacy.token,
          body: { response_type: 'ACCEPTED', audio_url },
        })
      ).status,
      201,
    )
    const won = terminal.locator(`#ours [data-order="${id}"]`)
    await won.getByText('Wilhelmina Xylander').waitFor()
    await won.getByText('ring twice').waitFor()
    t.ok(
      await won.getByText('Phone:').isVisible(),
      'the pharmacy that has the order sees the phone',
    )
    await openTab(won.getByRole('link', { name: 'Prescription' }))
    await terminal.reload()
    await won.getByText('ring twice').waitFor()
    t.ok(
      await won.getByRole('link', { name: 'Prescription' }).isVisible(),
      'the link is there after a reload too',
    )

    await customer
      .locator(`[data-order="${id}"]`)
      .getByRole('button', { name: 'Play the answer' })
      .click()
    await customer.waitForFunction(() => (document.querySelector('audio')?.duration ?? 0) > 0)
  })

  await t.test('a file address of another host is shown as text and not as a link', async t => {
    await ask({
      prescription_url:
        'https://evil.example/api/uploads/file/0192d4a0-0000-7000-8000-000000000001',
    })
    const card = terminal.locator('[data-request]').filter({ hasText: 'evil.example' })
    await card.waitFor()
    t.equal(await card.getByRole('link').count(), 0)
    const id = await card.getAttribute('data-request')
    await http(url, 'POST', `/api/requests/${id}/responses`, {
      token: pharmacy.token,
      body: { response_type: 'ACCEPTED', audio_url: 'https://evil.example/laugh.mp3' },
    })
    const won = terminal.locator(`#ours [data-order="${id}"]`)
    await won.getByText('evil.example/api').waitFor()
    t.equal(await won.getByRole('link', { name: 'Prescription' }).count(), 0)
    const order = customer.locator(`[data-order="${id}"]`)
    await order.getByText('laugh.mp3').waitFor()
    t.equal(await order.getByRole('button', { name: 'Play the answer' }).count(), 0)
  })

  await t.test('an open order is shown although many are newer', async t => {
    const {
      body: { request_id: open },
    } = await ask({ notes: 'still waiting', expires_in_seconds: 3_600 })
    await http(url, 'POST', `/api/requests/${open}/responses`, {
      token: pharmacy.token,
      body: { response_type: 'ACCEPTED' },
    })
    const over: string[] = []
    for (let i = 0; i < olderOrders; i++) {
      const placed = await http(url, 'POST', '/api/orders', {
        token: patient.token,
        body: {
          vendor_id: pharmacy.pharmacyId,
          delivery_address: 'x',
          delivery_latitude: 27.725,
          delivery_longitude: 85.316,
        },
      })
      over.push(placed.body.id)
      await http(
        url,
        'POST',
        `/api/orders/${placed.body.id}/${i % 2 === 0 ? 'accept' : 'reject'}`,
        { token: pharmacy.token, body: {} },
      )
      if (i % 2 === 0)
        await http(url, 'DELETE', `/api/orders/${placed.body.id}`, { token: patient.token })
    }
    for (const [page, past] of [
      [customer, '#past'],
      [terminal, '#finished'],
    ] as const) {
      await page.reload()
      await page.locator(`[data-order="${open}"]`).waitFor()
      await page.locator(`${past} [data-order="${over.at(-1)}"]`).waitFor()
      const older = page.getByRole('button', { name: 'Show older orders' })
      await older.click()
      await page.locator(`${past} [data-order="${over[0]}"]`).waitFor()
      t.notOk(await older.isVisible(), 'no older orders are left')
    }
  })

  t.same(troubles, [], 'no page threw or broke its content security policy')
})
