/**
 * The list of people who were erased, in a file beside the data, which no backup contains. A backup
 * from before an erasure brings the person back; the start compares this file with the database and
 * erases again. A line has the id of an account and the time, and nothing else.
 *
 * Rejected: a table. It goes back with the backup.
 */
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, open, readFile, rmdir } from 'node:fs/promises'
import { ConfigError } from '../../protocol/kernel/environment.ts'
import { uuidPattern } from '../../protocol/kernel/ids.ts'

const uuid = new RegExp(uuidPattern)
/** The begin of a line that a crash cut off. */
const cutOff = /^[0-9a-f-]{0,35}$/

export class ErasureLog {
  readonly #path: string
  readonly #known = new Set<string>()

  constructor(path: string) {
    this.#path = path
  }

  /**
   * The accounts in the file; none where there is no file yet. Throws ConfigError when the file
   * cannot be made, read and written, or is something else. A line that a crash cut off is left out.
   */
  async read(): Promise<ReadonlySet<string>> {
    try {
      if (!existsSync(this.#path)) {
        // An erasure that cannot make the file would find out after it has emptied the account.
        await rmdir(await mkdtemp(`${this.#path}-`))
        return this.#known
      }
      await appendFile(this.#path, '')
      const text = await readFile(this.#path, 'utf8')
      for (const line of text.split('\n').slice(0, -1)) {
        const [id = ''] = line.split(' ')
        if (uuid.test(id)) this.#known.add(id)
        else if (!cutOff.test(line)) throw new Error('it has a line that is no erasure')
      }
      // What follows a line that was cut off begins a line of its own.
      if (text !== '' && !text.endsWith('\n')) await appendFile(this.#path, '\n')
    } catch (error) {
      throw new ConfigError(
        `ERASURES_FILE ${this.#path}: ${(error as Error).message}; set it to a file that this process may read and write`,
      )
    }
    return this.#known
  }

  has(accountId: string): boolean {
    return this.#known.has(accountId)
  }

  /** Adds the account and returns once the line is on the disk. A repeat writes nothing. */
  async add(accountId: string, atMs: number): Promise<void> {
    if (this.#known.has(accountId)) return
    const file = await open(this.#path, 'a', 0o600)
    try {
      await file.appendFile(`${accountId} ${new Date(atMs).toISOString()}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    this.#known.add(accountId)
  }
}

/** Parts with the list; null where an operator keeps none. */
export interface WithErasureLog {
  readonly erasureLog: ErasureLog | null
}
