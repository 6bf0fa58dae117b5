/**
 * The API document is linted offline by Redocly's linter. Every example is tried against a whole
 * server; its answer must fit the schema that the document shows and have no field that the schema
 * does not name. An operation without an example fails.
 *
 * The linter checks the recorded answers against their schemas. They are not compared with new
 * answers, because most of an answer differs between two runs. `RECORD_EXAMPLES=1` records them
 * anew.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { pino } from 'pino'
import t from 'tap'
import type Type from 'typebox'
import { Compile } from 'typebox/compile'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { startEmbedded } from '../embedded.ts'
import { archiveOf } from '../streets/samples.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { features } from '../features.ts'
import type { Example } from '../kernel/example.ts'
import { examplesOf, recordedAnswers as answersOf } from '../http/table.ts'
import { label } from '../codes/samples.ts'
import { jpeg, ogg, png } from '../uploads/samples.ts'
import { createWorld } from './access-world.ts'
import { commonValues, filled, preparations, recorded, type Values } from './openapi-world.ts'

/** The operator's services: speech with the same words in every recording, and one address. */
const services = createServer((request, response) => {
  const isSearch = request.url!.startsWith('/search')
  const place = { lat: '27.72', lon: '85.327', display_name: '7 Long Lane, Kathmandu' }
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isSearch ? [place] : { text: 'Paracetamol 500 mg, please.' }))
  })
}).listen(0, '127.0.0.1')
t.teardown(() => services.close())
await once(services, 'listening')
const servicesUrl = `http://127.0.0.1:${(services.address() as AddressInfo).port}`

const recording = process.env['RECORD_EXAMPLES'] === '1'
const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-'))
writeFileSync(join(dataDir, 'map.pmtiles'), archiveOf('vector'))
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    RATE_LIMIT_AUTH_PER_ACCOUNT: '10000',
    WEBHOOK_ALLOW_PRIVATE: '1',
    PUSH_ALLOW_PRIVATE: '1',
    SPEECH_TO_TEXT_URL: `${servicesUrl}/inference`,
    NOMINATIM_URL: servicesUrl,
    SPEECH_TO_TEXT_ALLOW_PRIVATE: '1',
    PAYMENT_METHODS: 'cash,card',
    STRIPE_SECRET_KEY: 'sk_test_1',
    STRIPE_PUBLISHABLE_KEY: 'pk_test_1',
    STRIPE_WEBHOOK_SECRET: 'whsec_1',
    WC_WEBHOOK_SECRET: 'the secret of the shop',
    WC_WEBHOOK_VENDOR_ID: uuidV7(Date.now(), Math.random),
  },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url, edge } = embedded
const examples = examplesOf(features)
/** Tags of routes that are no operations of the API. */
const otherTags = new Set(['pages'])
const source = await (await fetch(`${url}/openapi.json`)).text()
const document = JSON.parse(source) as {
  openapi: string
  paths: Record<string, Record<string, { operationId: string }>>
}
const documented = new Set(
  Object.values(document.paths).flatMap(methods =>
    Object.values(methods).map(operation => operation.operationId),
  ),
)
const rows = edge.routes.filter(
  row => documented.has(row.operationId) && !row.tags.some(tag => otherTags.has(tag)),
)

t.test('every operation has an example and a recorded answer, and none is left over', async t => {
  t.ok(rows.length > 90)
  t.same(
    rows.map(row => row.operationId).filter(id => examples[id] === undefined),
    [],
    'write one in examples.ts of the feature',
  )
  t.same(
    Object.keys(examples).filter(id => !documented.has(id)),
    [],
    'examples whose operation is gone',
  )
  const shown = (row: AnyRoute): boolean => {
    const { schema, contentType } = row.responses[examples[row.operationId]?.status ?? 0] ?? {}
    return schema !== undefined || contentType?.startsWith('text/') === true
  }
  const recordedAnswers = answersOf(features)
  if (!recording)
    t.same(
      rows
        .filter(shown)
        .map(row => row.operationId)
        .filter(id => recordedAnswers[id] === undefined),
      [],
      'record it: RECORD_EXAMPLES=1 npx tap dist/edge/acceptance/openapi.test.js',
    )
  t.same(
    Object.keys(recordedAnswers).filter(id => !documented.has(id)),
    [],
    'answers whose operation is gone',
  )
})

t.test(
  'the linter finds only the mistakes that are put in',
  { skip: recording && 'recording' },
  async t => {
    t.equal(document.openapi.slice(0, 3), '3.1')
    // Every rule of the strict set is an error, and so is an example that does not fit its schema.
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: {
        'no-invalid-media-type-examples': 'error',
        'no-invalid-parameter-examples': 'error',
        'no-invalid-schema-examples': 'error',
        'operation-operationId-unique': 'error',
        'operation-description': 'off',
      },
    })
    const lint = async (text: string): Promise<string[]> =>
      (
        await lintFromString({ source: text, absoluteRef: join(dataDir, 'openapi.json'), config })
      ).map(
        problem =>
          `${problem.ruleId}: ${problem.message.slice(0, 200)} at ${problem.location[0]?.pointer}`,
      )
    t.same(await lint(source), [])
    // The linter must find a missing answer and two wrong examples.
    const broken = structuredClone(document) as any // eslint-disable-line typescript/no-explicit-any -- one look into a deep document
    delete broken.paths['/api/orders'].get.responses['200']
    broken.paths['/api/auth/login'].post.requestBody.content['application/json'].example.email = 7
    broken.paths['/api/auth/login'].post.responses['200'].content[
      'application/json'
    ].example.expires_in = 'soon'
    const found = await lint(JSON.stringify(broken))
    t.ok(
      found.some(line => line.startsWith('operation-2xx-response')),
      'a missing answer is found',
    )
    t.equal(
      found.filter(line => line.startsWith('no-invalid-media-type-examples')).length,
      2,
      'an example that does not fit is found',
    )
  },
)

