/** Codes at the door: each is bound to its order, driver, assignment and number. */
import { createPublicKey, randomUUID, verify } from 'node:crypto'
import t from 'tap'
import { isPin, isQr, pinOf, publicKeyOf, qrOf, type CodeBinding } from './codes.ts'

const config = { jwtSecret: 'a secret of more than thirty-two characters' }
const other = { jwtSecret: 'another secret of more than thirty-two' }
const nowMs = 1_800_000_000_000
const binding: CodeBinding = {
  orderId: randomUUID(),
  driverId: randomUUID(),
  assignmentId: randomUUID(),
  generation: 0,
}
const others: CodeBinding[] = [
  { ...binding, orderId: randomUUID() },
  { ...binding, driverId: randomUUID() },
  { ...binding, assignmentId: randomUUID() },
  { ...binding, generation: 1 },
]

t.test('a QR opens its own hand-over alone, until it ends', async t => {
  const { text, expiresAtMs } = qrOf(config, binding, nowMs)
  t.ok(isQr(config, binding, text, nowMs))
  t.ok(isQr(config, binding, text, expiresAtMs - 1))
  t.notOk(isQr(config, binding, text, expiresAtMs))
  for (const one of others) t.notOk(isQr(config, one, text, nowMs))
  t.notOk(isQr(other, binding, text, nowMs), 'another deployment')
  for (let i = 0; i < text.length; i += 7) {
    const bad = `${text.slice(0, i)}${text[i] === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`
    t.notOk(isQr(config, binding, bad, nowMs), `changed at ${i}`)
  }
  for (const bad of ['', ':', text.slice(0, -4), `${text}:`, text.replaceAll(':', '')])
    t.notOk(isQr(config, binding, bad, nowMs))
})

t.test('a phone without a connection checks a QR with the public key', async t => {
  const { text } = qrOf(config, binding, nowMs)
  const end = text.lastIndexOf(':')
  const key = createPublicKey({
    key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(publicKeyOf(config), 'base64'),
    ]),
    format: 'der',
    type: 'spki',
  })
  const signature = Buffer.from(text.slice(end + 1), 'base64url')
  t.ok(verify(null, Buffer.from(text.slice(0, end)), key, signature))
  t.notOk(verify(null, Buffer.from(text.slice(1, end)), key, signature))
})

t.test('a PIN has six digits and is another one for every binding', async t => {
  const pin = pinOf(config, binding)
  t.match(pin, /^\d{6}$/)
  t.ok(isPin(config, binding, pin))
  t.notOk(isPin(config, binding, pin.slice(1)))
  t.notOk(isPin(config, binding, ''))
  t.equal(new Set([...others, binding].map(one => pinOf(config, one))).size, 5)
  t.not(pinOf(other, binding), pin)
})
