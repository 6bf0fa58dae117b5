/** The tester of WebSockets in a real browser: two panels hear both sides of one request. */
import t from 'tap'
import { http, newCustomer, newPharmacy } from '../acceptance/people.ts'
import { browserMissing, desk, faultsOf, openStage, phone } from './fixture.ts'

const shop = { latitude: 27.7172, longitude: 85.324 }

t.test('the tester of WebSockets', { skip: browserMissing, timeout: 120_000 }, async t => {
  const stage = await openStage(t)
  const pharmacy = await newPharmacy(stage.url, 'Corner', shop.latitude, shop.longitude)
  const patient = await newCustomer(stage.url)
  const page = await stage.open('/sockets', { viewport: phone })
  const one = page.getByRole('region', { name: 'First panel' })
  const two = page.getByRole('region', { name: 'Second panel' })
  for (const [panel, token] of [
    [one, patient.token],
    [two, pharmacy.token],
  ] as const) {
    await panel.getByLabel('Access token').fill(token)
    await panel.getByRole('button', { name: 'Connect', exact: true }).focus()
    await page.keyboard.press('Enter')
    await panel.getByText('"type":"connection"').waitFor()
  }
  const { body } = await http(stage.url, 'POST', '/api/requests', {
    token: patient.token,
    body: { ...shop, radius_km: 5, quantity: 1 },
  })
  await two.getByText('"type":"new_request"').waitFor()
  await two.getByLabel('Example').selectOption('respond')
  const message = { type: 'respond', request_id: body.request_id, response_type: 'ACCEPTED' }
  await two.getByLabel('Message to send').fill(JSON.stringify(message))
  await two.getByRole('button', { name: 'Send' }).click()
  await two.getByText('"outcome":"won"').waitFor()
  await one.getByText('"type":"pharmacy_response"').waitFor()
  t.same(await faultsOf(page, 'sockets'), [])

  await two.getByLabel('Channel').selectOption('driver')
  await two.getByRole('button', { name: 'Connect', exact: true }).click()
  await two.getByText('Closed with 4003.').waitFor()
  await page.setViewportSize(desk)
  t.same(await faultsOf(page, 'sockets'), [])
  t.same(stage.troubles, [])
})
