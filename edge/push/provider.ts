/**
 * The port to the services that wake a device. An adapter sends one message once and says what
 * became of it; the caller repeats.
 */

/** `web`: a browser by Web Push. `fcm`: an app by Firebase. `apns`: an app of Apple's. */
export const pushKinds = ['web', 'fcm', 'apns'] as const
export type PushKind = (typeof pushKinds)[number]

/** The address of a device at its service. */
export interface PushTarget {
  /** A URL for `web`, otherwise the token that the service gave to the app. */
  endpoint: string
  /** Keys of a browser; null for the others. */
  p256dh: string | null
  auth: string | null
}

/** A message. Everything in it leaves this system, so nothing medical may be in it. */
export interface PushMessage {
  /** The text for the person, in the language of the person. */
  text: string
  /** Flat values for the app, such as the kind and the id of the record. */
  data: Readonly<Record<string, string>>
  /** A message replaces an undelivered one with the same topic; null: it replaces none. */
  topic: string | null
  /** True for what cannot wait until the device wakes by itself. */
  urgent: boolean
  /** From then on it is worth nothing. */
  expiresAtMs: number
}

/**
 * `accepted`: the service has it. `gone`: the address is dead for good, and only then the device
 * ends. `refused`: this message will never be taken, by our mistake or the operator's. `later`: it
 * may work again. `answer` is a short word for the metrics.
 */
export type PushVerdict =
  | { outcome: 'accepted' | 'refused'; answer: string }
  /** `sinceMs`: the address is dead since then; absent: since the message was sent. */
  | { outcome: 'gone'; answer: string; sinceMs?: number }
  | { outcome: 'later'; answer: string; retryAfterMs: number | null }

export interface PushProvider {
  /** Never throws. `signal` cuts it off. */
  send(target: PushTarget, message: PushMessage, signal: AbortSignal): Promise<PushVerdict>
  close(): void
}
export type PushProviders = Readonly<Record<PushKind, PushProvider | null>>
