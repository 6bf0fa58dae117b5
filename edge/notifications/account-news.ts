/**
 * News that no event of an actor tells: a sign-in, a decision. Their rooms write them into a table
 * (`edge/kernel/news.ts`), and here they become news like those of the journal.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import {
  type NotificationKind,
  type NotificationSubject,
} from '../../protocol/notifications/kinds.ts'
import type { Wanted } from './news.ts'

/**
 * Takes the oldest ones that no other edge takes. They are gone from their table when the
 * transaction is committed.
 */
export async function takeAccountNews(tx: Kysely<Tables>, rowsMax: number): Promise<Wanted[]> {
  const { rows } = await sql<{
    id: string
    account_id: string
    kind: NotificationKind
    about_kind: NotificationSubject
    about_id: string
    at: Date
  }>`
    with taken as (
      delete from account_news where id in (
        select id from account_news order by id limit ${rowsMax} for update skip locked) returning *
    )
    select t.id, u.id as account_id, t.kind, coalesce(t.about_kind, 'account') as about_kind,
      coalesce(t.about_id, u.id) as about_id, t.at
    from taken t join users u on case when t.account_id is null then u.role = 'admin' else u.id = t.account_id end
    order by t.id, u.id`.execute(tx)
  return rows.map(({ id, account_id, kind, about_kind, about_id, at }) => ({
    side: 'account',
    recordId: account_id,
    kind,
    about: { kind: about_kind, id: about_id },
    data: '{}',
    eventId: `news.${id}`,
    at,
  }))
}
