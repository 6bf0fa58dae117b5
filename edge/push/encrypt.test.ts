/**
 * The encryption: the example of RFC 8291 byte for byte, and any text opened by another
 * implementation.
 */
import { createECDH, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import t from 'tap'
import fc from '../../protocol/testing/properties.ts'
import { areKeys, encrypt, plainBytesMax } from './encrypt.ts'

/** It has no types. */
const ece = createRequire(import.meta.url)('http_ece') as {
  decrypt(body: Buffer, options: object): Buffer
}
const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')
/** RFC 8291, section 5 and appendix A. */
const rfc = {
  text: 'When I grow up, I want to be a watermelon',
  sender: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  receiver: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
}

t.test('the example of the RFC comes out byte for byte', async t => {
  const sender = createECDH('prime256v1')
  sender.setPrivateKey(bytes(rfc.sender))
  const body = encrypt(Buffer.from(rfc.text), rfc, 0, { sender, salt: bytes(rfc.salt) })
  t.equal(body.toString('base64url'), rfc.body)
})

t.test('another implementation opens each text, and one turned bit opens nothing', async t => {
  const receiver = createECDH('prime256v1')
  receiver.generateKeys()
  const auth = randomBytes(16)
  const keys = { p256dh: receiver.getPublicKey('base64url'), auth: auth.toString('base64url') }
  const open = (body: Buffer): Buffer =>
    ece.decrypt(body, {
      version: 'aes128gcm',
      privateKey: receiver,
      authSecret: keys.auth,
    })
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: plainBytesMax }),
      fc.nat(plainBytesMax + 10),
      (text, paddedTo) => open(encrypt(text, keys, paddedTo)).equals(Buffer.from(text)),
    ),
    { numRuns: 30 },
  )
  const body = encrypt(Buffer.from('text'), keys, 100)
  for (const at of [0, 20, 40, 90, body.length - 1]) {
    const other = Buffer.from(body)
    other[at]! ^= 1
    t.throws(() => open(other), `byte ${at}`)
  }
})

t.test(
  'the length tells nothing up to the padding, and a message fits into 4,096 bytes',
  async t => {
    const length = (count: number): number => encrypt(Buffer.alloc(count), rfc, 1_000).length
    t.equal(length(1), length(1_000))
    t.not(length(1), length(1_001))
    t.equal(encrypt(Buffer.alloc(plainBytesMax), rfc, 0).length - 86, 4_096)
    t.throws(() => encrypt(Buffer.alloc(plainBytesMax + 1), rfc, 0), RangeError)
  },
)

t.test('each message has its own keys', async t => {
  const one = encrypt(Buffer.from('text'), rfc, 0)
  t.notOk(one.equals(encrypt(Buffer.from('text'), rfc, 0)))
})

t.test('keys that are none are recognised', async t => {
  t.ok(areKeys(rfc))
  const offCurve = bytes(rfc.p256dh)
  offCurve[64]! ^= 1
  for (const [p256dh, auth] of [
    ['', rfc.auth],
    [rfc.p256dh, ''],
    [rfc.auth, rfc.auth],
    [rfc.p256dh, `${rfc.auth}AAAA`],
    [offCurve.toString('base64url'), rfc.auth],
    [Buffer.alloc(65).toString('base64url'), rfc.auth],
    [Buffer.concat([Buffer.of(4), Buffer.alloc(64)]).toString('base64url'), rfc.auth],
  ] as const)
    t.notOk(areKeys({ p256dh, auth }), `${p256dh} ${auth}`)
})
