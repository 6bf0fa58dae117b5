/**
 * Finds the subscriptions that match a subject: a map for exact subjects, which nearly all are, and
 * a trie of tokens for filters with wildcards. Rejected: a cache of results per subject, as the
 * NATS server has. Event subjects end in an id and would fill it with entries that are used once.
 */
import { SetsByKey } from '../kernel/sets-by-key.ts'

export class Matcher<T> {
  readonly #exact = new SetsByKey<string, T>()
  readonly #wild: Node<T> = emptyNode()
  #wildCount = 0

  add(filter: string, value: T): void {
    if (!isWild(filter)) {
      this.#exact.add(filter, value)
      return
    }
    let node = this.#wild
    for (const token of filter.split('.')) {
      let next = node.next.get(token)
      if (!next) node.next.set(token, (next = emptyNode()))
      node = next
    }
    node.values.add(value)
    this.#wildCount++
  }

  /** Removes a value that was added with the same filter. Does nothing otherwise. */
  remove(filter: string, value: T): void {
    if (isWild(filter)) {
      if (removeFrom(this.#wild, filter.split('.'), 0, value)) this.#wildCount--
      return
    }
    this.#exact.delete(filter, value)
  }

  /** Every value whose filter matches. A value added under two matching filters comes twice. */
  match(subject: string): T[] {
    const found: T[] = []
    const exact = this.#exact.get(subject)
    if (exact) found.push(...exact)
    if (this.#wildCount > 0) collect(this.#wild, subject.split('.'), 0, found)
    return found
  }
}

interface Node<T> {
  readonly next: Map<string, Node<T>>
  readonly values: Set<T>
}
const emptyNode = <T>(): Node<T> => ({ next: new Map(), values: new Set() })

/**
 * Whether the filter may contain a wildcard. A token is a wildcard only when it stands alone
 * between dots.
 */
const isWild = (filter: string): boolean => filter.endsWith('>') || filter.includes('*')

function collect<T>(node: Node<T>, tokens: readonly string[], at: number, found: T[]): void {
  if (at === tokens.length) {
    found.push(...node.values)
    return
  }
  const rest = node.next.get('>')
  if (rest) found.push(...rest.values)
  const any = node.next.get('*')
  if (any) collect(any, tokens, at + 1, found)
  const exact = node.next.get(tokens[at]!)
  if (exact) collect(exact, tokens, at + 1, found)
}

/**
 * Removes the value and, on the way back, nodes that became empty. True when the value was there.
 */
function removeFrom<T>(node: Node<T>, tokens: readonly string[], at: number, value: T): boolean {
  if (at === tokens.length) return node.values.delete(value)
  const next = node.next.get(tokens[at]!)
  if (!next) return false
  const removed = removeFrom(next, tokens, at + 1, value)
  if (next.values.size === 0 && next.next.size === 0) node.next.delete(tokens[at]!)
  return removed
}
