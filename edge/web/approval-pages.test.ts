/**
 * A pharmacy's terminal under approval, in a real browser: it says in words what was decided and why, opens by itself
 * when it may, and its practice driver needs no second decision.
 */
import { rmSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { findBrowser } from '../../protocol/testing/binaries.ts'
import { createAccount } from '../accounts/accounts.ts'
import { http, password } from '../acceptance/people.ts'
import { startEmbedded } from '../embedded.ts'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const executablePath = findBrowser()
const missing =
  executablePath === null &&
  'chromium not found; install with: apt-get install chromium (or set CHROMIUM to its path)'
if (missing !== false && process.env['REQUIRE_SERVICES'] === '1') t.fail(missing)

t.test('a terminal and the decisions', { skip: missing, timeout: 200_000 }, async t => {
  const dataDir = await preparedDataDir()
  const server = await startEmbedded(
    { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent', REGISTRATION: 'approval' },
    { log: pino({ level: 'silent' }) },
  )
  const browser: Browser = await chromium.launch({ executablePath: executablePath!, args: flags })
  t.teardown(async () => {
    await browser.close()
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { url } = server
  const ctx = server.edge.parts
  await createAccount(
    ctx.database.kysely,
    ctx,
    { email: 'admin@example.com', full_name: 'Admin', phone: '', role: 'admin', password },
    async () => null,
  )
  const admin = (
    await http(url, 'POST', '/api/auth/login', { body: { email: 'admin@example.com', password } })
  ).body.access_token as string
  const troubles: string[] = []
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(40_000)
  page.on('pageerror', error => troubles.push(error.message))
  page.on('console', message => {
    if (/content security policy/i.test(message.text())) troubles.push(message.text())
  })
  await page.goto(`${url}/terminal`)
  const form = page.locator('#register')
  await form.getByLabel('Name').fill('Corner Pharmacy')
  await form.getByLabel('E-mail').fill('corner@example.org')
  await form.getByLabel('Phone').fill('+977-1-5550100')
  await form.getByLabel('Password').fill(password)
  await form.getByLabel('Latitude').fill('27.7172')
  await form.getByLabel('Longitude').fill('85.324')
  await form.getByRole('button', { name: 'Register and open the terminal' }).click()
  const said = (title: string) => page.getByRole('heading', { name: title }).waitFor()
  const vendorId = async (): Promise<string> =>
    (await http(url, 'GET', '/api/admin/approvals?limit=200', { token: admin })).body.approvals[0]
      .id
  await said('Your pharmacy waits for a decision')
  await page.getByText('this page opens by itself').waitFor()
  const id = await vendorId()
  const decide = (verb: string, body: object) =>
    http(url, 'POST', `/api/admin/vendors/${id}/${verb}`, { token: admin, body })

  await decide('reject', { reason: 'no licence <b>shown</b>' })
  await said('Your pharmacy was not approved')
  await page.getByText('no licence <b>shown</b>').waitFor()
  await page.reload()
  await said('Your pharmacy was not approved')

  await decide('approve', {})
  await page.getByText('Live', { exact: true }).waitFor()
  t.notOk(await page.locator('#standing').isVisible(), 'nothing stands in its way')
  await page.getByRole('button', { name: 'Send a practice driver out' }).click()
  await page.getByText('On the road, waiting for work').waitFor()

  await decide('suspend', { reason: 'the licence has expired' })
  await said('Your pharmacy is suspended')
  await page.getByText('the licence has expired').waitFor()
  await page.locator('#driver-state').getByText('your pharmacy does not work at present').waitFor()
  t.same(troubles, [], 'the page did not throw, nor meet its content security policy')
})
