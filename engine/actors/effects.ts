/**
 * The effects of a committed event, as data. `react` returns them, and the runtime runs them after
 * the append is durable. Commands are delivered at least once: the slot's cursor waits for them,
 * and command ids make a repetition harmless. Pushes and claims are soft: when one is lost,
 * resynchronisation repeats it.
 */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Push } from '../../protocol/dispatch/pushes.ts'
import type { OlderFact } from '../../protocol/dispatch/older-topics.ts'

/**
 * A command to an actor of any kind. The kind's own folder has the function that makes it and knows
 * the kind's commands.
 */
export interface ActorCommand {
  /** Name of the kind. */
  kind: string
  actorId: string
  id: string
  command: { readonly verb: string; readonly [name: string]: unknown }
}

/**
 * An event under its older name. `orderId`: the order that the event is about. For an event of a
 * driver it is not the id of the actor.
 */
export interface OlderFactOf {
  orderId: string
  fact: OlderFact
}

export type Effect =
  | { do: 'push'; push: Push }
  /**
   * `onRefused` makes the command that is sent when the receiver rejects, so that the sender learns
   * of it.
   */
  | {
      do: 'command'
      to: ActorCommand
      onRefused?: (refusal: { code: ErrorCode; detail: string }) => ActorCommand
    }
  | { do: 'openClaim'; orderId: string; pharmacyIds: string[]; deadlineMs: number }
  | { do: 'confirmClaim'; orderId: string; pharmacyId: string }
  | { do: 'closeClaim'; orderId: string; as: 'expired' | 'cancelled' }
