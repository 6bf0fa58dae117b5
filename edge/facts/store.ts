/**
 * The outbox of facts about money. A fact is stored in the transaction that moves the money, with the
 * next number. Whoever gives a number holds the row of numbers until the end of the transaction, so the
 * numbers have no gap and their order is that of the transactions.
 */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { JournalRow } from '../orders/journal-positions.ts'
import { moneySlot } from '../../protocol/kernel/slots.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'

/** What a room tells about money. */
export interface MoneyFact {
  actor: 'payment' | 'driver'
  actorId: string
  type: string
  /** Version of the actor that the fact is about. */
  orderSeq: number
  /** The pharmacy that may hear it; null for none. */
  pharmacyId: string | null
  data: object
  at: Date
}
/** A stored fact with its number. */
export interface NumberedFact extends MoneyFact {
  seq: number
}

/** Edges follow what people and the processor of cards did. */
export const teller: Principal = { role: 'system', id: 'money' }

/** Stores the facts. Call it last in the transaction, because others wait for the numbers. */
export async function tellMoney(
  tx: Transaction<Tables>,
  facts: readonly MoneyFact[],
): Promise<void> {
  if (facts.length === 0) return
  const { seq: last } = await tx
    .updateTable('money_fact_numbers')
    .set(eb => ({ seq: eb('seq', '+', facts.length) }))
    .where('name', '=', 'given')
    .returning('seq')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('money_facts')
    .values(
      facts.map(({ actor, actorId, type, orderSeq, pharmacyId, data, at }, i) => ({
        seq: last - facts.length + 1 + i,
        actor,
        actor_id: actorId,
        type,
        order_seq: orderSeq,
        vendor_id: pharmacyId,
        data: JSON.stringify(data),
        at,
      })),
    )
    .execute()
}

/** The facts after a number, in order. */
export async function factsAfter(
  db: Kysely<Tables>,
  seq: number,
  factsMax: number,
): Promise<NumberedFact[]> {
  const rows = await db
    .selectFrom('money_facts')
    .selectAll()
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(factsMax)
    .execute()
  return rows.map(row => ({
    seq: row.seq,
    actor: row.actor as MoneyFact['actor'],
    actorId: row.actor_id,
    type: row.type,
    orderSeq: row.order_seq,
    pharmacyId: row.vendor_id,
    data: row.data,
    at: row.at,
  }))
}

/** The last number that was given. */
export async function lastNumber(db: Kysely<Tables>): Promise<number> {
  const { seq } = await db
    .selectFrom('money_fact_numbers')
    .select('seq')
    .where('name', '=', 'given')
    .executeTakeFirstOrThrow()
  return seq
}

/** The facts after the position of a follower, as rows of a journal. */
export async function moneyRowsAfter(
  tx: Kysely<Tables>,
  positions: 'webhook_positions',
  rowsMax: number,
): Promise<JournalRow[]> {
  const {
    rows: [held],
  } = await sql<{
    seq: number
  }>`select seq from ${sql.table(positions)} where slot = ${moneySlot}`.execute(tx)
  const facts = await factsAfter(tx, held?.seq ?? 0, rowsMax)
  return facts.map(({ seq, actor, actorId, type, orderSeq, data, at }) => ({
    slot: moneySlot,
    seq,
    actor_id: actorId,
    kind: actor,
    type,
    command_id: null,
    read: () => ({ version: orderSeq, at, by: teller, event: { type, data } as never }),
  }))
}
