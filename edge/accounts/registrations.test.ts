/**
 * One address may make a bounded number of accounts in a day, over all ways of registering, and
 * does not use up another address's number.
 */
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'

const edge = await startFixture({ TRUST_PROXY: '1', RATE_LIMIT_REGISTRATION_PER_ADDRESS: '3' })
t.teardown(() => edge.stop())

const person = { full_name: 'Ann', phone: '+9779841234567', role: 'user', password: 'password123' }
const from = (address: string) => ({ 'x-forwarded-for': address })
const register = (address: string, email = edge.email()) =>
  edge.call('POST', '/api/auth/register', { headers: from(address), body: { ...person, email } })

t.test('every way of registering counts for the address, and failures do not', async t => {
  const email = edge.email()
  t.equal((await register('203.0.113.1', email)).status, 201)
  t.equal((await register('203.0.113.1', email)).body.code, 'email_taken')
  const pharmacy = {
    email: edge.email(),
    business_name: 'MedPharm',
    phone: person.phone,
    password: person.password,
    latitude: 27.7,
    longitude: 85.3,
  }
  t.equal(
    (
      await edge.call('POST', '/api/vendors/register', {
        headers: from('203.0.113.1'),
        body: pharmacy,
      })
    ).status,
    201,
  )
  const customer = {
    email: edge.email(),
    name: 'Ann',
    phone_number: person.phone,
    password: person.password,
  }
  t.equal(
    (
      await edge.call('POST', '/customer/register', {
        headers: from('203.0.113.1'),
        body: customer,
      })
    ).status,
    201,
  )
  const refused = await register('203.0.113.1')
  t.match(refused, {
    status: 429,
    body: { code: 'too_many_requests', detail: /accounts were made from this address today/ },
  })
  t.ok(
    Number(refused.headers.get('retry-after')) > 3_600,
    'the caller is told to wait for more than an hour',
  )
  t.equal(
    (
      await edge.call('POST', '/api/auth/login', {
        headers: from('203.0.113.1'),
        body: { email, password: person.password },
      })
    ).status,
    200,
    'an account that exists signs in',
  )
})

t.test('each address has its own count, and an IPv6 network has one', async t => {
  t.equal((await register('203.0.113.2')).status, 201)
  for (let i = 1; i <= 3; i++) t.equal((await register(`2001:db8:1:2::${i}`)).status, 201)
  t.equal((await register('2001:db8:1:2:ffff::9')).status, 429)
  t.equal((await register('2001:db8:1:3::1')).status, 201)
})

t.test('the count starts again the next day', async t => {
  edge.clock.skewMs = 24 * 3_600_000 + 1_000
  t.equal((await register('203.0.113.1')).status, 201)
})
