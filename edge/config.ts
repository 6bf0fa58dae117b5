/**
 * Configuration from the environment, read once at start. A mistake stops the process with one line
 * that names the variable and the mend.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { limits } from '../protocol/limits.ts'

export interface Config {
  host: string
  port: number
  dataDir: string
  natsUrl: string | null
  redisUrl: string | null
  databaseUrl: string | null
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

export class ConfigError extends Error {}

/** `role`: an edge or engine of its own needs all three URLs; embedded needs none. Throws ConfigError. */
export function readConfig(environment: NodeJS.ProcessEnv, role: 'embedded' | 'edge' | 'engine'): Config {
  const text = (name: string): string | null => {
    const value = environment[name]?.trim()
    return value ? value : null
  }
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const value = text(name)
    if (value === null) return fallback
    const number = Number(value)
    if (!Number.isInteger(number) || number < min || number > max)
      throw new ConfigError(`${name}: "${value}" is not a whole number from ${min} to ${max}; unset it for the default of ${fallback}`)
    return number
  }
  const url = (name: string, schemes: string[]): string | null => {
    const value = text(name)
    if (value === null) {
      if (role !== 'embedded') throw new ConfigError(`${name} is not set; the ${role} needs it, for instance ${name}=${schemes[0]}//127.0.0.1`)
      return null
    }
    if (!URL.canParse(value) || !schemes.includes(new URL(value).protocol))
      throw new ConfigError(`${name} is not a URL that begins with ${schemes.join(' or ')}//`)
    return value
  }
  const natsUrl = url('NATS_URL', ['nats:', 'tls:'])
  const redisUrl = url('REDIS_URL', ['redis:', 'rediss:'])
  const databaseUrl = url('DATABASE_URL', ['postgres:', 'postgresql:'])
  const dataDir = resolve(text('DATA_DIR') ?? './data')
  const corsOrigins = (text('CORS_ORIGINS') ?? '').split(',').map(s => s.trim()).filter(s => s !== '')
  for (const origin of corsOrigins)
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin))
      throw new ConfigError(`CORS_ORIGINS: "${origin}" is not an origin such as https://app.example.org, and not *`)
  return {
    host: text('HOST') ?? '127.0.0.1',
    port: integer('PORT', 8000, 0, 65_535),
    dataDir,
    natsUrl,
    redisUrl,
    databaseUrl,
    jwtSecret: role === 'engine' ? '' : jwtSecret(text('JWT_SECRET_KEY'), role, dataDir),
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
