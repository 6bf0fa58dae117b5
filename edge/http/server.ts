/**
 * The HTTP server. It takes every request that is not for a socket, finds its row, checks it in a
 * fixed order (path, method, token, role, rate, parameters, size, form, handler) and answers
 * exactly once. The order follows what an outsider may learn: a caller without a token does not
 * hear whether a body would be valid.
 */
import type { Logger } from 'pino'
import type { TemplatedApp } from '../kernel/uws.ts'
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { AuditTrail } from '../audit/port.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { RateLimits } from '../rate/rate-limits.ts'
import { addressGroup, clientAddress, isLocal, serverOrigin } from '../kernel/address.ts'
import { auditEntry, isAudited } from './auditing.ts'
import { BodyClock } from './bodies/clock.ts'
import { IncomingBody, SenderLeft } from './bodies/incoming.ts'
import { SlowReaders } from './bodies/readers.ts'
import { BodyRoom, type Holder, type Seat } from './bodies/room.ts'
import { createCors, securityHeaders } from './cors.ts'
import { Exchange, type Answer } from './exchange.ts'
import { guard, type Authenticate } from './guards.ts'
import { mediaTypeOf, prefersPage } from './headers.ts'
import { Gate } from './limiting.ts'
import { httpLimits } from '../kernel/http-limits.ts'
import { parseJson } from './json.ts'
import { missingPage } from './pages.ts'
import { readForm, readRaw } from './multipart.ts'
import { problemAnswer } from './problem.ts'
import {
  jsonBytesMax,
  type AnyRoute,
  type BodyStream,
  type FilePart,
  type RouteAnswer,
  type RouteRequest,
} from '../kernel/route.ts'
import { createRouter, parameterNames, type Match, type Router } from './router.ts'
import { begun, isByteStream } from './streaming.ts'
import { parseQuery } from './query.ts'
import type { TextRules } from '../text/normalise.ts'
import { coerce, compileCheck, type Check } from '../kernel/validate.ts'

export interface HttpDeps {
  routes: readonly AnyRoute[]
  authenticate: Authenticate
  corsOrigins: readonly string[]
  uploadBytesMax: number
  /** Number of our own proxies in front; their claims about the client's address are trusted. */
  trustedProxies: number
  /** True when clients connect to this process by TLS. */
  isTls: boolean
  /** Value of PUBLIC_URL; null when it is not set. */
  publicUrl: string | null
  /** Rate limits; null for load tests, which have none. */
  rates: RateLimits | null
  /** Rules for normalising text; absent: the rules without a country. */
  text?: TextRules
  audit: Pick<AuditTrail, 'note'>
  log: Logger
  metrics: Pick<Metrics, 'httpRequests' | 'httpSeconds' | 'rateLimited'>
  nowMs(): number
  random(): number
  after(ms: number, run: () => void): () => void
}

export interface HttpServer {
  /** Memory of the bodies of unfinished requests. */
  readonly bodies: Pick<BodyRoom, 'bytes' | 'holders'>
  /** Number of unanswered requests. */
  readonly inFlight: number
  /**
   * Refuses every new request with `unavailable`. Resolves when the requests in flight were
   * answered.
   */
  drain(): Promise<void>
}

/** The facts known of a request so far, for its answer, its log lines and the audit trail. */
interface Visit {
  requestId: string
  begunAtMs: number
  address: string
  gate: Gate | null
  identity: Identity | null
  readonly log: Logger
}

interface Checks {
  params: Check
  query: Check
  querySchema: Type.TSchema
  body: Check | null
  fields: Check | null
}

