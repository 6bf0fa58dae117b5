/**
 * The origins of pages: their normal form, the server's own origin, and the list of CORS_ORIGINS.
 */
import t from 'tap'
import { readConfig } from '../config.ts'
import { createCors } from '../http/cors.ts'
import { isOwnOrigin, normalOrigin } from './origins.ts'

t.test('an origin has one form, and other texts are no origin', async t => {
  const table: [given: string, normal: string | null][] = [
    ['https://app.example.org', 'https://app.example.org'],
    ['HTTPS://App.Example.org:443', 'https://app.example.org'],
    ['http://localhost', 'http://localhost'],
    ['http://localhost:80', 'http://localhost'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['https://[::1]:443', 'https://[::1]'],
    ['https://münchen.example', 'https://xn--mnchen-3ya.example'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['ionic://localhost', 'ionic://localhost'],
    ['app://com.example.Pharmacy', 'app://com.example.pharmacy'],
    ['tauri://localhost', 'tauri://localhost'],
    ['chrome-extension://abcdefghijklmnop', 'chrome-extension://abcdefghijklmnop'],
    ...[
      'null',
      '',
      'https://',
      'https://x/',
      'https://x/path',
      'https://x?a',
      'https://x#a',
      'https://user:pass@x',
      'https://@x',
      'x.example.org',
      '*.example.org',
      'https://*.example.org ',
      'javascript://x',
      'data:text/html,x',
      'file://x',
      'ws://x',
      'capacitor://',
      'capacitor://localhost/',
      'capacitor:localhost',
      'app://a b',
      'app://x?y',
      `app://${'x'.repeat(400)}`,
      'https://x\\y',
    ].map(given => [given, null] as [string, null]),
  ]
  for (const [given, normal] of table) t.equal(normalOrigin(given), normal, given.slice(0, 60))
})

t.test('a page of this host has the own origin, with or without the default port', async t => {
  for (const [origin, host] of [
    ['https://x', 'x:443'],
    ['https://x:443', 'x'],
    ['http://x', 'x:80'],
    ['https://X', 'x'],
    ['http://127.0.0.1:8000', '127.0.0.1:8000'],
    ['http://[::1]:8000', '[::1]:8000'],
  ] as const)
    t.ok(isOwnOrigin(origin, host), `${origin} ${host}`)
  for (const [origin, host] of [
    ['https://x', 'y'],
    ['http://x', 'x:443'],
    ['https://x', 'x:8443'],
    ['https://x', ''],
    ['null', 'x'],
    ['https://x', 'x/y'],
    ['https://x', 'x@y'],
    ['https://x', 'y@x'],
  ] as const)
    t.notOk(isOwnOrigin(origin, host), `${origin} ${host}`)
})

t.test('CORS_ORIGINS takes origins of app shells and refuses other texts', async t => {
  const { corsOrigins } = readConfig(
    {
      CORS_ORIGINS:
        'capacitor://localhost, ionic://localhost,app://shop,http://localhost,https://App.example.org:443',
    },
    'embedded',
  )
  const cors = createCors(corsOrigins)
  for (const origin of [
    'capacitor://localhost',
    'ionic://localhost',
    'app://shop',
    'http://localhost',
    'https://app.example.org',
    'https://app.example.org:443',
  ])
    t.equal(cors.headers(origin)['access-control-allow-origin'], origin, origin)
  for (const origin of [
    'capacitor://elsewhere',
    'http://localhost:81',
    'null',
    'https://evil.example.org',
  ])
    t.equal(cors.headers(origin)['access-control-allow-origin'], undefined, origin)
  for (const nonsense of [
    'nonsense',
    'https://x/path',
    'null',
    '*.example.org',
    'javascript://x',
    'capacitor://',
  ])
    t.throws(
      () => readConfig({ CORS_ORIGINS: nonsense }, 'embedded'),
      { message: /CORS_ORIGINS/ },
      nonsense,
    )
})
