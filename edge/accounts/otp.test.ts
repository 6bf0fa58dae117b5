/**
 * One-time codes as the documents of the older systems describe them, delivered by a real SMTP
 * server and a stand-in for Twilio.
 */
import t from 'tap'
import { mailServer, smsServer } from '../messenger/fixture.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'

t.test('codes by e-mail and by SMS work as the documents describe', async t => {
  const [mail, sms] = await Promise.all([mailServer(), smsServer()])
  const edge = await startFixture({ ...mail.environment, ...sms.environment })
  t.teardown(async () => {
    await edge.stop()
    await mail.stop()
    await sms.stop()
  })
  const { call } = edge
  const delivered = () => edge.edge.parts.messenger.drain()
  const mailedCode = () => /^(\d{6}) is your/m.exec(mail.mails.at(-1)!.text)![1]!

  // sanjevani-broadcast.md, endpoints 1 to 3 in their order: the e-mail is verified before there is
  // an account.
  t.match(await call('POST', '/send-otp', { body: { email: 'user@example.com' } }), {
    status: 200,
    body: { message: 'OTP sent successfully' },
  })
  await delivered()
  t.same(mail.mails.at(-1)!.to, ['user@example.com'])
  const wrong = await call('POST', '/verify-otp', {
    body: { email: 'user@example.com', otp: mailedCode() === '123456' ? '654321' : '123456' },
  })
  t.equal(wrong.status, 400)
  t.same(Object.keys(wrong.body).toSorted(), ['code', 'error'], "in the older API's shape")
  const verified = await call('POST', '/verify-otp', {
    body: { email: 'user@example.com', otp: mailedCode() },
  })
  t.match(verified, {
    status: 200,
    body: { message: 'Email verified successfully', verification_token: String },
  })
  const proof = verified.body.verification_token as string
  const registration = {
    email: 'user@example.com',
    password: 'securepassword123',
    name: 'John Doe',
    phone_number: '9841234567',
  }
  t.match(
    await call('POST', '/customer/register/', {
      body: { ...registration, email: 'other@example.com', verification_token: proof },
    }),
    { status: 400, body: { code: 'code_wrong' } },
    'the proof of another e-mail is refused',
  )
  const made = await call('POST', '/customer/register/', {
    body: { ...registration, verification_token: proof },
  })
  t.equal(made.status, 201)
  t.equal(
    (await call('GET', '/api/auth/me', { token: made.body.access })).body.email_verified,
    true,
  )
  t.match(
    await call('POST', '/api/auth/register', {
      body: {
        email: 'USER2@example.com',
        full_name: 'J',
        phone: '+1',
        role: 'user',
        password: 'password123',
        verification_token: proof,
      },
    }),
    { status: 400 },
    'a proof is used once',
  )

  // A pharmacy and a driver prove their mailboxes in the same way.
  const proofOf = async (email: string): Promise<string> => {
    await call('POST', '/api/auth/otp/request', { body: { email } })
    await delivered()
    return (await call('POST', '/api/auth/otp/verify', { body: { email, otp: mailedCode() } })).body
      .verification_token
  }
  const pharmacy = {
    email: 'pharmacy@example.com',
    business_name: 'MedPharm Inc',
    phone: '+1234567000',
    password: 'password123',
    latitude: 40.7,
    longitude: -74,
  }
  t.match(
    await call('POST', '/api/vendors/register', {
      body: { ...pharmacy, verification_token: 'guessed' },
    }),
    { status: 400, body: { code: 'code_wrong' } },
  )
  const registered = await call('POST', '/api/vendors/register', {
    body: { ...pharmacy, verification_token: await proofOf(pharmacy.email) },
  })
  t.match(
    registered,
    { status: 201, body: { user: { email_verified: true } } },
    'the refused registration left nothing behind',
  )
  const driver = {
    email: 'driver@example.com',
    full_name: 'Driver Name',
    phone: '+1234567001',
    password: 'password123',
    vendor_id: registered.body.vendor.id,
    vehicle_type: 'bike',
  }
  t.match(
    await call('POST', '/api/drivers/register', {
      body: { ...driver, verification_token: await proofOf('another@example.com') },
    }),
    { status: 400, body: { code: 'code_wrong' } },
  )
  t.match(
    await call('POST', '/api/drivers/register', {
      body: { ...driver, verification_token: await proofOf(driver.email) },
    }),
    { status: 201, body: { user: { email_verified: true } } },
  )

  // ride-backend-enhancements.md, "OTP Login Flow".
  const person = await edge.customer()
  t.equal((await call('GET', '/api/auth/me', { token: person.token })).body.phone_verified, false)
  t.match(await call('POST', '/api/v1/auth/otp/request', { body: { phone: '+1234567890' } }), {
    status: 200,
  })
  await delivered()
  t.match(sms.requests.at(-1), {
    path: 'POST /2010-04-01/Accounts/AC123/Messages.json',
    form: { To: '+1234567890', From: '+15550001' },
  })
  const sentCode = () => /^\d{6}/.exec(sms.requests.at(-1)!.form['Body']!)![0]
  t.match(
    await call('POST', '/api/v1/auth/otp/verify', {
      token: person.token,
      body: { phone: '+1234567890', otp: sentCode() },
    }),
    {
      status: 200,
      body: {
        message: 'Phone verified successfully',
        user: { id: person.id, phone_verified: true },
      },
    },
    'the account proves its phone',
  )
  await call('POST', '/api/v1/auth/otp/request', { body: { phone: '+1234567890' } })
  await delivered()
  const otp = sentCode()
  const entered = await call('POST', '/api/v1/auth/otp/verify', {
    body: { phone: '+1234567890', otp },
  })
  t.match(entered, {
    status: 200,
    body: {
      user: { id: person.id, phone_verified: true },
      access_token: String,
      refresh_token: String,
    },
  })
  const refreshed = await call('POST', '/api/v1/auth/refresh', {
    body: { refresh_token: entered.body.refresh_token },
  })
  t.equal(refreshed.status, 200)
  t.equal(
    (
      await call('POST', '/api/v1/auth/logout', {
        token: refreshed.body.access_token,
        body: { refresh_token: refreshed.body.refresh_token },
      })
    ).status,
    200,
  )
  t.equal(
    (
      await call('POST', '/api/v1/auth/refresh', {
        body: { refresh_token: refreshed.body.refresh_token },
      })
    ).status,
    401,
  )
})

t.test('production without a mail server refuses to send a code', async t => {
  const edge = await startFixture({ NODE_ENV: 'production' })
  t.teardown(() => edge.stop())
  const person = await edge.customer()
  for (const [path, body] of [
    ['/send-otp', { email: person.email }],
    ['/send-otp', { email: 'nobody@example.com' }],
    ['/api/auth/otp/request', { phone: '+1234567890' }],
    ['/api/v1/auth/otp/request', { phone: '+1999' }],
    ['/api/auth/password/forgot', { email: person.email }],
  ] as const)
    t.match(
      await edge.call('POST', path, { body }),
      { status: 503, body: { code: 'delivery_unconfigured' } },
      path,
    )
  t.same((await edge.database.pool.query('select * from one_time_codes')).rows, [])
})
