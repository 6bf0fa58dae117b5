/**
 * The Postman collection has exactly the operations of the API document, and its requests work as
 * they are against a server. Postman itself is not needed: a request is data with variables.
 */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pino } from 'pino'
import t from 'tap'
import { startEmbedded } from '../../edge/embedded.ts'
import { jpeg } from '../../edge/uploads/samples.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { nameOf, type Collection, type Item } from './collection.ts'

const dataDir = await preparedDataDir()
const server = await startEmbedded(
  { REGISTRATION: 'open', DATA_DIR: dataDir, PORT: '0' },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const tool = fileURLToPath(assetUrl('dist/bench/postman/main.js'))
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [tool, ...args], { maxBuffer: 64 * 1024 * 1024 })
const { stdout } = await run('--url', server.url)
const collection = JSON.parse(stdout) as Collection
const items = collection.item.flatMap(({ item }) => item)

t.test('the requests are exactly the operations of the document', async t => {
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, object>
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  )
  t.ok(operations.length > 150)
  t.same(items.map(nameOf).sort(), operations.sort())
  t.match(collection.info, {
    name: 'Caduceus',
    schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
  })
  const variables = new Set(collection.variable.map(({ key }) => key))
  for (const [, name] of JSON.stringify(collection.item).matchAll(/\{\{(\w+)\}\}/g))
    t.ok(variables.has(name!), `{{${name}}} is a variable`)
  t.notMatch(JSON.stringify(collection.item), /01a1f000-0000/, 'ids of examples are variables')
  for (const one of items)
    for (const { key, value } of [...one.request.header, ...one.request.url.query])
      t.not(value, 'string', `${nameOf(one)}: ${key} has a value that means something`)
})

t.test('its requests work as they are', async t => {
  const values = new Map(collection.variable.map(({ key, value }) => [key, value]))
  const filled = (text: string): string =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values.get(name) ?? '')
  /** Sends a request as Postman does. */
  const send = async (name: string): Promise<{ status: number; body: any }> => {
    const { request } = items.find(one => nameOf(one) === name) as Item
    const path = request.url.path.map(word =>
      word.startsWith(':')
        ? String(request.url.variable.find(({ key }) => key === word.slice(1))?.['value'])
        : word,
    )
    const query = request.url.query.map(({ key, value }) => `${key}=${encodeURIComponent(value)}`)
    const address = filled(`${request.url.host.join('.')}/${path.join('/')}?${query.join('&')}`)
    const form = request.body?.mode === 'formdata' ? new FormData() : null
    for (const part of request.body?.formdata ?? [])
      if (part['type'] === 'file')
        form!.set(part['key'], new Blob([jpeg as Uint8Array<ArrayBuffer>]), part['src'])
      else form!.set(part['key'], filled(String(part['value'])))
    const token = (request.auth as { bearer?: { value: string }[] }).bearer?.[0]?.value
    const body = form ?? (request.body?.mode === 'raw' ? filled(request.body.raw!) : undefined)
    const answer = await fetch(address, {
      method: request.method,
      headers: {
        ...Object.fromEntries(
          request.header
            .filter(({ key }) => form === null || key !== 'Content-Type')
            .map(({ key, value }) => [key, filled(value)]),
        ),
        ...(token !== undefined && { authorization: `Bearer ${filled(token)}` }),
      },
      ...(body !== undefined && { body }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
  }
  const works = async (name: string, status: number) => {
    const answer = await send(name)
    t.equal(answer.status, status, `${name}: ${JSON.stringify(answer.body).slice(0, 300)}`)
    return answer.body
  }
  /** The script of the request says which token it keeps. */
  const signs = async (name: string) => {
    const body = await works(name, 201)
    const script = items.find(one => nameOf(one) === name)!.event![0]!['script'].exec[0] as string
    values.set(/set\('(\w+)'/.exec(script)![1]!, body.access_token)
    return body
  }
  await works('GET /api/health', 200)
  values.set('customer', (await signs('POST /api/auth/register')).user.id)
  values.set('vendor', (await signs('POST /api/vendors/register')).vendor.id)
  values.set('driver', (await signs('POST /api/drivers/register')).driver.id)
  for (const name of ['GET /api/auth/me', 'GET /api/vendors/{id}', 'GET /api/drivers/{id}'])
    await works(name, 200)
  await works('PATCH /api/vendors/{id}', 200)
  await works('GET /customer/profile', 200)
  await works('GET /api/vendors', 200)
  // The pharmacy of the example is far from the customer, who is in another country.
  const own = { latitude: 27.7172, longitude: 85.324 }
  const moved = await fetch(`${server.url}/api/vendors/${values.get('vendor')}`, {
    method: 'PATCH',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${values.get('pharmacy_token')}`,
    },
    body: JSON.stringify(own),
  })
  t.equal(moved.status, 200)
  const asked = await works('POST /medicine/request', 201)
  t.equal(asked.pharmacies_notified, 1, JSON.stringify(asked))
  t.match(asked.data.image, /^http/, 'the picture of the form was sent')
  values.set('request', asked.request_id)
  await works('POST /medicine/response', 201)
  await works('GET /api/requests/{id}', 200)
})

t.test('a server that does not answer is one line', async t => {
  await t.rejects(run('--url', 'http://127.0.0.1:1'), { code: 64, stderr: /--url: .*not answer/ })
})
