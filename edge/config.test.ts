/**
 * A setting that would be ignored is a mistake. The error is one line that names the variable and
 * tells what to do.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readConfig } from './config.ts'

const given = (environment: Record<string, string>) => () =>
  readConfig(
    { DATA_DIR: join(tmpdir(), 'never'), JWT_SECRET_KEY: 'x'.repeat(32), ...environment },
    'embedded',
  )
const twilio = { TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: 'x', TWILIO_FROM: '+15550001' }

t.test('a setting that would be ignored or misread is refused in one line with its variable', t => {
  const table: [environment: Record<string, string>, line: RegExp][] = [
    [{ GOOGLE_MAPS_URL: 'nope' }, /^GOOGLE_MAPS_URL is not a URL/],
    [
      { GOOGLE_MAPS_URL: 'https://maps.example.org' },
      /^GOOGLE_MAPS_URL is set and GOOGLE_MAPS_API_KEY is not; set that too, or unset it$/,
    ],
    [
      { GOOGLE_MAPS_API_KEY: 'k', GOOGLE_MAPS_URL: 'ftp://maps.example.org' },
      /^GOOGLE_MAPS_URL is not a URL/,
    ],
    [{ NOMINATIM_URL: 'nope' }, /^NOMINATIM_URL is not a URL/],
    [{ OSRM_URL: 'nope' }, /^OSRM_URL is not a URL/],
    [{ MAIL_FROM: 'a@example.org' }, /^MAIL_FROM is set and SMTP_URL is not/],
    [
      { TWILIO_BASE_URL: 'https://api.example.org' },
      /^TWILIO_BASE_URL is set and TWILIO_ACCOUNT_SID/,
    ],
    [{ TWILIO_BASE_URL: 'nope' }, /^TWILIO_BASE_URL is not a URL/],
    [{ S3_REGION: 'eu' }, /^S3_REGION is set and/],
    [{ S3_PUBLIC_URL: 'https://x.example.org' }, /^S3_PUBLIC_URL is set and/],
    [{ WEBHOOK_ALLOW_PRIVATE: 'true' }, /^WEBHOOK_ALLOW_PRIVATE: "true" is neither 1 nor 0/],
    [{ BENCH_ALLOWED: 'yes' }, /^BENCH_ALLOWED: "yes" is neither 1 nor 0/],
    [
      { BENCH_ALLOWED: '1', RATE_LIMIT_AUTH_PER_ACCOUNT: 'many' },
      /^RATE_LIMIT_AUTH_PER_ACCOUNT: "many"/,
    ],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: "loud" is none of/],
    [{ SMTP_URL: 'smtp://%zz:x@mail.example.org' }, /^SMTP_URL is not a URL/],
    [{ SMTP_URL: 'smtp://' }, /^SMTP_URL is not a URL/],
    ...[
      'nats://',
      'nats://127.0.0.1:4222,http://x',
      'nats://127.0.0.1:4222,',
      'nats://%zz:p@127.0.0.1',
      'nats://h:99999',
    ].map(url => [{ NATS_URL: url }, /^NATS_URL is not a URL/] as [Record<string, string>, RegExp]),
    ...['redis://127.0.0.1:1,x', 'redis://', 'redis://%zz@127.0.0.1:1', 'http://127.0.0.1'].map(
      url => [{ REDIS_URL: url }, /^REDIS_URL is not a URL/] as [Record<string, string>, RegExp],
    ),
    ...['postgres://%zz@127.0.0.1/x', 'mysql://127.0.0.1/x'].map(
      url =>
        [{ DATABASE_URL: url }, /^DATABASE_URL is not a URL/] as [Record<string, string>, RegExp],
    ),
    // Text after a query or a fragment would become a part of it.
    ...['https://x.example.org/?a=b', 'https://x.example.org/#a', 'https://'].flatMap(
      url =>
        [
          [{ PUBLIC_URL: url }, /^PUBLIC_URL is not a URL/],
          [{ OSRM_URL: url }, /^OSRM_URL is not a URL/],
          [{ ...twilio, TWILIO_BASE_URL: url }, /^TWILIO_BASE_URL is not a URL/],
        ] as [Record<string, string>, RegExp][],
    ),
    ...['0x10', '1e1', '1.5', '+5'].map(
      text =>
        [{ JWT_ACCESS_TOKEN_EXPIRE_MINUTES: text }, /^JWT_ACCESS_TOKEN_EXPIRE_MINUTES: /] as [
          Record<string, string>,
          RegExp,
        ],
    ),
    [
      { JWT_SECRET_KEY: '', DATA_DIR: fileURLToPath(import.meta.url) },
      /^DATA_DIR: .*; set it to a directory/,
    ],
    [{ JWT_SECRET_KEY: '', DATA_DIR: '/dev/null/x' }, /^DATA_DIR: .*; set it to a directory/],
  ]
  for (const [environment, message] of table) {
    t.throws(given(environment), { message }, JSON.stringify(environment))
    try {
      given(environment)()
    } catch (error) {
      t.notMatch((error as Error).message, /\n/, 'one line')
    }
  }
  const fine: Record<string, string>[] = [
    {},
    { GOOGLE_MAPS_API_KEY: 'k', GOOGLE_MAPS_URL: 'https://maps.example.org/' },
    {
      GOOGLE_MAPS_API_KEY: 'k',
      NOMINATIM_URL: 'http://127.0.0.1:1',
      OSRM_URL: 'http://127.0.0.1:2',
    },
    { SMTP_URL: 'smtp://mail.example.org', MAIL_FROM: 'a@example.org' },
    { ...twilio, TWILIO_BASE_URL: 'https://api.example.org' },
    { NATS_URL: 'nats://a:4222, tls://u:p%40@b' },
    { DATABASE_URL: 'postgresql:///caduceus?host=/var/run/postgresql' },
    { PUBLIC_URL: 'https://x.example.org/caduceus/' },
    { WEBHOOK_ALLOW_PRIVATE: '0', BENCH_ALLOWED: '', LOG_LEVEL: 'silent' },
  ]
  for (const environment of fine) t.doesNotThrow(given(environment), JSON.stringify(environment))
  t.end()
})

t.test('an empty key file gets a new key; a written key stays', t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-config-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  writeFileSync(join(dataDir, 'jwt-secret'), '')
  const secret = given({ JWT_SECRET_KEY: '', DATA_DIR: dataDir })().jwtSecret
  t.match(secret, /^[0-9a-f]{64}$/)
  t.equal(readFileSync(join(dataDir, 'jwt-secret'), 'utf8').trim(), secret)
  t.equal(given({ JWT_SECRET_KEY: '', DATA_DIR: dataDir })().jwtSecret, secret)
  t.end()
})
