/**
 * A server on a real port with one route for each shape of request, for the tests of the HTTP
 * layer.
 */
import { connect, type Socket } from 'node:net'
import { pino } from 'pino'
import Type from 'typebox'
import { App, us_listen_socket_close, us_socket_local_port } from '../kernel/uws.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Identity } from '../kernel/identity.ts'
import { createMetrics } from '../kernel/metrics.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { attachHttp } from './server.ts'

const closed = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })
export const pause = (ms: number) =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
/** Waits until the condition holds. A busy machine only makes it wait longer. */
export const until = async (holds: () => boolean) => {
  while (!holds()) await pause(5)
}
const identity: Identity = {
  userId: 'u',
  role: 'user',
  name: 'Ann',
  pharmacyId: null,
  driverId: null,
  expiresAtMs: 0,
}

/**
 * Starts the server with the routes; `logged` has its log lines. The token `good` is accepted at
 * once, `slow` after a pause.
 */
export async function start(routes: AnyRoute[], options: { corsOrigins?: string[] } = {}) {
  const logged: string[] = []
  const log = pino(
    { level: 'debug' },
    {
      write: (line: string) => {
        logged.push(line)
      },
    },
  )
  const app = App()
  const server = attachHttp(app, {
    routes,
    log,
    metrics: createMetrics(),
    corsOrigins: options.corsOrigins ?? [],
    uploadBytesMax: 1024 * 1024,
    trustedProxies: 0,
    isTls: false,
    publicUrl: null,
    rates: null,
    audit: { note() {} },
    nowMs: Date.now,
    random: Math.random,
    after,
    authenticate: async token => {
      if (token === 'slow') await pause(30)
      else if (token !== 'good') throw new CaduceusError('token_invalid')
      return identity
    },
  })
  const listening = await new Promise<Parameters<typeof us_listen_socket_close>[0]>(resolve => {
    app.listen('127.0.0.1', 0, s => {
      if (s) resolve(s)
    })
  })
  const port = us_socket_local_port(listening as never)
  return {
    server,
    port,
    logged,
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    raw: () =>
      new Promise<Socket>(resolve => {
        const socket = connect(port, '127.0.0.1', () => resolve(socket))
      }),
    stop: () => {
      us_listen_socket_close(listening)
      app.close()
    },
  }
}

const echo = route({
  method: 'POST',
  path: '/echo',
  operationId: 'echo',
  summary: '',
  tags: [],
  auth: 'none',
  body: closed({ text: Type.String() }),
  responses: {},
  handler: ({ body }) => ({ status: 200, body }),
})
const guarded = route({
  method: 'POST',
  path: '/guarded',
  operationId: 'guarded',
  summary: '',
  tags: [],
  auth: ['user'],
  body: closed({ text: Type.String() }),
  responses: {},
  handler: ({ body, principal }) => ({ status: 200, body: { ...body, by: principal } }),
})
const pharmaciesOnly = route({
  method: 'GET',
  path: '/vendors-only',
  operationId: 'pharmaciesOnly',
  summary: '',
  tags: [],
  auth: ['vendor'],
  responses: {},
  handler: () => ({ status: 200 }),
})
const thing = route({
  method: 'GET',
  path: '/things/:id',
  operationId: 'thing',
  summary: '',
  tags: [],
  auth: 'none',
  query: closed({ limit: Type.Optional(Type.Integer({ maximum: 5 })) }),
  responses: {},
  handler: ({ params, query }) => ({ status: 200, body: { ...params, ...query } }),
})
const broken = route({
  method: 'GET',
  path: '/broken',
  operationId: 'broken',
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  handler: () => {
    throw new Error('the password is hunter2')
  },
})
const slow = route({
  method: 'GET',
  path: '/slow',
  operationId: 'slow',
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  handler: async () => {
    await pause(100)
    return { status: 200, body: { done: true } }
  },
})
const upload = route({
  method: 'POST',
  path: '/upload',
  operationId: 'upload',
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  multipart: {
    fields: closed({ note: Type.Optional(Type.String()), count: Type.Optional(Type.Integer()) }),
    files: { file: { required: true, description: '' } },
    raw: 'file',
  },
  handler: ({ body, parts }) => ({
    status: 200,
    body: { ...body, bytes: parts[0]!.data.byteLength },
  }),
})
/** The routes of this file. */
export const all = [echo, guarded, pharmaciesOnly, thing, broken, slow, upload]

const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
