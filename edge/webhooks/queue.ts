/**
 * The queues in the database: candidates for sending, results of attempts, and the next delivery of
 * an order. Everything that moves a queue first locks the row of its subscription, so two movers
 * cannot each see the other's head and leave the queue standing.
 */
import { sql, type Kysely, type Selectable, type SqlBool } from 'kysely'
import type { Tables, WebhookSubscriptionsTable } from '../../migrations/database/tables.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { webhookLimits } from './limits.ts'
import {
  afterAttempt,
  succeeded,
  wellHealth,
  type After,
  type Candidate,
  type Health,
  type Outcome,
  type Policy,
} from './schedule.ts'

export interface Due extends Candidate {
  eventId: string
  body: string
  url: string
  secretSealed: string
}

type Pair = { subscriptionId: string; orderId: string }

/**
 * True for an active subscription whose owner may still have one: the owner's key is neither
 * revoked nor expired, the account is not deactivated, the pharmacy is active. The surrounding
 * statement names the table `s`.
 */
export const isLive = sql<SqlBool>`s.is_active
  and not exists (select from api_keys k where k.id = s.owner_id and (k.revoked_at is not null or k.expires_at <= clock_timestamp()))
  and not exists (select from users u where u.id = s.owner_id and not u.is_active)
  and not exists (select from vendors v where v.id = s.vendor_id and (v.status <> 'active' or v.papers_held))`

/** For each order without a waiting delivery, makes its first queued delivery the waiting one. */
export async function promote(tx: Kysely<Tables>, pairs: readonly Pair[]): Promise<void> {
  await sql`
    with pair as (select distinct * from unnest(${pairs.map(p => p.subscriptionId)}::uuid[], ${pairs.map(p => p.orderId)}::uuid[]) as p(subscription_id, order_id))
    update webhook_deliveries set state = 'waiting' from (
      select (select q.id from webhook_deliveries q
        where q.subscription_id = pair.subscription_id and q.order_id = pair.order_id and q.state = 'queued' order by q.order_seq, q.id limit 1) as id
      from pair where not exists (
        select from webhook_deliveries w where w.subscription_id = pair.subscription_id and w.order_id = pair.order_id and w.state = 'waiting')
    ) as first where webhook_deliveries.id = first.id`.execute(tx)
}

const healthOf = (
  row: Pick<
    Selectable<WebhookSubscriptionsTable>,
    'failures_in_a_row' | 'failing_since' | 'paused_until'
  >,
): Health => ({
  failuresInARow: row.failures_in_a_row,
  failingSinceMs: row.failing_since?.getTime() ?? null,
  pausedUntilMs: row.paused_until?.getTime() ?? null,
})

/**
 * The earliest waiting deliveries of each live subscription, due or not, and the health of these
 * subscriptions.
 */
export async function loadCandidates(
  db: Kysely<Tables>,
  policy: Policy,
): Promise<{ candidates: Due[]; health: Map<string, Health> }> {
  // Deliveries in flight are among them, so twice the bound always contains as many as may start.
  const perSubscription = policy.inFlightPerSubscriptionMax * 2
  const { rows } = await sql<{
    id: string
    subscription_id: string
    next_attempt_at: Date
    event_id: string
    body: string
    url: string
    secret_sealed: string
    failures_in_a_row: number
    failing_since: Date | null
    paused_until: Date | null
  }>`
    select d.*, s.url, s.secret_sealed, s.failures_in_a_row, s.failing_since, s.paused_until from webhook_subscriptions s
    cross join lateral (
      select id, subscription_id, next_attempt_at, event_id, body from webhook_deliveries
      where subscription_id = s.id and state = 'waiting' order by next_attempt_at limit ${perSubscription}
    ) as d where ${isLive}`.execute(db)
  return {
    candidates: rows.map(row => ({
      id: row.id,
      subscriptionId: row.subscription_id,
      nextAttemptAtMs: row.next_attempt_at.getTime(),
      eventId: row.event_id,
      body: row.body,
      url: row.url,
      secretSealed: row.secret_sealed,
    })),
    health: new Map(rows.map(row => [row.subscription_id, healthOf(row)])),
  }
}

export interface AttemptMade {
  deliveryId: string
  subscriptionId: string
  outcome: Outcome
  response: string | null
  atMs: number
  tookMs: number
}
export interface Disabled {
  subscriptionId: string
  ownerId: string
  pharmacyId: string | null
  url: string
  reason: string
}

/**
 * Records an attempt and its consequences in one transaction. Null when the delivery or its
 * subscription is gone. It needs no lease, because the attempt has happened.
 */
