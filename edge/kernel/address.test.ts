/**
 * The address of a client and the origin of the server, behind trusted proxies and without them.
 */
import t from 'tap'
import { addressGroup, isLocal, clientAddress, serverOrigin } from './address.ts'

t.test('the client address comes from the header only behind a trusted proxy', async t => {
  for (const [name, connection, forwarded, proxies, expected] of [
    ['nobody is trusted', '10.0.0.1', '1.2.3.4', 0, '10.0.0.1'],
    ['one proxy', '10.0.0.1', '1.2.3.4', 1, '1.2.3.4'],
    ['one proxy, and a client that invents', '10.0.0.1', '9.9.9.9, 1.2.3.4', 1, '1.2.3.4'],
    ['two proxies', '10.0.0.1', '9.9.9.9, 1.2.3.4, 10.0.0.2', 2, '1.2.3.4'],
    ['fewer entries than proxies', '10.0.0.1', '1.2.3.4', 3, '1.2.3.4'],
    ['no header', '10.0.0.1', undefined, 1, '10.0.0.1'],
    ['nonsense', '10.0.0.1', "'; drop table", 1, '10.0.0.1'],
    ['with a port', '10.0.0.1', '1.2.3.4:5678', 1, '1.2.3.4'],
    ['IPv6 with a port', '10.0.0.1', '[2001:db8::1]:443', 1, '2001:db8::1'],
    ['IPv6, long', '2001:0db8:0000:0000:0000:0000:0000:0001', undefined, 0, '2001:db8::1'],
    ['IPv4 in IPv6', '0000:0000:0000:0000:0000:ffff:7f00:0001', undefined, 0, '127.0.0.1'],
    ['IPv4 in IPv6, short', '::ffff:127.0.0.1', undefined, 0, '127.0.0.1'],
    ['no address at all', '', undefined, 0, ''],
  ] as const)
    t.equal(clientAddress(connection, forwarded, proxies), expected, name)
})

t.test('only a trusted proxy can say that the server was reached by https', async t => {
  for (const [name, headers, proxies, publicUrl, expected] of [
    ['without a proxy', { host: 'api.example.org:8000' }, 0, null, 'http://api.example.org:8000'],
    [
      'a scheme that no trusted proxy wrote',
      { host: 'h', 'x-forwarded-proto': 'https' },
      0,
      null,
      'http://h',
    ],
    ['a scheme of the proxy', { host: 'h', 'x-forwarded-proto': 'https' }, 1, null, 'https://h'],
    [
      'a scheme of the proxy, behind one of the caller',
      { host: 'h', 'x-forwarded-proto': 'https, http' },
      1,
      null,
      'http://h',
    ],
    [
      'a scheme of the outer of two proxies',
      { host: 'h', 'x-forwarded-proto': 'ftp, https, http' },
      2,
      null,
      'https://h',
    ],
    [
      'one entry for two proxies',
      { host: 'h', 'x-forwarded-proto': 'https' },
      2,
      null,
      'https://h',
    ],
    [
      'PUBLIC_URL',
      { host: 'evil.example', 'x-forwarded-proto': 'http' },
      1,
      'https://caduceus.example.org',
      'https://caduceus.example.org',
    ],
    ['no host', {}, 1, null, null],
    ['a host that is none', { host: 'h/../?x' }, 0, null, null],
    ['IPv6', { host: '[::1]:8000' }, 0, null, 'http://[::1]:8000'],
  ] as const)
    t.equal(
      serverOrigin(headers, { trustedProxies: proxies, isTls: false, publicUrl }),
      expected,
      name,
    )
  t.equal(
    serverOrigin({ host: 'h' }, { trustedProxies: 0, isTls: true, publicUrl: null }),
    'https://h',
    'a connection by TLS',
  )
})

t.test('only a program on this machine that asks for itself is local', async t => {
  const loopback6 = '0000:0000:0000:0000:0000:0000:0000:0001'
  for (const [name, connection, headers, local] of [
    ['IPv4', '127.0.0.1', {}, true],
    ['another address of the loopback', '127.8.9.1', {}, true],
    ['IPv6', loopback6, {}, true],
    ['another machine, IPv4', '192.0.2.127', {}, false],
    ['another machine, IPv6', '0000:0000:0000:0000:0000:0000:0000:0002', {}, false],
    ['a proxy on this machine', '127.0.0.1', { 'x-forwarded-for': '192.0.2.1' }, false],
    ['a proxy on this machine, IPv6', loopback6, { via: '1.1 proxy' }, false],
  ] as const)
    t.equal(isLocal(connection, headers), local, name)
})

t.test('addresses of one group are counted together', async t => {
  t.equal(addressGroup('1.2.3.4'), '1.2.3.4')
  t.equal(addressGroup('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  t.equal(addressGroup('2001:db8:1:2::9'), addressGroup('2001:db8:1:2:ffff::1'))
  t.equal(addressGroup('::1'), '0:0:0:0::/64')
})
