/**
 * Configuration from the environment, read once at start. A mistake stops the process with one line
 * that names the variable and the mend; values that may be secret are never repeated in it.
 */
import { firstCurrency } from '../pricing/money.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export class ConfigError extends Error {}

export interface ServiceUrls {
  natsUrl: string | null
  redisUrl: string | null
  databaseUrl: string | null
}

/** The value, or null when unset or blank. */
export function textVariable(environment: Environment, name: string): string | null {
  const value = environment[name]?.trim()
  return value ? value : null
}

/** Of an address that paths are appended to. */
export function withoutSlashAtEnd(url: string): string {
  let end = url.length
  while (end > 0 && url[end - 1] === '/') end--
  return url.slice(0, end)
}

/** Throws ConfigError unless unset or a whole number from min to max. */
export function integerVariable(
  environment: Environment,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const value = textVariable(environment, name)
  if (value === null) return fallback
  // Number reads "0x10" and "1e3" too, which nobody means.
  const number = /^-?\d+$/.test(value) ? Number(value) : NaN
  if (!Number.isInteger(number) || number < min || number > max)
    throw new ConfigError(
      `${name}: "${value}" is not a whole number from ${min} to ${max}; unset it for the default of ${fallback}`,
    )
  return number
}

/** Throws ConfigError unless unset, 0 or 1. */
export function flagVariable(environment: Environment, name: string): boolean {
  const given = textVariable(environment, name)
  if (given !== null && given !== '0' && given !== '1')
    throw new ConfigError(`${name}: "${given}" is neither 1 nor 0; unset it for 0`)
  return given === '1'
}

/** Of pino. */
const logLevels: ReadonlySet<string> = new Set([
  'fatal',
  'error',
  'warn',
  'info',
  'debug',
  'trace',
  'silent',
])

/** LOG_LEVEL. Throws ConfigError for a word that is no level. */
export function logLevelVariable(environment: Environment): string {
  const logLevel = textVariable(environment, 'LOG_LEVEL') ?? 'info'
  if (!logLevels.has(logLevel))
    throw new ConfigError(`LOG_LEVEL: "${logLevel}" is none of ${[...logLevels].join(', ')}`)
  return logLevel
}

/** Whether the text is a URL of one of these schemes (`https:`), whose user and password can be read. */
export function isUrlOf(text: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, host, username, password } = new URL(text)
  try {
    decodeURIComponent(username + password)
  } catch {
    return false
  }
  // A database may be reached by a path, which stands behind the host.
  return schemes.includes(protocol) && (host !== '' || protocol.startsWith('postgres'))
}

/** Whether paths can be appended to it: an http or https URL without a query or a fragment. */
export const isBaseUrl = (text: string): boolean =>
  isUrlOf(text, ['http:', 'https:']) && new URL(text).search === '' && new URL(text).hash === ''

/** The three services. Embedded may leave out any of them; an engine or edge of its own needs all. */
export function serviceUrls(
  environment: Environment,
  role: 'embedded' | 'edge' | 'engine',
): ServiceUrls {
  const url = (name: string, schemes: readonly string[], example: string): string | null => {
    const value = textVariable(environment, name)
    if (value === null) {
      if (role === 'embedded') return null
      throw new ConfigError(
        `${name} is not set; an ${role} of its own needs it, for instance ${name}=${example}`,
      )
    }
    // Of the bus there may be several servers.
    for (const one of name === 'NATS_URL' ? value.split(',') : [value])
      if (!isUrlOf(one.trim(), schemes))
        throw new ConfigError(`${name} is not a URL such as ${example}`)
    return value
  }
  return {
    natsUrl: url('NATS_URL', ['nats:', 'tls:'], 'nats://127.0.0.1:4222'),
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:'], 'redis://127.0.0.1:6379'),
    databaseUrl: url(
      'DATABASE_URL',
      ['postgres:', 'postgresql:'],
      'postgres://caduceus@127.0.0.1:5432/caduceus',
    ),
  }
}

/** CURRENCY: of the fees of new orders, by its ISO 4217 code. Throws ConfigError for a code that is none. */
export function currencyVariable(environment: Environment): string {
  const code = (textVariable(environment, 'CURRENCY') ?? firstCurrency).toUpperCase()
  if (!Intl.supportedValuesOf('currency').includes(code))
    throw new ConfigError(`CURRENCY: "${code}" is not a currency by ISO 4217, such as EUR or JPY`)
  return code
}
