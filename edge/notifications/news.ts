/** A news: one event as one person hears it, before it is in an inbox or on its way. */
import type { Hearer, NotificationSubject } from '../../protocol/notifications/kinds.ts'
import type { Hearing } from './who.ts'

/** A news to be stored. A repeat of `eventId` for a person is left out. */
export interface Wanted extends Omit<News, 'id' | 'accountId' | 'expiresAt'> {
  /** Absent: the kind says how long it is worth something. */
  expiresAt?: Date
}

export interface News extends Omit<Hearing, 'endsAtMs' | 'side'> {
  /** `account`: the record is the account itself. */
  side: Hearer | 'account'
  /** Null for a driver, whose record names the account. */
  accountId: string | null
  /** Newer ones have greater ids. */
  id: string
  about: { kind: NotificationSubject; id: string }
  data: string
  eventId: string
  at: Date
  expiresAt: Date
}
