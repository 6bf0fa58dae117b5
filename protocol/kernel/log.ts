/**
 * The log, without secrets and without data about people. Callers must log only ids; this file is
 * the safety net. It replaces fields that name a secret or a person. It reduces an error to what
 * helps to fix it, because a database error carries the values of the row and a client error
 * carries its URL.
 */
import { pino, type DestinationStream, type Logger } from 'pino'

const replaced = '[redacted]'
const fields = [
  'password',
  'password_hash',
  'new_password',
  'current_password',
  'token',
  'access_token',
  'refresh_token',
  'ticket',
  'authorization',
  'cookie',
  'secret',
  'api_key',
  'code_hash',
  'otp',
  'email',
  'phone',
  'phone_number',
  'full_name',
  'customer_name',
  'customer_phone',
  'delivery_address',
  'pickup_address',
]
/**
 * Paths to redact: in the record itself, one level down, and two levels down
 * (`req.headers.authorization`).
 */
export const redactedPaths = fields.flatMap(field => [field, `*.${field}`, `*.*.${field}`])

/**
 * The text without addresses of people and without credentials. Each pattern reads the text once,
 * whatever it contains, because text of strangers passes here too.
 */
export const scrubbed = (text: string): string =>
  text
    .replaceAll(/[\w.+@-]+/g, word => (/@[\w-]+\.[\w-]/.test(word) ? '[e-mail]' : word))
    .replaceAll(/\beyJ[\w.-]+/g, '[token]')
    .replaceAll(/([?&](?:token|ticket|code|signature)=)[^&\s"]+/gi, '$1[redacted]')
    .replaceAll(/(\bbearer\s+)\S+/gi, '$1[redacted]')
    .replaceAll(/(:\/\/[^:@/\s]*:)[^@/\s]+@/g, '$1[redacted]@')

/**
 * The fields of an error that may be logged: kind, message, stack, and the code and constraint of a
 * database. Never `detail`, `parameters` or `where`.
 */
export function errorFields(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: scrubbed(String(error)) }
  const { code, constraint, table, routine } = error as {
    code?: unknown
    constraint?: unknown
    table?: unknown
    routine?: unknown
  }
  return {
    type: error.name,
    message: scrubbed(error.message),
    stack: scrubbed(error.stack ?? ''),
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(table !== undefined && { table }),
    ...(routine !== undefined && { routine }),
    ...(error.cause !== undefined && depth < 3 && { cause: errorFields(error.cause, depth + 1) }),
  }
}

/**
 * Creates a log. `base` goes into every line. It writes to standard output unless a stream is
 * given.
 */
export function createLog(
  level: string,
  base: Record<string, unknown> | null = null,
  stream?: DestinationStream,
): Logger {
  const options = {
    level,
    ...(base !== null && { base }),
    redact: { paths: redactedPaths, censor: replaced },
    serializers: { err: (error: unknown) => errorFields(error) },
  }
  return stream === undefined ? pino(options) : pino(options, stream)
}
