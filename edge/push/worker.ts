/**
 * Sends the outbox of notifications. Every edge sends; a row belongs to the edge that took it. One
 * loop looks, sends and sleeps: until the next row is due, or until an edge says that there are new
 * ones. A look that finds nothing reads one entry of an index.
 */
import { subjects } from '../../protocol/bus/subjects.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { languageOf, notificationText, type Language } from '../../protocol/notifications/texts.ts'
import { rowOfKind } from '../../protocol/notifications/kinds.ts'
import type { AccountsConfig } from '../accounts/config.ts'
import { smsAllowance } from '../accounts/sms.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import { DeliveryError } from '../messenger/carrier.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { mailOf, payloadOf } from './compose.ts'
import { note } from './devices.ts'
import { pushLimits } from './limits.ts'
import type { PushMetrics } from './metrics.ts'
import { planOf, retryMs, topicOf } from './plan.ts'
import type { PushVerdict } from './provider.ts'
import { end, nextDueMs, postpone, smsOfADay, takeDue, type DueRow } from './queue.ts'
import type { WithPush } from './service.ts'

export type OutboxParts = Pick<Kernel, 'database' | 'bus' | 'log' | 'nowMs' | 'random' | 'after'> &
  WithMessenger &
  WithPush &
  WithConfig<Pick<AccountsConfig, 'sms'>> &
  WithMetrics<PushMetrics>

const languageFor = ({ language, device }: DueRow): Language =>
  languageOf(language ?? device?.locale ?? undefined)
const textOf = (row: DueRow): string => notificationText(languageFor(row), row.kind, row.data)

/** Sends what is due once. Returns the number of rows that were taken. */
async function sendDue(parts: OutboxParts, signal: AbortSignal): Promise<number> {
  const { nowMs } = parts
  const db = parts.database.kysely
  const rows = await takeDue(db, nowMs())
  const ready: DueRow[] = []
  for (const row of rows) {
    const plan = planOf(row, nowMs())
    if (plan.do === 'send') ready.push(row)
    else if (plan.do === 'wait')
      await postpone(db, [row.id], plan.untilMs, { counts: false, answer: null })
    else {
      parts.metrics.deliveries.inc({ channel: row.channel, state: plan.state })
      await end(db, [row.id], plan.state, null, nowMs())
    }
  }
  const mails = new Map<string, DueRow[]>()
  for (const row of ready)
    if (row.channel === 'email')
      mails.set(row.accountId, [...(mails.get(row.accountId) ?? []), row])
  await Promise.all([
    ...ready.filter(row => row.channel === 'push').map(row => sendPush(parts, row, signal)),
    ...[...mails.values()].map(group => sendMail(parts, group)),
    sendAllSms(
      parts,
      ready.filter(row => row.channel === 'sms'),
    ),
  ])
  return rows.length
}

/** Writes what became of rows that were sent together. */
async function settle(
  { database: { kysely: db }, metrics, nowMs, random }: OutboxParts,
  rows: readonly [DueRow, ...DueRow[]],
  verdict: PushVerdict,
): Promise<void> {
  const [first] = rows
  const ids = rows.map(({ id }) => id)
  const { channel } = first
  const ended = async (state: 'sent' | 'refused' | 'given_up'): Promise<void> => {
    metrics.deliveries.inc({ channel, state }, rows.length)
    await end(db, ids, state, verdict.answer, nowMs())
  }
  switch (verdict.outcome) {
    case 'accepted':
      return ended('sent')
    case 'gone':
    case 'refused':
      return ended('refused')
    case 'later': {
      const pauseMs = retryMs(first, verdict.retryAfterMs, nowMs(), random())
      if (pauseMs === null) return ended('given_up')
      metrics.deliveries.inc({ channel, state: 'retried' }, rows.length)
      return postpone(db, ids, nowMs() + pauseMs, { counts: true, answer: verdict.answer })
    }
  }
}

