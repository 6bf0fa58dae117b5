/**
 * Takes a command from the wire to its actor and back: its kind checks the data and looks up the
 * facts that the actor may not ask for, the actor decides, and the kind makes the answer.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { planCommand, type PlanDeps } from './plan.ts'
import type { Actors } from '../actors/actors.ts'
import type { AnyAttendant, AnyKind, Envelope, KindReply } from '../actors/kind.ts'

export interface DispatcherDeps extends PlanDeps {
  attendants: ReadonlyMap<AnyKind, AnyAttendant>
  actors: Actors
  /** Do too many events wait for the bus? Then no command is taken. */
  isBehind(): boolean
}

export class Dispatcher {
  readonly #deps: DispatcherDeps

  constructor(deps: DispatcherDeps) {
    this.#deps = deps
  }

  /** Rejects with a `CaduceusError` when the command reaches no actor. */
  async handle(envelope: Envelope): Promise<KindReply> {
    const { attendants, actors, isBehind } = this.#deps
    if (isBehind())
      throw new CaduceusError('overloaded', 'events wait for the bus; try again shortly')
    const planned = planCommand(envelope, this.#deps)
    const { kind } = planned
    const command =
      planned.command instanceof Promise ? ((await planned.command) as unknown) : planned.command
    const reply = await actors.tell(kind.name, envelope.actor_id, envelope.id, command)
    if (!reply.ok) {
      const { code, detail, fields } = reply
      return { ok: false, problem: { code, detail, ...(fields !== undefined && { fields }) } }
    }
    return attendants.get(kind)!.reply(reply, command, envelope)
  }
}
