/**
 * The flag of an e-mail that was verified before registering, under the names of the broadcast
 * backend: it counts once, within an hour, for the same address and the same program. Otherwise the
 * e-mail is unproven, and the account is made all the same.
 */
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { accountLimits } from './account-limits.ts'

const edge = await startFixture({ TRUST_PROXY: '1', RATE_LIMIT_AUTH_PER_ADDRESS: '10000' })
t.teardown(() => edge.stop())
const { call, clock } = edge
const { messenger, database } = edge.edge.parts

interface Place {
  address: string
  agent: string
}
const home: Place = { address: '192.0.2.1', agent: 'MedicineApp/1.0' }
const post = (path: string, body: object, { address, agent }: Place) =>
  call('POST', path, { body, headers: { 'x-forwarded-for': address, 'user-agent': agent } })

/** Reads the code of the mailbox and shows it, from this place. Returns the proof. */
async function prove(email: string, place: Place): Promise<string> {
  t.equal((await post('/send-otp/', { email }, place)).status, 200)
  await messenger.drain()
  const { text } = messenger.outbox().find(one => one.to === email)!
  const { status, body } = await post('/verify-otp/', { email, otp: text.slice(0, 6) }, place)
  t.equal(status, 200)
  return body.verification_token
}
/** Registers from this place, and says whether the e-mail counts as proven. */
async function register(email: string, place: Place, more: object = {}): Promise<boolean> {
  const body = { email, password: 'password123', name: 'Ann', phone_number: '+15550100', ...more }
  const answer = await post('/customer/register/', body, place)
  t.equal(answer.status, 201)
  const { email_verified } = (await call('GET', '/api/auth/me', { token: answer.body.access })).body
  return email_verified
}

t.test('from the same address and program it counts, with the e-mail in any spelling', async t => {
  const email = edge.email()
  await prove(email, home)
  t.equal(await register(email.toUpperCase(), home), true)
})

t.test('from elsewhere it does not, and the proof of the answer does', async t => {
  const elsewhere: Place[] = [
    { ...home, address: '198.51.100.7' },
    { ...home, agent: 'curl/8' },
    { ...home, agent: '' },
  ]
  for (const place of elsewhere) {
    const email = edge.email()
    await prove(email, home)
    t.equal(await register(email, place), false, JSON.stringify(place))
  }
  const email = edge.email()
  const verification_token = await prove(email, home)
  t.equal(await register(email, elsewhere[0]!, { verification_token }), true)
})

t.test('it is for one e-mail', async t => {
  await prove(edge.email(), home)
  t.equal(await register(edge.email(), home), false)
})

t.test('it counts within an hour', async t => {
  t.equal(accountLimits.emailProofLifeMs, 3_600_000)
  for (const [lateMs, counts] of [
    [accountLimits.emailProofLifeMs - 60_000, true],
    [accountLimits.emailProofLifeMs + 1, false],
  ] as const) {
    const email = edge.email()
    await prove(email, home)
    clock.skewMs += lateMs
    t.equal(await register(email, home), counts, `${lateMs} ms later`)
  }
})

t.test('it counts once', async t => {
  const email = edge.email()
  await prove(email, home)
  t.equal(await register(email, home), true)
  // The account gives the address up; the proof was spent with it.
  await database.pool.query(
    `update users set email = 'other-' || email, email_verified_at = null where email = $1`,
    [email],
  )
  t.equal(await register(email, home), false)
})

t.test('of two who register at once with one proof, one has it', async t => {
  const email = edge.email()
  await prove(email, home)
  const body = { email, password: 'password123', name: 'Ann', phone_number: '+15550100' }
  const answers = await Promise.all([
    post('/customer/register/', body, home),
    post('/customer/register/', body, home),
  ])
  const flags = await Promise.all(
    answers
      .filter(({ status }) => status === 201)
      .map(
        async one =>
          (await call('GET', '/api/auth/me', { token: one.body.access })).body.email_verified,
      ),
  )
  t.equal(flags.filter(flag => flag === true).length, 1)
})
