/** A news: one event as one person hears it, before it is in an inbox or on its way. */
import type { Hearer, NotificationSubject } from '../../protocol/notifications/kinds.ts'
import type { Hearing } from './who.ts'

export interface News extends Omit<Hearing, 'endsAtMs' | 'side'> {
  /** `account`: the record is the account itself. */
  side: Hearer | 'account'
  /** Newer ones have greater ids. */
  id: string
  about: { kind: NotificationSubject; id: string }
  data: string
  eventId: string
  at: Date
  expiresAt: Date
}
