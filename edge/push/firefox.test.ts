/**
 * A real Firefox subscribes with our key and gets a message in clear; a spoilt message is refused by
 * the browser, not by us.
 */
import t from 'tap'
import { RestClient } from '../../protocol/client/index.ts'
import { findBinary } from '../../protocol/testing/binaries.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { firefoxWith } from './fixture-firefox.ts'

const program = findBinary('firefox-esr') ?? findBinary('firefox')
const missing = program === null && 'Firefox not found; install with: apt-get install firefox-esr'
if (missing !== false && process.env['REQUIRE_SERVICES'] === '1') t.fail(missing)

t.test('a real Firefox shows a message and refuses a spoilt one', { skip: missing }, async t => {
  const edge = await startFixture({ PUSH_ALLOW_PRIVATE: '1' })
  t.teardown(() => edge.stop())
  const { token } = await edge.customer()
  const api = new RestClient({
    url: `http://127.0.0.1:${edge.edge.port}`,
    tokens: { access_token: token },
  })
  const { vapid_public_key: key } = await api.pushDevices.list()
  const firefox = await firefoxWith(program!, key!)
  t.teardown(() => firefox.stop())
  const subscription = await firefox.subscribed()
  const { id } = await api.pushDevices.register({ kind: 'web', ...subscription, locale: 'en' })

  t.same(await api.pushDevices.test(id), { outcome: 'accepted', answer: '201' })
  t.same(JSON.parse(await firefox.pushed()), {
    kind: 'test',
    text: 'Notifications reach this device.',
  })
  t.equal(await firefox.acknowledged(), 100, 'it was shown')
  firefox.spoil(true)
  t.match(await api.pushDevices.test(id), { outcome: 'accepted' })
  t.equal(await firefox.acknowledged(), 101, 'it could not be decrypted')
})
