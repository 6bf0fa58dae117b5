/**
 * The switch of notifications on the pages, in a real browser: it registers the browser, a test
 * reaches the push service, news are shown while they arrive, and turning it off forgets all.
 * Chromium's own push service is Google's, so the subscription is that of a service of this machine,
 * and the message is handed to the page's worker by the browser's own tools.
 */
import type { Page } from 'playwright-core'
import t from 'tap'
import { http, newCustomer, newDriver, newPharmacy } from '../acceptance/people.ts'
import { browserMissing, faultsOf, openStage, phone } from '../pages/fixture.ts'
import { pushService } from './fixture-service.ts'

t.test('pages wake their browsers', { skip: browserMissing, timeout: 200_000 }, async t => {
  const service = await pushService()
  t.teardown(() => service.stop())
  const stage = await openStage(t, { PUSH_ALLOW_PRIVATE: '1' })
  const { url, troubles } = stage
  const pharmacy = await newPharmacy(url, 'Corner Pharmacy', 27.7172, 85.324)
  const courier = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver')
  const patient = await newCustomer(url, 'Wilhelmina Xylander')

  const devicesOf = async (token: string) =>
    (await http(url, 'GET', '/api/push-devices', { token })).body
  const { vapid_public_key: key } = await devicesOf(patient.token)
  const people = [
    ['driver', courier, 'Account'],
    ['customer', patient, 'Account'],
    ['pharmacy', pharmacy, 'Settings'],
  ] as const
  for (const [name, person, tab] of people)
    await t.test(`/${name}`, async t => {
      const { endpoint, keys, clientHash } = await service.subscribe(key)
      const page = await stage.openSignedIn(
        `/${name}`,
        person,
        async page => {
          await page.context().grantPermissions(['notifications'], { origin: url })
          await page.addInitScript(subscribeWith, { endpoint, keys })
        },
        { viewport: phone },
      )
      const open = async (): Promise<void> => {
        await page.getByRole('button', { name: new RegExp(`^${tab}`) }).press('Enter')
        if (name === 'pharmacy') await page.getByRole('button', { name: 'Account' }).press('Enter')
      }
      await open()
      const panel = page.locator('#push')
      await panel.getByRole('button', { name: 'Turn them on' }).press('Enter')
      await panel.getByRole('button', { name: 'Send a test' }).press('Enter')
      await panel.getByText('The push service has taken the test.').waitFor()
      const [message] = (await service.messages(clientHash)) as [{ text: string }]
      t.ok(message.text, 'the service could read it')
      t.match((await devicesOf(person.token)).devices, [{ kind: 'web', app: name }])
      t.same(await faultsOf(page, `push-${name}`), [])

      t.same(await shownBy(page, url, name, JSON.stringify(message)), [message.text])

      await page.reload()
      await open()
      await panel.getByRole('button', { name: 'Turn them off' }).press('Enter')
      await panel.getByRole('button', { name: 'Turn them on' }).waitFor()
      t.same((await devicesOf(person.token)).devices, [])
      await page.context().close()
    })
  t.same(troubles, [], 'no page threw, broke its policy or asked another server')
})

/** Lets the browser have this subscription once a page has asked for one. Runs in the page. */
function subscribeWith(given: { endpoint: string; keys: object }): void {
  const mark = 'test.subscribed'
  const made = { ...given, toJSON: () => given, unsubscribe: async () => true }
  Object.assign(PushManager.prototype, {
    subscribe: async () => {
      localStorage.setItem(mark, '1')
      return made
    },
    getSubscription: async () => (localStorage.getItem(mark) === null ? null : made),
  })
}

/** The texts that the worker of the page shows for a message of the push service. */
async function shownBy(page: Page, origin: string, name: string, data: string): Promise<string[]> {
  const tools = await page.context().newCDPSession(page)
  const registered = new Promise<string>(resolve => {
    tools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find(one => one.scopeURL === `${origin}/${name}`)
      if (own !== undefined) resolve(own.registrationId)
    })
  })
  await tools.send('ServiceWorker.enable')
  await tools.send('ServiceWorker.deliverPushMessage', {
    origin,
    registrationId: await registered,
    data,
  })
  return page.evaluate(async scope => {
    for (;;) {
      const registration = await navigator.serviceWorker.getRegistration(scope)
      const shown = (await registration?.getNotifications()) ?? []
      if (shown.length > 0) return shown.map(({ body }) => body)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }, `/${name}`)
}
