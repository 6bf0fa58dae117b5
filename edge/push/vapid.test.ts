/** The keys and tokens of this server, compared with another implementation. */
import { createPublicKey } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import webpush from 'web-push'
import { newVapidKeys, publicKeyOf, signingKey, vapidHeader } from './vapid.ts'

const origin = 'https://push.example.org'
const subject = 'mailto:operator@example.org'

t.test('a token says for whom and until when, and its signature is that of the key', async t => {
  const keys = newVapidKeys()
  const nowMs = Date.now()
  const header = await vapidHeader(signingKey(keys), keys.publicKey, origin, subject, nowMs)
  const { token, key } = /^vapid t=(?<token>[\w.-]+), k=(?<key>[\w-]+)$/.exec(header)!.groups!
  t.equal(key, keys.publicKey)
  t.equal(decodeProtectedHeader(token!).alg, 'ES256')
  const { payload } = await jwtVerify(
    token!,
    createPublicKey(signingKey(keys) as unknown as Parameters<typeof createPublicKey>[0]),
    { audience: origin, subject },
  )
  const leftSeconds = payload.exp! - nowMs / 1_000
  t.ok(leftSeconds > 0 && leftSeconds <= 24 * 3_600, 'at most a day')
  t.notMatch(await vapidHeader(signingKey(keys), keys.publicKey, origin, null, nowMs), /undefined/)
})

t.test('another implementation makes the same header but for its signature', async t => {
  const keys = webpush.generateVAPIDKeys()
  t.equal(publicKeyOf(keys.privateKey), keys.publicKey)
  const nowMs = Date.now()
  const theirs = webpush.getVapidHeaders(
    origin,
    subject,
    keys.publicKey,
    keys.privateKey,
    'aes128gcm',
    Math.floor(nowMs / 1_000) + 12 * 3_600,
  ).Authorization
  const ours = await vapidHeader(signingKey(keys), keys.publicKey, origin, subject, nowMs)
  const parts = (header: string) => {
    const [, head, body, key] = /^vapid t=([\w-]+)\.([\w-]+)\.[\w-]+, k=([\w-]+)$/.exec(header)!
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    return [read(head!), read(body!), key]
  }
  t.same(parts(ours), parts(theirs))
  t.doesNotThrow(() =>
    webpush.setVapidDetails(subject, newVapidKeys().publicKey, newVapidKeys().privateKey),
  )
})

t.test('what is no private key has no public one', async t => {
  for (const text of ['', 'x', Buffer.alloc(32).toString('base64url'), 'A'.repeat(100)])
    t.equal(publicKeyOf(text), null, text)
  for (let i = 0; i < 300; i++) {
    const { publicKey, privateKey } = newVapidKeys()
    if (publicKeyOf(privateKey) !== publicKey) t.fail(privateKey)
  }
  t.pass()
})
