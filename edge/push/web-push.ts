/** Web Push: one request to the push service of the browser, RFC 8030. */
import type { EndpointRules } from './endpoints.ts'
import { checkEndpoint } from './endpoints.ts'
import { encrypt } from './encrypt.ts'
import { signingKey, vapidHeader, type VapidKeys } from './vapid.ts'
import { createSender } from '../webhooks/sender.ts'
import { pushLimits } from './limits.ts'
import type { PushMessage, PushProvider, PushVerdict } from './provider.ts'

interface WebPushDeps {
  keys: VapidKeys
  subject: string | null
  rules: EndpointRules
  nowMs(): number
  after(ms: number, run: () => void): () => void
}

/** The answer of a push service, as RFC 8030 and the services themselves use it. */
function verdictOf(status: number, retryAfterMs: number | null): PushVerdict {
  const answer = String(status)
  if (status >= 200 && status < 300) return { outcome: 'accepted', answer }
  if (status === 404 || status === 410) return { outcome: 'gone', answer }
  if (status === 408 || status === 429 || status >= 500)
    return { outcome: 'later', answer, retryAfterMs }
  return { outcome: 'refused', answer }
}

/** What the service worker gets. */
const bodyOf = ({ text, data }: PushMessage): Buffer =>
  Buffer.from(JSON.stringify({ ...data, text }))

/** A provider with one pair of keys. */
export function webPush({ keys, subject, rules, nowMs, after }: WebPushDeps): PushProvider {
  const key = signingKey(keys)
  const send = createSender({
    allowPrivate: rules.allowPrivate,
    after,
    timeoutMs: pushLimits.timeoutMs,
  })
  return {
    async send({ endpoint, p256dh, auth }, message, signal) {
      const untilMs = message.expiresAtMs - nowMs()
      let headers: Record<string, string>
      let body: Buffer
      try {
        // The list of hosts may be shorter than when the device was registered.
        const { origin } = new URL(checkEndpoint(endpoint, rules))
        body = encrypt(
          bodyOf(message),
          { p256dh: p256dh ?? '', auth: auth ?? '' },
          pushLimits.paddedBytes,
        )
        headers = {
          'content-type': 'application/octet-stream',
          'content-encoding': 'aes128gcm',
          'user-agent': 'Caduceus-Push/1',
          ttl: String(Math.max(0, Math.floor(untilMs / 1_000))),
          urgency: message.urgent ? 'high' : 'normal',
          ...(message.topic !== null && { topic: message.topic }),
          authorization: await vapidHeader(key, keys.publicKey, origin, subject, nowMs()),
        }
      } catch {
        return { outcome: 'refused', answer: 'unusable' }
      }
      const { outcome } = await send(endpoint, headers, body, signal)
      return outcome.kind === 'failed'
        ? { outcome: 'later', answer: 'no_answer', retryAfterMs: null }
        : verdictOf(outcome.status, outcome.retryAfterMs)
    },
    close() {},
  }
}
