/** The results of a replay: counters, final states from the server, checks, percentiles. */
import { verdicts } from '../../engine/tracking/late-data.ts'
import { orderStatuses, statusTable } from '../../protocol/orders/statuses.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { Person } from '../rigs/people.ts'
import type { PharmacyRow } from './data.ts'
import type { Cab } from './fleet.ts'
import type { Ask, Market } from './market.ts'

export type FrameCounters = Record<string, number>

export interface Outcome {
  market: Market
  cabs: Cab[]
  trips: number
  zeroLength: number
  before: FrameCounters
  after: FrameCounters
  pharmacies: PharmacyRow[]
  customers: Person[]
  runSeconds: number
}

/** The engine's own count of location frames, read through the edge. */
export async function frameCounters(url: string): Promise<FrameCounters> {
  const answer = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(10_000) })
  const health = (await answer.json()) as { engine?: { frames?: FrameCounters } | null }
  return health.engine?.frames ?? {}
}

const pagesMax = 1_000

/** The orders of this replay, as the server shows them to its customers. */
async function finalOrders(
  customers: Person[],
  wanted: ReadonlyMap<string, Ask>,
): Promise<Map<string, OrderView>> {
  const found = new Map<string, OrderView>()
  for (const { api } of customers) {
    let cursor: string | undefined
    for (let page = 0; page < pagesMax; page++) {
      const { orders, next_cursor } = await api.listOrders({
        limit: limits.listLimitMax,
        ...(cursor !== undefined && { cursor }),
      })
      for (const order of orders) if (wanted.has(order.id)) found.set(order.id, order)
      if (next_cursor === null) break
      cursor = next_cursor
    }
  }
  return found
}

const accepted: ReadonlySet<string> = new Set(
  orderStatuses.filter(status => statusTable[status].step !== null && status !== 'pending'),
)

/**
 * Pharmacies within the radius by brute force over the file's numbers. A distance within a metre of
 * the radius may count either way.
 */
function expectedNotified(
  pharmacies: readonly PharmacyRow[],
  ask: Ask,
  radiusKm: number,
): { min: number; max: number } {
  let min = 0
  let max = 0
  for (const pharmacy of pharmacies) {
    const km = distanceKm(
      ask.trip.latitude,
      ask.trip.longitude,
      pharmacy.latitude,
      pharmacy.longitude,
    )
    if (km <= radiusKm - 0.001) min++
    if (km <= radiusKm + 0.001) max++
  }
  return {
    min: Math.min(min, limits.broadcastCandidatesMax),
    max: Math.min(max, limits.broadcastCandidatesMax),
  }
}

/**
 * Lines to print, and a list of errors, which is empty when all checks hold. `alone`: nobody else
 * used the server meanwhile.
 */
