/**
 * Firebase Cloud Messaging over HTTP v1, for apps of Android. Rejected: `firebase-admin`, which
 * brings a database and a storage client for one POST.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { pushLimits } from './limits.ts'
import type { PushProvider, PushVerdict } from './provider.ts'

/** A service account of the project, as Google's console writes it. */
export interface FcmAccount {
  projectId: string
  email: string
  key: KeyObject
  tokenUrl: string
}
interface FcmDeps {
  account: FcmAccount
  /** Without a slash at its end. */
  baseUrl: string
  nowMs(): number
}

const scope = 'https://www.googleapis.com/auth/firebase.messaging'
const assertionSeconds = 3_600
/** A token is renewed so long before its end. */
const renewMs = 5 * 60_000

/** Reads the JSON of a service account. Null when it is none. */
export function fcmAccount(json: string): FcmAccount | null {
  try {
    const { project_id, client_email, private_key, token_uri } = JSON.parse(json) as Record<
      string,
      unknown
    >
    if (
      typeof project_id !== 'string' ||
      typeof client_email !== 'string' ||
      typeof private_key !== 'string' ||
      typeof token_uri !== 'string' ||
      !/^[\w.:-]+$/.test(project_id) ||
      !URL.canParse(token_uri)
    )
      return null
    const key = createPrivateKey(private_key)
    return key.asymmetricKeyType === 'rsa'
      ? { projectId: project_id, email: client_email, key, tokenUrl: token_uri }
      : null
  } catch {
    return null
  }
}

/**
 * The answer of Firebase. Only its own word UNREGISTERED ends a token: a plain 404 also comes from a
 * wrong project, and SENDER_ID_MISMATCH from the account of another project.
 */
function verdictOf(status: number, code: string | null, retryAfterMs: number | null): PushVerdict {
  const answer = code ?? String(status)
  if (status >= 200 && status < 300) return { outcome: 'accepted', answer }
  if (code === 'UNREGISTERED') return { outcome: 'gone', answer }
  if (status === 429 || status >= 500 || code === 'UNAUTHENTICATED')
    return { outcome: 'later', answer, retryAfterMs }
  return { outcome: 'refused', answer }
}

interface FcmError {
  error?: { status?: unknown; details?: { errorCode?: unknown }[] }
}
const word = (value: unknown): string | null =>
  typeof value === 'string' && /^[A-Z_]{1,40}$/.test(value) ? value : null

/** A provider with one service account. */
export function fcm({ account, baseUrl, nowMs }: FcmDeps): PushProvider {
  const url = `${baseUrl}/v1/projects/${account.projectId}/messages:send`
  let held: { token: string; untilMs: number } | null = null
  let asking: Promise<string> | null = null

  async function askForToken(signal: AbortSignal): Promise<string> {
    const seconds = Math.floor(nowMs() / 1_000)
    const assertion = await new SignJWT({ scope })
      .setProtectedHeader({ typ: 'JWT', alg: 'RS256' })
      .setIssuer(account.email)
      .setAudience(account.tokenUrl)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + assertionSeconds)
      .sign(account.key)
    const response = await fetch(account.tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion,
      }),
      redirect: 'error',
      signal,
    })
    const body = (await response.json().catch(() => null)) as {
      access_token?: unknown
      expires_in?: unknown
    } | null
    if (!response.ok || typeof body?.access_token !== 'string')
      throw new Error(`token ${response.status}`)
    const lifeSeconds = typeof body.expires_in === 'number' ? body.expires_in : assertionSeconds
    held = { token: body.access_token, untilMs: nowMs() + lifeSeconds * 1_000 - renewMs }
    return held.token
  }
  /** One question for all messages that need a token at once. */
  function token(): Promise<string> {
    if (held !== null && nowMs() < held.untilMs) return Promise.resolve(held.token)
    return (asking ??= askForToken(AbortSignal.timeout(pushLimits.timeoutMs)).finally(() => {
      asking = null
    }))
  }

  return {
    async send({ endpoint }, { text, data, topic, urgent, expiresAtMs }, signal) {
      const ttlSeconds = Math.max(0, Math.floor((expiresAtMs - nowMs()) / 1_000))
      let bearer: string
      try {
        bearer = await token()
      } catch {
        return { outcome: 'later', answer: 'no_token', retryAfterMs: null }
      }
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            message: {
              token: endpoint,
              notification: { body: text },
              data,
              android: {
                priority: urgent ? 'HIGH' : 'NORMAL',
                ttl: `${ttlSeconds}s`,
                ...(topic !== null && { collapse_key: topic, notification: { tag: topic } }),
              },
            },
          }),
          redirect: 'error',
          signal: AbortSignal.any([signal, AbortSignal.timeout(pushLimits.timeoutMs)]),
        })
        // The body is always read, because an unread body keeps its connection.
        const body = (await response.json().catch(() => null)) as FcmError | null
        const error = body?.error
        const code = Array.isArray(error?.details)
          ? (error.details.map(one => word(one?.errorCode)).find(found => found !== null) ?? null)
          : null
        const verdict = verdictOf(
          response.status,
          response.ok ? null : (code ?? word(error?.status)),
          retryAfter(response.headers.get('retry-after')),
        )
        if (response.status === 401) held = null
        return verdict
      } catch {
        return { outcome: 'later', answer: 'no_answer', retryAfterMs: null }
      }
    },
    close() {},
  }
}

const retryAfter = (value: string | null): number | null =>
  value !== null && /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : null