async function sendPush(parts: OutboxParts, row: DueRow, signal: AbortSignal): Promise<void> {
  const { device, kind, about } = row
  const provider = device === null ? null : parts.push.providers[device.kind]
  if (device === null || provider === null)
    return settle(parts, [row], { outcome: 'refused', answer: 'unconfigured' })
  const sentAtMs = parts.nowMs()
  const verdict = await provider.send(
    device,
    {
      text: textOf(row),
      data: payloadOf(row),
      // Each news of an account stands for itself.
      topic: about.kind === 'account' ? null : topicOf(row),
      urgent: rowOfKind(kind).urgent,
      expiresAtMs: row.expiresAtMs,
    },
    signal,
  )
  // An edge that leaves cuts its requests off. Another one sends the row when its time is over.
  if (signal.aborted) return
  const { outcome, answer } = verdict
  parts.metrics.pushAnswers.inc({ service: device.kind, outcome, answer })
  await settle(parts, [row], verdict)
  await note(parts.database.kysely, device.id, verdict, sentAtMs, parts.nowMs())
}

/** The answer of a carrier of mail or SMS. */
function verdictOf(error: unknown): PushVerdict {
  return error instanceof DeliveryError && error.permanent
    ? { outcome: 'refused', answer: 'refused' }
    : { outcome: 'later', answer: 'failed', retryAfterMs: null }
}

/** All news of a person that are due go into one mail. */
async function sendMail(parts: OutboxParts, rows: readonly DueRow[]): Promise<void> {
  const [first, ...more] = rows
  if (first === undefined) return
  const verdict = await parts.messenger
    .deliver({
      channel: 'email',
      to: first.email,
      ...mailOf(languageFor(first), rows.map(textOf)),
    })
    .then((): PushVerdict => ({ outcome: 'accepted', answer: 'sent' }), verdictOf)
  await settle(parts, [first, ...more], verdict)
}

/**
 * A bound for everybody makes an SMS wait, because it is no fault of this person; it ends when its
 * news is old. The bound of the account ends it.
 */
async function sendAllSms(parts: OutboxParts, rows: readonly DueRow[]): Promise<void> {
  if (rows.length === 0) return
  const { config, messenger, nowMs } = parts
  const db = parts.database.kysely
  const ofAccounts = await smsOfADay(
    db,
    rows.map(({ accountId }) => accountId),
    nowMs(),
  )
  const allowed = await smsAllowance(db, config.sms, nowMs())
  const send = (row: DueRow): Promise<PushVerdict> =>
    messenger
      .deliver({ channel: 'sms', to: row.phone, subject: '', text: textOf(row) })
      .then((): PushVerdict => ({ outcome: 'accepted', answer: 'sent' }), verdictOf)
  for (const row of rows) {
    const ofAccount = ofAccounts.get(row.accountId) ?? 0
    if (ofAccount >= pushLimits.smsPerAccountPerDayMax) {
      await settle(parts, [row], { outcome: 'refused', answer: 'too_many' })
      continue
    }
    const allowance = allowed(row.phone)
    if (allowance === 'later') {
      const dueAtMs = nowMs() + pushLimits.smsLaterMs
      await postpone(db, [row.id], dueAtMs, { counts: false, answer: 'too_many' })
      continue
    }
    const verdict: PushVerdict =
      allowance === 'never' ? { outcome: 'refused', answer: 'phone' } : await send(row)
    if (verdict.outcome === 'accepted') ofAccounts.set(row.accountId, ofAccount + 1)
    await settle(parts, [row], verdict)
  }
}

/** Starts the loop. Returns the function that stops it; requests under way are cut off. */
export function startOutbox(parts: OutboxParts): () => Promise<void> {
  const { log, after, nowMs, bus } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  const leaving = new AbortController()
  let isNudged = false
  let wake: () => void = () => {}
  const nudges = bus.subscribe(subjects.notifications, () => {
    isNudged = true
    wake()
  })

  async function sleep(untilMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      after(pushLimits.pauseMs, resolve)
    })
    if (isNudged || leaving.signal.aborted) return
    await new Promise<void>(resolve => {
      const cancel = after(Math.max(0, untilMs - nowMs()), resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }

  async function run(): Promise<void> {
    while (!leaving.signal.aborted) {
      isNudged = false
      const again = nowMs() + pushLimits.lookMs
      const nextMs = await sendDue(parts, leaving.signal)
        .then(taken => (taken > 0 ? nowMs() : nextDueMs(parts.database.kysely)))
        .catch((error: unknown) => {
          seldom.say('outbox', 'notifications could not be sent; trying again', error)
          return again
        })
      await sleep(Math.min(nextMs ?? again, again))
    }
  }
  const running = run()
  return async () => {
    nudges.unsubscribe()
    leaving.abort()
    wake()
    await running
  }
}
