/**
 * The delivery worker. On the edge that holds the lease it takes events into the queues and sends
 * due deliveries. It is one loop that looks, acts and sleeps. The bus, the end of an attempt and
 * the clock wake it, and a look that finds nothing costs one query. It only remembers deliveries in
 * flight; everything else is in the database. So stopping it at any point loses nothing, and the
 * worst effect of a crash is one message sent twice under the same id.
 */
import type { Logger } from 'pino'
import type { Database } from '../../migrations/database/open.ts'
import type { Bus, Subscription } from '../../protocol/bus/bus.ts'
import { webhookLimits } from './limits.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { unseal } from '../kernel/sealing.ts'
import { publicNames, type PublicNames } from './events.ts'
import { takeEvents } from './intake.ts'
import { LeaseLost, releaseLease, takeLease, type Lease } from './lease.ts'
import {
  deleteOldDeliveries,
  loadCandidates,
  recordAttempt,
  type Disabled,
  type Due,
} from './queue.ts'
import { choose, defaultPolicy, type Policy } from './schedule.ts'
import { createSender, type Attempt, type Send } from './sender.ts'
import { signedHeaders } from './signature.ts'

export interface WorkerDeps {
  edgeId: string
  database: Database
  bus: Bus
  log: Logger
  masterKey: string
  allowPrivate: boolean
  nowMs(): number
  random(): number
  after(ms: number, run: () => void): () => void
  /** Tells the owner of a disabled subscription. A rejection is logged. */
  onDisabled(disabled: Disabled): Promise<void>
  onAttempt(outcome: 'delivered' | 'waiting' | 'given_up'): void
  policy?: Policy
  /** Public names for tests, in place of today's. */
  names?: PublicNames
  send?: Send
}

export interface WebhookWorker {
  /** True when this edge delivers. */
  readonly leads: boolean
  /**
   * Sends nothing new, waits a moment for deliveries in flight, and lets another edge take over at
   * once.
   */
  stop(): Promise<void>
}

/**
 * Time that deliveries in flight get at the end. Then they are cut off, and the next edge sends
 * them again.
 */
const goodbyeMs = 1_000
const cleanupIntervalMs = 3_600_000
const retryMs = 1_000

