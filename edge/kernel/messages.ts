/**
 * Dispatches the messages of clients, whose schemas are in the rooms of protocol/. `ingest.ts`
 * checks location messages by hand, because they are the hot path.
 */
import type Type from 'typebox'
import { CaduceusError, type FieldError } from '../../protocol/kernel/errors.ts'
import type { ChannelName } from '../../protocol/kernel/channels.ts'
import { saidSchemas, type SaidOn, type SocketMessage } from '../../protocol/dispatch/messages.ts'
import { asProblem } from './as-problem.ts'
import { compileCheck, type Check } from './validate.ts'
import type { Session } from './session.ts'
import { socketLimits } from './limits.ts'
import { limits } from '../../protocol/kernel/limits.ts'

/** Compiled checks of these schemas by `type`. They are compiled once, not for each connection. */
export const compiledChecks = (
  schemas: ReadonlyMap<string, Type.TSchema>,
): ReadonlyMap<string, Check> =>
  new Map([...schemas].map(([type, schema]) => [type, compileCheck(schema)]))

/** Checks of a channel, compiled once per process. */
const compiled = new Map<ChannelName, ReadonlyMap<string, Check>>()
function checksOf(channel: ChannelName): ReadonlyMap<string, Check> {
  let checks = compiled.get(channel)
  if (checks === undefined) {
    checks = compiledChecks(saidSchemas(channel))
    compiled.set(channel, checks)
  }
  return checks
}

/** The messages that a socket understands: one action for each `type`. */
export class MessageTable<Said extends { type: string }> {
  readonly #entries = new Map<string, { check: Check; act: (message: never) => void }>()
  readonly #checks: ReadonlyMap<string, Check>

  /** `checks` by `type`, from `compiledChecks`. */
  constructor(checks: ReadonlyMap<string, Check>) {
    this.#checks = checks
  }

  /** The table of a channel of the protocol. */
  static of<Channel extends ChannelName>(channel: Channel): MessageTable<SaidOn<Channel>> {
    return new MessageTable(checksOf(channel))
  }

  /** `act` gets messages that obey the schema. */
  on<Name extends Said['type']>(
    type: Name,
    act: (message: Extract<Said, { type: Name }>) => void,
  ): this {
    this.#entries.set(type, { check: this.#checks.get(type)!, act })
    return this
  }

  /**
   * Calls the action of the message. A malformed message is answered with an `error` that names the
   * code.
   */
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

/**
 * Runs commands whose answers the socket waits for; at most socketLimits.commandsInFlightMax at
 * once.
 */
export class CommandsInFlight {
  #count = 0

  /** `run` resolves to the answer; `failed` makes the answer from an error. */
  start(
    session: Session,
    run: () => Promise<SocketMessage>,
    failed: (problem: CaduceusError) => SocketMessage,
  ): void {
    if (this.#count >= socketLimits.commandsInFlightMax) {
      session.send(
        failed(new CaduceusError('overloaded', 'too many commands of this connection are waiting')),
      )
      return
    }
    this.#count++
    run()
      .catch((error: unknown) => failed(asProblem(error)))
      // The answer leaves in one write with everything else that this turn has for the socket.
      .then(answer => session.pushText(JSON.stringify(answer)))
      .finally(() => {
        this.#count--
      })
      .catch(() => session.close(1011, 'internal error'))
  }
}
