/**
 * Every operation of the API document is called in the name of every role, with bodies, parameters
 * and headers that are made from its schema and broken on purpose. No answer may be a defect of
 * ours, no answer may show a regular expression, and nothing may be left behind. Afterwards a whole
 * request works for people who took no part.
 */
import { rmSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { errorCatalogue, isErrorCode } from '../../protocol/kernel/errors.ts'
import { broken, strange, valid, type Schema } from '../../protocol/testing/broken.ts'
import fc from '../../protocol/testing/properties.ts'
import { startEmbedded } from '../embedded.ts'
import { createWorld, people, type Who } from './access-world.ts'
import { http, newCustomer, newPharmacy, terminal } from './people.ts'

const requestsPerOperation = 16
/** Requests per operation in the second pass, which looks for leaks and not for defects. */
const repeatsPerOperation = 8
const seed = 20_261_129
/**
 * Bytes that a pass may leave in memory, because caches fill and code is compiled. One answer kept
 * for each request would be more.
 */
const growthBytesMax = 24 * 1024 * 1024

const dataDir = await preparedDataDir()
const errors: string[] = []
const log = pino(
  { level: 'error' },
  {
    write: line => {
      errors.push(line)
    },
  },
)
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    BENCH_ALLOWED: '1',
    REGISTRATION: 'open',
    WEBHOOK_ALLOW_PRIVATE: '1',
    PUSH_ALLOW_PRIVATE: '1',
  },
  { log },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url } = embedded
const world = await createWorld(embedded)

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  schema: Schema
}
interface Operation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema?: Schema }> }
}
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document
/** The schema with each reference replaced by the schema that it names. */
const whole = (schema: unknown): Schema =>
  JSON.parse(
    JSON.stringify(schema ?? {}, (_, value: unknown) => {
      const name = (value as { $ref?: string } | null)?.$ref?.split('/').at(-1)
      return name === undefined ? value : document.components.schemas[name]
    }),
  ) as Schema
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
  })),
)

/** Records that exist, by the first word of a path, so that some requests find their record. */
const throwaway = await newCustomer(url)
const { id: assigned, tracking_token: trackingToken } = await world.assignedOrder()
const known: Record<string, string[]> = {
  orders: [assigned, await world.pendingOrder(), await world.orderInCustody()],
  requests: [await world.openRequest()],
  vendors: [world.vendor.pharmacyId, world.otherPharmacy.pharmacyId],
  drivers: [world.driver.driverId],
  ratings: [await world.rating()],
  documents: [(await world.document()).document],
  requirements: [await world.requirement()],
  notifications: [await world.notification()],
  'push-devices': [await world.pushDevice()],
  ledger: [(await world.earnings()).ledgerAccount, await world.correction()],
  conversations: [(await world.conversation()).conversation],
  webhooks: [await world.subscription()],
  devices: [(await world.device()).deviceSecret],
  uploads: [await world.upload()],
  tracking: [trackingToken],
  admin: [throwaway.id],
}
const strangeTexts = strange
  .map(value => (typeof value === 'string' ? value : JSON.stringify(value)))
  .filter(text => text.length < 3_000)
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
/** A browser writes half of a character as the sign for an unknown one. */
const wellFormed = (text: string): string => Buffer.from(text).toString()
const encoded = (text: string): string => encodeURIComponent(wellFormed(text))

const headersOf: Record<string, readonly string[]> = {
  'idempotency-key': ['k', '"quoted"', 'a b', '', 'x'.repeat(201), '\u00e9', 'k, l'],
  'if-match': [
    '*',
    '"1"',
    'W/"1"',
    '"1", "2"',
    '"',
    '1',
    '"999999999999"',
    `${'"1",'.repeat(300)}"1"`,
  ],
  'content-type': [
    'application/json; charset="utf-8"',
    'application/json; charset=utf-16',
    'text/plain',
    'multipart/form-data',
    'multipart/form-data; boundary="',
    'image/png',
    '',
    ';;;',
    'a'.repeat(500),
  ],
  'content-encoding': ['gzip', 'identity', '', 'x'.repeat(200)],
  'x-request-id': ['a', 'a b', 'x'.repeat(500)],
  accept: ['text/html', '*/*;q=0', ',,,;q=', 'application/json;q=2'],
  'x-api-key': ['x', 'cad_nothing', ''],
  authorization: [
    'Basic eDp5',
    'Bearer',
    'Bearer a b',
    'bearer x.y.z',
    `Bearer ${'.'.repeat(3_000)}`,
  ],
  'x-forwarded-for': ['1.2.3.4, nonsense', ':::::', '%00'],
  origin: ['null', 'https://x:99999', 'app://'],
  'accept-language': [';;;'],
  range: ['bytes=9-1'],
  prefer: ['x'],
  'tus-resumable': ['1.0.0', '0.2.2'],
  'upload-length': ['-1', '1e9', '10'],
  'upload-offset': ['0', 'x', '99999999999999'],
  'upload-metadata': ['a b c', 'filename !!!!', ','],
}

