/** Reads something for a part of a page, and reads it again when the news says so. */
import { useEffect, useState } from 'preact/hooks'
import { problemText } from './form.tsx'

interface Loaded<Value> {
  /** Null until the first answer. */
  value: Value | null
  /** The error of the last reading in words; '' without one. */
  problem: string
  /** Reads again. Never throws. */
  reload(): Promise<void>
  /** Shows a value that is known already, such as the answer to a change. */
  set(value: Value): void
}

/**
 * `read` is called again when one of `when` changes. An answer that comes after the answer to a
 * later reading is dropped.
 */
export function useLoaded<Value>(
  read: () => Promise<Value>,
  when: readonly unknown[] = [],
): Loaded<Value> {
  const [value, set] = useState<Value | null>(null)
  const [problem, setProblem] = useState('')
  const [turn] = useState({ last: 0 })
  const reload = async (): Promise<void> => {
    const own = ++turn.last
    try {
      const answer = await read()
      if (own !== turn.last) return
      set(() => answer)
      setProblem('')
    } catch (error) {
      if (own === turn.last) setProblem(problemText(error))
    }
  }
  useEffect(() => {
    void reload()
  }, when)
  return { value, problem, reload, set: answer => set(() => answer) }
}
