/**
 * Configuration from the environment, read once at start. A mistake stops the process with one line
 * that names the variable and the mend; values that may be secret are never repeated in it.
 */
export type Environment = Readonly<Record<string, string | undefined>>

export class ConfigError extends Error {}

export interface ServiceUrls { natsUrl: string | null; redisUrl: string | null; databaseUrl: string | null }

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
export function integerVariable(environment: Environment, name: string, fallback: number, min: number, max: number): number {
  const value = textVariable(environment, name)
  if (value === null) return fallback
  const number = Number(value)
  if (!Number.isInteger(number) || number < min || number > max)
    throw new ConfigError(`${name}: "${value}" is not a whole number from ${min} to ${max}; unset it for the default of ${fallback}`)
  return number
}

/** The three services. Embedded may leave out any of them; an engine or edge of its own needs all. */
export function serviceUrls(environment: Environment, role: 'embedded' | 'edge' | 'engine'): ServiceUrls {
  const url = (name: string, schemes: readonly string[], example: string): string | null => {
    const value = textVariable(environment, name)
    if (value === null) {
      if (role === 'embedded') return null
      throw new ConfigError(`${name} is not set; an ${role} of its own needs it, for instance ${name}=${example}`)
    }
    const first = value.split(',')[0]!
    if (!URL.canParse(first) || !schemes.includes(new URL(first).protocol))
      throw new ConfigError(`${name} is not a URL such as ${example}`)
    return value
  }
  return {
    natsUrl: url('NATS_URL', ['nats:', 'tls:'], 'nats://127.0.0.1:4222'),
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:'], 'redis://127.0.0.1:6379'),
    databaseUrl: url('DATABASE_URL', ['postgres:', 'postgresql:'], 'postgres://caduceus@127.0.0.1:5432/caduceus'),
  }
}