/** Starts the loop of the worker at once. */
export function startWebhookWorker(deps: WorkerDeps): WebhookWorker {
  const {
    database,
    bus,
    log,
    nowMs,
    random,
    after,
    policy = defaultPolicy,
    names = publicNames,
  } = deps
  const db = database.kysely
  const send = deps.send ?? createSender({ allowPrivate: deps.allowPrivate, after })
  const inFlight = new Map<string, string>()
  const attempts = new Set<Promise<void>>()
  /** Aborted when no new work may start. */
  const leaving = new AbortController()
  /** Aborted when work in flight is cut off. */
  const ending = new AbortController()
  let lease: Lease | null = null
  let events: Subscription | null = null
  let renewAtMs = 0
  let cleanupAtMs = 0
  let wake: (() => void) | null = null
  let nudged = false

  const nudge = (): void => {
    nudged = true
    wake?.()
  }
  const nudges = bus.subscribe(subjects.webhookNudge, nudge)

  /**
   * Listens only while there are subscribers, because each event on the bus costs its listeners a
   * copy.
   */
  const listen = (wanted: boolean): void => {
    if (wanted === (events !== null)) return
    events?.unsubscribe()
    events = wanted ? bus.subscribe(subjects.eventFilter, nudge) : null
  }

  /** Sleeps until the time, a nudge or the end, and never less than the shortest pause. */
  async function sleep(untilMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      after(webhookLimits.webhookPumpMsMin, resolve)
    })
    if (nudged || leaving.signal.aborted) return
    await new Promise<void>(resolve => {
      const cancel = after(Math.max(0, untilMs - nowMs()), resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
    wake = null
  }

  async function holdLease(): Promise<boolean> {
    if (lease !== null && nowMs() < renewAtMs) return true
    const asked = nowMs()
    const before = lease
    lease = await takeLease(db, deps.edgeId, asked, database.embedded)
    renewAtMs = asked + webhookLimits.webhookLeaseRenewMs
    if ((lease === null) !== (before === null))
      log.info({ leads: lease !== null }, 'webhooks: this edge begins or ends to deliver')
    if (lease === null) listen(false)
    return lease !== null
  }

  /** Looks once and returns the time of the next look. */
  async function look(): Promise<number> {
    if (!(await holdLease())) return renewAtMs
    const taken = await takeEvents({ db, nowMs, random, names }, lease!)
    if (taken.subscribed && events === null) {
      listen(true)
      // Events published before the subscription was in place were not heard.
      return nowMs()
    }
    listen(taken.subscribed)
    if (nowMs() >= cleanupAtMs) {
      await deleteOldDeliveries(db, nowMs())
      cleanupAtMs = nowMs() + cleanupIntervalMs
    }
    const wakeAtMs = await startDue()
    return taken.more
      ? nowMs()
      : Math.min(wakeAtMs, renewAtMs, nowMs() + webhookLimits.webhookPollMs)
  }

  async function startDue(): Promise<number> {
    const { candidates, health } = await loadCandidates(db, policy)
    const { start, wakeAtMs } = choose(candidates, health, inFlight, nowMs(), policy)
    // An attempt must end while this edge holds the lease; otherwise the next holder would send
    // beside it.
    if (
      !leaving.signal.aborted &&
      lease !== null &&
      nowMs() + webhookLimits.webhookTimeoutMs < lease.untilMs
    )
      for (const delivery of start as Due[]) {
        inFlight.set(delivery.id, delivery.subscriptionId)
        const attempt = deliver(delivery)
          .catch((error: unknown) =>
            log.warn(
              { err: error, delivery_id: delivery.id },
              'webhooks: an attempt could not be recorded',
            ),
          )
          .finally(() => {
            inFlight.delete(delivery.id)
            attempts.delete(attempt)
            nudge()
          })
        attempts.add(attempt)
      }
    return wakeAtMs ?? Number.POSITIVE_INFINITY
  }

  async function deliver(delivery: Due): Promise<void> {
    const atMs = nowMs()
    const { outcome, response } = await attemptOf(delivery, atMs)
    // Our own end cut the attempt off, so it is neither a success nor the receiver's failure.
    if (ending.signal.aborted) return
    const recorded = await recordAttempt(
      db,
      {
        deliveryId: delivery.id,
        subscriptionId: delivery.subscriptionId,
        outcome,
        response,
        atMs,
        tookMs: nowMs() - atMs,
      },
      nowMs(),
      random(),
      policy,
    )
    if (recorded === null) return
    deps.onAttempt(recorded.after.state)
    if (recorded.disabled === null) return
    log.warn(
      { subscription_id: recorded.disabled.subscriptionId, reason: recorded.disabled.reason },
      'webhooks: subscription disabled',
    )
    await deps
      .onDisabled(recorded.disabled)
      .catch((error: unknown) =>
        log.warn({ err: error }, 'webhooks: the notice of a disabled subscription was not sent'),
      )
  }

  async function attemptOf(delivery: Due, atMs: number): Promise<Attempt> {
    const secret = unseal(deps.masterKey, delivery.subscriptionId, delivery.secretSealed)
    if (secret === null)
      return {
        outcome: {
          kind: 'failed',
          error: 'the secret was sealed under another JWT_SECRET_KEY; rotate it',
        },
        response: null,
      }
    const message = {
      id: delivery.eventId,
      timestampSeconds: Math.floor(atMs / 1_000),
      body: delivery.body,
    }
    return send(delivery.url, signedHeaders(secret, message), delivery.body, ending.signal)
  }

  async function run(): Promise<void> {
    while (!leaving.signal.aborted) {
      nudged = false
      const nextAtMs = await look().catch((error: unknown) => {
        if (error instanceof LeaseLost) {
          lease = null
          listen(false)
        } else log.warn({ err: error }, 'webhooks: events could not be taken or sent; trying again')
        return nowMs() + retryMs
      })
      await sleep(nextAtMs)
    }
  }
  const running = run()

  async function stop(): Promise<void> {
    leaving.abort()
    nudge()
    nudges.unsubscribe()
    listen(false)
    await running
    listen(false)
    const cancel = after(goodbyeMs, () => ending.abort('this edge is going away'))
    await Promise.allSettled(attempts)
    cancel()
    if (lease === null) return
    await releaseLease(db, deps.edgeId).catch((error: unknown) =>
      log.warn({ err: error }, 'webhooks: the lease will lapse by itself'),
    )
    bus.publish(subjects.webhookNudge, new Uint8Array())
  }
  let stopped: Promise<void> | null = null
  return {
    get leads() {
      return lease !== null
    },
    stop: () => (stopped ??= stop()),
  }
}
