/**
 * The form in which a kind of actor describes the tables of its read model. The append's statement, its
 * parameters, the memory journal and the simulator's database are made from these lists, so that they
 * cannot disagree.
 */

/** Types of the arrays in which columns travel (`arrays.ts`). Times are in ms. */
export type ColumnType =
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float8'
  | 'text'
  | 'json'
  | 'uuid'
  | 'timestamptz'

export interface Column<Row> {
  readonly name: string
  readonly type: ColumnType
  /** Written with the actor's first event, and left as it is by all later ones. */
  readonly isFixed?: true
  /** The value in SQL, where it travels in another form than it is stored in. */
  readonly sql?: string
  of(row: Row): unknown
}

/**
 * A column that holds a list, written with the actor's first event. The lists of all rows travel as one
 * array, of which each row takes its slice: a copy of bytes. A text for each row, read as an array, was
 * half of the cost of a request to a thousand pharmacies.
 */
export interface ListColumn<Row, Item = unknown> {
  readonly name: string
  /** Of an element. */
  readonly type: ColumnType
  /** Null: this row has no list to write. */
  of(row: Row): readonly Item[] | null
  /** The element of the column that an item is. */
  item(item: Item): unknown
}

/**
 * The first column is the key. A row that is there already is updated in its changing columns, if its
 * `version` is older; a table without changing columns keeps its rows as they are.
 */
export interface Table<Row> {
  readonly name: string
  readonly columns: readonly Column<Row>[]
  readonly lists?: readonly ListColumn<Row>[]
  /** Is there something in this row for the table? Without it there always is. */
  takes?(row: Row): boolean
}

/** A kind of actor, as the journal sees it. */
export interface StoredKind {
  readonly name: string
  readonly tables: readonly Table<unknown>[]
}