interface Request {
  who: Who
  path: string
  query: string
  headers: Record<string, string>
  body: string | FormData | undefined
}

/** Requests of one operation, the same in every run. */
function requestsOf(
  { path, method, operation }: (typeof operations)[number],
  pass: number,
): Request[] {
  const { parameters = [], requestBody } = operation
  const json = requestBody?.content['application/json']?.schema
  const form = requestBody?.content['multipart/form-data']?.schema
  const word = path.split('/').find(part => part !== '' && part !== 'api' && part !== 'v1') ?? ''
  const ids = known[word] ?? [assigned]
  const pathParameter = ({ name, schema }: Parameter): fc.Arbitrary<[string, string]> =>
    fc
      .oneof(
        { weight: 6, arbitrary: fc.constantFrom(...ids) },
        { weight: 2, arbitrary: valid(whole(schema)).map(textOf) },
        { weight: 1, arbitrary: fc.constantFrom(...strangeTexts) },
      )
      .map(value => [name, value])
  const queryParameter = ({ name, schema }: Parameter): fc.Arbitrary<string> =>
    broken(whole(schema)).map(value => `${encoded(name)}=${encoded(textOf(value)).slice(0, 1_500)}`)
  const arbitrary = fc.record({
    path: fc
      .tuple(...parameters.filter(one => one.in === 'path').map(pathParameter))
      .map(values =>
        values.reduce(
          (at, [name, value]) => at.replace(`{${name}}`, encoded(value).slice(0, 1_500) || '%20'),
          path,
        ),
      ),
    query: fc
      .tuple(
        fc.tuple(
          ...parameters
            .filter(one => one.in === 'query')
            .map(one => fc.option(queryParameter(one), { nil: '', freq: 2 })),
        ),
        fc.option(
          fc.constantFrom(
            ...strangeTexts.map(text => `${encoded(text).slice(0, 500)}=1`),
            'limit=1&limit=2',
            '&&&==',
            '%',
            '%ff',
          ),
          { nil: '', freq: 4 },
        ),
      )
      .map(([own, more]) => [...own, more].filter(part => part !== '').join('&')),
    headers: fc
      .subarray(Object.keys(headersOf), { maxLength: 2 })
      .chain(names =>
        fc.tuple(
          ...names.map(name =>
            fc.constantFrom(...headersOf[name]!).map(value => [name, value] as const),
          ),
        ),
      )
      .map(pairs => Object.fromEntries(pairs)),
    json:
      json === undefined
        ? fc.constant(undefined)
        : fc.oneof(
            { weight: 9, arbitrary: broken(whole(json)).map(value => JSON.stringify(value) ?? '') },
            {
              weight: 1,
              arbitrary: fc.constantFrom(
                '{',
                '',
                '[1',
                'nul',
                '{"a":1e999}',
                '"\\ud800"',
                '{"__proto__":{"a":1}}',
                '['.repeat(500) + ']'.repeat(500),
              ),
            },
          ),
    form: form === undefined ? fc.constant(undefined) : broken(whole(form)),
    formFirst: fc.boolean(),
    withHeaders: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  return fc
    .sample(arbitrary, {
      numRuns: pass === 0 ? requestsPerOperation : repeatsPerOperation,
      seed: seed + pass,
    })
    .map((made, i) => {
      const asForm = made.form !== undefined && (made.json === undefined || made.formFirst)
      const body = method === 'GET' ? undefined : asForm ? formOf(made.form) : made.json
      return {
        who: people[i % people.length]!,
        path: made.path,
        query: made.query,
        body,
        headers: {
          ...(typeof body === 'string' && { 'content-type': 'application/json' }),
          ...(made.withHeaders < 0.4 ? made.headers : {}),
        },
      }
    })
}

function formOf(value: unknown): FormData {
  const form = new FormData()
  for (const [name, part] of Object.entries(
    typeof value === 'object' && value !== null ? value : { file: value },
  ))
    if (name === 'file' || name === 'image')
      form.append(name, new Blob([wellFormed(textOf(part))], { type: 'image/png' }), 'a.png')
    else form.append(wellFormed(name), wellFormed(textOf(part)))
  return form
}

/** The reason why no client should get this answer; null for an answer that is right. */
function faultOf(status: number, type: string, text: string): string | null {
  if (status < 400) return null
  if (!type.includes('json'))
    return status === 404 && type.includes('text/html') ? null : `an error as ${type}`
  const {
    code,
    detail = '',
    error = detail,
  } = JSON.parse(text) as { code?: string; detail?: string; error?: string }
  if (!isErrorCode(code)) return `no code of the catalogue: ${String(code)}`
  if (status >= 500 && (code === 'internal' || errorCatalogue[code].http !== 503))
    return `${status} ${code}`
  return /\\[dsw]|\[\^|\(\?|\]\{\d/.test(error) ? `a regular expression: ${error}` : null
}

async function send(
  method: string,
  { who, path, query, headers, body }: Request,
): Promise<string | null> {
  const bearer = world.token(who)
  let response: Response
  try {
    response = await fetch(`${url}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      redirect: 'manual',
      headers: { ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }), ...headers },
      ...(body !== undefined && { body }),
    })
  } catch (error) {
    // The client refuses to send the header, or the server's library cuts the connection for it.
    return (await http(url, 'GET', '/api/health')).status === 200
      ? null
      : `the server is gone: ${String(error)}`
  }
  if (
    response.status === 401 &&
    bearer !== undefined &&
    headers['authorization'] === undefined &&
    headers['x-api-key'] === undefined
  )
    signedOut = true
  return faultOf(response.status, response.headers.get('content-type') ?? '', await response.text())
}

/** True when a valid token was refused. */
let signedOut = false
/** Signs in everybody whom a request in their name has signed out. */
async function signedIn(): Promise<void> {
  if (!signedOut) return
  signedOut = false
  for (const who of people) {
    if (who === 'stranger' || (await world.call(who, 'GET', '/api/auth/me')).status === 200)
      continue
    const person = world[who]
    const { body } = await http(url, 'POST', '/api/auth/login', {
      body: { email: person.email, password: 'password123' },
    })
    if (typeof body.access_token === 'string') person.token = body.access_token
  }
}

async function onePass(pass: number, test: typeof t): Promise<void> {
  let sent = 0
  for (const one of operations) {
    const requests = requestsOf(one, pass)
    const faults: string[] = []
    for (let i = 0; i < requests.length; i += people.length)
      await Promise.all(
        requests.slice(i, i + people.length).map(async request => {
          const fault = await send(one.method, request)
          if (fault !== null)
            faults.push(
              `${fault}: ${request.who} ${one.method} ${request.path.slice(0, 200)}?${request.query.slice(0, 300)} ${JSON.stringify(request.headers).slice(0, 300)} ${typeof request.body === 'string' ? request.body.slice(0, 600) : 'a form'}`,
            )
        }),
      )
    sent += requests.length
    test.same(faults.slice(0, 3), [], one.operation.operationId)
    await signedIn()
  }
  test.ok(sent > 90 * repeatsPerOperation, `${sent} requests of ${operations.length} operations`)
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const used = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}
const connections = (): number =>
  process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length

t.test('no broken request of any role finds a defect', { timeout: 150_000 }, t =>
  onePass(0, t as never),
)

t.test('a second pass leaves nothing behind', { timeout: 150_000 }, async t => {
  const [before, opened] = [used(), connections()]
  await onePass(1, t as never)
  const grown = used() - before
  t.ok(grown < growthBytesMax, `${Math.round(grown / 1024)} kB more than before`)
  t.ok(connections() <= opened + 8, 'no connection is left open')
  t.same(
    errors.map(line => line.slice(0, 600)),
    [],
    'nothing was logged as an error',
  )
})

t.test('afterwards a request of new people is won', async t => {
  const place = { latitude: 12, longitude: 34 }
  const [customer, pharmacy] = [
    await newCustomer(url),
    await newPharmacy(url, 'Untouched', place.latitude, place.longitude),
  ]
  const screen = await terminal(url, pharmacy)
  const { body } = await http(url, 'POST', '/api/requests', {
    token: customer.token,
    body: { ...place, radius_km: 5, quantity: 1 },
  })
  await screen.next('new_request', message => message.request_id === body.request_id)
  screen.send({ type: 'respond', request_id: body.request_id, response_type: 'ACCEPTED' })
  t.equal(
    (await screen.next('response_result', message => message.request_id === body.request_id))
      .outcome,
    'won',
  )
  screen.close()
})
