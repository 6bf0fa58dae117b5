/**
 * A pharmacy's terminal under approval, in a real browser. It shows each decision and its reason in
 * words, opens by itself after the approval, and its practice driver needs no second decision.
 */
import t from 'tap'
import { http, password } from '../acceptance/people.ts'
import { browserMissing, isLive, newAdmin, openStage } from './fixture.ts'

t.test('a terminal shows each decision', { skip: browserMissing, timeout: 200_000 }, async t => {
  const stage = await openStage(t, { REGISTRATION: 'approval' })
  const { url, troubles } = stage
  const admin = await newAdmin(stage)
  const page = await stage.open('/terminal')
  page.setDefaultTimeout(40_000)
  const form = page.locator('#register')
  await form.getByLabel('Name').fill('Corner Pharmacy')
  await form.getByLabel('E-mail').fill('corner@example.org')
  await form.getByLabel('Phone').fill('+977-1-5550100')
  await form.getByLabel('Password').fill(password)
  await form.getByLabel('Latitude').fill('27.7172')
  await form.getByLabel('Longitude').fill('85.324')
  await form.getByRole('button', { name: 'Register and open the terminal' }).click()
  const said = (title: string) => page.getByRole('heading', { name: title }).waitFor()
  const pharmacyId = async (): Promise<string> =>
    (await http(url, 'GET', '/api/admin/approvals?limit=200', { token: admin })).body.approvals[0]
      .id
  await said('Your pharmacy waits for a decision')
  await page.getByText('this page opens by itself').waitFor()
  const id = await pharmacyId()
  const decide = (verb: string, body: object) =>
    http(url, 'POST', `/api/admin/vendors/${id}/${verb}`, { token: admin, body })

  await decide('reject', { reason: 'no licence <b>shown</b>' })
  await said('Your pharmacy was not approved')
  await page.getByText('no licence <b>shown</b>').waitFor()
  await page.reload()
  await said('Your pharmacy was not approved')

  await decide('approve', {})
  await isLive(page)
  t.notOk(await page.locator('#standing').isVisible(), 'the notice of the decision is gone')
  await page.getByRole('button', { name: 'Send a practice driver out' }).click()
  await page.getByText('On the road, waiting for work').waitFor()

  await decide('suspend', { reason: 'the licence has expired' })
  await said('Your pharmacy is suspended')
  await page.getByText('the licence has expired').waitFor()
  await page.locator('#driver-state').getByText('your pharmacy does not work at present').waitFor()
  t.same(troubles, [], 'no page threw or broke its content security policy')
})
