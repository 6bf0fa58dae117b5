/** What an edge is told by its environment; see CONTRACT's table of variables. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  ConfigError,
  flagVariable,
  integerVariable,
  isBaseUrl,
  isUrlOf,
  logLevelVariable,
  serviceUrls,
  textVariable,
  withoutSlashAtEnd,
  type Environment,
  type ServiceUrls,
} from '../protocol/environment.ts'
import { isUuid } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import { normalOrigin } from './http/origins.ts'
import { countryOf, type CountryCode } from '../protocol/phones.ts'
import { readSmsRules, type SmsRules } from './accounts/sms.ts'
import type { S3Config } from './integrations/storage/s3.ts'
import { readRegistration, type Registration } from './approval/registration.ts'
import { readRateRules, type RateRules } from './rate/rules.ts'

/** How messages leave; null where nothing is configured. */
export interface DeliveryConfig {
  /** NODE_ENV is `production`: no development outbox. */
  production: boolean
  smtp: { url: string; from: string } | null
  twilio: { accountSid: string; authToken: string; from: string; baseUrl: string } | null
}

export interface Config extends ServiceUrls {
  host: string
  port: number
  dataDir: string
  jwtSecret: string
  accessTokenMinutes: number
  refreshTokenDays: number
  corsOrigins: string[]
  uploadDir: string
  uploadBytesMax: number
  /** Where new uploads go instead of uploadDir; null: there. */
  s3: S3Config | null
  logLevel: string
  delivery: DeliveryConfig
  /** Where the outside reaches this deployment, without a slash at the end; null: the address a caller used. */
  publicUrl: string | null
  /** Webhooks may go to private addresses and over http: for tests and for receivers on the same network. */
  webhookAllowPrivate: boolean
  /** The one shop of a deployment that delivers to `/api/webhooks/wc/order-created` itself. */
  shop: { secret: string; vendorId: string } | null
  /** How long after its delivery an order can be followed by its public link, hours. */
  trackingLinkHours: number
  maps: MapsConfig
  /** Set by load tests only: the edge says so in /api/health. */
  benchAllowed: boolean
  /** Null with BENCH_ALLOWED: without limits. */
  rateRules: RateRules | null
  /** How many proxies of ours stand in front; their part of X-Forwarded-For is believed. */
  trustedProxies: number
  /** Sockets that may begin a second. */
  handshakesPerSecond: number
  auditRetentionDays: number
  /** Opens /metrics to a Prometheus on another machine; null: to none. */
  metricsToken: string | null
  /** Whose phone numbers need no country code; null: nobody's. */
  phoneCountry: CountryCode | null
  /** To whom codes go by SMS, and how many. */
  sms: SmsRules
  /** `open`: pharmacies and drivers work as soon as they register; `approval`: after a decision. */
  registration: Registration
}

/** Services that know places; null where there is none. URLs without a slash at the end. */
export interface MapsConfig {
  google: { url: string; apiKey: string } | null
  nominatimUrl: string | null
  osrmUrl: string | null
}

export { ConfigError }

