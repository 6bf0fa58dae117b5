/**
 * Stand-ins for the push services, for tests. Each checks what its service checks, gives the message
 * in clear, and answers with any documented error. There is no independent implementation of
 * Firebase's and Apple's side to compare them with: they follow the published documents.
 */
import {
  createECDH,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { jwtVerify } from 'jose'
import { apns, apnsKey } from './apns.ts'
import { fcm, fcmAccount } from './fcm.ts'
import type { PushProvider, PushTarget } from './provider.ts'
import { newVapidKeys } from './vapid.ts'
import { webPush } from './web-push.ts'

/** A message as the device gets it. */
export interface Received {
  text: string
  data: Record<string, string>
  topic: string | null
  urgent: boolean
  /** Seconds that it lives. */
  ttl: number
  endpoint: string
}
/** One error of the service's documents, or a connection that is cut. */
export interface ServiceError {
  status: number
  reason?: string
  headers?: Record<string, string>
  timestamp?: number
  cut?: true
}
export interface Double {
  provider: PushProvider
  target: PushTarget
  received: Received[]
  /** The next request gets this answer. */
  fail(error: ServiceError): void
  stop(): Promise<void>
}
/** The clock of the test. */
export interface TestClock {
  nowMs(): number
}

async function bodyOf(request: IncomingMessage | ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
async function portOf(
  server: { listen: Server['listen']; address(): unknown } & NodeJS.EventEmitter,
) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const closed = (server: Server) => {
  server.closeAllConnections()
  return new Promise<void>(resolve => {
    server.close(() => resolve())
  })
}
const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** A push service of browsers. */
export async function webDouble({ nowMs }: TestClock): Promise<Double> {
  const ece = createRequire(import.meta.url)('http_ece') as {
    decrypt(body: Buffer, options: object): Buffer
  }
  const browser = createECDH('prime256v1')
  browser.generateKeys()
  const auth = randomBytes(16).toString('base64url')
  const keys = newVapidKeys()
  const received: Received[] = []
  const errors: ServiceError[] = []
  const point = Buffer.from(keys.publicKey, 'base64url')
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  })
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request)
      const error = errors.shift()
      if (error?.cut) return request.socket.destroy()
      if (error !== undefined) return response.writeHead(error.status, error.headers).end()
      const { headers } = request
      const [, token, key] = /^vapid t=(\S+), k=(\S+)$/.exec(headers.authorization ?? '') ?? []
      await jwtVerify(token!, publicKey, { audience: origin, currentDate: new Date(nowMs()) })
      if (key !== keys.publicKey) return response.writeHead(403).end()
      const clear = ece.decrypt(body, {
        version: 'aes128gcm',
        privateKey: browser,
        authSecret: auth,
      })
      const { text, ...data } = JSON.parse(clear.toString())
      received.push({
        text,
        data,
        topic: (headers['topic'] as string | undefined) ?? null,
        urgent: headers['urgency'] === 'high',
        ttl: Number(headers['ttl']),
        endpoint: origin + request.url!,
      })
      response.writeHead(201).end()
    })().catch((error: unknown) => response.writeHead(400).end(String(error)))
  })
  const origin = `http://127.0.0.1:${await portOf(server)}`
  return {
    provider: webPush({
      keys,
      subject: null,
      rules: { hosts: [], allowPrivate: true },
      nowMs,
      after,
    }),
    target: { endpoint: `${origin}/device`, p256dh: browser.getPublicKey('base64url'), auth },
    received,
    fail: error => errors.push(error),
    stop: () => closed(server),
  }
}

