/**
 * The devices of an account on a real edge, with a push service that decrypts: register, try,
 * forget, and what is refused.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { RestClient } from '../../protocol/client/index.ts'
import { newId, startFixture } from '../acceptance/fixture-edge.ts'
import { deleteSignedOut } from './devices.ts'
import { exampleKeys } from './examples.ts'
import { pushService } from './fixture-service.ts'
import { pushLimits } from './limits.ts'

const edge = await startFixture({ PUSH_ALLOW_PRIVATE: '1', RATE_LIMIT_AUTH_PER_ADDRESS: '10000' })
t.teardown(() => edge.stop())
const service = await pushService()
t.teardown(() => service.stop())
const { call, database } = edge
const url = `http://127.0.0.1:${edge.edge.port}`
const apiOf = ({ token }: { token: string }) =>
  new RestClient({ url, tokens: { access_token: token } })
const web = (path: string, more: object = {}) => ({
  kind: 'web',
  endpoint: `http://127.0.0.1:9/${path}`,
  keys: exampleKeys,
  ...more,
})
const register = (by: { token: string }, body: unknown, headers = {}) =>
  call('POST', '/api/push-devices', { token: by.token, body, headers })
const metric = async (labels: string): Promise<string | undefined> =>
  (await call('GET', '/metrics')).body
    .split('\n')
    .find((line: string) => line.startsWith(`caduceus_push_answers_total{${labels}}`))

t.test('a browser subscribes with our key and hears a message in its language', async t => {
  const customer = await edge.customer()
  const api = apiOf(customer)
  const { vapid_public_key: key, kinds, devices } = await api.pushDevices.list()
  t.same(kinds, ['web'])
  t.same(devices, [])
  const { clientHash, ...subscription } = await service.subscribe(key!)
  const device = await api.pushDevices.register({ kind: 'web', ...subscription, locale: 'de-AT' })
  t.match(device, { kind: 'web', failures: 0, last_ok_at: null, service: /^localhost:/ })
  t.notMatch(JSON.stringify(await api.pushDevices.list()), subscription.endpoint, 'a secret')
  t.same(await api.pushDevices.test(device.id), { outcome: 'accepted', answer: '201' })
  t.same(await service.messages(clientHash), [
    { kind: 'test', text: 'Benachrichtigungen erreichen dieses Gerät.' },
  ])
  t.ok((await api.pushDevices.list()).devices[0]!.last_ok_at)
  t.match(await metric('service="web",outcome="accepted",answer="201"'), / 1$/)

  await service.expire(clientHash)
  t.same(await api.pushDevices.test(device.id), { outcome: 'gone', answer: '410' })
  t.same((await api.pushDevices.list()).devices, [], 'a dead address is forgotten')
  t.equal((await call('POST', `/api/push-devices/${device.id}/test`, customer)).status, 404)
})

t.test('only a dead address ends a device', async t => {
  const customer = await edge.customer()
  const api = apiOf(customer)
  const statuses: number[] = []
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const status = statuses.shift()!
      response.writeHead(status, status === 302 ? { location: `${url}/api/health` } : {}).end('x')
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise(resolve => {
    server.once('listening', resolve)
  })
  const { port } = server.address() as AddressInfo
  const at = (path: string) => ({
    kind: 'web' as const,
    endpoint: `http://127.0.0.1:${port}/${path}`,
    keys: exampleKeys,
  })
  const { id } = await api.pushDevices.register(at('a'))
  for (const [status, outcome] of [
    [400, 'refused'],
    [401, 'refused'],
    [403, 'refused'],
    [413, 'refused'],
    [302, 'refused'],
    [429, 'later'],
    [500, 'later'],
    [503, 'later'],
  ] as const) {
    statuses.push(status)
    t.same(await api.pushDevices.test(id), { outcome, answer: String(status) })
  }
  const [kept] = (await api.pushDevices.list()).devices
  t.match(kept, { failures: 8, last_failure: '503' })
  t.equal((await api.pushDevices.register(at('a'))).id, id, 'the same address is the same device')
  t.match((await api.pushDevices.list()).devices, [{ failures: 0 }])
  for (const status of [404, 410]) {
    const one = await api.pushDevices.register(at(String(status)))
    statuses.push(status)
    t.match(await api.pushDevices.test(one.id), { outcome: 'gone' })
  }
  t.same(
    (await api.pushDevices.list()).devices.map(one => one.id),
    [id],
  )
  const silent = (await register(customer, web('nobody'))).body
  t.same(await api.pushDevices.test(silent.id), { outcome: 'later', answer: 'no_answer' })
})

t.test('bad input has its code, field and rule', async t => {
  const customer = await edge.customer()
  for (const [body, field] of [
    [{}, 'kind'],
    [{ kind: 'pigeon', token: 'x' }, 'kind'],
    [{ kind: 'web', keys: exampleKeys }, 'endpoint'],
    [web('x', { keys: undefined }), 'keys'],
    [web('x', { keys: { ...exampleKeys, auth: 'x' } }), 'keys'],
    [web('x', { keys: { ...exampleKeys, p256dh: 'A'.repeat(87) } }), 'keys'],
    [web('x', { keys: { ...exampleKeys, more: 1 } }), 'keys.more'],
    [web('x', { endpoint: 'ftp://127.0.0.1/x' }), 'endpoint'],
    [web('x', { endpoint: `http://127.0.0.1/${'x'.repeat(3_000)}` }), 'endpoint'],
    [web('x', { token: 'x' }), 'token'],
    [web('x', { locale: 'not a language' }), 'locale'],
    [web('x', { app: '' }), 'app'],
    [web('x', { other: 1 }), 'other'],
    [{ kind: 'fcm' }, 'token'],
    [{ kind: 'fcm', token: 'a b' }, 'token'],
    [{ kind: 'apns', token: 'x', endpoint: 'https://example.org' }, 'endpoint'],
    [{ kind: 'apns', token: 'x', keys: exampleKeys }, 'keys'],
  ] as const) {
    const { status, body: problem } = await register(customer, body)
    t.same([status, problem.code], [400, 'invalid_request'], JSON.stringify(body).slice(0, 90))
    t.equal(problem.fields?.[0].field, field)
  }
  const { status, body: problem } = await register(customer, { kind: 'fcm', token: 'x' })
  t.same([status, problem.code], [503, 'delivery_unconfigured'])
  t.equal((await call('GET', '/api/push-devices')).status, 401)
})

t.test('a device belongs to one account, and nobody else finds it', async t => {
  const [first, second] = [await edge.customer(), await edge.customer()]
  const mine = (await register(first, web('shared'))).body
  for (const [method, path] of [
    ['DELETE', `/api/push-devices/${mine.id}`],
    ['POST', `/api/push-devices/${mine.id}/test`],
    ['DELETE', `/api/push-devices/${newId()}`],
  ] as const)
    t.equal((await call(method, path, { token: second.token })).status, 404)
  const theirs = (await register(second, web('shared'))).body
  t.not(theirs.id, mine.id)
  t.same((await apiOf(first).pushDevices.list()).devices, [], 'who signs in on it takes it')
  await apiOf(second).pushDevices.forget(theirs.id)
  t.same((await apiOf(second).pushDevices.list()).devices, [])
})

t.test('the language of the browser counts where none is given', async t => {
  const customer = await edge.customer()
  t.equal(
    (await register(customer, web('l'), { 'accept-language': 'fr, de;q=0.5' })).body.locale,
    'de',
  )
})

t.test('an account keeps so many devices; the one used longest ago goes', async t => {
  const customer = await edge.customer()
  const ids: string[] = []
  for (let i = 0; i < pushLimits.devicesPerAccountMax; i++)
    ids.push((await register(customer, web(`many/${i}`))).body.id)
  await register(customer, web('many/0'))
  await register(customer, web('many/new'))
  const left = (await apiOf(customer).pushDevices.list()).devices.map(one => one.id)
  t.equal(left.length, pushLimits.devicesPerAccountMax)
  t.ok(left.includes(ids[0]!), 'it was registered again')
  t.notOk(left.includes(ids[1]!))
})

t.test('a device ends with the sign-in that registered it', async t => {
  const { email } = await edge.customer()
  const signIn = async () =>
    (await call('POST', '/api/auth/login', { body: { email, password: 'password123' } })).body
  const [one, other] = [await signIn(), await signIn()]
  for (const { access_token: token } of [one, other])
    t.equal((await register({ token }, web(token.slice(-9)))).status, 201)
  const run = () => deleteSignedOut({ database })
  t.same(await run(), { deleted: 0 })
  await call('POST', '/api/auth/logout', {
    token: one.access_token,
    body: { refresh_token: one.refresh_token },
  })
  t.equal((await apiOf({ token: other.access_token }).pushDevices.list()).devices.length, 1)
  t.same(await run(), { deleted: 1 })
})
