/** The tables of facts about money as Kysely sees them. */
import type { JSONColumnType } from 'kysely'
import type { Time } from './columns.ts'

/** A fact that is told on the bus and to webhooks. */
interface MoneyFactsTable {
  /** Contiguous, in the order of the transactions. */
  seq: number
  actor: string
  actor_id: string
  type: string
  /** See `PublishedEvent.order_seq`. */
  order_seq: number
  /** The pharmacy that may hear it; null for none. */
  vendor_id: string | null
  /** Written as JSON text. */
  data: JSONColumnType<object, string, never>
  at: Time
}

/** The last number that was given, and the last that was told on the bus. */
interface MoneyFactNumbersTable {
  name: 'given' | 'told'
  seq: number
}

export interface FactTables {
  money_facts: MoneyFactsTable
  money_fact_numbers: MoneyFactNumbersTable
}
