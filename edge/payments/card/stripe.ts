/**
 * Stripe as the processor of cards, by its own SDK. The SDK repeats nothing by itself: only the
 * outbox repeats, with the key that it has stored.
 */
import Stripe from 'stripe'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { isUuid } from '../../../protocol/kernel/ids.ts'
import { cardLimits } from './limits.ts'
import {
  ProcessorError,
  type CardProcessor,
  type Hint,
  type SeenPayment,
  type SeenRefund,
} from './processor.ts'

export interface StripeConfig {
  secretKey: string
  publishableKey: string
  webhookSecret: string
  /** Another server that speaks like Stripe, for tests. */
  url: URL | null
}

/** True when the key moves real money. */
export const isLiveKey = (key: string): boolean => /^[spr]k_live_/.test(key)

/** Stripe counts these without decimals in hundredths. */
const inHundredths: ReadonlySet<string> = new Set(['ISK', 'UGX'])
const toStripe = (minor: number, currency: string): number =>
  inHundredths.has(currency) ? minor * 100 : minor
const fromStripe = (amount: number, currency: string): number =>
  inHundredths.has(currency) ? Math.round(amount / 100) : amount

const states: Readonly<Record<string, SeenPayment['state']>> = {
  requires_capture: 'authorised',
  succeeded: 'captured',
  canceled: 'cancelled',
}
const expand = ['latest_charge']

/** Null for an id that another program has written there, which the database could not read. */
const ours = (id: string | undefined): string | null => (isUuid(id) ? id : null)

function seen(intent: Stripe.PaymentIntent): SeenPayment {
  const currency = intent.currency.toUpperCase()
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null
  const beforeSeconds = charge?.payment_method_details?.card?.capture_before
  const { last_payment_error: error } = intent
  return {
    id: intent.id,
    orderId: ours(intent.metadata['order_id']),
    requestId: ours(intent.metadata['request_id']),
    state: states[intent.status] ?? 'open',
    currency,
    authorisedMinor: fromStripe(intent.amount_capturable, currency),
    capturedMinor: fromStripe(intent.amount_received, currency),
    clientSecret: intent.client_secret,
    declined: error?.decline_code ?? error?.code ?? null,
    captureBefore:
      beforeSeconds === undefined ? null : new Date(beforeSeconds * 1_000).toISOString(),
  }
}

const refundStates: Readonly<Record<string, SeenRefund['state']>> = {
  succeeded: 'paid',
  failed: 'failed',
  canceled: 'failed',
}
const seenRefund = ({ id, metadata, status }: Stripe.Refund): SeenRefund => ({
  id,
  orderId: ours(metadata?.['order_id']),
  refundId: ours(metadata?.['refund_id']),
  state: refundStates[status ?? ''] ?? 'pending',
})

/** A refused key or an account without a permission is mended by a person, and then it succeeds. */
const mended: ReadonlySet<number> = new Set([401, 403, 409, 429])

/** Throws what a request to Stripe means for the outbox. */
function failed(error: unknown): never {
  if (!(error instanceof Stripe.errors.StripeError)) throw error
  const { statusCode = 0, code, type } = error
  const isLater =
    statusCode === 0 ||
    statusCode >= 500 ||
    mended.has(statusCode) ||
    // The first request under this key may have succeeded, so nothing is known of the object.
    error instanceof Stripe.errors.StripeIdempotencyError
  throw new ProcessorError(isLater ? 'later' : 'refused', code ?? type)
}

