/** What to do with a row that is due. Pure: the time is an argument. */
import { createHash } from 'node:crypto'
import { digestTimeOf, quietUntil } from '../../protocol/notifications/quiet.ts'
import { rowOfKind, wantedByDefault } from '../../protocol/notifications/kinds.ts'
import { pushLimits } from './limits.ts'
import type { DueRow } from './queue.ts'

export type Plan =
  | { do: 'send' }
  | { do: 'end'; state: 'seen' | 'expired' | 'unreachable' | 'replaced' }
  | { do: 'wait'; untilMs: number }
  /** A letter whose mail cannot go. */
  | { do: 'sms' }

/** May the row still go to this person by this channel? The rules are those by which it was stored. */
function mayGo({ channel, kind, isActive, device, wanted, ...row }: DueRow): boolean {
  if (!isActive) return false
  const isWanted = wanted ?? wantedByDefault(kind, channel)
  switch (channel) {
    case 'push':
      return device !== null && (rowOfKind(kind).essential || isWanted)
    case 'email':
      return row.emailIsProven && isWanted
    case 'sms':
      return row.phoneIsProven && isWanted
  }
}

/** The appointment of a reminder takes place when it did; the news is worth something until then. */
const isStill = ({ kind, visit, expiresAtMs }: DueRow): boolean =>
  kind !== 'appointment.reminder' ||
  (visit !== null && visit.status === 'booked' && visit.startMs === expiresAtMs)

/**
 * The end of the quiet hours: those of the person, otherwise of the service for a reminder that
 * comes late, because no edge ran. Null outside of them.
 */
function quietEnd({ quiet, timeZone, visit, atMs }: DueRow, nowMs: number): number | null {
  if (quiet !== null) return quietUntil(nowMs, quiet, timeZone)
  const isLate = nowMs - atMs > pushLimits.reminderPromptMs
  return visit === null || visit.quiet === null || !isLate
    ? null
    : quietUntil(nowMs, visit.quiet, visit.customerTimeZone)
}

/**
 * The plan for a row. News for which somebody waits, offers and arrivals come at any time; the rest
 * waits for the end of the quiet hours, and mail for the morning when the person wants it once a
 * day, unless it is a letter. A mail makes no noise, so quiet hours do not hold it up.
 * `hasMail`: this server can send mails.
 */
export function planOf(row: DueRow, nowMs: number, hasMail = true): Plan {
  const { channel, kind, digest, timeZone } = row
  if (nowMs >= row.expiresAtMs) return { do: 'end', state: 'expired' }
  // Who has broken into an account can read its inbox too.
  if (row.isRead && row.about.kind !== 'account') return { do: 'end', state: 'seen' }
  if (!isStill(row)) return { do: 'end', state: 'replaced' }
  const { urgent, essential, letter } = rowOfKind(kind)
  if (letter && channel === 'email' && row.isActive && !(mayGo(row) && hasMail))
    return { do: 'sms' }
  if (!mayGo(row)) return { do: 'end', state: 'unreachable' }
  if (urgent || essential) return { do: 'send' }
  const untilMs =
    channel === 'email'
      ? digest === 'daily' && !letter
        ? digestTimeOf(row.atMs, timeZone)
        : null
      : quietEnd(row, nowMs)
  return untilMs === null || untilMs <= nowMs ? { do: 'send' } : { do: 'wait', untilMs }
}

/**
 * The pause after a failure: it doubles, half of it is random, and it is at least as long as the
 * service asks. Null: it is given up.
 */
export function retryMs(
  { attempts, expiresAtMs }: Pick<DueRow, 'attempts' | 'expiresAtMs'>,
  retryAfterMs: number | null,
  nowMs: number,
  random: number,
): number | null {
  if (attempts >= pushLimits.attemptsMax) return null
  const full = Math.min(pushLimits.backoffMsMax, pushLimits.backoffMsFirst * 2 ** (attempts - 1))
  const pause = Math.max(Math.round(full * (0.5 + random * 0.5)), retryAfterMs ?? 0)
  return nowMs + pause >= expiresAtMs ? null : pause
}

/** The topic of a record at a push service, which learns no id from it. */
export const topicOf = ({ about }: Pick<DueRow, 'about'>): string =>
  createHash('sha256').update(`${about.kind} ${about.id}`).digest('base64url').slice(0, 32)
