/**
 * CSV as a stream: RFC 4180 quotes, either line ending, a byte-order mark, `.gz` by its name.
 * Columns are found by their names in the header, each under several possible names, so that files
 * of different origin are read alike. A record is bounded, and a file of any length takes the
 * memory of one record.
 */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

const recordCharactersMax = 64 * 1024

/**
 * Every record of the file as an array of fields, the header first. Throws as `parseRecords` does.
 */
async function* readRecords(path: string): AsyncGenerator<string[]> {
  const file = createReadStream(path)
  const bytes: Readable = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  // A read error must reach the reader, also through the pipe.
  file.on('error', error => bytes.destroy(error))
  try {
    yield* parseRecords(bytes.setEncoding('utf8') as AsyncIterable<string>)
  } finally {
    file.destroy()
    bytes.destroy()
  }
}

/**
 * The state of the parser: in a bare field, in a quoted one, or after a quote that may end the
 * field or double itself.
 */
type At = 'start' | 'bare' | 'quoted' | 'quote'

/**
 * Every record of the texts, each as an array of fields. Chunks may end anywhere. Empty lines are
 * left out. Throws on a quote that never ends and on a record that is too long.
 */
export async function* parseRecords(chunks: AsyncIterable<string>): AsyncGenerator<string[]> {
  let at: At = 'start'
  let field = ''
  let record: string[] = []
  let length = 0
  let line = 1
  let first = true
  for await (const chunk of chunks) {
    const text = first && chunk.startsWith('\ufeff') ? chunk.slice(1) : chunk
    first = false
    for (const character of text) {
      if (++length > recordCharactersMax)
        throw new Error(
          `line ${line}: a record is longer than ${recordCharactersMax} characters; is a quote missing?`,
        )
      if (at === 'quoted') {
        if (character === '"') at = 'quote'
        else field += character
        continue
      }
      if (character === '"' && at !== 'bare') {
        // At the start of a field a quote opens it; after a quote inside it stands for itself.
        if (at === 'quote') field += '"'
        at = 'quoted'
      } else if (character === ',') {
        record.push(field)
        field = ''
        at = 'start'
      } else if (character === '\n') {
        line++
        record.push(field)
        if (record.length > 1 || field !== '') yield record
        field = ''
        record = []
        length = 0
        at = 'start'
      } else if (character !== '\r') {
        field += character
        at = 'bare'
      }
    }
  }
  if (at === 'quoted') throw new Error(`line ${line}: a quote never ends`)
  record.push(field)
  if (record.length > 1 || field !== '') yield record
}

/**
 * The records as objects. `columns` lists the possible names of each column. A column that the
 * header lacks is an error, unless `optional` lists it; its texts are then empty.
 */
export async function* readColumns<C extends string>(
  path: string,
  columns: Readonly<Record<C, readonly string[]>>,
  optional: readonly C[] = [],
): AsyncGenerator<Record<C, string>> {
  let indexes: [C, number][] | null = null
  for await (const record of readRecords(path)) {
    if (indexes === null) {
      const header = record.map(name => name.trim().toLowerCase())
      indexes = (Object.entries(columns) as [C, readonly string[]][]).map(([column, names]) => {
        const index = header.findIndex(name => names.includes(name))
        if (index < 0 && !optional.includes(column))
          throw new Error(`${path}: no column ${names.join(' or ')}; it has ${header.join(', ')}`)
        return [column, index]
      })
      continue
    }
    yield Object.fromEntries(
      indexes.map(([column, index]) => [column, record[index] ?? '']),
    ) as Record<C, string>
  }
}