/** Attaches to all paths of the app; sockets of the same app take precedence. */
export function attachHttp(app: TemplatedApp, deps: HttpDeps): HttpServer {
  const router = createRouter(deps.routes)
  const checks = new Map(deps.routes.map(route => [route, compileRoute(route, deps.text)]))
  const cors = createCors(deps.corsOrigins)
  const room = new BodyRoom(deps.uploadBytesMax + limits.multipartOverheadBytesMax)
  const clock = new BodyClock(deps)
  const readers = new SlowReaders(deps)
  let inFlight = 0
  let draining = false
  let onIdle: (() => void) | null = null

  app.any('/*', (res, req) => {
    const exchange = new Exchange(res, req, readers)
    const startedMs = deps.nowMs()
    const requestId =
      requestIdOf(exchange.headers['x-request-id']) ?? uuidV7(startedMs, deps.random)
    const match = matched(router, exchange)
    const label = match.found === 'route' ? match.route.path : 'unmatched'
    const row = match.found === 'route' ? match.route : null
    let childLog: Logger | null = null
    const visit: Visit = {
      requestId,
      begunAtMs: startedMs,
      address: clientAddress(
        exchange.address,
        exchange.headers['x-forwarded-for'],
        deps.trustedProxies,
      ),
      identity: null,
      gate:
        row === null || deps.rates === null
          ? null
          : new Gate(deps.rates, row, deps.metrics, deps.after),
      // Most requests log nothing, and a child logger costs more than such a request.
      get log() {
        return (childLog ??= deps.log.child({ request_id: requestId }))
      },
    }
    inFlight++
    exchange.onEnd(() => {
      inFlight--
      if (inFlight === 0) onIdle?.()
    })
    const send = (answer: RouteAnswer, code: string | null = null): void => {
      const headers = {
        ...securityHeaders,
        ...cors.headers(exchange.headers['origin']),
        'x-request-id': requestId,
        ...row?.answerHeaders,
        ...answer.headers,
        ...visit.gate?.headers,
      }
      exchange.answer({
        status: answer.status,
        headers,
        body: encode(answer, headers),
        close: code === 'body_too_slow' || exchange.fault !== null,
      })
      const tookMs = deps.nowMs() - startedMs
      deps.metrics.httpRequests.inc({ route: label, status: String(answer.status) })
      deps.metrics.httpSeconds.observe({ route: label }, tookMs / 1000)
      // The path of the row is logged, because a requested path may contain a tracking token or a
      // ticket.
      deps.log.debug(
        {
          method: exchange.method,
          route: label,
          status: answer.status,
          ms: tookMs,
          request_id: requestId,
        },
        'http',
      )
      // A caller who was refused for the rate neither changed nor saw anything, and could fill the
      // trail.
      if (match.found === 'route' && code !== 'too_many_requests' && isAudited(match.route))
        deps.audit.note(
          auditEntry({
            row: match.route,
            params: match.params,
            answer,
            code,
            userAgent: exchange.headers['user-agent'],
            requestId,
            // The fields are copied one by one. Spreading `visit` would call its lazy `log` getter
            // and create a child logger for every request.
            identity: visit.identity,
            address: visit.address,
          }),
        )
    }
    const fail = (error: unknown, headers: Record<string, string> = {}) => {
      const { code, ...answer } = problemAnswer(error, requestId, deps.log, row)
      send({ ...answer, headers: { ...answer.headers, ...headers } }, code)
    }
    exchange.onStreamFailed(error =>
      deps.log.error({ err: error, request_id: requestId, route: label }, 'an answer broke off'),
    )
    if (exchange.fault !== null) {
      const refusal = new CaduceusError('invalid_request', exchange.fault)
      // The answer waits a turn. After an immediate answer the library would take the rest of the
      // same packet for a request; while this request is unanswered it closes the connection
      // instead.
      setImmediate(() => fail(refusal))
      return
    }
    if (draining) {
      fail(new CaduceusError('unavailable', 'this server is going away'))
      return
    }
    if (
      match.found === 'nothing' &&
      (exchange.method === 'GET' || exchange.method === 'HEAD') &&
      prefersPage(exchange.headers)
    ) {
      send(missingPage())
      return
    }
    if (match.found === 'nothing') {
      fail(new CaduceusError('not_found', 'no such path; /openapi.json lists them'))
      return
    }
    if (match.found === 'path') {
      const allow = match.allow.join(', ')
      if (exchange.method === 'OPTIONS')
        send({
          status: 204,
          headers: { ...cors.preflight(exchange.headers['origin'], match.allow), ...match.options },
        })
      else fail(new CaduceusError('method_not_allowed', `this path takes ${allow}`), { allow })
      return
    }
    const coding = exchange.headers['content-encoding']?.trim().toLowerCase() ?? ''
    if (coding !== '' && coding !== 'identity') {
      fail(
        new CaduceusError(
          'unsupported_media_type',
          `bodies are read as they are; send this one without the content-encoding ${coding.slice(0, httpLimits.echoedCharactersMax)}`,
        ),
      )
      return
    }
    // This begins in the synchronous part of the handler, because a body without a listener is
    // lost.
    const body = readsBody(match.route)
      ? incomingBody(exchange, match.route, addressHolder(visit.address))
      : null
    exchange.onLeft(() => body?.fail(new SenderLeft()))
    serve(exchange, match, body, checks.get(match.route)!, visit, deps)
      // Releases the body before the answer: a sender that is held back would never read the
      // answer.
      .finally(() => body?.release())
      .then(answer => send(answer))
      .catch((error: unknown) => fail(error))
  })

  function incomingBody(exchange: Exchange, row: AnyRoute, holder: Holder): IncomingBody {
    let seat: Seat | CaduceusError
    try {
      seat = room.enter(holder)
    } catch (error) {
      seat = error as CaduceusError
    }
    const declaredBytes = Number(exchange.headers['content-length'] ?? '0') || 0
    const carriesBytes = declaredBytes > 0 || exchange.headers['transfer-encoding'] !== undefined
    const isUpload = carriesBytes && (row.multipart !== undefined || row.streamedBody !== undefined)
    return new IncomingBody(exchange, {
      bytesMax: bodyBytesMax(row, mediaTypeOf(exchange.headers).essence, deps),
      declaredBytes,
      seat,
      clock,
      isUpload,
    })
  }

  return {
    bodies: room,
    get inFlight() {
      return inFlight
    },
    async drain() {
      draining = true
      clock.interrupt(
        new CaduceusError(
          'unavailable',
          'this server is going away; what has arrived of the file stays',
        ),
      )
      if (inFlight > 0)
        await new Promise<void>(resolve => {
          onIdle = resolve
        })
    },
  }
}