/** Throws ConfigError. */
export function readConfig(environment: Environment, role: 'embedded' | 'edge'): Config {
  const text = (name: string): string | null => textVariable(environment, name)
  const integer = (name: string, fallback: number, min: number, max: number): number =>
    integerVariable(environment, name, fallback, min, max)
  const flag = (name: string): boolean => flagVariable(environment, name)
  const logLevel = logLevelVariable(environment)
  // Also where BENCH_ALLOWED makes them count for nothing: a mistake in them is one all the same.
  const rateRules = readRateRules(environment)
  const dataDir = resolve(text('DATA_DIR') ?? './data')
  const corsOrigins = (text('CORS_ORIGINS') ?? '')
    .split(',')
    .map(s => s.trim())
    .filter(s => s !== '')
    .map(origin => {
      const normal = origin === '*' ? origin : normalOrigin(origin)
      if (normal === null)
        throw new ConfigError(
          `CORS_ORIGINS: "${origin}" is not an origin such as https://app.example.org or capacitor://localhost (no path, no slash at the end), and not *`,
        )
      return normal
    })
  const country = phoneCountry(text('PHONE_COUNTRY'))
  const algorithm = text('JWT_ALGORITHM')
  if (algorithm !== null && algorithm !== 'HS256')
    throw new ConfigError(
      `JWT_ALGORITHM: "${algorithm}" is not HS256, which is how tokens are signed here; unset it`,
    )
  return {
    host: text('HOST') ?? '127.0.0.1',
    port: integer('PORT', 8000, 0, 65_535),
    dataDir,
    ...serviceUrls(environment, role),
    jwtSecret: jwtSecret(text('JWT_SECRET_KEY'), role, dataDir),
    accessTokenMinutes: integer('JWT_ACCESS_TOKEN_EXPIRE_MINUTES', 15, 1, 24 * 60),
    refreshTokenDays: integer('JWT_REFRESH_TOKEN_EXPIRE_DAYS', 7, 1, 365),
    corsOrigins,
    uploadDir: resolve(text('UPLOAD_DIR') ?? `${dataDir}/uploads`),
    uploadBytesMax:
      integer('MAX_UPLOAD_SIZE_MB', limits.uploadMegabytesDefault, 1, 100) * 1024 * 1024,
    s3: s3Config(text),
    logLevel,
    delivery: readDelivery(text),
    publicUrl: publicUrl(text('PUBLIC_URL')),
    webhookAllowPrivate: flag('WEBHOOK_ALLOW_PRIVATE'),
    shop: shop(text('WC_WEBHOOK_SECRET'), text('WC_WEBHOOK_VENDOR_ID')),
    trackingLinkHours: integer('TRACKING_LINK_HOURS', 24, 1, 24 * 365),
    maps: mapsConfig(text),
    benchAllowed: flag('BENCH_ALLOWED'),
    rateRules: flag('BENCH_ALLOWED') ? null : rateRules,
    trustedProxies: integer('TRUST_PROXY', 0, 0, limits.trustedProxiesMax),
    handshakesPerSecond: integer(
      'HANDSHAKES_PER_SECOND',
      limits.handshakesPerSecondMax,
      1,
      limits.handshakesPerSecondMax,
    ),
    metricsToken: metricsToken(text('METRICS_TOKEN')),
    registration: readRegistration(text, role),
    auditRetentionDays: integer(
      'AUDIT_RETENTION_DAYS',
      limits.auditRetentionDaysDefault,
      1,
      36_500,
    ),
    phoneCountry: country,
    sms: readSmsRules(environment, country),
  }
}

function metricsToken(given: string | null): string | null {
  if (given !== null && !/^[\x21-\x7e]{16,200}$/.test(given))
    throw new ConfigError(
      'METRICS_TOKEN must be 16 to 200 visible ASCII characters; unset it where Prometheus runs on the same machine',
    )
  return given
}

function phoneCountry(given: string | null): CountryCode | null {
  if (given === null) return null
  const country = countryOf(given)
  if (country === null)
    throw new ConfigError(`PHONE_COUNTRY: "${given}" is not a country's two letters such as NP`)
  return country
}

function mapsConfig(text: (name: string) => string | null): MapsConfig {
  const url = (name: string): string | null => {
    const given = text(name)
    if (given !== null && !isBaseUrl(given))
      throw new ConfigError(`${name} is not a URL such as https://maps.example.org`)
    return given === null ? null : withoutSlashAtEnd(given)
  }
  const apiKey = text('GOOGLE_MAPS_API_KEY')
  const googleUrl = url('GOOGLE_MAPS_URL')
  if (googleUrl !== null && apiKey === null)
    throw new ConfigError(
      'GOOGLE_MAPS_URL is set and GOOGLE_MAPS_API_KEY is not; set that too, or unset it',
    )
  return {
    google: apiKey === null ? null : { apiKey, url: googleUrl ?? 'https://maps.googleapis.com' },
    nominatimUrl: url('NOMINATIM_URL'),
    osrmUrl: url('OSRM_URL'),
  }
}

/** S3_REGION has a default, because only Amazon's own service looks at it. */
function s3Config(text: (name: string) => string | null): S3Config | null {
  const names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const
  const [endpoint, bucket, accessKeyId, secretAccessKey] = names.map(text)
  if (!endpoint && !bucket && !accessKeyId && !secretAccessKey) {
    const stray = ['S3_REGION', 'S3_PUBLIC_URL'].find(name => text(name) !== null)
    if (stray !== undefined)
      throw new ConfigError(
        `${stray} is set and ${names.join(', ')} are not; set those too, or unset it`,
      )
    return null
  }
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey)
    throw new ConfigError(
      `${names.filter(name => text(name) === null).join(', ')} ${names.filter(name => text(name) === null).length === 1 ? 'is' : 'are'} not set; ${names.join(', ')} belong together`,
    )
  const url = (name: string, given: string): string => {
    if (!isBaseUrl(given))
      throw new ConfigError(`${name} is not a URL such as https://s3.example.org`)
    return withoutSlashAtEnd(given)
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new ConfigError(
      'S3_BUCKET is not the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens',
    )
  return {
    endpoint: url('S3_ENDPOINT', endpoint),
    publicUrl: url('S3_PUBLIC_URL', text('S3_PUBLIC_URL') ?? endpoint),
    bucket,
    accessKeyId,
    secretAccessKey,
    region: text('S3_REGION') ?? 'us-east-1',
  }
}

