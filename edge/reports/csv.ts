/**
 * Tables as CSV: RFC 4180, UTF-8, and safe to open in a spreadsheet. A cell that would begin a
 * formula there (`= + - @`, tab, return, and their wide forms) gets an apostrophe before it: what a
 * customer wrote into an order is text on the pharmacist's screen and not a program.
 *
 * Rows come in batches and leave in batches, so that an export of any length holds one of them.
 *
 * Rejected: csv-stringify, which took twenty times as long over a page of orders, all of it on the
 * thread that the sockets live on, and left a lone line feed unquoted where lines end in two characters.
 */

export type Cell = string | number | null

/** One cell of a row by its heading. */
export interface Column<R> {
  heading: string
  of(row: R): Cell
}

const byteOrderMark = '\u{feff}'

/** The heading first, then the rows as their batches come. `bom`: marked as UTF-8, without which Excel reads it as something else. */
export async function* csvOf<R>(
  columns: readonly Column<R>[],
  batches: AsyncIterable<readonly R[]>,
  options: { bom: boolean },
): AsyncGenerator<Uint8Array> {
  let pending = (options.bom ? byteOrderMark : '') + lines([columns.map(column => column.heading)])
  for await (const batch of batches) {
    yield Buffer.from(pending + lines(batch.map(row => columns.map(column => column.of(row)))))
    pending = ''
  }
  if (pending !== '') yield Buffer.from(pending)
}

/** Every text is quoted, a number never: that is also how a reader tells them apart. */
const lines = (rows: Cell[][]): string =>
  rows.map(row => `${row.map(written).join(',')}\r\n`).join('')

function written(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  return `"${startsFormula.test(cell) ? "'" : ''}${cell.replaceAll('"', '""')}"`
}

/** What OWASP lists, and the wide forms that East Asian keyboards write. */
const startsFormula = /^[=+\-@\t\r\n\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}]/u
