/**
 * News of a room that no event of an actor tells: a sign-in, a decision, a paper. The room writes
 * them in the transaction of the thing itself; `edge/notifications` brings them to the inbox and to
 * devices. So a room neither knows the ways to a person nor waits for them.
 */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { NotificationKind, NotificationSubject } from '../../protocol/notifications/kinds.ts'
import type { Clock } from './kernel.ts'

interface AccountNews {
  kind: NotificationKind
  /** Null: every administrator. */
  accountId: string | null
  /** Absent: the account itself. */
  about?: { kind: NotificationSubject; id: string }
}

/** Tells an account. Within a transaction it is told exactly when the transaction is committed. */
export async function tellAccount(
  db: Kysely<Tables>,
  { kind, accountId, about }: AccountNews,
  { nowMs, random }: Pick<Clock, 'nowMs' | 'random'>,
): Promise<void> {
  await db
    .insertInto('account_news')
    .values({
      id: uuidV7(nowMs(), random),
      account_id: accountId,
      kind,
      about_kind: about?.kind ?? null,
      about_id: about?.id ?? null,
      at: new Date(nowMs()),
    })
    .execute()
}
