import t from 'tap'
import { hashPassword, verifyPassword } from './passwords.ts'

t.test('argon2id with OWASP\'s parameters', async t => {
  const stored = await hashPassword('password123')
  t.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(stored, await hashPassword('password123'), 'salted')
  t.equal(await verifyPassword(stored, 'password123'), true)
  t.equal(await verifyPassword(stored, 'password124'), false)
})

t.test('an account that does not exist is always wrong, even by the password of the stand-in', async t => {
  t.equal(await verifyPassword(null, 'no account has this password'), false)
})

t.test('a flood is refused and does not queue', async t => {
  const outcomes = await Promise.allSettled(Array.from({ length: 300 }, () => verifyPassword(null, 'x')))
  const refused = outcomes.filter(o => o.status === 'rejected')
  t.equal(refused.length, 300 - 256)
  t.match(refused[0], { reason: { code: 'overloaded' } })
  t.equal(await verifyPassword(null, 'x'), false, 'and afterwards it is open again')
})
