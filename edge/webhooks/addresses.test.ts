/**
 * SSRF (OWASP API7, ASVS 5.2.6): every known spelling of a private address is refused, and so are
 * texts that are no address.
 */
import t from 'tap'
import { checkUrl, isPublicAddress } from './addresses.ts'

t.test('private addresses in every spelling are recognised', t => {
  const refused = [
    '0.0.0.0',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a00:1',
    '64:ff9b::169.254.169.254',
    '64:ff9b:0:0:1::8.8.8.8',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '2620:4f:8000::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2606:4700::1111%1',
    '',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
  ]
  for (const address of refused) t.equal(isPublicAddress(address), false, address)
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.255.255',
    '198.17.255.255',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:80b::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])
    t.equal(isPublicAddress(address), true, address)
  t.end()
})

t.test('URLs to private places are refused', t => {
  const refused = [
    'x',
    '',
    'ftp://example.com/',
    'http://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://',
    'https://user:secret@example.com/',
    'https://user@example.com/',
    'https://example.com/#x',
    'https://localhost/',
    'https://localhost./',
    'https://LOCALHOST:8443/',
    'https://a.localhost/',
    'https://printer.local/',
    'https://db.internal/',
    'https://router.lan/',
    'https://redis:6379/',
    'https://metadata/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0x7f.0x0.0x0.0x1/',
    'https://127.0.0.1./',
    'https://１２７.０.０.１/',
    'https://0/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[fd00:ec2::254]/',
    'https://[64:ff9b::127.0.0.1]/',
    `https://example.com/${'x'.repeat(3_000)}`,
  ]
  for (const url of refused)
    t.throws(() => checkUrl(url, false), { code: 'webhook_url_refused' }, url.slice(0, 80))
  for (const url of [
    'https://example.com/hook',
    'https://example.com:8443/hook?a=b',
    'https://1.1.1.1/',
    'https://[2606:4700:4700::1111]/',
  ])
    t.equal(checkUrl(url, false).href, url, url)
  for (const url of ['http://127.0.0.1:8080/x', 'http://localhost/', 'https://redis/'])
    t.equal(checkUrl(url, true).href, url, `${url} where private addresses are allowed`)
  t.throws(() => checkUrl('ftp://example.com/', true), { code: 'webhook_url_refused' })
  t.throws(() => checkUrl('http://a:b@localhost/', true), { code: 'webhook_url_refused' })
  t.end()
})
