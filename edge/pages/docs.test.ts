/** The API page in a real browser: the eight steps of a delivery, and a call from the reference. */
import t from 'tap'
import { browserMissing, desk, faultsOf, openStage, phone } from './fixture.ts'

t.test('the API page', { skip: browserMissing, timeout: 120_000 }, async t => {
  const stage = await openStage(t)
  const page = await stage.open('/docs', { viewport: desk })
  await page.getByRole('button', { name: 'Run all' }).focus()
  await page.keyboard.press('Enter')
  await page.locator('.delivery li[data-state=done]').nth(7).waitFor()
  t.equal(await page.getByText('Refused').count(), 0, 'all eight steps work as they stand')
  t.match(await page.locator('.delivery pre').last().textContent(), /"status": "delivered"/)

  await page.getByRole('button', { name: 'Try below as the customer' }).click()
  await page.locator('#operations-tag-auth').click()
  const me = page.locator('#operations-auth-me')
  await me.locator('.opblock-summary-control').click()
  await me.getByRole('button', { name: 'Execute' }).click()
  await me.locator('.live-responses-table').getByText('Asha Practice').waitFor()
  t.same(await faultsOf(page, 'docs'), [])
  await page.setViewportSize(phone)
  t.same(await faultsOf(page, 'docs'), [])
  t.same(stage.troubles, [], 'nothing was asked of another server')
})
