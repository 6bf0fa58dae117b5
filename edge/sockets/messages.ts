/** Dispatches the messages clients send, which the rooms of protocol/ define. Location messages are checked by hand in ingest.ts: they are the river. */
import { CaduceusError, type FieldError } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import type { ChannelName } from '../../protocol/kernel/channels.ts'
import { saidSchemas, type SaidOn, type SocketMessage } from '../../protocol/sockets.ts'
import { compileCheck, type Check } from '../http/validate.ts'
import type { Session } from './session.ts'

/** Compiled once per process and channel, not per connection. */
const compiled = new Map<ChannelName, ReadonlyMap<string, Check>>()
function checksOf(channel: ChannelName): ReadonlyMap<string, Check> {
  let checks = compiled.get(channel)
  if (checks === undefined) {
    checks = new Map(
      [...saidSchemas(channel)].map(([type, schema]) => [type, compileCheck(schema)]),
    )
    compiled.set(channel, checks)
  }
  return checks
}

/** A table of what a socket understands: one action per `type` that its channel defines. */
export class MessageTable<Channel extends ChannelName> {
  readonly #entries = new Map<string, { check: Check; act: (message: never) => void }>()
  readonly #channel: Channel

  constructor(channel: Channel) {
    this.#channel = channel
  }

  /** `act` is given what the schema let through. */
  on<Name extends SaidOn<Channel>['type']>(
    type: Name,
    act: (message: Extract<SaidOn<Channel>, { type: Name }>) => void,
  ): this {
    this.#entries.set(type, { check: checksOf(this.#channel).get(type)!, act })
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

/** Runs a command whose answer the socket waits for; at most limits.socketCommandsInFlightMax at once. */
export class CommandsInFlight {
  #count = 0

  /** `run` resolves to the answer; what it throws becomes the answer through `failed`. */
  start(
    session: Session,
    run: () => Promise<SocketMessage>,
    failed: (problem: CaduceusError) => SocketMessage,
  ): void {
    if (this.#count >= limits.socketCommandsInFlightMax) {
      session.send(
        failed(new CaduceusError('overloaded', 'too many commands of this connection are waiting')),
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
