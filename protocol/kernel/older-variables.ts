/**
 * The variables of the systems that this one replaces. Each is taken under our name, or refused
 * with a line that names ours, or told to have no counterpart. None is ignored in silence, because
 * its owner would believe that it works.
 */
import { ConfigError, isUrlOf, textVariable, type Environment } from './environment.ts'

interface Older {
  /** The variables that are read together. */
  names: readonly string[]
  /** Our variable; it wins when it is set. Null: there is no counterpart. */
  ours: string | null
  /**
   * Our value. Null: they need nothing here, as `why` says. Throws ConfigError. Absent: the one
   * variable has our form already.
   */
  value?(environment: Environment): string | null
  why?: string
}

const gmail = 'smtp.gmail.com'
const older: readonly Older[] = [
  { names: ['CORS_ALLOWED_ORIGINS'], ours: 'CORS_ORIGINS' },
  { names: ['SECRET_KEY'], ours: 'JWT_SECRET_KEY' },
  {
    names: ['REDIS_HOST', 'REDIS_PORT'],
    ours: 'REDIS_URL',
    value(environment) {
      const host = textVariable(environment, 'REDIS_HOST') ?? 'localhost'
      const port = textVariable(environment, 'REDIS_PORT') ?? '6379'
      const url = `redis://${host}:${port}`
      if (!/^[\w.-]+:\d+$/.test(`${host}:${port}`) || !isUrlOf(url, ['redis:']))
        throw new ConfigError(
          'REDIS_HOST and REDIS_PORT are not a host and a port; set REDIS_URL, for instance REDIS_URL=redis://127.0.0.1:6379',
        )
      return url
    },
  },
  {
    names: ['EMAIL_HOST_USER', 'EMAIL_HOST_PASSWORD'],
    ours: 'SMTP_URL',
    value(environment) {
      const user = textVariable(environment, 'EMAIL_HOST_USER')
      const password = textVariable(environment, 'EMAIL_HOST_PASSWORD')
      if (user === null || password === null)
        throw new ConfigError(
          'EMAIL_HOST_USER and EMAIL_HOST_PASSWORD belong together; set both, or SMTP_URL, for instance SMTP_URL=smtps://user:password@smtp.example.org',
        )
      return `smtps://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${gmail}`
    },
  },
  {
    names: ['DEBUG'],
    ours: 'NODE_ENV',
    value: environment =>
      /^(?:false|0)$/i.test(textVariable(environment, 'DEBUG')!) ? 'production' : null,
    why: 'NODE_ENV is what it was; only NODE_ENV=production changes something here',
  },
  {
    names: ['DB_PASSWORD'],
    ours: 'DATABASE_URL',
    value() {
      throw new ConfigError(
        'DB_PASSWORD is not read; set DATABASE_URL, for instance DATABASE_URL=postgres://postgres:PASSWORD@127.0.0.1:5432/caduceus',
      )
    },
  },
  {
    names: ['MONGO_URL', 'DB_NAME'],
    ours: null,
    why: 'no MongoDB is needed; the database is embedded, or that of DATABASE_URL',
  },
]

/** Programs use DEBUG for other things too; Django's has one of these values. */
const isGiven = (environment: Environment, name: string): boolean => {
  const value = textVariable(environment, name)
  return value !== null && (name !== 'DEBUG' || /^(?:true|false|0|1)$/i.test(value))
}

/**
 * The environment with our names beside the older ones. `say` gets one line for each older variable
 * that is set. Throws ConfigError for one that cannot be taken; the line never has a value.
 */
export function withOlderVariables(
  environment: Environment,
  say: (line: string) => void,
): Environment {
  const ours: Record<string, string> = {}
  for (const one of older) {
    const given = one.names.filter(name => isGiven(environment, name))
    if (given.length === 0) continue
    const [names, are, them] =
      given.length === 1 ? [given[0]!, 'is', 'it'] : [given.join(' and '), 'are', 'they']
    if (one.ours === null) say(`${names} ${are} not read: ${one.why}`)
    else if (textVariable(environment, one.ours) !== null)
      say(`${names} ${are} not read: ${one.ours} is set and says what ${them} would say`)
    else {
      const value =
        one.value === undefined ? textVariable(environment, given[0]!) : one.value(environment)
      if (value === null) say(`${names} ${are} not read: ${one.why}`)
      else {
        ours[one.ours] = value
        say(`${names} ${are} taken as ${one.ours}${one.ours === 'SMTP_URL' ? ` at ${gmail}` : ''}`)
      }
    }
  }
  return { ...environment, ...ours }
}