t.test('every answer to an example fits its schema', { timeout: 120_000 }, async t => {
  const world = await createWorld(embedded)
  const prepare = preparations(embedded, world)
  const common = commonValues(world)
  const emails = new Map(
    [
      world.customer,
      world.otherCustomer,
      world.vendor,
      world.otherPharmacy,
      world.driver,
      world.otherDriver,
    ].map(({ email }) => [email, `${email.split('-')[0]!}@example.com`]),
  )
  const kept: Record<string, unknown> = {}
  // A new password ends other sign-ins, and a logout everywhere ends all of them; so both come
  // last.
  const last = ['changePassword', 'logoutEverywhere']
  const ordered = Object.keys(examples).sort((a, b) => last.indexOf(a) - last.indexOf(b))
  for (const operationId of ordered) {
    const row = rows.find(one => one.operationId === operationId)!
    const values: Values = { ...common, ...(await prepare[operationId]?.()) }
    const example = filled(examples[operationId]!, values)
    const answer = await send(
      row,
      example,
      example.as === undefined ? undefined : world.token(example.as),
    )
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    t.equal(
      answer.status,
      example.status,
      `${operationId}: ${answer.status} ${answer.status === example.status ? '' : text}`,
    )
    const response = row.responses[answer.status]
    if (response === undefined) {
      t.fail(`${operationId}: ${answer.status} is not in the document`)
      continue
    }
    const told = response.schema !== undefined ? 'application/json' : (response.contentType ?? '')
    // A file is sent with its own type.
    if (told !== 'application/octet-stream') t.match(answer.contentType, told, operationId)
    if (told.startsWith('text/'))
      kept[operationId] = recorded(
        text
          .split(/(?<=\n)/)
          .slice(0, 4)
          .join(''),
        values,
        emails,
      )
    if (response.schema === undefined) continue
    const validator = Compile(response.schema)
    t.ok(
      validator.Check(answer.body),
      `${operationId} fits its schema: ${JSON.stringify(validator.Errors(answer.body)).slice(0, 400)}`,
    )
    t.same(
      untold(response.schema, answer.body),
      [],
      `${operationId} has no field that its schema does not name`,
    )
    kept[operationId] = recorded(answer.body, values, emails)
  }
  if (recording)
    for (const feature of features)
      if (feature.answers !== undefined) {
        const own = Object.entries(kept).filter(([id]) => feature.examples?.[id] !== undefined)
        writeFileSync(
          assetUrl(feature.answers),
          `${JSON.stringify(Object.fromEntries(own), null, 1)}\n`,
        )
      }
})

async function send(
  row: AnyRoute,
  example: Example,
  token: string | undefined,
): Promise<{ status: number; contentType: string; body: unknown }> {
  const query = new URLSearchParams(
    Object.entries(example.query ?? {}).map(([name, value]) => [name, String(value)]),
  )
  const path =
    row.path.replaceAll(/:([a-z_]+)/g, (_, name: string) =>
      encodeURIComponent(example.params![name]!),
    ) + (query.size === 0 ? '' : `?${query.toString()}`)
  const headers: Record<string, string> = {
    ...example.headers,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  let body: string | FormData | undefined
  if (example.files !== undefined) {
    body = new FormData()
    for (const [name, value] of Object.entries((example.body as object) ?? {}))
      body.set(name, String(value))
    for (const [name, file] of Object.entries(example.files))
      body.set(name, new Blob([sampleOf(file)]), file)
  } else if (example.raw !== undefined) {
    body = example.raw.text
    headers['content-type'] = example.raw.contentType
  } else if (example.body !== undefined) {
    body = JSON.stringify(example.body)
    headers['content-type'] = 'application/json'
  }
  const response = await fetch(url + path, {
    method: row.method,
    headers,
    ...(body !== undefined && { body }),
  })
  const contentType = response.headers.get('content-type') ?? ''
  return {
    status: response.status,
    contentType,
    body: contentType.includes('json') ? await response.json() : await response.text(),
  }
}

const sampleOf = (file: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    file === 'label.png' ? label : file.endsWith('.png') ? png : file.endsWith('.ogg') ? ogg : jpeg,
  )

interface Shape {
  type?: string
  properties?: Record<string, Type.TSchema>
  patternProperties?: object
  additionalProperties?: unknown
  items?: Type.TSchema
  anyOf?: Type.TSchema[]
  allOf?: Type.TSchema[]
}

/**
 * Fields of a value that its schema does not name. A reader of the document could not know them,
 * and perhaps should not see them.
 */
function untold(schema: Type.TSchema, value: unknown, path = ''): string[] {
  const shape = schema as Shape
  if (shape.anyOf !== undefined) {
    const found = shape.anyOf
      .filter(one => Compile(one).Check(value))
      .map(one => untold(one, value, path))
    return found.find(list => list.length === 0) ?? found[0] ?? []
  }
  if (Array.isArray(value))
    return shape.items === undefined
      ? []
      : value.flatMap((item, i) => untold(shape.items!, item, `${path}.${i}`))
  if (
    typeof value !== 'object' ||
    value === null ||
    shape.properties === undefined ||
    shape.patternProperties !== undefined ||
    shape.additionalProperties === true
  )
    return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const of = shape.properties![name]
    return of === undefined ? [`${path}.${name}`] : untold(of, inner, `${path}.${name}`)
  })
}