function publicUrl(given: string | null): string | null {
  if (given === null) return null
  if (!isBaseUrl(given))
    throw new ConfigError('PUBLIC_URL is not a URL such as https://caduceus.example.org')
  return withoutSlashAtEnd(given)
}

function shop(secret: string | null, vendorId: string | null): Config['shop'] {
  if (secret === null && vendorId === null) return null
  if (secret === null)
    throw new ConfigError(
      'WC_WEBHOOK_SECRET is not set, but WC_WEBHOOK_VENDOR_ID is; a shop needs both',
    )
  if (!isUuid(vendorId))
    throw new ConfigError(
      'WC_WEBHOOK_VENDOR_ID is not the id of a pharmacy; WC_WEBHOOK_SECRET needs one whose orders these are',
    )
  return { secret, vendorId }
}

function readDelivery(text: (name: string) => string | null): DeliveryConfig {
  const smtpUrl = text('SMTP_URL')
  if (smtpUrl !== null && !isUrlOf(smtpUrl, ['smtp:', 'smtps:']))
    throw new ConfigError('SMTP_URL is not a URL such as smtps://user:password@smtp.example.org')
  if (smtpUrl === null && text('MAIL_FROM') !== null)
    throw new ConfigError('MAIL_FROM is set and SMTP_URL is not; set that too, or unset it')
  const url = smtpUrl === null ? null : new URL(smtpUrl)
  // Gmail and most others sign in with the very address that sends.
  const user = decodeURIComponent(url?.username ?? '')
  const from = text('MAIL_FROM') ?? (user.includes('@') ? user : null)
  if (url !== null && from === null)
    throw new ConfigError(
      'MAIL_FROM is not set and SMTP_URL names no e-mail; set it to the sender, for instance MAIL_FROM="Caduceus <no-reply@example.org>"',
    )

  const [accountSid, authToken, sender] = [
    text('TWILIO_ACCOUNT_SID'),
    text('TWILIO_AUTH_TOKEN'),
    text('TWILIO_FROM'),
  ]
  const baseUrl = text('TWILIO_BASE_URL') ?? 'https://api.twilio.com'
  if (!isBaseUrl(baseUrl))
    throw new ConfigError('TWILIO_BASE_URL is not a URL such as https://api.twilio.com')
  const given = [accountSid, authToken, sender].filter(value => value !== null).length
  if (given === 0 && text('TWILIO_BASE_URL') !== null)
    throw new ConfigError(
      'TWILIO_BASE_URL is set and TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM are not; set those too, or unset it',
    )
  if (given !== 0 && given !== 3)
    throw new ConfigError(
      'TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM belong together; set all three or none',
    )
  if (accountSid !== null && !/^\w{1,64}$/.test(accountSid))
    throw new ConfigError('TWILIO_ACCOUNT_SID is not an account SID such as AC0123456789abcdef')
  return {
    production: text('NODE_ENV') === 'production',
    smtp: smtpUrl === null || from === null ? null : { url: smtpUrl, from },
    twilio:
      accountSid === null || authToken === null || sender === null
        ? null
        : { accountSid, authToken, from: sender, baseUrl: withoutSlashAtEnd(baseUrl) },
  }
}

/** Embedded makes its own key once and keeps it, so that tokens outlive a restart. */
function jwtSecret(given: string | null, role: string, dataDir: string): string {
  if (given !== null) {
    if (given.length < 32)
      throw new ConfigError(
        'JWT_SECRET_KEY is shorter than 32 characters; make one with: openssl rand -hex 32',
      )
    return given
  }
  if (role !== 'embedded')
    throw new ConfigError(
      'JWT_SECRET_KEY is not set; every edge needs the same one, make it with: openssl rand -hex 32',
    )
  const file = `${dataDir}/jwt-secret`
  try {
    mkdirSync(dataDir, { recursive: true })
    const exists = existsSync(file)
    const kept = exists ? readFileSync(file, 'utf8').trim() : ''
    // A process that died between making the file and writing it leaves an empty one, with which anybody could sign.
    if (kept !== '') return kept
    const secret = randomBytes(32).toString('hex')
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: exists ? 'w' : 'wx' })
    return secret
  } catch (error) {
    throw new ConfigError(
      `DATA_DIR: ${(error as Error).message}; set it to a directory that this process may make and write`,
    )
  }
}
