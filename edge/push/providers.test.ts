/**
 * One suite for each push service: a message arrives as it was meant, and every documented error has
 * its consequence. Only a dead address ends a device.
 */
import t from 'tap'
import { apnsKey } from './apns.ts'
import { fcmAccount } from './fcm.ts'
import {
  apnsDouble,
  fcmDouble,
  webDouble,
  type Double,
  type ServiceError,
  type TestClock,
} from './fixture-doubles.ts'
import type { PushMessage, PushVerdict } from './provider.ts'

let skewMs = 0
const clock: TestClock = { nowMs: () => Date.now() + skewMs }
const never = new AbortController().signal
const message = (more: Partial<PushMessage> = {}): PushMessage => ({
  text: 'Größe 3 – «quoted» "text" \u{1F48A}',
  data: { kind: 'order.picked_up', about_id: 'x' },
  topic: 'T'.repeat(32),
  urgent: false,
  expiresAtMs: clock.nowMs() + 600_500,
  ...more,
})
type Row = [ServiceError, PushVerdict['outcome']]
const answers = (rows: readonly (readonly [number, string, PushVerdict['outcome']])[]): Row[] =>
  rows.map(([status, reason, outcome]) => [{ status, reason }, outcome])

/** Each service with the errors of its documents. */
const services: Record<string, { start(clock: TestClock): Promise<Double>; errors: Row[] }> = {
  // RFC 8030, and the documents of Mozilla, Google, Apple and Microsoft.
  web: {
    start: webDouble,
    errors: answers([
      [400, '', 'refused'],
      [401, '', 'refused'],
      [403, '', 'refused'],
      [404, '', 'gone'],
      [406, '', 'refused'],
      [410, '', 'gone'],
      [413, '', 'refused'],
      [429, '', 'later'],
      [500, '', 'later'],
      [502, '', 'later'],
      [503, '', 'later'],
    ]),
  },
  // The table of error codes of FCM HTTP v1.
  fcm: {
    start: fcmDouble,
    errors: answers([
      [400, 'INVALID_ARGUMENT', 'refused'],
      [401, 'THIRD_PARTY_AUTH_ERROR', 'refused'],
      [401, 'UNAUTHENTICATED', 'later'],
      [403, 'SENDER_ID_MISMATCH', 'refused'],
      [403, 'PERMISSION_DENIED', 'refused'],
      [404, 'UNREGISTERED', 'gone'],
      [404, 'NOT_FOUND', 'refused'],
      [429, 'QUOTA_EXCEEDED', 'later'],
      [500, 'INTERNAL', 'later'],
      [503, 'UNAVAILABLE', 'later'],
    ]),
  },
  // The table of reasons of Apple's provider API.
  apns: {
    start: apnsDouble,
    errors: answers([
      [400, 'BadCollapseId', 'refused'],
      [400, 'BadDeviceToken', 'refused'],
      [400, 'BadExpirationDate', 'refused'],
      [400, 'BadMessageId', 'refused'],
      [400, 'BadPriority', 'refused'],
      [400, 'BadTopic', 'refused'],
      [400, 'DeviceTokenNotForTopic', 'refused'],
      [400, 'DuplicateHeaders', 'refused'],
      [400, 'IdleTimeout', 'later'],
      [400, 'InvalidPushType', 'refused'],
      [400, 'MissingDeviceToken', 'refused'],
      [400, 'MissingTopic', 'refused'],
      [400, 'PayloadEmpty', 'refused'],
      [400, 'TopicDisallowed', 'refused'],
      [403, 'BadCertificate', 'refused'],
      [403, 'BadCertificateEnvironment', 'refused'],
      [403, 'ExpiredProviderToken', 'later'],
      [403, 'Forbidden', 'refused'],
      [403, 'InvalidProviderToken', 'refused'],
      [403, 'MissingProviderToken', 'refused'],
      [403, 'UnrelatedKeyIdInToken', 'refused'],
      [403, 'BadEnvironmentKeyIdInToken', 'refused'],
      [404, 'BadPath', 'refused'],
      [405, 'MethodNotAllowed', 'refused'],
      [410, 'ExpiredToken', 'gone'],
      [410, 'Unregistered', 'gone'],
      [413, 'PayloadTooLarge', 'refused'],
      [429, 'TooManyProviderTokenUpdates', 'later'],
      [429, 'TooManyRequests', 'later'],
      [500, 'InternalServerError', 'later'],
      [503, 'ServiceUnavailable', 'later'],
      [503, 'Shutdown', 'later'],
    ]),
  },
}