async function serve(
  exchange: Exchange,
  { route, params }: Extract<Match, { found: 'route' }>,
  body: IncomingBody | null,
  checks: Checks,
  visit: Visit,
  { authenticate, trustedProxies, isTls, publicUrl }: HttpDeps,
): Promise<RouteAnswer> {
  const identity = await guard(route, exchange.headers, authenticate).catch(
    async (refusal: unknown) => {
      await visit.gate?.enter(visit.address, null)
      throw refusal
    },
  )
  visit.identity = identity
  await visit.gate?.enter(visit.address, identity?.userId ?? null)
  try {
    checks.params(params)
  } catch {
    throw new CaduceusError('not_found', 'no such resource')
  }
  const query =
    route.page === true || route.ownQuery === true
      ? {}
      : coerce(checks.querySchema, parseQuery(exchange.query, !Array.isArray(route.auth)))
  checks.query(query)
  // Only now are more bytes read than came with the headers, because the caller was not refused
  // above.
  if (identity !== null) body?.admit(`account ${identity.userId}`)
  else if (body?.isUpload === true) body.admit(addressHolder(visit.address))
  const stream = streamOf(route, body, exchange.headers)
  const content =
    body === null || route.streamedBody !== undefined
      ? null
      : await readContent(route, body, exchange.headers, checks)
  await visit.gate?.aim(content?.value, visit.address, identity?.userId ?? null)
  const request: RouteRequest<Record<string, string>, unknown, unknown, Identity | null> = {
    params,
    query,
    queryText: exchange.query,
    body: content?.value,
    parts: content?.files ?? [],
    stream,
    identity,
    get principal() {
      return identity === null ? null : principalOf(identity)
    },
    requestId: visit.requestId,
    begunAtMs: visit.begunAtMs,
    address: visit.address,
    isLocal: isLocal(exchange.address, exchange.headers),
    get origin() {
      return serverOrigin(exchange.headers, { trustedProxies, isTls, publicUrl })
    },
    headers: exchange.headers,
    get log() {
      return visit.log
    },
  }
  const answer = await route.handler(request)
  if (answer.status === 200) await visit.gate?.succeeded()
  return isByteStream(answer.body) ? { ...answer, body: await begun(answer.body) } : answer
}

/**
 * A client whose network allows only GET and POST names the real method in a header. On such a path
 * POST has no other meaning.
 */
function matched(router: Router, { method, path, headers }: Exchange): Match {
  const match = router.match(method, path, () => prefersPage(headers))
  const meant = headers['x-http-method-override']?.toUpperCase()
  return match.found === 'path' && method === 'POST' && (meant === 'PATCH' || meant === 'DELETE')
    ? router.match(meant, path)
    : match
}

function streamOf(
  { streamedBody }: AnyRoute,
  body: IncomingBody | null,
  headers: Readonly<Record<string, string>>,
): BodyStream {
  if (streamedBody === undefined || body === null) return noStream
  const { essence: mediaType } = mediaTypeOf(headers)
  const hasBody = mediaType === streamedBody.contentType
  if (!hasBody && (streamedBody.optional !== true || mediaType !== ''))
    throw new CaduceusError(
      'unsupported_media_type',
      `this takes ${streamedBody.contentType}; the body is ${mediaType === '' ? 'of no stated type' : mediaType}`,
    )
  return {
    hasBody,
    pieces: () => body.pieces(),
    forget: bytes => body.forget(bytes),
    hold: bytes => body.hold(bytes),
  }
}
const noStream: BodyStream = { hasBody: false, async *pieces() {}, forget() {}, hold() {} }

