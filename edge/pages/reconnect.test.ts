/** The pages go on, in a real browser, after an outage of the server. */
import t from 'tap'
import { http, newCustomer, newPharmacy } from '../acceptance/people.ts'
import { browserMissing, isLive, openStage } from './fixture.ts'

const place = { latitude: 27.7172, longitude: 85.324 }
/**
 * Longest wait in ms for a page to be live again; a client tries again after half a minute at most.
 */
const comebackMs = 60_000

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
  await live.getByText('Reconnecting').waitFor()
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
