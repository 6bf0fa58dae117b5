/**
 * Reads the configuration from the environment, once at start. A mistake stops the process with one
 * line that names the variable and the remedy. The line never repeats a value that may be secret.
 */
import { firstCurrency } from '../pricing/money.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export class ConfigError extends Error {}

export interface ServiceUrls {
  natsUrl: string | null
  redisUrl: string | null
  databaseUrl: string | null
}

/** The trimmed value, or null when it is unset or blank. */
export function textVariable(environment: Environment, name: string): string | null {
  const value = environment[name]?.trim()
  return value ? value : null
}

/** The URL without slashes at its end, so that paths can be appended. */
export function withoutSlashAtEnd(url: string): string {
  let end = url.length
  while (end > 0 && url[end - 1] === '/') end--
  return url.slice(0, end)
}

/**
 * The value as a whole number, or `fallback` when it is unset. Throws ConfigError for anything else
 * than a whole number from min to max.
 */
export function integerVariable(
  environment: Environment,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const value = textVariable(environment, name)
  if (value === null) return fallback
  // Number() also reads "0x10" and "1e3", which nobody means here.
  const number = /^-?\d+$/.test(value) ? Number(value) : NaN
  if (!Number.isInteger(number) || number < min || number > max)
    throw new ConfigError(
      `${name}: "${value}" is not a whole number from ${min} to ${max}; unset it for the default of ${fallback}`,
    )
  return number
}

/** True for 1; false for 0 and when it is unset. Throws ConfigError for anything else. */
export function flagVariable(environment: Environment, name: string): boolean {
  const given = textVariable(environment, name)
  if (given !== null && given !== '0' && given !== '1')
    throw new ConfigError(`${name}: "${given}" is neither 1 nor 0; unset it for 0`)
  return given === '1'
}

/** The levels that pino knows. */
const logLevels: ReadonlySet<string> = new Set([
  'fatal',
  'error',
  'warn',
  'info',
  'debug',
  'trace',
  'silent',
])

/** LOG_LEVEL, or `info` when it is unset. Throws ConfigError for an unknown level. */
export function logLevelVariable(environment: Environment): string {
  const logLevel = textVariable(environment, 'LOG_LEVEL') ?? 'info'
  if (!logLevels.has(logLevel))
    throw new ConfigError(`LOG_LEVEL: "${logLevel}" is none of ${[...logLevels].join(', ')}`)
  return logLevel
}

/**
 * Whether the text is a URL with one of these schemes (such as `https:`) and a readable user and
 * password.
 */
export function isUrlOf(text: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, host, username, password } = new URL(text)
  try {
    decodeURIComponent(username + password)
  } catch {
    return false
  }
  // A Postgres URL may have no host: the database is then reached by a path after it.
  return schemes.includes(protocol) && (host !== '' || protocol.startsWith('postgres'))
}

/** Whether paths can be appended to the text: an http or https URL without query and fragment. */
export const isBaseUrl = (text: string): boolean =>
  isUrlOf(text, ['http:', 'https:']) && new URL(text).search === '' && new URL(text).hash === ''

/**
 * The URLs of the three services. An embedded process may leave out any of them; a separate engine
 * or edge needs all three. Throws ConfigError.
 */
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
    // NATS_URL may name several servers, separated by commas.
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

/**
 * CURRENCY: the currency of the fees of new orders, as an ISO 4217 code. Throws ConfigError for an
 * unknown code.
 */
export function currencyVariable(environment: Environment): string {
  const code = (textVariable(environment, 'CURRENCY') ?? firstCurrency).toUpperCase()
  if (!Intl.supportedValuesOf('currency').includes(code))
    throw new ConfigError(`CURRENCY: "${code}" is not a currency by ISO 4217, such as EUR or JPY`)
  return code
}
