/** The addresses that a browser may name. */
import t from 'tap'
import { checkEndpoint } from './endpoints.ts'

const strict = { hosts: [], allowPrivate: false }

t.test('the services of known browsers are taken', async t => {
  for (const url of [
    'https://fcm.googleapis.com/fcm/send/abc:def',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAA',
    'https://wns2-am3p.notify.windows.com/w/?token=abc',
    'https://web.push.apple.com/QGF',
  ])
    t.equal(checkEndpoint(url, strict), url)
})

t.test('every other address is refused, with the field and a rule', async t => {
  for (const url of [
    'x',
    'http://fcm.googleapis.com/fcm/send/abc',
    'https://push.example.org/1',
    'https://fcm.googleapis.com.example.org/1',
    'https://example.org/fcm.googleapis.com',
    'https://notify.windows.com/1',
    'https://evilpush.apple.com/1',
    'https://user@fcm.googleapis.com/1',
    'https://fcm.googleapis.com/1#x',
    'https://127.0.0.1/1',
    'https://localhost/1',
    'https://[::1]/1',
    'file:///etc/passwd',
  ])
    t.throws(
      () => checkEndpoint(url, strict),
      { code: 'invalid_request', fields: [{ field: 'endpoint' }] },
      url,
    )
})

t.test('an operator names further hosts, and a test any', async t => {
  const rules = { hosts: ['push.example.org', '.example.net'], allowPrivate: false }
  t.ok(checkEndpoint('https://push.example.org/1', rules))
  t.ok(checkEndpoint('https://a.example.net/1', rules))
  for (const url of ['https://a.push.example.org/1', 'https://example.net/1'])
    t.throws(() => checkEndpoint(url, rules), { code: 'invalid_request' }, url)
  t.throws(() =>
    checkEndpoint('https://127.0.0.1/1', { hosts: ['127.0.0.1'], allowPrivate: false }),
  )
  t.ok(checkEndpoint('http://127.0.0.1:8090/1', { hosts: [], allowPrivate: true }))
})
