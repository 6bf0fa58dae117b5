/**
 * The pages go on, in a real browser, after an outage of the server, with an access token that has
 * ended, and with one that the server refuses.
 */
import type { Page } from 'playwright-core'
import t from 'tap'
import { http, newCustomer, newPharmacy } from '../acceptance/people.ts'
import { browserMissing, isLive, openStage } from './fixture.ts'

const place = { latitude: 27.7172, longitude: 85.324 }
/**
 * Longest wait in ms for a page to be live again; a client tries again after half a minute at most.
 */
const comebackMs = 60_000

interface Kept {
  access: string
  refresh: string
}
const keptBy = (page: Page): Promise<Kept> =>
  page.evaluate(() => JSON.parse(sessionStorage.getItem('caduceus.pharmacy')!))
const keep = (page: Page, kept: Partial<Kept>): Promise<void> =>
  page.evaluate(kept => {
    const before = JSON.parse(sessionStorage.getItem('caduceus.pharmacy')!)
    sessionStorage.setItem('caduceus.pharmacy', JSON.stringify({ ...before, ...kept }))
  }, kept)
/** The same token with another end and therefore a wrong signature. */
const endingAt = (token: string, seconds: number): string => {
  const [head, payload, signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...claims, exp: seconds })).toString('base64url')
  return `${head}.${changed}.${signature}`
}

t.test('a page renews its sign-in while it can', { skip: browserMissing }, async t => {
  const stage = await openStage(t)
  const pharmacy = await newPharmacy(stage.url, 'Corner Pharmacy', place.latitude, place.longitude)
  let sockets = 0
  const page = await stage.openSignedIn('/terminal', pharmacy, async page => {
    page.on('websocket', () => {
      sockets++
    })
  })
  for (const [name, seconds, isRefused] of [
    ['a token that has ended is replaced before it is used', Date.now() / 1_000 - 60, false],
    ['a token that the server refuses is replaced too', Date.now() / 1_000 + 3_600, true],
  ] as const) {
    sockets = 0
    const before = await keptBy(page)
    const stale = endingAt(before.access, seconds)
    await keep(page, { access: stale })
    await page.reload()
    await isLive(page)
    const after = await keptBy(page)
    t.not(after.access, stale, name)
    t.equal(sockets > 1, isRefused, `${name}: the page opened ${sockets} sockets`)

    t.not(after.refresh, before.refresh, 'the refresh token, which works once, is replaced with it')
  }

  const { access } = await keptBy(page)
  await keep(page, { access: endingAt(access, 0), refresh: 'unknown' })
  await page.reload()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  t.notOk(
    await page.locator('#desk').isVisible(),
    'without a valid token the page shows the form alone',
  )
  t.same(stage.troubles, [])
})

t.test('the pages go on after an outage', { skip: browserMissing, timeout: 240_000 }, async t => {
  const stage = await openStage(t)
  const { latitude, longitude } = place
  const pharmacy = await newPharmacy(stage.url, 'Corner Pharmacy', latitude, longitude)
  const patient = await newCustomer(stage.url, 'Wilhelmina Xylander')
  const terminal = await stage.openSignedIn('/terminal', pharmacy)
  const customer = await stage.openSignedIn('/customer', patient)
  const live = await stage.open(`/live#token=${pharmacy.token}&vendors=${pharmacy.pharmacyId}`)
  await live.getByText('Live: 1 pharmacy').waitFor()
  const ask = (): Promise<{ body: { request_id: string } }> =>
    http(stage.url, 'POST', '/api/requests', {
      token: patient.token,
      body: { latitude, longitude, radius_km: 5, quantity: 1, expires_in_seconds: 600 },
    })
  const first = (await ask()).body.request_id
  const card = terminal.locator(`[data-request="${first}"]`)
  await card.waitFor()
  for (const page of [terminal, customer, live]) page.setDefaultTimeout(comebackMs)

  await stage.stopServer()
  await terminal.getByText('Reconnecting').waitFor()
  await customer.getByText('Reconnecting').waitFor()
  await terminal.getByText('No connection: new requests do not arrive here.').waitFor()
  await live.getByText('0 of 1 connected').waitFor()
  await stage.startServer()
  await isLive(terminal)
  await isLive(customer)
  await live.getByText('Live: 1 pharmacy').waitFor()

  t.ok(await card.isVisible(), 'the open request is still shown')
  await card.getByRole('button', { name: 'Accept' }).click()
  await terminal.locator(`#ours [data-order="${first}"]`).waitFor()
  await customer.locator(`#orders [data-order="${first}"][data-status=accepted]`).waitFor()
  const second = (await ask()).body.request_id
  await terminal.locator(`[data-request="${second}"]`).waitFor()
  t.same(stage.troubles, [], 'no page threw')
})
