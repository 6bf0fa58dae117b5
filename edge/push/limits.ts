/** Bounds of the devices that are woken, and of the messages to them. */
import { limits, relation } from '../../protocol/kernel/limits.ts'
import { messengerLimits } from '../messenger/limits.ts'
import { plainBytesMax } from './encrypt.ts'

export const pushLimits = {
  /** Devices of one account; the one used longest ago goes. */
  devicesPerAccountMax: 20,
  tokenCharactersMax: 1_024,
  appCharactersMax: 100,
  localeCharactersMax: 35,
  /** Time from the connection to the answer of a service. */
  timeoutMs: 10_000,
  /** Messages to browsers up to this size have the same length. */
  paddedBytes: 1_024,
  /** Rows of one way that an edge takes at once. */
  batchMax: 100,
  /** SMS, and mailboxes, to which an edge sends at once. */
  messagesAtOnce: 8,
  /** Time after which another edge sends a row that an edge has taken. */
  takenMs: 60_000,
  attemptsMax: 8,
  backoffMsFirst: 5_000,
  backoffMsMax: 15 * 60_000,
  /** Longest time between two looks for rows, because a nudge can be lost. */
  lookMs: 5_000,
  /** Shortest time between two looks. */
  pauseMs: 50,
  endedKeptMs: 7 * 24 * 3_600_000,
  /**
   * A reminder that comes no later than this is not held back by the quiet hours of its service: the
   * calendar has planned it out of them, maybe for their last minute.
   */
  reminderPromptMs: 15 * 60_000,
  smsPerAccountPerDayMax: 20,
  /** Pause before an SMS is tried again that the bounds of a day did not allow. */
  smsLaterMs: 10 * 60_000,
} as const

relation(
  pushLimits.takenMs > 2 * pushLimits.timeoutMs,
  'a message is sent, or its time is over, before another edge sends it',
)
relation(
  pushLimits.takenMs >
    Math.ceil(pushLimits.messagesAtOnce / messengerLimits.smtpConnectionsMax + 1) *
      messengerLimits.messageTimeoutMs,
  'a mail or an SMS is sent, or its time is over, before another edge sends it',
)
relation(pushLimits.paddedBytes <= plainBytesMax, 'a padded message fits into one record')
relation(limits.urlCharactersMax < 2_700, 'an address fits into an entry of an index of PostgreSQL')
