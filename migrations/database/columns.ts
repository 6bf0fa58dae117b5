/** Types of columns for `tables.ts`. A type tells who writes the column, and in which forms. */
import type { ColumnType } from 'kysely'

/** Written by the database or the journal alone. */
export type ReadOnly<T> = ColumnType<T, never, never>
/** The database sets it when no value is given. */
export type DefaultNow = ColumnType<Date, Date | string | undefined, Date | string>
export type Time = ColumnType<Date, Date | string, Date | string>
export type NullableText = ColumnType<string | null, string | null | undefined, string | null>
export type NullableTime = ColumnType<
  Date | null,
  Date | string | null | undefined,
  Date | string | null
>