/** Makes no connection by itself. */
export function stripeProcessor({ secretKey, webhookSecret, url }: StripeConfig): CardProcessor {
  const stripe = new Stripe(secretKey, {
    maxNetworkRetries: 0,
    timeout: cardLimits.timeoutMs,
    telemetry: false,
    ...(url !== null && {
      protocol: url.protocol === 'http:' ? 'http' : 'https',
      host: url.hostname,
      port: url.port,
    }),
  })
  const payment = (answer: Promise<Stripe.PaymentIntent>): Promise<SeenPayment> =>
    answer.then(seen, failed)

  return {
    authorise: (idempotencyKey, { orderId, amountMinor, currency, token }) =>
      stripe.paymentIntents
        .create(
          {
            amount: toStripe(amountMinor, currency),
            currency: currency.toLowerCase(),
            capture_method: 'manual',
            allowed_payment_method_types: ['card'],
            transfer_group: orderId,
            metadata: { order_id: orderId, request_id: idempotencyKey },
            expand,
            ...(token !== null && { payment_method: token, confirm: true }),
          },
          { idempotencyKey },
        )
        .then(seen, (error: unknown) => {
          // A refused card leaves a payment that waits for another card.
          const { payment_intent: intent } = (
            error instanceof Stripe.errors.StripeCardError ? error.raw : {}
          ) as { payment_intent?: Stripe.PaymentIntent }
          return intent === undefined ? failed(error) : seen(intent)
        }),
    read: id => payment(stripe.paymentIntents.retrieve(id, { expand })),
    async capture(idempotencyKey, id, amountMinor) {
      const now = await this.read(id)
      if (now.state !== 'authorised') return now
      return payment(
        stripe.paymentIntents.capture(
          id,
          { amount_to_capture: toStripe(amountMinor, now.currency), expand },
          { idempotencyKey },
        ),
      )
    },
    async release(idempotencyKey, id) {
      const now = await this.read(id)
      return now.state === 'captured' || now.state === 'cancelled'
        ? now
        : payment(stripe.paymentIntents.cancel(id, { expand }, { idempotencyKey }))
    },
    refund: (idempotencyKey, id, { orderId, refundId, amountMinor, currency }) =>
      stripe.refunds
        .create(
          {
            payment_intent: id,
            amount: toStripe(amountMinor, currency),
            metadata: { order_id: orderId, refund_id: refundId },
          },
          { idempotencyKey },
        )
        .then(seenRefund, failed),
    async findRefund(id, refundId) {
      try {
        for await (const refund of stripe.refunds.list({ payment_intent: id, limit: 100 }))
          if (refund.metadata?.['refund_id'] === refundId) return seenRefund(refund)
      } catch (error) {
        failed(error)
      }
      return null
    },
    readRefund: id => stripe.refunds.retrieve(id).then(seenRefund, failed),
    hintOf: (body, signature) =>
      hintOf(stripe, body, signature, webhookSecret, isLiveKey(secretKey)),
  }
}

function hintOf(
  stripe: Stripe,
  body: Uint8Array,
  signature: string | undefined,
  secret: string,
  isLive: boolean,
): Hint | null {
  let event: Stripe.Event
  try {
    event = stripe.webhooks.constructEvent(
      Buffer.from(body),
      signature ?? '',
      secret,
      cardLimits.webhookAgeSecondsMax,
    )
  } catch {
    // The SDK throws the reader's error for bytes that are no JSON, which are never signed.
    throw new CaduceusError(
      'signature_invalid',
      'Stripe-Signature is missing, too old, or was not made with STRIPE_WEBHOOK_SECRET',
    )
  }
  if (event.livemode !== isLive || event.account !== undefined)
    throw new CaduceusError(
      'payment_webhook_mismatch',
      `this server takes messages of its own account, in ${isLive ? 'live' : 'test'} mode`,
    )
  const { object } = event.data as {
    object: { object?: string; id?: unknown; payment_intent?: unknown }
  }
  const hint = (about: Hint['about'], objectId: unknown): Hint | null =>
    typeof objectId === 'string' ? { id: event.id, about, objectId } : null
  switch (object.object) {
    case 'payment_intent':
      return hint('payment', object.id)
    case 'charge':
      return hint('payment', object.payment_intent)
    case 'refund':
      return hint('refund', object.id)
    default:
      return null
  }
}
