/**
 * The form of the list that says, table by table, what the database knows of a person. The export
 * and the erasure read it. The type has every table of `Tables` and a test compares the list with the database, so
 * a new table or a new id does not pass unnoticed.
 *
 * Rejected: a function in each room that gives its part. A room without the function is no error,
 * and nobody misses the part of a room that was forgotten.
 */
import type { RawBuilder } from 'kysely'
import type { Vault } from '../keys/vault.ts'
import type { Tables } from '../../migrations/database/tables.ts'

export interface Person {
  accountId: string
  /** The account, and its pharmacy and its driver where it has them. */
  ids: readonly string[]
  /** False for a pharmacy or a driver who waits for a decision or is kept from work by one. */
  mayWork: boolean
}

/**
 * What the erasure of a customer does with the rows: it deletes them, gives columns new values, or
 * leaves them for a reason. `only`: rows for which this is false wait for a later pass. `own`: a
 * file of this room does it.
 */
export type Erase<Column extends string = string> =
  | 'delete'
  | { set: { readonly [Name in Column]?: string | null }; only?: RawBuilder<boolean> }
  | { stays: string }
  | { own: string }

/** The rows of one table that are about a person, for one reason. */
export interface Part<Column extends string = string> {
  /** A line for the person. */
  about: string
  erase: Erase<Column>
  /** Columns that hold an id of the person; or the condition, where another table has the id. */
  of: readonly Column[] | ((person: Person) => RawBuilder<boolean>)
  /** The columns that order the rows and tell them apart; by default `id`. */
  key?: readonly Column[]
  /** Secrets, what only the house needs, and what is about somebody else. */
  leave?: readonly Column[]
  /** Rows may name customers: a pharmacy or a driver who may not work now does not get them. */
  work?: true
  /** The column `text` of these rows, opened where it is sealed. */
  open?(vault: Vault, rows: readonly Readonly<Record<string, unknown>>[]): Promise<unknown[]>
  /** The row as the person may see it; by default the row without `leave`. */
  shape?(row: Readonly<Record<string, unknown>>, person: Person, nowMs: number): unknown
}

/** One table: its parts, or the reason why it has none. */
export type Known<Column extends string = string> = (
  | { parts: readonly Part<Column>[] }
  | { why: string }
) & {
  /** The other columns with ids: of records, or of people whom the row is not about. */
  otherIds?: readonly Column[]
}

/** Every table. A file has the tables of one kind of rooms. */
export type KnownTables = { readonly [Name in keyof Tables]: Known<keyof Tables[Name] & string> }
