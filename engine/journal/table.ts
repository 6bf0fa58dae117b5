/**
 * The form in which a kind of actor describes the tables of its read model. The append's statement,
 * its parameters, the memory journal and the simulator's database are made from these lists, so
 * they cannot disagree.
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
  /** Written with the actor's first event, and unchanged by all later ones. */
  readonly isFixed?: true
  /** The value is in the command and in no event, so the events alone cannot make it again. */
  readonly fromCommand?: true
  /** The value as SQL, where it travels in another form than it is stored in. */
  readonly sql?: string
  of(row: Row): unknown
}

/**
 * A column that holds a list, written with the actor's first event. The lists of all rows travel as
 * one array, and each row takes its slice, which is a copy of bytes. Rejected: a text for each row,
 * read as an array; it was half of the cost of a request to a thousand pharmacies.
 */
export interface ListColumn<Row, Item = unknown> {
  readonly name: string
  /** Type of an element. */
  readonly type: ColumnType
  /** Null when this row has no list to write. */
  of(row: Row): readonly Item[] | null
  /** The element for an item. */
  item(item: Item): unknown
}

/**
 * The first column is the key. An existing row is updated in its changing columns if its `version`
 * is older. A table without changing columns keeps its rows unchanged.
 */
export interface Table<Row> {
  readonly name: string
  /** The column with the id of the actor, where the key is another one. */
  readonly actorColumn?: string
  readonly columns: readonly Column<Row>[]
  readonly lists?: readonly ListColumn<Row>[]
  /** Does this row have something for the table? Without this function it always does. */
  takes?(row: Row): boolean
}

/** A kind of actor, as the journal sees it. */
export interface StoredKind {
  readonly name: string
  readonly tables: readonly Table<unknown>[]
}