async function readContent(
  route: AnyRoute,
  incoming: IncomingBody,
  headers: Readonly<Record<string, string>>,
  checks: Checks,
): Promise<{ value: unknown; files: FilePart[] }> {
  const bytes = await (route.rawBody?.oversized ? incoming.wholeOrNull() : incoming.whole())
  if (bytes === null || route.rawBody !== undefined) return { value: bytes, files: [] }
  const { essence: mediaType, charset } = mediaTypeOf(headers)
  if (route.multipart !== undefined && mediaType === 'multipart/form-data') {
    const form = await readForm(bytes, headers['content-type']!, route.multipart)
    if (form.files.every(file => file.data.buffer !== bytes.buffer)) incoming.forgetBytes()
    checks.fields!(form.fields)
    return { value: form.fields, files: form.files }
  }
  if (route.multipart?.raw !== undefined && rawTypes.test(mediaType)) {
    const form = readRaw(bytes, mediaType, route.multipart)
    checks.fields!(form.fields)
    return { value: form.fields, files: form.files }
  }
  if (charset !== null && bytes.byteLength > 0 && !utf8Names.has(charset))
    throw new CaduceusError(
      'unsupported_media_type',
      `JSON is read in UTF-8; the body is said to be in ${charset.slice(0, httpLimits.echoedCharactersMax)}`,
    )
  if (checks.body === null || (!isJson(mediaType) && bytes.byteLength > 0))
    throw new CaduceusError(
      'unsupported_media_type',
      `this takes ${acceptable(route)}; the body is ${mediaType === '' ? 'of no stated type' : mediaType.slice(0, httpLimits.echoedCharactersMax)}`,
    )
  const value = bytes.byteLength === 0 ? {} : parseJson(bytes)
  incoming.forgetBytes()
  checks.body(value)
  return { value, files: [] }
}

const addressHolder = (address: string): Holder => `address ${addressGroup(address)}`
/** US-ASCII is a subset of UTF-8. */
const utf8Names = new Set(['utf-8', 'utf8', 'us-ascii'])
const isJson = (mediaType: string): boolean =>
  mediaType === '' || mediaType === 'application/json' || mediaType.endsWith('+json')
const requestIdOf = (given: string | undefined): string | null =>
  given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : null
/**
 * Content types of a file sent as the whole body. The handler reads the real type from the bytes.
 */
const rawTypes = /^(image\/.+|audio\/.+|application\/pdf)$/
const readsBody = (route: AnyRoute): boolean =>
  route.body !== undefined ||
  route.multipart !== undefined ||
  route.rawBody !== undefined ||
  route.streamedBody !== undefined
/**
 * Bound of the body in bytes. A row that takes files also takes JSON, and that JSON has no reason
 * to be as large.
 */
const bodyBytesMax = (route: AnyRoute, mediaType: string, deps: HttpDeps): number =>
  route.streamedBody !== undefined
    ? deps.uploadBytesMax
    : route.multipart === undefined || isJson(mediaType)
      ? jsonBytesMax(route)
      : deps.uploadBytesMax + limits.multipartOverheadBytesMax

const acceptable = (route: AnyRoute): string =>
  [
    ...(route.body === undefined ? [] : ['application/json']),
    ...(route.multipart === undefined ? [] : ['multipart/form-data']),
    ...(route.multipart?.raw === undefined ? [] : ['an image, sound or PDF as it is']),
  ].join(' or ')

function compileRoute(route: AnyRoute, text: TextRules | undefined): Checks {
  const shown = route.ownQuery === true ? undefined : route.query
  const querySchema = shown ?? Type.Object({}, { additionalProperties: false })
  return {
    params: compileCheck(route.params ?? defaultParams(route.path), text),
    querySchema,
    query: compileCheck(querySchema, text),
    body: route.body === undefined ? null : compileCheck(route.body, text),
    fields: route.multipart === undefined ? null : compileCheck(route.multipart.fields, text),
  }
}

/** `:id` and `:..._id` are UUIDs; any other parameter is a short text. */
export function defaultParams(path: string): Type.TSchema {
  return Type.Object(
    Object.fromEntries(
      parameterNames(path).map(name => [
        name,
        name === 'id' || name.endsWith('_id')
          ? Uuid
          : Type.String({ minLength: 1, maxLength: 200 }),
      ]),
    ),
  )
}

function encode(answer: RouteAnswer, headers: Record<string, string>): Answer['body'] {
  const { body } = answer
  if (body === undefined) return ''
  if (body instanceof Uint8Array || isByteStream(body)) return body
  if (typeof body === 'string' && headers['content-type'] !== undefined) return body
  headers['content-type'] ??= 'application/json; charset=utf-8'
  return JSON.stringify(body)
}
