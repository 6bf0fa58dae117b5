/**
 * The answers to `resume` on one socket: one after the other, and each when the client has read most
 * of what was sent before. Each answer may have 256 KiB, and a client that returns asks for all its
 * conversations at once; together they would pass the bound of a slow reader.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import { asProblem } from '../kernel/as-problem.ts'
import type { Session } from '../kernel/session.ts'
import { chatLimits } from './limits.ts'

export class Resumes {
  readonly #session: Session
  #waiting: (() => Promise<SocketMessage>)[] = []
  #runs = false

  constructor(session: Session) {
    this.#session = session
  }

  /** `run` resolves to the answer; `failed` makes the answer from an error. */
  start(
    run: () => Promise<SocketMessage>,
    failed: (problem: CaduceusError) => SocketMessage,
  ): void {
    if (this.#waiting.length >= chatLimits.resumesWaitingMax) {
      const problem = new CaduceusError('overloaded', 'too many conversations wait to be resumed')
      this.#session.send(failed(problem))
      return
    }
    this.#waiting.push(() => run().catch((error: unknown) => failed(asProblem(error))))
    if (!this.#runs) this.#next()
  }

  #next(): void {
    const run = this.#waiting.shift()
    this.#runs = run !== undefined
    if (run === undefined) return
    this.#session.whenRoom(() => {
      run()
        .then(answer => this.#session.pushText(JSON.stringify(answer)))
        .then(() => this.#next())
        .catch(() => this.#session.close(1011, 'internal error'))
    })
  }
}
