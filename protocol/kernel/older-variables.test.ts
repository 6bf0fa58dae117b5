/** Each variable of the older systems is taken under our name or answered with one line. */
import t from 'tap'
import { ConfigError, type Environment } from './environment.ts'
import { withOlderVariables } from './older-variables.ts'

const said: string[] = []
const read = (environment: Environment): Environment => {
  said.length = 0
  return withOlderVariables(environment, line => said.push(line))
}

t.test('what has a counterpart is taken, and ours wins', async t => {
  for (const [given, ours] of [
    [{ CORS_ALLOWED_ORIGINS: 'http://a,http://b' }, { CORS_ORIGINS: 'http://a,http://b' }],
    [{ SECRET_KEY: 'secret' }, { JWT_SECRET_KEY: 'secret' }],
    [{ REDIS_HOST: 'localhost', REDIS_PORT: '6380' }, { REDIS_URL: 'redis://localhost:6380' }],
    [{ REDIS_HOST: 'cache' }, { REDIS_URL: 'redis://cache:6379' }],
    [{ REDIS_PORT: '6380' }, { REDIS_URL: 'redis://localhost:6380' }],
    [
      { EMAIL_HOST_USER: 'a@gmail.com', EMAIL_HOST_PASSWORD: 'se/cr:et' },
      { SMTP_URL: 'smtps://a%40gmail.com:se%2Fcr%3Aet@smtp.gmail.com' },
    ],
    [{ DEBUG: 'False' }, { NODE_ENV: 'production' }],
  ] as const) {
    t.same(read(given), { ...given, ...ours })
    const [name] = Object.keys(ours)
    t.same(said.length, 1)
    t.ok(said[0]!.includes(`taken as ${name}`), said[0])
    t.notMatch(said[0], /se.?cr|http:/, 'no value is told')
    const both = { ...given, [name!]: 'ours' }
    t.same(read(both), both)
    t.match(said, [new RegExp(`not read: ${name} is set`)])
  }
})

t.test('what has no counterpart, and what needs none, is told', async t => {
  for (const [given, line] of [
    [{ MONGO_URL: 'mongodb://x', DB_NAME: 'y' }, 'MONGO_URL and DB_NAME are not read: no MongoDB'],
    [{ MONGO_URL: 'mongodb://x' }, 'MONGO_URL is not read: no MongoDB'],
    [{ DEBUG: 'True' }, 'DEBUG is not read: NODE_ENV is what it was'],
  ] as const) {
    t.same(read(given), given)
    t.equal(said.length, 1)
    t.ok(said[0]!.startsWith(line), said[0])
  }
  for (const quiet of [{}, { DEBUG: 'express:*' }, { SECRET_KEY: ' ' }, { PORT: '1' }]) {
    t.same(read(quiet), quiet)
    t.same(said, [])
  }
})

t.test('what cannot be taken stops the start with the name of ours', async t => {
  for (const [given, line] of [
    [{ DB_PASSWORD: 'secret' }, /^DB_PASSWORD is not read; set DATABASE_URL/],
    [{ EMAIL_HOST_USER: 'secret' }, /^EMAIL_HOST_USER and EMAIL_HOST_PASSWORD .* SMTP_URL/],
    [{ EMAIL_HOST_PASSWORD: 'secret' }, /^EMAIL_HOST_USER and EMAIL_HOST_PASSWORD .* SMTP_URL/],
    [{ REDIS_HOST: 'secret host' }, /^REDIS_HOST and REDIS_PORT .* REDIS_URL/],
    [{ REDIS_PORT: '99999' }, /^REDIS_HOST and REDIS_PORT .* REDIS_URL/],
    [{ REDIS_HOST: 'a@secret' }, /^REDIS_HOST and REDIS_PORT .* REDIS_URL/],
  ] as const) {
    let refusal: unknown = null
    try {
      read(given)
    } catch (error) {
      refusal = error
    }
    t.ok(refusal instanceof ConfigError, JSON.stringify(given))
    const { message } = refusal as Error
    t.match(message, line)
    t.notMatch(message, /secret|\n/, 'it is one line without a value')
  }
  t.same(read({ DB_PASSWORD: 'x', DATABASE_URL: 'y' }), { DB_PASSWORD: 'x', DATABASE_URL: 'y' })
})