export async function summarize(
  outcome: Outcome,
  alone: boolean,
): Promise<{ lines: string[]; wrong: string[] }> {
  const { market, cabs } = outcome
  const asks = [...market.asks.values()]
  const orders = await finalOrders(outcome.customers, market.asks)
  const wrong: string[] = []
  const check = (count: number, what: string): void => {
    if (count > 0) wrong.push(`${count} ${what}`)
  }

  const sum = (of: (cab: Cab) => number): number => cabs.reduce((total, cab) => total + of(cab), 0)
  const sent = sum(cab => cab.sent)
  const acknowledged = sum(cab => Math.min(cab.acknowledged, cab.sent))
  const verdict = (name: string): number => (outcome.after[name] ?? 0) - (outcome.before[name] ?? 0)
  const judgements = verdicts.map(name => [name, verdict(name)] as const)
  const judged =
    judgements.reduce((total, [, count]) => total + count, 0) +
    verdict('unplaced') +
    verdict('refused')
  check(
    sum(cab => cab.unsent),
    'frames were due while their driver was not connected',
  )
  check(sent - acknowledged, 'frames were not acknowledged')
  if (alone && judged !== sent)
    wrong.push(`the engine judged ${judged} frames and not the ${sent} that were sent`)

  const states = new Map<string, number>()
  for (const ask of asks) {
    const status = orders.get(ask.orderId)?.status ?? 'unknown to the server'
    states.set(status, (states.get(status) ?? 0) + 1)
  }
  const won = asks.filter(ask => ask.winners.length > 0)
  const heard = (count: (ask: Ask) => number): number =>
    asks.reduce((total, ask) => total + count(ask), 0)
  check(asks.filter(ask => ask.winners.length > 1).length, 'orders had more than one winner')
  check(
    won.filter(ask => orders.get(ask.orderId)?.vendor_id !== ask.winners[0]).length,
    'orders belong to another pharmacy than the one that heard `won`',
  )
  check(
    asks.filter(
      ask => ask.winners.length === 0 && accepted.has(orders.get(ask.orderId)?.status ?? ''),
    ).length,
    'orders were taken and nobody heard `won`',
  )
  check(
    asks.filter(
      ask =>
        ask.winners.length === 0 && ask.lost > 0 && orders.get(ask.orderId)?.status !== 'expired',
    ).length,
    'orders have losers and no winner',
  )
  check(states.get('unknown to the server') ?? 0, 'acknowledged orders are unknown to the server')
  check(states.get('pending') ?? 0, 'requests are still open after their deadline')
  check(
    heard(ask => ask.unanswered + ask.waiting),
    'answers of pharmacies were never answered',
  )
  const mismatches = asks.filter(ask => {
    const { min, max } = expectedNotified(outcome.pharmacies, ask, market.options.radiusKm)
    return ask.notified < min || ask.notified > max
  }).length
  check(mismatches, 'requests notified other pharmacies than a walk over all of them finds')
  check(market.refusedRequests, `requests were refused (${market.lastTrouble})`)

  const notified = asks.map(ask => ask.notified).sort((a, b) => a - b)
  const row = (name: string, text: string): string => `  ${name.padEnd(22)} ${text}`
  const odd = new Map<string, number>()
  for (const ask of asks) for (const one of ask.odd) odd.set(one, (odd.get(one) ?? 0) + 1)
  const list = (entries: Iterable<readonly [string, number]>): string =>
    [...entries]
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  const stuck = asks.filter(ask => ask.stuck !== null)
  const unencodable = sum(cab => cab.unencodable)
  return {
    wrong,
    lines: [
      `summary (${outcome.runSeconds.toFixed(0)} s)`,
      row(
        'frames',
        `sent ${sent}, acknowledged ${acknowledged}${unencodable > 0 ? `, ${unencodable} without valid coordinates not sent` : ''}`,
      ),
      row(
        'judged by the engine',
        judgements.map(([name, count]) => `${name} ${count}`).join(', ') +
          (verdict('unplaced') + verdict('refused') > 0
            ? `, unplaced ${verdict('unplaced')}, refused ${verdict('refused')}`
            : ''),
      ),
      row(
        'trips',
        `${outcome.trips} asked${outcome.zeroLength > 0 ? `, ${outcome.zeroLength} of zero length left out` : ''}`,
      ),
      row(
        'pharmacies notified',
        notified.length === 0
          ? 'none'
          : `median ${notified[notified.length >> 1]}, max ${notified.at(-1)}, none for ${notified.filter(n => n === 0).length}; ${mismatches === 0 ? 'all as a walk over all pharmacies finds' : `${mismatches} MISMATCHES`}`,
      ),
      row('orders by final state', list(states)),
      row(
        'winners',
        `${won.length} orders with one winner each${asks.some(ask => ask.winners.length > 1) ? ', BUT SOME WITH MORE' : ''}; ${heard(ask => ask.lost)} came too late and were told; ${asks.filter(ask => ask.lost > 0).length} contested; ${heard(ask => ask.rejected)} declines${odd.size > 0 ? `; other answers: ${list(odd)}` : ''}`,
      ),
      ...(stuck.length > 0
        ? [row('deliveries given up', `${stuck.length}, for instance: ${stuck[0]!.stuck}`)]
        : []),
      row('request → terminal', market.requestToTerminal.line()),
      row('accept → won', market.answerToWinner.line()),
      row('accept → lost', market.answerToLoser.line()),
      row('frame → tracker', market.frameToTracker.line()),
      wrong.length === 0 ? '  all checks hold' : `  WRONG: ${wrong.join('; ')}`,
    ],
  }
}
