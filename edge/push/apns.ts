/**
 * Apple's push service for apps: HTTP/2 alone, over one connection that is kept. Rejected: fetch,
 * which speaks HTTP/1.1.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { SignJWT } from 'jose'
import { pushLimits } from './limits.ts'
import type { PushProvider, PushVerdict } from './provider.ts'

export interface ApnsAccount {
  key: KeyObject
  keyId: string
  teamId: string
  /** The id of the app. */
  topic: string
}
interface ApnsDeps {
  account: ApnsAccount
  /** Without a slash at its end; `http:` is for tests. */
  baseUrl: string
  nowMs(): number
}

/** Apple refuses a token older than an hour, and a new one within 20 minutes. */
const tokenMs = 40 * 60_000
const answerBytesMax = 4_096

/** Reads a key as Apple's site writes it, PKCS #8 in PEM. Null when it is none. */
export function apnsKey(pem: string): KeyObject | null {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null
  } catch {
    return null
  }
}

/** An answer of Apple's. */
interface Answer {
  status: number
  reason: string | null
  /** The time since when the token is dead. */
  timestamp: number | null
  retryAfterMs: number | null
}

/**
 * What the reasons of Apple's table mean. `BadDeviceToken` ends no device: Apple gives that answer
 * for each token when the server asks the wrong one of its two environments.
 */
function verdictOf({ status, reason, timestamp, retryAfterMs }: Answer): PushVerdict {
  const answer = reason ?? String(status)
  if (status === 200) return { outcome: 'accepted', answer }
  if (status === 410)
    return { outcome: 'gone', answer, ...(timestamp !== null && { sinceMs: timestamp }) }
  if (
    status === 429 ||
    status >= 500 ||
    reason === 'ExpiredProviderToken' ||
    reason === 'IdleTimeout'
  )
    return { outcome: 'later', answer, retryAfterMs }
  return { outcome: 'refused', answer }
}

/** A provider for one app. */
export function apns({ account, baseUrl, nowMs }: ApnsDeps): PushProvider {
  let session: ClientHttp2Session | null = null
  let held: { token: Promise<string>; untilMs: number } | null = null

  function connected(): ClientHttp2Session {
    if (session !== null && !session.closed && !session.destroyed) return session
    const made = connect(baseUrl)
    // Each request hears of it too. Without a listener the error would end the process.
    made.on('error', () => made.destroy())
    // Apple says goodbye before it closes; the next message goes over a new connection.
    made.on('goaway', () => made.close())
    session = made
    return made
  }
  /** One token for all messages, because Apple refuses a sender that makes many. */
  function token(): Promise<string> {
    if (held !== null && nowMs() < held.untilMs) return held.token
    const made = new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: account.keyId })
      .setIssuer(account.teamId)
      .setIssuedAt(Math.floor(nowMs() / 1_000))
      .sign(account.key)
    held = { token: made, untilMs: nowMs() + tokenMs }
    return made
  }

  function exchange(
    path: string,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = connected().request(
        { ':method': 'POST', ':path': path, ...headers },
        { signal },
      )
      let status = 0
      let head: IncomingHttpHeaders = {}
      let text = ''
      stream.on('response', answer => {
        status = answer[':status'] ?? 0
        head = answer
      })
      stream.setEncoding('utf8')
      stream.on('data', (part: string) => {
        if (text.length < answerBytesMax) text += part
      })
      stream.on('error', reject)
      stream.on('close', () => {
        if (status === 0) reject(new Error('the stream ended without an answer'))
        else resolve(read(status, head, text))
      })
      stream.end(body)
    })
  }

  return {
    async send({ endpoint }, { text, data, topic, urgent, expiresAtMs }, signal) {
      try {
        const answer = await exchange(
          `/3/device/${encodeURIComponent(endpoint)}`,
          {
            authorization: `bearer ${await token()}`,
            'apns-topic': account.topic,
            'apns-push-type': 'alert',
            'apns-priority': urgent ? '10' : '5',
            'apns-expiration': String(Math.floor(expiresAtMs / 1_000)),
            ...(topic !== null && { 'apns-collapse-id': topic }),
          },
          JSON.stringify({
            ...data,
            aps: { alert: { body: text }, ...(urgent && { sound: 'default' }) },
          }),
          AbortSignal.any([signal, AbortSignal.timeout(pushLimits.timeoutMs)]),
        )
        if (answer.reason === 'ExpiredProviderToken') held = null
        return verdictOf(answer)
      } catch {
        return { outcome: 'later', answer: 'no_answer', retryAfterMs: null }
      }
    },
    close() {
      session?.destroy()
    },
  }
}

function read(status: number, head: IncomingHttpHeaders, text: string): Answer {
  let body: { reason?: unknown; timestamp?: unknown } = {}
  try {
    body = Object(JSON.parse(text)) as typeof body
  } catch {
    // A success has no body.
  }
  const { reason, timestamp } = body
  const after = head['retry-after']
  return {
    status,
    reason: typeof reason === 'string' && /^\w{1,40}$/.test(reason) ? reason : null,
    timestamp: typeof timestamp === 'number' && Number.isFinite(timestamp) ? timestamp : null,
    retryAfterMs:
      typeof after === 'string' && /^\d{1,9}$/.test(after) ? Number(after) * 1_000 : null,
  }
}
