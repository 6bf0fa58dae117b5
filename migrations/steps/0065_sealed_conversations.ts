/**
 * Encrypted texts of conversations. `sealed` is an envelope that stands instead of `text`, and `marks`
 * are the keyed hashes of its words, in the order of their letters and not of the text. A row has
 * `text` or `sealed`, never both. The key of a conversation is a row of `file_keys` with its id.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `alter table conversation_texts add column sealed text, add column marks text,
    add constraint conversation_texts_once check (text is null or sealed is null)`,
  `create index conversation_texts_plain on conversation_texts (id) where text is not null`,
  `alter table conversation_reports add column sealed text,
    add constraint conversation_reports_once check (text is null or sealed is null)`,
]

export const sealedConversations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
