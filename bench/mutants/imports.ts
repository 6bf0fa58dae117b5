/**
 * Finds the files that a test can reach, and their distance, from the texts: its imports, their
 * imports, and every file that one of them names by its path, as tests do that start their own
 * engine.
 */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'

/** Paths that begin with a dot, as imports do, and paths from the project's folder. */
const mentioned = /['"`](\.{1,2}\/[\w./-]+|[\w-]+(?:\/[\w.-]+)+)['"`]/g

export class Imports {
  readonly #texts: ReadonlyMap<string, string>
  readonly #mentions = new Map<string, readonly string[]>()

  /** `texts`: all files of the project by their path. */
  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts
  }

  /** Number of steps from this file to each other file. The file itself is at 0. */
  distances(from: string): ReadonlyMap<string, number> {
    const found = new Map([[from, 0]])
    for (const [path, steps] of found)
      for (const next of this.#mentionedIn(path)) if (!found.has(next)) found.set(next, steps + 1)
    return found
  }

  /** A hash of the contents of every file that this one can reach, in 32 characters. */
  fingerprint(from: string): string {
    const hash = createHash('sha256')
    for (const path of [...this.distances(from).keys()].toSorted())
      hash.update(`${path}\0${this.#texts.get(path)}\0`)
    return hash.digest('hex').slice(0, 32)
  }

  #mentionedIn(path: string): readonly string[] {
    let known = this.#mentions.get(path)
    if (known === undefined) {
      known = [...this.#texts.get(path)!.matchAll(mentioned)].flatMap(([, written]) => {
        const target = posix
          .normalize(
            written!.startsWith('.') ? posix.join(posix.dirname(path), written!) : written!,
          )
          .replace(/^dist\//, '')
        return [target, target.replace(/\.js$/, '.ts')].filter(one => this.#texts.has(one))
      })
      this.#mentions.set(path, known)
    }
    return known
  }
}
