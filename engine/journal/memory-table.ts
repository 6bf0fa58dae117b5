/** A table of the read model in memory, written by the rules of the append's statement. */
import type { Table } from './table.ts'

/** Values by column. Lists are arrays, times are in ms. */
export type TableRow = Readonly<Record<string, unknown>>

export class MemoryTable {
  readonly name: string
  /** Rows by key, in the order in which they were first written. */
  readonly rows = new Map<string, TableRow>()
  readonly #table: Table<unknown>

  constructor(table: Table<unknown>) {
    this.name = table.name
    this.#table = table
  }

  /**
   * Writes the part of an append's row that belongs to this table. Values are copied, so the past
   * cannot be altered.
   */
  write(row: unknown): void {
    const { columns, lists = [], takes } = this.#table
    if (takes !== undefined && !takes(row)) return
    const values: Record<string, unknown> = {}
    for (const column of columns) values[column.name] = copy(column.of(row))
    for (const list of lists)
      values[list.name] = list.of(row)?.map(item => copy(list.item(item))) ?? null
    this.put(values)
  }

  /** Writes a row whose values exist already. */
  put(values: TableRow): void {
    const { columns, lists = [] } = this.#table
    const key = String(values[columns[0]!.name])
    const before = this.rows.get(key)
    if (before === undefined) {
      this.rows.set(key, values)
      return
    }
    const changing = columns.filter(column => column.isFixed !== true)
    if (changing.length === 0 || Number(before['version']) >= Number(values['version'])) return
    const kept = [...columns.filter(column => column.isFixed === true), ...lists]
    this.rows.set(key, {
      ...values,
      ...Object.fromEntries(kept.map(({ name }) => [name, before[name]])),
    })
  }
}

const copy = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? (JSON.parse(JSON.stringify(value)) as unknown)
    : (value ?? null)
