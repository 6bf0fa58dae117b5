/** Dispatches the messages clients send, which protocol/sockets.ts defines. Location messages are checked by hand in ingest.ts: they are the river. */
import type Type from 'typebox'
import { CaduceusError, type FieldError } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import { OfferResponse, Respond, SetStatus } from '../../protocol/sockets.ts'
import { compileCheck, type Check } from '../http/validate.ts'
import type { Session } from './session.ts'

/** A table of what a socket understands: one schema and one action per `type`. */
export class MessageTable {
  readonly #entries = new Map<string, { check: Check; act: (message: never) => void }>()

  /** `act` is given what the schema let through. */
  on<S extends Type.TSchema>(
    type: string,
    check: Check,
    _schema: S,
    act: (message: Type.Static<S>) => void,
  ): this {
    this.#entries.set(type, { check, act })
    return this
  }

  /** Answers what is malformed with an `error` that names the code. */
  dispatch(session: Session, message: unknown): void {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      session.refuse('message_malformed', 'a message is a JSON object with a type')
      return
    }
    const { type, id } = message as { type?: unknown; id?: unknown }
    const echo =
      typeof id === 'string' && id.length <= limits.socketMessageIdCharactersMax ? { id } : {}
    if (typeof type !== 'string') {
      session.refuse('message_malformed', 'type is missing or is not a text', echo)
      return
    }
    const entry = this.#entries.get(type)
    if (entry === undefined) {
      const known = [...this.#entries.keys(), 'ping'].join(', ')
      session.refuse('message_unknown_type', `this socket understands ${known}`, echo)
      return
    }
    try {
      entry.check(message)
    } catch (error) {
      const problem = error as { message: string; fields?: FieldError[] }
      session.refuse('message_malformed', problem.message, {
        ...echo,
        ...(problem.fields && { fields: problem.fields }),
      })
      return
    }
    entry.act(message as never)
  }
}

/** Compiled once per process, not per connection. */
export const checks = {
  respond: compileCheck(Respond),
  offerResponse: compileCheck(OfferResponse),
  status: compileCheck(SetStatus),
}

/** Runs a command whose answer the socket waits for; at most limits.socketCommandsInFlightMax at once. */
export class CommandsInFlight {
  #count = 0

  /** `run` resolves to the answer; what it throws becomes the answer through `failed`. */
  start(
    session: Session,
    run: () => Promise<object>,
    failed: (problem: CaduceusError) => object,
  ): void {
    if (this.#count >= limits.socketCommandsInFlightMax) {
      session.sendText(
        JSON.stringify(
          failed(
            new CaduceusError('overloaded', 'too many commands of this connection are waiting'),
          ),
        ),
      )
      return
    }
    this.#count++
    run()
      .catch((error: unknown) =>
        failed(error instanceof CaduceusError ? error : new CaduceusError('internal')),
      )
      // Leaves with what else this turn has for the socket.
      .then(answer => session.pushText(JSON.stringify(answer)))
      .finally(() => {
        this.#count--
      })
      .catch(() => session.close(1011, 'internal error'))
  }
}