export async function recordAttempt(
  db: Kysely<Tables>,
  attempt: AttemptMade,
  nowMs: number,
  random: number,
  policy: Policy,
): Promise<{ after: After; disabled: Disabled | null } | null> {
  const { deliveryId, subscriptionId, outcome, response, atMs, tookMs } = attempt
  return db.transaction().execute(async tx => {
    const subscription = await tx
      .selectFrom('webhook_subscriptions')
      .selectAll()
      .where('id', '=', subscriptionId)
      .forNoKeyUpdate()
      .executeTakeFirst()
    const delivery = await tx
      .selectFrom('webhook_deliveries')
      .select(['attempts', 'created_at', 'order_id'])
      .where('id', '=', deliveryId)
      .where('state', '=', 'waiting')
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (subscription === undefined || delivery === undefined) return null
    const attempts = delivery.attempts + 1
    const { after, health, disable } = afterAttempt(
      { attempts, createdAtMs: delivery.created_at.getTime() },
      healthOf(subscription),
      outcome,
      nowMs,
      random,
      policy,
    )
    await tx
      .insertInto('webhook_attempts')
      .values({
        delivery_id: deliveryId,
        attempt: attempts,
        at: new Date(atMs),
        took_ms: Math.max(0, Math.round(tookMs)),
        response,
        http_status: outcome.kind === 'answered' ? outcome.status : null,
        error: errorOf(outcome),
      })
      .execute()
    await tx
      .updateTable('webhook_deliveries')
      .where('id', '=', deliveryId)
      .set({
        attempts,
        state: after.state,
        ...(after.state === 'waiting'
          ? { next_attempt_at: new Date(after.nextAttemptAtMs) }
          : { ended_at: new Date(nowMs) }),
      })
      .execute()
    const disabling = disable !== null && subscription.is_active
    await tx
      .updateTable('webhook_subscriptions')
      .where('id', '=', subscriptionId)
      .set({
        failures_in_a_row: health.failuresInARow,
        failing_since: dateOf(health.failingSinceMs),
        paused_until: dateOf(health.pausedUntilMs),
        ...(disabling && {
          is_active: false,
          disabled_at: new Date(nowMs),
          disabled_reason: disable,
        }),
      })
      .execute()
    if (after.state !== 'waiting')
      await promote(tx, [{ subscriptionId, orderId: delivery.order_id }])
    return {
      after,
      disabled: disabling
        ? {
            subscriptionId,
            ownerId: subscription.owner_id,
            pharmacyId: subscription.vendor_id,
            url: subscription.url,
            reason: disable,
          }
        : null,
    }
  })
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

function errorOf(outcome: Outcome): string | null {
  if (succeeded(outcome)) return null
  if (outcome.kind === 'failed') return outcome.error.slice(0, limits.textCharactersMax)
  return outcome.status >= 300 && outcome.status < 400
    ? `status ${outcome.status}; redirects are not followed, subscribe with the final URL`
    : `status ${outcome.status}`
}

/**
 * Sends an ended delivery again, as a new delivery in the queue of its order. Null while the
 * delivery has not ended.
 */
export async function replay(
  db: Kysely<Tables>,
  subscriptionId: string,
  deliveryId: string,
  nowMs: number,
  random: () => number,
): Promise<string | null> {
  return db.transaction().execute(async tx => {
    await tx
      .selectFrom('webhook_subscriptions')
      .select('id')
      .where('id', '=', subscriptionId)
      .forNoKeyUpdate()
      .execute()
    const old = await tx
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('id', '=', deliveryId)
      .where('subscription_id', '=', subscriptionId)
      .executeTakeFirst()
    if (old === undefined || old.ended_at === null) return null
    const { event_id, event_type, order_id, order_seq, body } = old
    const id = uuidV7(nowMs, random)
    const now = new Date(nowMs)
    await tx
      .insertInto('webhook_deliveries')
      .values({
        id,
        subscription_id: subscriptionId,
        event_id,
        event_type,
        order_id,
        order_seq,
        body,
        state: 'queued',
        next_attempt_at: now,
        replay_of: deliveryId,
        created_at: now,
      })
      .execute()
    await promote(tx, [{ subscriptionId, orderId: order_id }])
    return id
  })
}

/**
 * Resumes a subscription whose receiver works again: past failures are forgotten, and waiting
 * deliveries are due now. A subscription that was off does not get the events of that time, whether
 * or not the worker has read them yet.
 */
export async function resume(
  tx: Kysely<Tables>,
  subscriptionId: string,
  nowMs: number,
): Promise<void> {
  await tx
    .updateTable('webhook_subscriptions')
    .where('id', '=', subscriptionId)
    .set({
      hears_from: sql<Date>`case when is_active then hears_from else ${new Date(nowMs)}::timestamptz end`,
      is_active: true,
      failures_in_a_row: wellHealth.failuresInARow,
      failing_since: null,
      paused_until: null,
      disabled_at: null,
      disabled_reason: null,
    })
    .execute()
  await tx
    .updateTable('webhook_deliveries')
    .where('subscription_id', '=', subscriptionId)
    .where('state', '=', 'waiting')
    .set({ next_attempt_at: new Date(nowMs) })
    .execute()
  // An order whose first delivery was too old to keep has only queued deliveries left.
  const orders = await tx
    .selectFrom('webhook_deliveries')
    .select('order_id')
    .distinct()
    .where('subscription_id', '=', subscriptionId)
    .where('state', '=', 'queued')
    .execute()
  await promote(
    tx,
    orders.map(row => ({ subscriptionId, orderId: row.order_id })),
  )
}

/** Deletes old ended deliveries, and old unsent deliveries of subscriptions that stay disabled. */
export async function deleteOldDeliveries(db: Kysely<Tables>, nowMs: number): Promise<void> {
  const before = new Date(nowMs - webhookLimits.webhookLogMs)
  await sql`
    with old as (
      delete from webhook_deliveries where ended_at < ${before} or (created_at < ${before} and state in ('waiting', 'queued')
        and subscription_id in (select id from webhook_subscriptions where not is_active)) returning id
    ) delete from webhook_attempts where delivery_id in (select id from old)`.execute(db)
}
