/**
 * Tables as CSV: RFC 4180, UTF-8, and safe to open in a spreadsheet. A cell that would begin a
 * formula there (`= + - @`, tab, return, and their wide forms) gets an apostrophe in front, so that
 * a customer's text stays text on the pharmacist's screen and does not run.
 *
 * Rows arrive and leave in batches, so an export of any length holds one batch in memory.
 *
 * Rejected: csv-stringify. It took twenty times as long for a page of orders, on the thread of the
 * sockets, and left a lone line feed unquoted where lines end in two characters.
 */

export type Cell = string | number | null

/** The cell of a row under its heading. */
export interface Column<R> {
  heading: string
  of(row: R): Cell
}

const byteOrderMark = '\u{feff}'

/**
 * The heading, then the rows in batches. `bom`: begins with the mark of UTF-8, without which Excel
 * reads another encoding.
 */
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

/** Every text is quoted and no number is, so that a reader can tell texts from numbers. */
const lines = (rows: Cell[][]): string =>
  rows.map(row => `${row.map(written).join(',')}\r\n`).join('')

function written(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  return `"${startsFormula.test(cell) ? "'" : ''}${cell.replaceAll('"', '""')}"`
}

/** The characters that OWASP lists, and the wide forms of East Asian keyboards. */
const startsFormula = /^[=+\-@\t\r\n\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}]/u
