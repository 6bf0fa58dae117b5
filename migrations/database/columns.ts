/**
 * The kinds of columns that the tables of `tables.ts` are made of: who writes them, and in which
 * types.
 */
import type { ColumnType } from 'kysely'

/** Written by the database or the journal alone. */
export type ReadOnly<T> = ColumnType<T, never, never>
/** Set by the database unless given. */
export type DefaultNow = ColumnType<Date, Date | string | undefined, Date | string>
export type Time = ColumnType<Date, Date | string, Date | string>
export type NullableText = ColumnType<string | null, string | null | undefined, string | null>
export type NullableTime = ColumnType<
  Date | null,
  Date | string | null | undefined,
  Date | string | null
>
