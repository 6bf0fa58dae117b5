/** The hashes of passwords, and the bounds of their number. */
import t from 'tap'
import { hashesPerAddressMax, hashesRetrySeconds, hashesWaitingMax } from './limits.ts'
import { hashPassword, verifyPassword } from './passwords.ts'

t.test("passwords are hashed by argon2id with OWASP's parameters", async t => {
  const stored = await hashPassword('password123')
  t.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(stored, await hashPassword('password123'), 'each hash has its own salt')
  t.equal(await verifyPassword(stored, 'password123'), true)
  t.equal(await verifyPassword(stored, 'password124'), false)
})

t.test('no password opens an unknown account, not even that of the stand-in hash', async t => {
  t.equal(await verifyPassword(null, 'no account has this password'), false)
})

t.test('a flood is refused beyond the bound of all hashes', async t => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: hashesWaitingMax + 44 }, () => verifyPassword(null, 'x')),
  )
  const refused = outcomes.filter(o => o.status === 'rejected')
  t.equal(refused.length, 44)
  t.match(refused[0], { reason: { code: 'overloaded' } })
  t.equal(await verifyPassword(null, 'x'), false, 'afterwards a hash is made again')
})

t.test('a flood from one address is bounded, and no other address waits for it', async t => {
  const answered: string[] = []
  const flood = Array.from({ length: 100 }, () =>
    verifyPassword(null, 'x', '198.51.100.7').then(
      () => answered.push('flood'),
      (error: unknown) => error,
    ),
  )
  const honest = verifyPassword(null, 'x', '192.0.2.1').then(() => answered.push('honest'))
  await honest
  t.ok(
    answered.length <= hashesPerAddressMax / 2,
    `the honest one is answered as number ${answered.length} and waits for no more than a share`,
  )
  const refused = (await Promise.all(flood)).filter(outcome => typeof outcome === 'object')
  t.equal(refused.length, 100 - hashesPerAddressMax)
  t.match(refused[0], { code: 'overloaded', retryAfterSeconds: hashesRetrySeconds })
})