for (const [name, { start, errors }] of Object.entries(services))
  t.test(name, async t => {
    const { provider, target, received, fail, stop } = await start(clock)
    t.teardown(async () => {
      provider.close()
      await stop()
    })
    const send = (more: Partial<PushMessage> = {}, signal = never) =>
      provider.send(target, message(more), signal)

    t.equal((await send()).outcome, 'accepted')
    const { text, data, topic } = message()
    t.match(received, [{ text, data, topic, urgent: false, endpoint: target.endpoint }])
    t.ok(received[0]!.ttl >= 595 && received[0]!.ttl <= 601, `${received[0]!.ttl} s`)
    t.equal((await send({ urgent: true, topic: null })).outcome, 'accepted')
    t.match(received[1], { urgent: true, topic: null })

    for (const [error, outcome] of errors) {
      fail(error)
      const verdict = await send()
      t.equal(verdict.outcome, outcome, `${error.status} ${error.reason}`)
      t.equal(verdict.answer, error.reason === '' ? String(error.status) : error.reason)
    }
    t.equal(received.length, 2)
    fail({ status: 503, reason: 'UNAVAILABLE', headers: { 'retry-after': '90' } })
    t.match(await send(), { outcome: 'later', retryAfterMs: 90_000 })
    fail({ status: 0, cut: true })
    t.same(await send(), { outcome: 'later', answer: 'no_answer', retryAfterMs: null })
    t.equal((await send({}, AbortSignal.abort())).outcome, 'later', 'an edge that leaves')
    t.equal((await send()).outcome, 'accepted', 'and afterwards it works')
    const many = await Promise.all(Array.from({ length: 30 }, () => send()))
    t.ok(many.every(({ outcome }) => outcome === 'accepted'))
  })

t.test(
  'a token of Firebase is asked for once, kept, renewed, and asked for again when refused',
  async t => {
    const { provider, target, fail, failToken, tokens, stop } = await fcmDouble(clock)
    t.teardown(stop)
    const send = () => provider.send(target, message(), never)
    failToken({ status: 400, reason: 'invalid_grant' })
    t.same(await send(), { outcome: 'later', answer: 'no_token', retryAfterMs: null })
    await Promise.all([send(), send(), send()])
    t.equal(tokens.length, 1)
    skewMs = 56 * 60_000
    t.equal((await send()).outcome, 'accepted')
    t.equal(tokens.length, 2, 'before its end')
    fail({ status: 401, reason: 'UNAUTHENTICATED' })
    t.equal((await send()).outcome, 'later')
    t.equal((await send()).outcome, 'accepted')
    t.equal(tokens.length, 3)
    skewMs = 0
  },
)

t.test(
  "Apple's token is kept for more than 20 minutes and less than an hour, on one connection",
  async t => {
    const { provider, target, tokens, connections, goAway, fail, stop } = await apnsDouble(clock)
    t.teardown(async () => {
      provider.close()
      await stop()
    })
    const send = () => provider.send(target, message(), never)
    await Promise.all([send(), send(), send()])
    skewMs = 30 * 60_000
    await send()
    t.equal(tokens.size, 1)
    t.equal(connections(), 1)
    skewMs = 50 * 60_000
    t.equal((await send()).outcome, 'accepted')
    t.equal(tokens.size, 2)
    skewMs = 0
    goAway()
    while ((await send()).outcome !== 'accepted');
    t.equal(connections(), 2, 'after a goodbye, a new connection')
    fail({ status: 410, reason: 'Unregistered', timestamp: 1_700_000_000_000 })
    t.match(await send(), { outcome: 'gone', sinceMs: 1_700_000_000_000 })
  },
)

t.test('what is no key is recognised', async t => {
  for (const json of ['', '{}', '[]', 'null', '{"project_id":"a/b"}'])
    t.equal(fcmAccount(json), null, json)
  for (const pem of ['', 'x', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'])
    t.equal(apnsKey(pem), null, pem)
})
