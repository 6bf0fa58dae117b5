/**
 * An edge that speaks TLS itself, with a certificate that signs itself: pages, sockets and the
 * cookie of a page; and a start that ends with a line for files that cannot be used.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { WebSocket } from 'ws'
import { preparedDataDir } from '../migrations/database/prepared.ts'
import { makeCertificate } from '../protocol/testing/certificate.ts'
import { readConfig } from './config.ts'
import { startEmbedded } from './embedded.ts'

t.test('an edge with a certificate speaks HTTPS and nothing else', async t => {
  const folder = t.testdir()
  const made = makeCertificate(folder, 'DNS:localhost', 'IP:127.0.0.1')
  const dataDir = await preparedDataDir()
  const server = await startEmbedded(
    { PORT: '0', DATA_DIR: dataDir, TLS_CERT: made.cert, TLS_KEY: made.key },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const ca = readFileSync(made.cert)
  const ask = (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: object,
  ): Promise<{ status: number; cookie: string; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(server.url + path, { method, ca, headers }, answer => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (piece: string) => (text += piece))
        const cookie = String(answer.headers['set-cookie'])
        answer.on('end', () => resolve({ status: answer.statusCode!, cookie, text }))
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  t.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/)
  t.match(await ask('GET', '/driver', { accept: 'text/html' }), { status: 200 })

  const account = {
    email: 'ann@example.org',
    full_name: 'Ann',
    phone: '+9779841234567',
    password: 'securepassword123',
    role: 'user',
  }
  const json = { 'content-type': 'application/json' }
  const registered = JSON.parse((await ask('POST', '/api/auth/register', json, account)).text) as {
    access_token: string
    refresh_token: string
  }
  const { cookie } = await ask(
    'POST',
    '/api/auth/page-sessions/customer',
    { ...json, 'x-caduceus-page': 'customer' },
    { refresh_token: registered.refresh_token },
  )
  t.match(cookie, /^__Host-caduceus_customer=.*; Secure$/)

  const socket = new WebSocket(
    `${server.url.replace('https', 'wss')}/ws/customer/?token=${registered.access_token}`,
    { ca },
  )
  const greeting = await new Promise<string>((resolve, reject) => {
    socket.on('message', data => resolve(String(data)))
    socket.on('error', reject)
  })
  t.match(greeting, /"type":"connection"/)
  socket.close()
  await t.rejects(fetch(server.url.replace('https', 'http')), 'plain HTTP gets no answer')
})

t.test('files that cannot be used end the start with a line that names the variable', t => {
  const folder = t.testdir({ 'text.pem': 'nothing' })
  const [one, two] = ['one', 'two'].map(name => {
    const own = join(folder, name)
    mkdirSync(own)
    return makeCertificate(own, 'DNS:localhost')
  })
  const text = join(folder, 'text.pem')
  const none = join(folder, 'none.pem')
  for (const [cert, key, line] of [
    [none, one!.key, `TLS_CERT: ${none} cannot be read (ENOENT)`],
    [one!.cert, folder, `TLS_KEY: ${folder} cannot be read (EISDIR)`],
    [text, one!.key, `TLS_CERT: ${text} has no certificate in the form of PEM`],
    [one!.cert, text, `TLS_KEY: ${text} has no key in the form of PEM, without a passphrase`],
    [one!.cert, two!.key, `TLS_KEY: ${two!.key} is not the key of the certificate in ${one!.cert}`],
    ['', one!.key, /^TLS_CERT is not set/],
    [one!.cert, '', /^TLS_KEY is not set/],
  ] as const)
    t.throws(
      () =>
        readConfig(
          { DATA_DIR: folder, JWT_SECRET_KEY: 'x'.repeat(32), TLS_CERT: cert, TLS_KEY: key },
          'embedded',
        ),
      { message: line },
    )
  t.end()
})
