/** What an edge is told by its environment; see CONTRACT's table of variables. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError, integerVariable, serviceUrls, textVariable, type Environment, type ServiceUrls } from '../protocol/environment.ts'
import { limits } from '../protocol/limits.ts'

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
  logLevel: string
  /** Set by load tests only: the edge says so in /api/health. */
  benchAllowed: boolean
}

export { ConfigError }

/** Throws ConfigError. */
export function readConfig(environment: Environment, role: 'embedded' | 'edge'): Config {
  const text = (name: string): string | null => textVariable(environment, name)
  const integer = (name: string, fallback: number, min: number, max: number): number => integerVariable(environment, name, fallback, min, max)
  const dataDir = resolve(text('DATA_DIR') ?? './data')
  const corsOrigins = (text('CORS_ORIGINS') ?? '').split(',').map(s => s.trim()).filter(s => s !== '')
  for (const origin of corsOrigins)
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin))
      throw new ConfigError(`CORS_ORIGINS: "${origin}" is not an origin such as https://app.example.org, and not *`)
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
    uploadBytesMax: integer('MAX_UPLOAD_SIZE_MB', limits.uploadMegabytesDefault, 1, 100) * 1024 * 1024,
    logLevel: text('LOG_LEVEL') ?? 'info',
    benchAllowed: text('BENCH_ALLOWED') === '1',
  }
}

/** Embedded makes its own key once and keeps it, so that tokens outlive a restart. */
function jwtSecret(given: string | null, role: string, dataDir: string): string {
  if (given !== null) {
    if (given.length < 32) throw new ConfigError('JWT_SECRET_KEY is shorter than 32 characters; make one with: openssl rand -hex 32')
    return given
  }
  if (role !== 'embedded') throw new ConfigError('JWT_SECRET_KEY is not set; every edge needs the same one, make it with: openssl rand -hex 32')
  const file = `${dataDir}/jwt-secret`
  mkdirSync(dataDir, { recursive: true })
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    const secret = randomBytes(32).toString('hex')
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return secret
  }
}
