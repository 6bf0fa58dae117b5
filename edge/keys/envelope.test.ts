/** The envelope of short secrets: vectors that must never change, and each way to alter one. */
import t from 'tap'
import { readKeysConfig } from './config.ts'
import { DeploymentKey, keyFromText } from './deployment-key.ts'
import { openText, sealText } from './envelope.ts'

const secret = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
const nonce = Buffer.alloc(12, 7)
const place = 'person_keys/0190a5c8-7c1e-7000-8000-00000000abcd'
const hex = secret.toString('hex')

t.test('the envelope never changes', async t => {
  t.equal(
    sealText(secret, 'a-key', place, Buffer.from('a secret'), nonce),
    'c1.a-key.BwcHBwcHBwcHBwcHbkrVOQx9soAtPd7pa4W-0oSmoQKoxNYl',
  )
  t.equal(new DeploymentKey(secret).fingerprint, 'e73400e407573da4')
  const wrapped =
    'c1.e73400e407573da4.tP_OOIskltpvxtdx33giqiNrNed7xe0Mw917duz69pnV8vwaOUK0whWgEET8oXWSNLQZ5nAyW5SiU9eM'
  t.same(new DeploymentKey(secret).unwrap(place, wrapped), Buffer.alloc(32, 1))
})

t.test('what was altered, moved or renamed does not open', async t => {
  const sealed = sealText(secret, 'a-key', place, Buffer.from('a secret'))
  t.same(openText(secret, 'a-key', place, sealed), Buffer.from('a secret'))
  t.equal(openText(secret, 'a-key', `${place}1`, sealed), null, 'of another place')
  t.equal(openText(secret, 'b-key', place, sealed), null, 'of another key id')
  t.equal(openText(secret, 'b-key', place, sealed.replace('a-key', 'b-key')), null, 'renamed')
  t.equal(openText(Buffer.alloc(32), 'a-key', place, sealed), null, 'of another key')
  t.equal(openText(secret, 'a-key', place, ''), null)
  t.equal(openText(secret, 'a-key', place, 'c1.a-key.'), null)
  let refused = 0
  for (let at = 0; at < sealed.length; at++)
    for (let bit = 0; bit < 7; bit++) {
      const changed = Buffer.from(sealed)
      changed[at]! ^= 1 << bit
      if (openText(secret, 'a-key', place, changed.toString('latin1')) === null) refused++
    }
  t.equal(refused, sealed.length * 7, 'every single bit')
  for (let length = 0; length < sealed.length; length++)
    t.equal(openText(secret, 'a-key', place, sealed.slice(0, length)), null)
})

t.test('a key is 32 bytes in one of two spellings', async t => {
  t.same(keyFromText(hex), secret)
  t.same(keyFromText(hex.toUpperCase()), secret)
  t.same(keyFromText(secret.toString('base64')), secret)
  t.same(keyFromText(secret.toString('base64url')), secret)
  for (const wrong of [
    '',
    'secret',
    hex.slice(2),
    `${hex}00`,
    secret.toString('base64').slice(4),
    `${hex.slice(1)}g`,
  ])
    t.equal(keyFromText(wrong), null, wrong)
  const read = (environment: Record<string, string>) =>
    readKeysConfig(environment, { role: 'edge', dataDir: '/nowhere', databaseUrl: null })
  t.throws(() => read({ ENCRYPTION_KEY: 'short' }), {
    message: /^ENCRYPTION_KEY is not 32 bytes in hexadecimal digits or Base64; make one/,
  })
  t.throws(() => read({ ENCRYPTION_KEY_PREVIOUS: hex }), {
    message: /and ENCRYPTION_KEY is not; a rotation/,
  })
  t.throws(() => read({ ENCRYPTION_KEY: hex, ENCRYPTION_KEY_PREVIOUS: hex }), {
    message: /is the same key/,
  })
  t.throws(() => read({ ENCRYPTION_KEY: hex, ENCRYPTION_KEY_PREVIOUS: 'x' }), {
    message: /^ENCRYPTION_KEY_PREVIOUS is not 32 bytes/,
  })
  t.equal(read({}).encryptionKeyFile, null, 'an edge makes none')
  const alone = (databaseUrl: string | null) =>
    readKeysConfig({}, { role: 'embedded', dataDir: '/data', databaseUrl }).encryptionKeyFile
  t.equal(alone(null), '/data/encryption-key', 'beside the database that it is for')
  t.equal(alone('postgres://elsewhere'), null, 'a database elsewhere outlives this disk')
})
