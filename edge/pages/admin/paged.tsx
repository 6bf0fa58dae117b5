/** A list that the server gives page by page. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Action, problemText } from '../base/form.tsx'
import { say } from '../texts/index.ts'

export interface Page<Row> {
  rows: readonly Row[]
  next: string | null
}

interface Props<Row> {
  label: string
  /** Reads the page that begins at a cursor. */
  load(cursor: string | undefined): Promise<Page<Row>>
  /** A text or number that differs when the list is another one, such as its filters. */
  of?: string | number
  empty: string
  keyOf(row: Row): string
  /** One row. `reload` reads the list anew. */
  children(row: Row, reload: () => Promise<void>): ComponentChildren
}

/** The rows, the reason when they cannot be read, and a button for more. */
export function Paged<Row>({ label, load, of = '', empty, keyOf, children }: Props<Row>) {
  const [rows, setRows] = useState<readonly Row[] | null>(null)
  const [next, setNext] = useState<string | null>(null)
  const [problem, setProblem] = useState('')
  const newest = useRef(0)
  const read = async (cursor?: string): Promise<void> => {
    const asked = ++newest.current
    setProblem('')
    try {
      const page = await load(cursor)
      // An answer for earlier filters must not replace that for the present ones.
      if (asked !== newest.current) return
      setRows(before => (cursor === undefined ? page.rows : [...(before ?? []), ...page.rows]))
      setNext(page.next)
    } catch (error) {
      if (asked === newest.current) setProblem(problemText(error))
    }
  }
  useEffect(() => {
    void read()
    return () => {
      newest.current++
    }
  }, [of])
  return (
    <>
      {problem === '' ? null : (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      {rows === null ? null : rows.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <ul class="list" aria-label={label}>
          {rows.map(row => (
            <li key={keyOf(row)}>{children(row, () => read())}</li>
          ))}
        </ul>
      )}
      {next === null ? null : (
        <Action class="quiet" onAct={() => read(next)}>
          {say('admin.more')}
        </Action>
      )}
    </>
  )
}
