/**
 * Sends the outbox of notifications. Every edge sends; a row belongs to the edge that took it. Each
 * way has a loop that looks, sends and sleeps: until the next row is due, or until an edge says that
 * there are new ones. A look that finds nothing reads one entry of an index.
 *
 * Rejected: one loop for all ways. Phones would wait for a mailbox that does not answer, beyond the
 * time after which another edge sends their rows too.
 */
import { subjects } from '../../protocol/bus/subjects.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { languageOf, type Language } from '../../protocol/notifications/texts.ts'
import { rowOfKind } from '../../protocol/notifications/kinds.ts'
import type { AccountsConfig } from '../accounts/config.ts'
import { smsAllowance } from '../accounts/sms.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import { DeliveryError } from '../messenger/carrier.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { mailOf, payloadOf, worded, type Worded } from './compose.ts'
import { note } from './devices.ts'
import { pushLimits } from './limits.ts'
import type { PushMetrics } from './metrics.ts'
import { planOf, retryMs, topicOf } from './plan.ts'
import type { PushVerdict } from './provider.ts'
import { end, goAsSms, nextDueMs, postpone, smsOfADay, takeDue, type DueRow } from './queue.ts'
import type { WithPush } from './service.ts'

export type OutboxParts = Pick<Kernel, 'database' | 'bus' | 'log' | 'nowMs' | 'random' | 'after'> &
  WithMessenger &
  WithPush &
  WithConfig<Pick<AccountsConfig, 'sms'>> &
  WithMetrics<PushMetrics>

const languageFor = ({ language, device }: DueRow): Language =>
  languageOf(language ?? device?.locale ?? undefined)
const wordsOf = (row: DueRow): Worded => worded(languageFor(row), row, row.visit)

interface Way {
  /** Rows that are taken at once. */
  rowsMax: number
  send(parts: OutboxParts, rows: readonly DueRow[], signal: AbortSignal): Promise<void>
}
const ways: Readonly<Record<DueRow['channel'], Way>> = {
  push: {
    rowsMax: pushLimits.batchMax,
    async send(parts, rows, signal) {
      await Promise.all(rows.map(row => sendPush(parts, row, signal)))
    },
  },
  email: { rowsMax: pushLimits.batchMax, send: sendMails },
  sms: { rowsMax: pushLimits.messagesAtOnce, send: sendAllSms },
}
type Channel = keyof typeof ways

/** Sends what is due on one way. Returns the number of rows that were taken. */
async function sendDue(parts: OutboxParts, channel: Channel, signal: AbortSignal): Promise<number> {
  const { nowMs, messenger } = parts
  const db = parts.database.kysely
  const { rowsMax, send } = ways[channel]
  const rows = await takeDue(db, channel, rowsMax, nowMs())
  const hasMail = messenger.channels.email !== 'none'
  const ready: DueRow[] = []
  for (const row of rows) {
    const plan = planOf(row, nowMs(), hasMail)
    switch (plan.do) {
      case 'send':
        ready.push(row)
        break
      case 'wait':
        await postpone(db, [row.id], plan.untilMs, { counts: false, answer: null })
        break
      case 'sms':
        await goAsSms(db, row.id, nowMs())
        break
      case 'end':
        parts.metrics.deliveries.inc({ channel, state: plan.state })
        await end(db, [row.id], plan.state, null, nowMs())
    }
  }
  await send(parts, ready, signal)
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
      text: wordsOf(row).title,
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

/**
 * Sends to so many mailboxes as the time of a row allows; the rest is due at once and taken again.
 */
async function sendMails(parts: OutboxParts, rows: readonly DueRow[]): Promise<void> {
  const byAccount = new Map<string, DueRow[]>()
  for (const row of rows)
    byAccount.set(row.accountId, [...(byAccount.get(row.accountId) ?? []), row])
  const mails = [...byAccount.values()]
  const rest = mails.splice(pushLimits.messagesAtOnce).flat()
  if (rest.length > 0)
    await postpone(
      parts.database.kysely,
      rest.map(({ id }) => id),
      parts.nowMs(),
      { counts: false, answer: null },
    )
  await Promise.all(mails.map(group => sendMail(parts, group)))
}

/** All news of a person that are due go into one mail. */
async function sendMail(parts: OutboxParts, rows: readonly DueRow[]): Promise<void> {
  const [first, ...more] = rows
  if (first === undefined) return
  const verdict = await parts.messenger
    .deliver({
      channel: 'email',
      to: first.email,
      ...mailOf(languageFor(first), rows.map(wordsOf)),
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
  const send = async (row: DueRow): Promise<void> =>
    settle(
      parts,
      [row],
      await messenger
        .deliver({ channel: 'sms', to: row.phone, subject: '', text: wordsOf(row).line })
        .then((): PushVerdict => ({ outcome: 'accepted', answer: 'sent' }), verdictOf),
    )
  const ready: DueRow[] = []
  for (const row of rows) {
    const ofAccount = ofAccounts.get(row.accountId) ?? 0
    if (ofAccount >= pushLimits.smsPerAccountPerDayMax) {
      await settle(parts, [row], { outcome: 'refused', answer: 'too_many' })
      continue
    }
    switch (allowed(row.phone)) {
      case 'now':
        ofAccounts.set(row.accountId, ofAccount + 1)
        ready.push(row)
        break
      case 'later': {
        const dueAtMs = nowMs() + pushLimits.smsLaterMs
        await postpone(db, [row.id], dueAtMs, { counts: false, answer: 'too_many' })
        break
      }
      case 'never':
        await settle(parts, [row], { outcome: 'refused', answer: 'phone' })
    }
  }
  await Promise.all(ready.map(send))
}

/** Starts the loops. Returns the function that stops them; requests under way are cut off. */
export function startOutbox(parts: OutboxParts): () => Promise<void> {
  const { log, nowMs, bus } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  const leaving = new AbortController()
  const loops = (Object.keys(ways) as Channel[]).map(channel =>
    startLoop(parts, channel, leaving.signal, error =>
      seldom.say(channel, 'notifications could not be sent; trying again', error),
    ),
  )
  const nudges = bus.subscribe(subjects.notifications, () => {
    for (const { nudge } of loops) nudge()
  })
  return async () => {
    nudges.unsubscribe()
    leaving.abort()
    for (const { nudge } of loops) nudge()
    await Promise.all(loops.map(({ running }) => running))
  }
}

/** The loop of one way, until `signal` ends it. `nudge`: there may be something to send. */
function startLoop(
  parts: OutboxParts,
  channel: Channel,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): { nudge(): void; running: Promise<void> } {
  const { after, nowMs, database } = parts
  let isNudged = false
  let wake: () => void = () => {}

  async function sleep(untilMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      after(pushLimits.pauseMs, resolve)
    })
    if (isNudged || signal.aborted) return
    await new Promise<void>(resolve => {
      const cancel = after(Math.max(0, untilMs - nowMs()), resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      isNudged = false
      const again = nowMs() + pushLimits.lookMs
      const nextMs = await sendDue(parts, channel, signal)
        .then(taken => (taken > 0 ? nowMs() : nextDueMs(database.kysely, channel)))
        .catch((error: unknown) => {
          failed(error)
          return again
        })
      await sleep(Math.min(nextMs ?? again, again))
    }
  }
  return {
    nudge() {
      isNudged = true
      wake()
    },
    running: run(),
  }
}
