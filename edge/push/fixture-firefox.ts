/**
 * A real Firefox and its push service, for tests. Firefox gets a page with a service worker from
 * here and keeps a socket to the push service, as it does to Mozilla's. Chromium has no such switch:
 * its push goes to Google's servers alone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketServer, type WebSocket } from 'ws'

/** The first call of a fresh Firefox to its push manager may never end, so it is not waited for. */
const page = (key: string): string => `<!doctype html><title>push</title><script type="module">
const tell = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) })
try {
  await navigator.serviceWorker.register('/worker.js')
  const { pushManager } = await navigator.serviceWorker.ready
  await Promise.race([pushManager.getSubscription(), new Promise(done => setTimeout(done, 1000))])
  const key = Uint8Array.from(atob('${key.replaceAll('-', '+').replaceAll('_', '/')}='), c => c.charCodeAt(0))
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  await tell('/subscribed', subscription)
} catch (error) {
  await tell('/failed', String(error))
}
</script>`
const worker = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', event => event.waitUntil(self.clients.claim()))
self.addEventListener('push', event => event.waitUntil((async () => {
  await fetch('/pushed', { method: 'POST', body: event.data.text() })
  await self.registration.showNotification('Caduceus', { body: event.data.json().text })
})()))`

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Values that come one after the other, and somebody who waits for the next one. */
function line<T>() {
  const values: T[] = []
  const waiting: ((value: T) => void)[] = []
  return {
    put: (value: T): void => void (waiting.shift()?.(value) ?? values.push(value)),
    next: (): Promise<T> =>
      values.length > 0
        ? Promise.resolve(values.shift()!)
        : new Promise(resolve => {
            waiting.push(resolve)
          }),
  }
}

export interface BrowserSubscription {
  endpoint: string
  keys: { p256dh: string; auth: string }
}

/**
 * Starts Firefox and lets it subscribe with the key. `spoil` may change a message before Firefox
 * gets it. Call `stop` at the end.
 */
export async function firefoxWith(program: string, key: string) {
  const subscribed = line<BrowserSubscription>()
  const pushed = line<string>()
  const acknowledged = line<number>()
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-firefox-'))
  const sockets = new Set<WebSocket>()
  let channelId = ''
  let spoilt = false
  let failure: (error: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    failure = reject
  })
  failed.catch(() => {})

  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request)
      const answer = (status: number, text = '', type = 'text/plain') =>
        response.writeHead(status, { 'content-type': type }).end(text)
      switch (request.url) {
        case '/':
          return answer(200, page(key), 'text/html')
        case '/worker.js':
          return answer(200, worker, 'text/javascript')
        case '/subscribed':
          subscribed.put(JSON.parse(body.toString()))
          return answer(204)
        case '/failed':
          failure(new Error(body.toString()))
          return answer(204)
        case '/pushed':
          pushed.put(body.toString())
          return answer(204)
        case '/push/1': {
          if (spoilt) body[body.length - 1]! ^= 1
          for (const socket of sockets)
            socket.send(
              JSON.stringify({
                messageType: 'notification',
                channelID: channelId,
                version: String(Date.now()),
                data: body.toString('base64url'),
                headers: { encoding: request.headers['content-encoding'] },
              }),
            )
          return answer(201)
        }
        default:
          return answer(404)
      }
    })()
  })
  const service = new WebSocketServer({ server })
  service.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('message', data => {
      const message = JSON.parse(String(data))
      const answer = (more: object) =>
        socket.send(JSON.stringify({ messageType: message.messageType, status: 200, ...more }))
      if (message.messageType === 'hello')
        answer({ uaid: 'a'.repeat(32), use_webpush: true, broadcasts: {} })
      if (message.messageType === 'register') {
        channelId = message.channelID
        answer({ channelID: channelId, pushEndpoint: `http://localhost:${port}/push/1` })
      }
      if (message.messageType === 'ack')
        for (const { code } of message.updates) acknowledged.put(code)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const preferences = {
    'dom.push.serverURL': `ws://localhost:${port}/`,
    'dom.push.testing.allowInsecureServerURL': true,
    'dom.push.connection.enabled': true,
    'permissions.default.desktop-notification': 1,
    'browser.shell.checkDefaultBrowser': false,
    'browser.aboutwelcome.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'app.normandy.enabled': false,
    'services.settings.server': `http://localhost:${port}/none`,
  }
  writeFileSync(
    join(folder, 'user.js'),
    Object.entries(preferences)
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
      .join(''),
  )
  const browser = spawn(
    program,
    ['--headless', '--no-remote', '--profile', folder, `http://localhost:${port}/`],
    { stdio: 'ignore', env: { ...process.env, HOME: folder, MOZ_HEADLESS: '1' } },
  )
  const gone = once(browser, 'exit')
  void gone.then(() => failure(new Error('Firefox has ended')))
  const orFailed = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, failed])

  return {
    subscribed: () => orFailed(subscribed.next()),
    pushed: () => orFailed(pushed.next()),
    /** 100: it was shown. 101: it could not be decrypted. */
    acknowledged: () => orFailed(acknowledged.next()),
    spoil: (wanted: boolean) => {
      spoilt = wanted
    },
    async stop(): Promise<void> {
      if (browser.exitCode === null) browser.kill('SIGKILL')
      await gone
      for (const socket of sockets) socket.terminate()
      service.close()
      server.closeAllConnections()
      await new Promise(resolve => {
        server.close(resolve)
      })
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
