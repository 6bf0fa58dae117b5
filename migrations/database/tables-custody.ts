/** The tables of the custody log as Kysely sees them. */
import type { ColumnType } from 'kysely'
import type { CustodyAdditions } from '../../protocol/custody/policies.ts'
import type { ReadOnly, Time } from './columns.ts'

/** What a pharmacy adds to the policies; null: nothing. Written as JSON text. */
export type CustodyAdditionsColumn = ColumnType<
  CustodyAdditions | null,
  string | null | undefined,
  string | null
>

/** Rows are only added; an erasure empties `salt` and `entry`. */
export interface CustodyEntriesTable {
  /** Index of the leaf in the tree. */
  leaf: ReadOnly<number>
  order_id: ReadOnly<string>
  /** Number of the entry among those of its order, from 1. */
  number: ReadOnly<number>
  /** The event of the journal. */
  slot: ReadOnly<number>
  seq: ReadOnly<number>
  logged_at: ReadOnly<Date>
  commitment: ReadOnly<Buffer>
  salt: ReadOnly<Buffer | null>
  entry: ReadOnly<unknown>
}

/** The hash of each complete subtree. */
export interface CustodyNodesTable {
  level: ReadOnly<number>
  index: ReadOnly<number>
  hash: ReadOnly<Buffer>
}

export interface CustodyCheckpointsTable {
  /** The public key in the text form of notes. */
  log_key: string
  size: number
  /** The signed note, with the cosignatures of witnesses. */
  note: string
  signed_at: Time
}

/** The last checkpoint that a witness has. */
export interface CustodyWitnessesTable {
  witness: string
  log_key: string
  size: number
  told_at: Time
}

/** The last event of each slot that was looked at. */
export interface CustodyPositionsTable {
  slot: number
  seq: number
}

/** What a thermometer measured on the way of a parcel. Rows are added and deleted. */
export interface TemperatureReadingsTable {
  order_id: ReadOnly<string>
  device: ReadOnly<string>
  at: ReadOnly<Date>
  celsius: ReadOnly<number>
  /** A day. */
  calibrated_on: ReadOnly<Date>
  source: ReadOnly<'socket' | 'rest' | 'file'>
  /** Of the logger's file; null for readings that came without one. */
  file_sha256: ReadOnly<Buffer | null>
}

export interface CustodyTables {
  temperature_readings: TemperatureReadingsTable
  custody_entries: CustodyEntriesTable
  custody_nodes: CustodyNodesTable
  custody_checkpoints: CustodyCheckpointsTable
  custody_witnesses: CustodyWitnessesTable
  custody_positions: CustodyPositionsTable
}
