/**
 * A guesser uses up only the allowance of its own address: the owner of the account and the other
 * ways to sign in keep theirs.
 */
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'

const wrongMax = 5
const edge = await startFixture({ TRUST_PROXY: '1', RATE_LIMIT_AUTH_PER_ACCOUNT: String(wrongMax) })
t.teardown(() => edge.stop())
const { call } = edge
const { messenger } = edge.edge.parts
const from = (address: string) => ({
  ask: (path: string, body: object, token?: string) =>
    call('POST', path, {
      body,
      headers: { 'x-forwarded-for': address },
      ...(token !== undefined && { token }),
    }),
  login: (email: string, password: string) =>
    call('POST', '/api/auth/login', {
      body: { email, password },
      headers: { 'x-forwarded-for': address },
    }),
})
async function codeFor(to: string): Promise<string> {
  await messenger.drain()
  return messenger
    .outbox()
    .find(m => m.to === to && /^\d{6} is your/.test(m.text))!
    .text.slice(0, 6)
}

t.test('many wrong passwords from other addresses do not lock the owner out', async t => {
  const [owner, { email }] = [from('192.0.2.1'), await edge.customer()]
  for (const thief of [from('198.51.100.1'), from('2001:db8:1:2::1')]) {
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => thief.login(email, 'wrong-password')),
    )
    t.equal(answers.filter(answer => answer.status === 401).length, wrongMax)
    t.equal(answers.filter(answer => answer.status === 429).length, 24 - wrongMax)
    t.match(answers.find(answer => answer.status === 429)!.headers.get('retry-after'), /^\d+$/)
  }
  t.equal(
    (await from('2001:db8:1:2:ffff::9').login(email, 'password123')).status,
    429,
    'addresses of one IPv6 network count together',
  )
  t.equal((await owner.login(email, 'password123')).status, 200)
  t.equal((await owner.ask('/api/auth/otp/request', { email })).status, 200)
  t.equal(
    (await owner.ask('/api/auth/otp/verify', { email, otp: await codeFor(email) })).status,
    200,
  )
  t.equal((await owner.ask('/api/auth/password/forgot', { email })).status, 200)
  t.equal(
    (
      await owner.ask('/api/auth/password/reset', {
        email,
        otp: await codeFor(email),
        new_password: 'password456',
      })
    ).status,
    200,
  )
  t.equal(
    (await from('198.51.100.1').ask('/api/auth/password/forgot', { email })).status,
    200,
    'from the guessing address too, because each way to sign in has its own count',
  )
})

t.test('only failed attempts count, for sign-ins and for changes of the password', async t => {
  const [owner, { email, token }] = [from('192.0.2.9'), await edge.customer()]
  for (let i = 0; i < 3 * wrongMax; i++)
    t.equal((await owner.login(email, 'password123')).status, 200)
  for (let i = 1; i < wrongMax; i++)
    t.equal((await owner.login(email, 'wrong-password')).status, 401)
  t.equal(
    (await owner.login(email, 'password123')).status,
    200,
    'a few mistakes do not lock the owner out',
  )
  for (let i = 0; i < wrongMax; i++)
    t.equal(
      (
        await owner.ask(
          '/api/auth/password/change',
          { current_password: 'wrong', new_password: 'password456' },
          token,
        )
      ).status,
      401,
    )
  t.equal(
    (
      await owner.ask(
        '/api/auth/password/change',
        { current_password: 'password123', new_password: 'password456' },
        token,
      )
    ).status,
    429,
    'a stolen token guesses no password',
  )
  t.equal(
    (
      await from('203.0.113.5').ask(
        '/api/auth/password/change',
        { current_password: 'password123', new_password: 'password456' },
        token,
      )
    ).status,
    200,
    'its owner changes the password from another address',
  )
})