/** A project of Firebase and the place where its tokens come from. */
export async function fcmDouble({ nowMs }: TestClock) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const received: Received[] = []
  const errors: ServiceError[] = []
  const tokenErrors: ServiceError[] = []
  const tokens: string[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await bodyOf(request)).toString()
      const json = (status: number, value: unknown, headers = {}) =>
        response
          .writeHead(status, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify(value))
      if (request.url === '/token') {
        const error = tokenErrors.shift()
        if (error !== undefined) return json(error.status, { error: error.reason })
        const form = new URLSearchParams(body)
        if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
          return json(400, { error: 'unsupported_grant_type' })
        const { payload } = await jwtVerify(form.get('assertion')!, publicKey, {
          audience: `${url}/token`,
          issuer: 'push@project-1.iam.example',
          currentDate: new Date(nowMs()),
        })
        if (payload['scope'] !== 'https://www.googleapis.com/auth/firebase.messaging')
          return json(400, { error: 'invalid_scope' })
        tokens.push(`token-${tokens.length}`)
        return json(200, { access_token: tokens.at(-1), expires_in: 3_600 })
      }
      const error = errors.shift()
      if (error?.cut) return request.socket.destroy()
      if (error !== undefined)
        return json(
          error.status,
          {
            error: {
              code: error.status,
              status: error.reason,
              message: 'as the test wants',
              details: [
                {
                  '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError',
                  errorCode: error.reason,
                },
              ],
            },
          },
          error.headers,
        )
      if (request.headers.authorization !== `Bearer ${tokens.at(-1)}`)
        return json(401, { error: { code: 401, status: 'UNAUTHENTICATED' } })
      if (request.url !== '/v1/projects/project-1/messages:send')
        return json(404, { error: { code: 404 } })
      const { message } = JSON.parse(body)
      received.push({
        text: message.notification.body,
        data: message.data,
        topic: message.android.collapse_key ?? null,
        urgent: message.android.priority === 'HIGH',
        ttl: Number(message.android.ttl.slice(0, -1)),
        endpoint: message.token,
      })
      json(200, { name: 'projects/project-1/messages/1' })
    })().catch((error: unknown) => response.writeHead(400).end(String(error)))
  })
  const url = `http://127.0.0.1:${await portOf(server)}`
  const json = JSON.stringify({
    type: 'service_account',
    project_id: 'project-1',
    client_email: 'push@project-1.iam.example',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `${url}/token`,
  })
  return {
    provider: fcm({ account: fcmAccount(json)!, baseUrl: url, nowMs }),
    target: { endpoint: 'the-token-of-an-app', p256dh: null, auth: null },
    received,
    fail: (error: ServiceError) => void errors.push(error),
    failToken: (error: ServiceError) => void tokenErrors.push(error),
    tokens,
    json,
    url,
    stop: () => closed(server),
  }
}

/** Apple's service, over HTTP/2 without TLS. */
export async function apnsDouble({ nowMs }: TestClock) {
  const { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject } =
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const received: Received[] = []
  const errors: ServiceError[] = []
  const tokens = new Set<string>()
  let connections = 0
  const sessions = new Set<{ goaway(): void; destroy(): void }>()
  const server = createHttp2Server()
  server.on('session', session => {
    connections++
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    void (async () => {
      const body = (await bodyOf(stream)).toString()
      const answer = (status: number, value?: object, more = {}) => {
        stream.respond({ ':status': status, ...more })
        stream.end(value === undefined ? '' : JSON.stringify(value))
      }
      const error = errors.shift()
      if (error?.cut) return stream.session!.destroy()
      if (error !== undefined)
        return answer(
          error.status,
          {
            reason: error.reason,
            ...(error.timestamp !== undefined && { timestamp: error.timestamp }),
          },
          error.headers,
        )
      const token = /^bearer (\S+)$/.exec(headers['authorization'] ?? '')?.[1] ?? ''
      const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
        issuer: 'TEAM123456',
      })
      const age = nowMs() / 1_000 - payload.iat!
      if (protectedHeader.kid !== 'KEY1234567' || age > 3_600 || age < -60)
        return answer(403, { reason: 'ExpiredProviderToken' })
      tokens.add(token)
      if (headers['apns-topic'] !== 'org.example.app' || headers['apns-push-type'] !== 'alert')
        return answer(400, { reason: 'BadTopic' })
      const { aps, ...data } = JSON.parse(body)
      received.push({
        text: aps.alert.body,
        data,
        topic: (headers['apns-collapse-id'] as string | undefined) ?? null,
        urgent: headers['apns-priority'] === '10',
        ttl: Number(headers['apns-expiration']) - Math.floor(nowMs() / 1_000),
        endpoint: String(headers[':path']).split('/').at(-1)!,
      })
      answer(200)
    })().catch(() => stream.close())
  })
  const url = `http://127.0.0.1:${await portOf(server as never)}`
  return {
    provider: apns({
      account: {
        key: apnsKey(pem)!,
        keyId: 'KEY1234567',
        teamId: 'TEAM123456',
        topic: 'org.example.app',
      },
      baseUrl: url,
      nowMs,
    }),
    target: { endpoint: 'ab'.repeat(32), p256dh: null, auth: null },
    received,
    fail: (error: ServiceError) => void errors.push(error),
    tokens,
    connections: () => connections,
    goAway: () => {
      for (const session of sessions) session.goaway()
    },
    pem,
    url,
    async stop() {
      for (const session of sessions) session.destroy()
      await new Promise<void>(resolve => {
        server.close(() => resolve())
      })
    },
  }
}
