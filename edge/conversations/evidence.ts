/**
 * Keeps the evidence of reports: a report and the taking back of a message of the same conversation
 * happen one after the other. Without this order a report could arrive between the look for reports
 * and the taking back, and support would find no words.
 *
 * A lock of the database holds for all edges. Taking back waits for the engine while it holds the
 * lock and a connection, so only a few are done at once. Rejected: the words in the report. They
 * would stay when the message is taken back, and its file would need the same.
 */
import { sql, type Transaction } from 'kysely'
import type { Database } from '../../migrations/database/open.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { FairQueue } from '../accounts/fair-queue.ts'
import { chatLimits } from './limits.ts'

const full = () => new CaduceusError('overloaded', 'too many messages are taken back; try again')
const queues = new WeakMap<Database, FairQueue>()

/** Runs `work` while no other one runs for the conversation. */
export const inTurn = <T>(
  { kysely }: Pick<Database, 'kysely'>,
  conversationId: string,
  work: (tx: Transaction<Tables>) => Promise<T>,
): Promise<T> =>
  kysely.transaction().execute(async tx => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`reports of ${conversationId}`}, 0))`.execute(
      tx,
    )
    return work(tx)
  })

/** The same for work that waits for an engine. Throws `overloaded`. */
export function inTurnWithEngine<T>(
  database: Database,
  conversationId: string,
  work: (tx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  let queue = queues.get(database)
  if (queue === undefined)
    queues.set(
      database,
      (queue = new FairQueue(
        {
          atOnceMax: chatLimits.takenBackAtOnce,
          totalMax: chatLimits.takenBackWaitingMax,
          perKeyMax: chatLimits.takenBackPerConversationMax,
        },
        full,
      )),
    )
  return queue.run(conversationId, () => inTurn(database, conversationId, work))
}
