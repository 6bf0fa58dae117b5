/** What to do with a row that is due. Pure: the time is an argument. */
import { createHash } from 'node:crypto'
import { digestTimeOf, quietUntil } from '../../protocol/notifications/quiet.ts'
import { rowOfKind } from '../../protocol/notifications/kinds.ts'
import { pushLimits } from './limits.ts'
import type { DueRow } from './queue.ts'

export type Plan =
  | { do: 'send' }
  | { do: 'end'; state: 'seen' | 'expired' | 'unreachable' }
  | { do: 'wait'; untilMs: number }

/** May the row still go to this person by this channel? The rules are those by which it was stored. */
function mayGo({ channel, kind, isActive, device, wanted, ...row }: DueRow): boolean {
  if (!isActive) return false
  switch (channel) {
    case 'push':
      return device !== null && (rowOfKind(kind).essential || wanted !== false)
    case 'email':
      return row.emailIsProven && wanted === true
    case 'sms':
      return row.phoneIsProven && wanted === true
  }
}

/**
 * The plan for a row. News for which somebody waits, offers and arrivals come at any time; the rest
 * waits for the end of the quiet hours, and mail for the morning when the person wants it once a
 * day. A mail makes no noise, so quiet hours do not hold it up.
 */
export function planOf(row: DueRow, nowMs: number): Plan {
  const { channel, kind, quiet, digest, timeZone } = row
  if (nowMs >= row.expiresAtMs) return { do: 'end', state: 'expired' }
  // Who has broken into an account can read its inbox too.
  if (row.isRead && row.about.kind !== 'account') return { do: 'end', state: 'seen' }
  if (!mayGo(row)) return { do: 'end', state: 'unreachable' }
  const { urgent, essential } = rowOfKind(kind)
  if (urgent || essential) return { do: 'send' }
  const untilMs =
    channel === 'email'
      ? digest === 'daily'
        ? digestTimeOf(row.atMs, timeZone)
        : null
      : quiet === null
        ? null
        : quietUntil(nowMs, quiet, timeZone)
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
