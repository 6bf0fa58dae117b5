/** The variables of the services for apps: whole or not at all, and a mistake has its name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readAppPushConfig } from './app-config.ts'
import { apnsDouble, fcmDouble } from './fixture-doubles.ts'

const clock = { nowMs: Date.now }
const firebase = await fcmDouble(clock)
const apple = await apnsDouble(clock)
const folder = mkdtempSync(join(tmpdir(), 'caduceus-'))
t.teardown(async () => {
  rmSync(folder, { recursive: true, force: true })
  await Promise.all([firebase.stop(), apple.stop()])
})
const apns = {
  APNS_KEY: apple.pem,
  APNS_KEY_ID: 'KEY1234567',
  APNS_TEAM_ID: 'TEAM123456',
  APNS_TOPIC: 'org.example.app',
}

t.test('keys come in the variable or in a file', async t => {
  t.same(readAppPushConfig({}), { fcm: null, apns: null })
  const files = { account: join(folder, 'account.json'), key: join(folder, 'key.p8') }
  writeFileSync(files.account, firebase.json)
  writeFileSync(files.key, apple.pem)
  for (const environment of [
    { FCM_SERVICE_ACCOUNT: firebase.json, ...apns },
    { FCM_SERVICE_ACCOUNT: files.account, ...apns, APNS_KEY: files.key },
    { FCM_SERVICE_ACCOUNT: firebase.json, ...apns, APNS_KEY: apple.pem.replaceAll('\n', '\\n') },
  ])
    t.match(readAppPushConfig(environment), {
      fcm: { account: { projectId: 'project-1' }, baseUrl: 'https://fcm.googleapis.com' },
      apns: { account: { topic: 'org.example.app' }, baseUrl: 'https://api.push.apple.com' },
    })
  t.match(readAppPushConfig({ ...apns, APNS_URL: 'https://api.sandbox.push.apple.com/' }), {
    apns: { baseUrl: 'https://api.sandbox.push.apple.com' },
  })
})

t.test('a mistake is named with its variable', async t => {
  for (const [environment, line] of [
    [{ FCM_SERVICE_ACCOUNT: '{}' }, /^FCM_SERVICE_ACCOUNT is not the JSON/],
    [{ FCM_SERVICE_ACCOUNT: join(folder, 'none') }, /^FCM_SERVICE_ACCOUNT is neither/],
    [{ FCM_URL: 'https://x.example.org' }, /^FCM_URL is set and FCM_SERVICE_ACCOUNT is not/],
    [{ FCM_SERVICE_ACCOUNT: firebase.json, FCM_URL: 'x' }, /^FCM_URL is not a URL/],
    [{ ...apns, APNS_TOPIC: '' }, /APNS_TOPIC is not set$/],
    [{ ...apns, APNS_KEY: '-----BEGIN nothing' }, /^APNS_KEY is not a key/],
    [{ ...apns, APNS_KEY_ID: 'x' }, /^APNS_KEY_ID has ten/],
    [{ APNS_URL: 'https://x.example.org' }, /^APNS_URL is set and APNS_KEY is not/],
  ] as [Record<string, string>, RegExp][])
    t.throws(() => readAppPushConfig(environment), line)
})

t.test('a key in another form is not in the message', async t => {
  const key = Buffer.from(firebase.json).toString('base64')
  const message = await Promise.resolve()
    .then(() => readAppPushConfig({ FCM_SERVICE_ACCOUNT: key }))
    .then(
      () => '',
      (error: Error) => error.message,
    )
  t.match(message, /^FCM_SERVICE_ACCOUNT is neither .*: ENAMETOOLONG$/)
})
