/**
 * Connects to NATS. It is a file of its own, because the bus and the event stream both begin with
 * it.
 */
import {
  connect,
  delay,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node'

export interface NatsConnectionOptions {
  /** Name in the server's list of connections. */
  name?: string
  /** Time that the first connection may take, retries included. */
  connectTimeoutMs?: number
}

const connectTimeoutMsDefault = 10_000
const dialTimeoutMs = 2_000
const reconnectWaitMs = 250
const reconnectJitterMs = 250
/** Interval of pings. A hanging connection is noticed after two pings without an answer. */
const pingIntervalMs = 5_000

/**
 * Connects, with retries. When that fails, it throws an Error that names the server but no
 * password.
 */
export async function connectNats(
  url: string,
  options: NatsConnectionOptions,
): Promise<NatsConnection> {
  const settings: NodeConnectionOptions = {
    ...serversOf(url),
    ...(options.name !== undefined && { name: options.name }),
    timeout: dialTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectJitterMs,
    reconnectJitterTLS: reconnectJitterMs,
    pingInterval: pingIntervalMs,
    // Reconnecting must go on after the password was changed.
    ignoreAuthErrorAbort: true,
    // Collecting a stack trace is most of the cost of a request.
    noAsyncTraces: true,
  }
  const giveUp = delay(options.connectTimeoutMs ?? connectTimeoutMsDefault)
  let late = false
  void giveUp.then(() => {
    late = true
  })
  try {
    for (;;) {
      try {
        return await connect(settings)
      } catch (cause) {
        const wrong =
          cause instanceof errors.AuthorizationError || cause instanceof errors.InvalidArgumentError
        if (late || wrong)
          throw new Error(
            `NATS_URL: cannot connect to ${withoutCredentials(url)}: ${messageOf(cause)}`,
            { cause },
          )
        await delay(reconnectWaitMs)
      }
    }
  } finally {
    giveUp.cancel()
  }
}

/**
 * The options of NATS_URL: the library does not read credentials from URLs. Commas separate several
 * servers. A user gets its own inbox prefix, so that permissions can keep one user from reading
 * another's answers.
 */
function serversOf(url: string): NodeConnectionOptions {
  const urls = parse(url)
  const { username, password } = urls[0]!
  return {
    servers: urls.map(one => one.host),
    ...(urls[0]!.protocol === 'tls:' && { tls: {} }),
    ...(username !== '' && password === '' && { token: decodeURIComponent(username) }),
    ...(username !== '' &&
      password !== '' && {
        user: decodeURIComponent(username),
        pass: decodeURIComponent(password),
      }),
    ...(password !== '' && /^[\w-]+$/.test(username) && { inboxPrefix: `_INBOX.${username}` }),
  }
}

function parse(url: string): URL[] {
  try {
    return url.split(',').map(part => {
      const one = new URL(part.trim())
      if (one.host === '' || (one.protocol !== 'nats:' && one.protocol !== 'tls:'))
        throw new TypeError('not a NATS URL')
      return one
    })
  } catch {
    // The message leaves out the URL, which may contain a password.
    throw new Error(
      'NATS_URL: expected nats://host:port or tls://host:port, several separated by commas',
    )
  }
}

const withoutCredentials = (url: string): string =>
  parse(url)
    .map(one => `${one.protocol}//${one.host}`)
    .join(',')

/** The message of an error, or the text of any other thrown value. */
export const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
