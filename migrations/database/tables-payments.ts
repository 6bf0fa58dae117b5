/** The tables of payments as Kysely sees them. */
import type { JSONColumnType } from 'kysely'
import type { NullableTime, Time } from './columns.ts'

interface PaymentsTable {
  order_id: string
  customer_id: string
  /** The pharmacy that accepted; null before. */
  vendor_id: string | null
  /** The driver who took the money; null before. */
  driver_id: string | null
  status: string
  /** Number of its facts. */
  version: number
  opened_at: Time
}

/** The history of a payment, from which its state is made. */
interface PaymentFactsTable {
  order_id: string
  version: number
  type: string
  /** Written as JSON text. */
  data: JSONColumnType<object, string, never>
  at: Time
}

/** What a command said about money; it counts once the journal has a fact of the command. */
interface PaymentWordsTable {
  command_id: string
  order_id: string
  /** Written as JSON text. */
  data: JSONColumnType<object, string, string>
  at: Time
}

/** What waits for the processor of cards. */
interface PaymentRequestsTable {
  id: string
  kind: string
  /** Null for a reading of an object that may be nobody's. */
  order_id: string | null
  amount: number | null
  /** The processor's object, or the refund. */
  about: string | null
  attempts: number
  due_at: Time
  /** The processor's last word. */
  answer: string | null
  asked_at: Time
  /** Null while it waits. */
  ended_at: NullableTime
}

/** The last event of each slot that payments took. */
interface PaymentPositionsTable {
  slot: number
  seq: number
}

export interface PaymentTables {
  payments: PaymentsTable
  payment_facts: PaymentFactsTable
  payment_words: PaymentWordsTable
  payment_requests: PaymentRequestsTable
  payment_positions: PaymentPositionsTable
}
