/**
 * The log, without secrets and without people. Callers log ids, and that is the rule; this is the net
 * under it: fields that name a secret or a person are replaced, and an error is reduced to what helps
 * to mend it, because a database's error carries the values of the row and a client's error its URL.
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
/** In the record itself, one level down, and two (`req.headers.authorization`). */
export const redactedPaths = fields.flatMap(field => [field, `*.${field}`, `*.*.${field}`])

/**
 * Addresses of people and credentials, wherever a text has them. Each pattern reads a text once, however
 * it was made: what a stranger sent comes by here too.
 */
export const scrubbed = (text: string): string =>
  text
    .replaceAll(/[\w.+@-]+/g, word => (/@[\w-]+\.[\w-]/.test(word) ? '[e-mail]' : word))
    .replaceAll(/\beyJ[\w.-]+/g, '[token]')
    .replaceAll(/([?&](?:token|ticket|code|signature)=)[^&\s"]+/gi, '$1[redacted]')
    .replaceAll(/(\bbearer\s+)\S+/gi, '$1[redacted]')
    .replaceAll(/(:\/\/[^:@/\s]*:)[^@/\s]+@/g, '$1[redacted]@')

/** Of an error: its kind, its text and stack, and a database's code and constraint; never `detail`, `parameters` or `where`. */
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

/** `base`: in every line. Written to standard output unless a stream is given. */
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
