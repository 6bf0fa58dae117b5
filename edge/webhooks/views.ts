/**
 * Webhook subscriptions and deliveries as their owner sees them, and the condition for ownership.
 */
import type { Selectable } from 'kysely'
import Type from 'typebox'
import type {
  WebhookAttemptsTable,
  WebhookDeliveriesTable,
  WebhookSubscriptionsTable,
} from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { webhookLimits } from './limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { WebhooksConfig } from './config.ts'
import { webhookEventNames } from './events.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'

export type WebhookContext = Pick<Kernel, 'database' | 'bus' | 'log' | 'nowMs' | 'random'> &
  WithConfig<KernelConfig & WebhooksConfig>

export const EventName = Type.Enum([...webhookEventNames])
export const SubscriptionView = Type.Object({
  id: Uuid,
  vendor_id: nullable(Uuid),
  url: Type.String(),
  events: Type.Array(EventName),
  description: nullable(Type.String()),
  active: Type.Boolean(),
  disabled_at: nullable(Timestamp),
  disabled_reason: nullable(Type.String()),
  failures_in_a_row: Type.Integer(),
  failing_since: nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
})
const Secret = Type.String({
  description:
    'Shown only once. Signatures are HMAC-SHA256 over `id.timestamp.body`, as in Standard Webhooks',
})
export const SubscriptionWithSecret = Type.Object({
  subscription: SubscriptionView,
  secret: Secret,
})

export const DeliveryView = Type.Object({
  id: Uuid,
  event_id: Type.String(),
  event_type: EventName,
  order_id: Uuid,
  order_seq: Type.Integer(),
  state: Type.Enum(['queued', 'waiting', 'delivered', 'given_up']),
  attempts: Type.Integer(),
  next_attempt_at: nullable(Timestamp),
  replay_of: nullable(Uuid),
  created_at: Timestamp,
  ended_at: nullable(Timestamp),
})
export const AttemptView = Type.Object({
  attempt: Type.Integer(),
  at: Timestamp,
  took_ms: Type.Integer(),
  http_status: nullable(Type.Integer()),
  error: nullable(Type.String()),
  response: nullable(Type.String()),
})
export const DeliveryDetail = Type.Object({
  ...DeliveryView.properties,
  body: Type.String(),
  attempt_log: Type.Array(AttemptView, { maxItems: webhookLimits.webhookAttemptsMax }),
})

export type SubscriptionRow = Selectable<WebhookSubscriptionsTable>

/** A subscription without its secret. */
export const subscriptionView = (row: SubscriptionRow) => ({
  id: row.id,
  vendor_id: row.vendor_id,
  url: row.url,
  events: row.events,
  description: row.description,
  active: row.is_active,
  disabled_at: row.disabled_at,
  disabled_reason: row.disabled_reason,
  failures_in_a_row: row.failures_in_a_row,
  failing_since: row.failing_since,
  created_at: row.created_at,
  updated_at: row.updated_at,
})

/** A delivery without its body; the time of the next attempt only while it waits. */
export const deliveryView = (
  row: Omit<Selectable<WebhookDeliveriesTable>, 'body' | 'subscription_id'>,
) => ({
  id: row.id,
  event_id: row.event_id,
  event_type: row.event_type,
  order_id: row.order_id,
  order_seq: row.order_seq,
  state: row.state,
  attempts: row.attempts,
  next_attempt_at: row.state === 'waiting' ? row.next_attempt_at : null,
  replay_of: row.replay_of,
  created_at: row.created_at,
  ended_at: row.ended_at,
})

/** One attempt of a delivery, as the log shows it. */
export const attemptView = ({
  attempt,
  at,
  took_ms,
  http_status,
  error,
  response,
}: Selectable<WebhookAttemptsTable>) => ({ attempt, at, took_ms, http_status, error, response })

/**
 * The subscriptions that a caller sees, as a condition on the table: a pharmacy's, a key's own, or
 * all (null).
 */
export function ownerOf(
  identity: Identity,
): { column: 'vendor_id' | 'owner_id'; id: string } | null {
  switch (identity.role) {
    case 'admin':
      return null
    case 'vendor':
      return { column: 'vendor_id', id: principalOf(identity).id }
    default:
      return { column: 'owner_id', id: identity.userId }
  }
}

/** Throws `not_found` alike for a missing subscription and for another owner's. */
export async function findSubscription(
  ctx: Pick<Kernel, 'database'>,
  identity: Identity,
  id: string,
): Promise<SubscriptionRow> {
  const owner = ownerOf(identity)
  let query = ctx.database.kysely
    .selectFrom('webhook_subscriptions')
    .selectAll()
    .where('id', '=', id)
  if (owner !== null) query = query.where(owner.column, '=', owner.id)
  const row = await query.executeTakeFirst()
  if (row === undefined) throw new CaduceusError('not_found', 'no such subscription')
  return row
}
