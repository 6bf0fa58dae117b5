/**
 * The schedule of deliveries. Pure: it has no clock, no random numbers and no database, so every
 * rule is a row of a table test.
 *
 * A delivery has its own backoff. A subscriber that fails with every delivery gets one at a time,
 * with pauses. So a receiver that is down does not get each of its thousand orders, and one order
 * that a receiver cannot process does not hold up the others for long.
 */
import { webhookLimits } from './limits.ts'

export interface Policy {
  attemptsMax: number
  ageMsMax: number
  backoffMsFirst: number
  backoffMsMax: number
  pauseFailuresMin: number
  pauseMsMax: number
  disableAfterMs: number
  disableFailuresMin: number
  inFlightMax: number
  inFlightPerSubscriptionMax: number
}

export const defaultPolicy: Policy = {
  attemptsMax: webhookLimits.webhookAttemptsMax,
  ageMsMax: webhookLimits.webhookAgeMsMax,
  backoffMsFirst: webhookLimits.webhookBackoffMsFirst,
  backoffMsMax: webhookLimits.webhookBackoffMsMax,
  pauseFailuresMin: webhookLimits.webhookPauseFailuresMin,
  pauseMsMax: webhookLimits.webhookPauseMsMax,
  disableAfterMs: webhookLimits.webhookDisableAfterMs,
  disableFailuresMin: webhookLimits.webhookDisableFailuresMin,
  inFlightMax: webhookLimits.webhookInFlightMax,
  inFlightPerSubscriptionMax: webhookLimits.webhookInFlightPerSubscriptionMax,
}

/** Recent failures of a subscriber. */
export interface Health {
  failuresInARow: number
  failingSinceMs: number | null
  pausedUntilMs: number | null
}
export const wellHealth: Health = { failuresInARow: 0, failingSinceMs: null, pausedUntilMs: null }

/**
 * The first undelivered event of an order for a subscriber; later events of that order are not
 * candidates.
 */
export interface Candidate {
  id: string
  subscriptionId: string
  nextAttemptAtMs: number
}

/** The answer of a receiver, or the reason why there is none. */
export type Outcome =
  | { kind: 'answered'; status: number; retryAfterMs: number | null }
  | { kind: 'failed'; error: string }

export type After =
  | { state: 'delivered' }
  | { state: 'waiting'; nextAttemptAtMs: number }
  | { state: 'given_up' }

/** True for an answer with a status of 2xx. */
export const succeeded = (outcome: Outcome): boolean =>
  outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300

/**
 * Doubles from the first to the longest; half of it is random, so that failed deliveries do not
 * come back together.
 */
export function backoffMs(
  policy: Pick<Policy, 'backoffMsFirst' | 'backoffMsMax'>,
  failures: number,
  random: number,
): number {
  const full = Math.min(
    policy.backoffMsMax,
    policy.backoffMsFirst * 2 ** Math.min(failures - 1, 40),
  )
  return Math.round(full * (0.5 + random * 0.5))
}

/**
 * The effect of an attempt on its delivery and its subscriber. `attempts` counts this one;
 * `disable` is the reason for disabling.
 */
export function afterAttempt(
  delivery: { attempts: number; createdAtMs: number },
  health: Health,
  outcome: Outcome,
  nowMs: number,
  random: number,
  policy: Policy,
): { after: After; health: Health; disable: string | null } {
  if (succeeded(outcome))
    return { after: { state: 'delivered' }, health: wellHealth, disable: null }
  const failuresInARow = health.failuresInARow + 1
  const failingSinceMs = health.failingSinceMs ?? nowMs
  const pause =
    failuresInARow < policy.pauseFailuresMin
      ? null
      : Math.min(
          policy.pauseMsMax,
          backoffMs(policy, failuresInARow - policy.pauseFailuresMin + 1, random),
        )
  const next: Health = {
    failuresInARow,
    failingSinceMs,
    pausedUntilMs: pause === null ? null : nowMs + pause,
  }
  const disable = disableReason(next, outcome, nowMs, policy)
  const wanted =
    outcome.kind === 'answered' ? Math.min(outcome.retryAfterMs ?? 0, policy.backoffMsMax) : 0
  const nextAttemptAtMs = nowMs + Math.max(wanted, backoffMs(policy, delivery.attempts, random))
  const over =
    delivery.attempts >= policy.attemptsMax ||
    nextAttemptAtMs - delivery.createdAtMs > policy.ageMsMax
  return {
    after: over ? { state: 'given_up' } : { state: 'waiting', nextAttemptAtMs },
    health: next,
    disable,
  }
}

function disableReason(
  health: Health,
  outcome: Outcome,
  nowMs: number,
  policy: Policy,
): string | null {
  if (outcome.kind === 'answered' && outcome.status === 410) return 'the receiver answered 410 Gone'
  const forMs = nowMs - health.failingSinceMs!
  if (forMs < policy.disableAfterMs || health.failuresInARow < policy.disableFailuresMin)
    return null
  const last = outcome.kind === 'answered' ? `status ${outcome.status}` : outcome.error
  return `${health.failuresInARow} attempts in a row failed since ${new Date(health.failingSinceMs!).toISOString()}; the last one: ${last}`
}

/**
 * The candidates to send now, earliest first, and the time of the next look (null: after the next
 * event). `inFlight` maps running deliveries to their subscriptions.
 */
export function choose(
  candidates: readonly Candidate[],
  health: ReadonlyMap<string, Health>,
  inFlight: ReadonlyMap<string, string>,
  nowMs: number,
  policy: Policy,
): { start: Candidate[]; wakeAtMs: number | null } {
  const busy = new Map<string, number>()
  for (const subscriptionId of inFlight.values())
    busy.set(subscriptionId, (busy.get(subscriptionId) ?? 0) + 1)
  const start: Candidate[] = []
  let wakeAtMs: number | null = null
  for (const candidate of candidates.toSorted((a, b) => a.nextAttemptAtMs - b.nextAttemptAtMs)) {
    if (inFlight.has(candidate.id)) continue
    const state = health.get(candidate.subscriptionId) ?? wellHealth
    const dueAtMs = Math.max(candidate.nextAttemptAtMs, state.pausedUntilMs ?? 0)
    if (dueAtMs > nowMs) {
      wakeAtMs = Math.min(wakeAtMs ?? dueAtMs, dueAtMs)
      continue
    }
    const count = busy.get(candidate.subscriptionId) ?? 0
    const countMax =
      state.failuresInARow >= policy.pauseFailuresMin ? 1 : policy.inFlightPerSubscriptionMax
    // A candidate without room needs no timer, because the end of an attempt starts a look.
    if (count >= countMax || inFlight.size + start.length >= policy.inFlightMax) continue
    busy.set(candidate.subscriptionId, count + 1)
    start.push(candidate)
  }
  return { start, wakeAtMs }
}
