/**
 * Access and refresh tokens: the claims that they carry, and the forged, foreign and expired tokens
 * that are refused.
 */
import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto'
import t from 'tap'
import { createTokens } from './tokens.ts'

const jwtSecret = 'a secret of more than thirty-two characters'
const userId = '0190b2a0-0000-7000-8000-000000000001'
const sessionId = '0190b2a0-0000-7000-8000-000000000002'
const nowMs = 1_800_000_000_000
const settings = { jwtSecret, accessTokenMinutes: 15, refreshTokenDays: 7 }
const access = {
  userId,
  role: 'vendor' as const,
  name: 'Ann',
  pharmacyId: sessionId,
  driverId: null,
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const hmac = (text: string, secret = jwtSecret, hash = 'sha256') =>
  createHmac(hash, secret).update(text).digest('base64url')
const payload = {
  typ: 'access',
  role: 'admin',
  name: 'Eve',
  iss: 'caduceus',
  aud: 'caduceus-api',
  sub: userId,
  iat: nowMs / 1000,
  exp: nowMs / 1000 + 600,
}
const forged = (header: object, claims: object, signature = (text: string) => hmac(text)) => {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${signature(text)}`
}
const HS256 = { alg: 'HS256', typ: 'JWT' }

t.test('verification returns the signed claims', async t => {
  const tokens = await createTokens(settings)
  t.same(await tokens.verifyAccess(await tokens.signAccess(access, nowMs), nowMs), {
    ...access,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + 15 * 60_000,
  })
  t.match(
    await tokens.verifyRefresh(await tokens.signRefresh({ userId, sessionId }, nowMs), nowMs),
    { userId, sessionId },
  )
  t.match(
    await tokens.verifyAccess(forged(HS256, payload), nowMs),
    { role: 'admin' },
    'the forged token of this test is accepted while nothing in it is wrong',
  )
})

t.test('a refresh token without the id of a session is refused', async t => {
  const tokens = await createTokens(settings)
  const refresh = (sid: unknown) => forged(HS256, { ...payload, typ: 'refresh', sid })
  t.match(await tokens.verifyRefresh(refresh(sessionId), nowMs), { userId, sessionId })
  for (const sid of [undefined, null, '', 7, "' or 1=1"])
    await t.rejects(tokens.verifyRefresh(refresh(sid), nowMs), { code: 'token_invalid' })
})

t.test('every other token is refused', async t => {
  const tokens = await createTokens(settings)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const good = await tokens.signAccess(access, nowMs)
  t.same(
    await tokens.verifyAccess(good, nowMs),
    await tokens.verifyAccess(good, nowMs),
    'a token that was verified is remembered, which must not help the tokens below',
  )
  const table: [name: string, token: string][] = [
    ['alg none', forged({ alg: 'none', typ: 'JWT' }, payload, () => '')],
    ['alg none with a signature', forged({ alg: 'none' }, payload)],
    ['alg NONE', forged({ alg: 'NONE' }, payload)],
    ['RS256 header over an HMAC', forged({ alg: 'RS256' }, payload)],
    [
      'RS256 by a key of the attacker',
      forged({ alg: 'RS256' }, payload, text =>
        signWith('sha256', Buffer.from(text), privateKey).toString('base64url'),
      ),
    ],
    [
      'HS512 by the right key',
      forged({ alg: 'HS512' }, payload, text => hmac(text, jwtSecret, 'sha512')),
    ],
    [
      'another key',
      forged(HS256, payload, text => hmac(text, 'another secret of more than 32 characters')),
    ],
    ['no signature', `${good.split('.').slice(0, 2).join('.')}.`],
    [
      'another payload under the signature',
      `${good.split('.')[0]}.${part(payload)}.${good.split('.')[2]}`,
    ],
    ['a refresh token', await tokens.signRefresh({ userId, sessionId }, nowMs)],
    ['no typ', forged(HS256, { ...payload, typ: undefined })],
    ['another issuer', forged(HS256, { ...payload, iss: 'other' })],
    ['another audience', forged(HS256, { ...payload, aud: 'other' })],
    ['no expiry', forged(HS256, { ...payload, exp: undefined })],
    ['expired', forged(HS256, { ...payload, exp: nowMs / 1000 - 1 })],
    ['not to be used before later', forged(HS256, { ...payload, nbf: nowMs / 1000 + 60 })],
    ['an unknown role', forged(HS256, { ...payload, role: 'root' })],
    ['a subject that is no id', forged(HS256, { ...payload, sub: "' or 1=1" })],
    ['nothing', ''],
    ['garbage', 'a.b.c'],
    ['a critical extension', forged({ ...HS256, crit: ['x'], x: 1 }, payload)],
  ]
  for (const [name, token] of table)
    await t.rejects(tokens.verifyAccess(token, nowMs), { code: 'token_invalid' }, name)
  await t.rejects(
    tokens.verifyAccess(good, nowMs + 16 * 60_000),
    { code: 'token_invalid' },
    'a token after its end',
  )
  await t.rejects(
    tokens.verifyRefresh(good, nowMs),
    { code: 'token_invalid' },
    'an access token as refresh token',
  )
})
