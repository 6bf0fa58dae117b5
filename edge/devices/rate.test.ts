/**
 * The rate of a device: it is counted for the device, whatever its address, and the refusal is one
 * after which a phone comes again.
 */
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'

const f = await startFixture({ RATE_LIMIT_PUBLIC_PER_ACCOUNT: '3' })
t.teardown(() => f.stop())

t.test('a device that sends too much waits, and other devices do not', async t => {
  const pharmacy = await f.pharmacy()
  const secretOf = async (): Promise<string> => {
    const driver = await f.driver(pharmacy.id)
    const { body } = await f.call('POST', `/api/drivers/${driver.id}/devices`, {
      token: driver.token,
      body: { name: 'My phone' },
    })
    return body.secret
  }
  const send = (secret: string) => f.call('GET', `/devices/${secret}/osmand?lat=1&lon=2`)
  const [first, second] = [await secretOf(), await secretOf()]
  for (let i = 0; i < 3; i++) t.equal((await send(first)).status, 200)
  const refused = await send(first)
  t.match(refused, { status: 429, body: { code: 'too_many_requests', retryable: true } })
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.equal((await send(second)).status, 200)
  f.clock.skewMs += 61_000
  t.equal((await send(first)).status, 200, 'after a minute')
})
