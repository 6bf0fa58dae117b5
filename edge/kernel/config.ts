/**
 * Configuration of the kernel of an edge, read once from the environment at start. Variables that
 * only one feature reads are in `config.ts` of its folder.
 */
import { resolve } from 'node:path'
import {
  ConfigError,
  currencyVariable,
  flagVariable,
  integerVariable,
  isBaseUrl,
  logLevelVariable,
  serviceUrls,
  textVariable,
  withoutSlashAtEnd,
  type Environment,
  type ServiceUrls,
} from '../../protocol/kernel/environment.ts'
import { countryOf, type CountryCode } from '../../protocol/accounts/phones.ts'
import { normalOrigin } from './origins.ts'
import { socketLimits } from './limits.ts'
import { ownSecret } from './own-secret.ts'
import { readTlsFiles, type TlsFiles } from './tls.ts'

const trustedProxiesMax = 10

/** `embedded`: engine and edge in one process. `edge`: an edge in a process of its own. */
export type EdgeRole = 'embedded' | 'edge'

export interface KernelConfig extends ServiceUrls {
  role: EdgeRole
  host: string
  port: number
  dataDir: string
  /** With these files the edge speaks TLS itself; null: a proxy does, or nobody. */
  tls: TlsFiles | null
  jwtSecret: string
  corsOrigins: string[]
  logLevel: string
  /** Currency of the fees of new orders. Engines need the same setting. */
  currency: string
  /**
   * Public address of this deployment, without a slash at the end; null: the address that the
   * caller used.
   */
  publicUrl: string | null
  /** True for load tests only; /api/health shows it. */
  benchAllowed: boolean
  /**
   * Number of our own proxies in front of the edge; their entries of X-Forwarded-For are believed.
   */
  trustedProxies: number
  /** Sockets that may open in one second. */
  handshakesPerSecond: number
  /** Country whose phone numbers need no country code; null: none. */
  phoneCountry: CountryCode | null
}

/** Throws ConfigError. */
export function readKernelConfig(environment: Environment, role: EdgeRole): KernelConfig {
  const text = (name: string): string | null => textVariable(environment, name)
  const integer = (name: string, fallback: number, min: number, max: number): number =>
    integerVariable(environment, name, fallback, min, max)
  const logLevel = logLevelVariable(environment)
  const dataDir = resolve(text('DATA_DIR') ?? './data')
  const algorithm = text('JWT_ALGORITHM')
  if (algorithm !== null && algorithm !== 'HS256')
    throw new ConfigError(
      `JWT_ALGORITHM: "${algorithm}" is not HS256, which is how tokens are signed here; unset it`,
    )
  return {
    role,
    host: text('HOST') ?? '127.0.0.1',
    port: integer('PORT', 8000, 0, 65_535),
    dataDir,
    tls: readTlsFiles(environment),
    ...serviceUrls(environment, role),
    jwtSecret: jwtSecret(text('JWT_SECRET_KEY'), role, dataDir),
    corsOrigins: corsOrigins(text('CORS_ORIGINS')),
    logLevel,
    currency: currencyVariable(environment),
    publicUrl: publicUrl(text('PUBLIC_URL')),
    benchAllowed: flagVariable(environment, 'BENCH_ALLOWED'),
    trustedProxies: integer('TRUST_PROXY', 0, 0, trustedProxiesMax),
    handshakesPerSecond: integer(
      'HANDSHAKES_PER_SECOND',
      socketLimits.handshakesPerSecondMax,
      1,
      socketLimits.handshakesPerSecondMax,
    ),
    phoneCountry: phoneCountry(text('PHONE_COUNTRY')),
  }
}

function corsOrigins(given: string | null): string[] {
  return (given ?? '')
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
}

function phoneCountry(given: string | null): CountryCode | null {
  if (given === null) return null
  const country = countryOf(given)
  if (country === null)
    throw new ConfigError(`PHONE_COUNTRY: "${given}" is not a country's two letters such as NP`)
  return country
}

function publicUrl(given: string | null): string | null {
  if (given === null) return null
  if (!isBaseUrl(given))
    throw new ConfigError('PUBLIC_URL is not a URL such as https://caduceus.example.org')
  return withoutSlashAtEnd(given)
}

/**
 * The signing key. An embedded edge makes its own key once and keeps it, so that tokens outlive a
 * restart.
 */
function jwtSecret(given: string | null, role: EdgeRole, dataDir: string): string {
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
  return ownSecret(dataDir, 'jwt-secret')
}
