/**
 * What must follow a committed event, as data: returned by `react`, run by the runtime after the
 * append is durable. Commands are delivered at least once (the slot's cursor waits for them, and
 * command ids make repeats harmless); pushes and claims are soft, and healed by resynchronisation.
 */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Push } from '../../protocol/dispatch/pushes.ts'
import type { OlderFact } from '../../protocol/dispatch/older-topics.ts'

/** A command to an actor of any kind. A kind's folder has the function that makes one, which knows its commands. */
export interface ActorCommand {
  /** The kind's name. */
  kind: string
  actorId: string
  id: string
  command: { readonly verb: string; readonly [name: string]: unknown }
}

/** An event under its older name. `orderId` is the trip it is about, which for a driver's event is not the actor. */
export interface OlderFactOf {
  orderId: string
  fact: OlderFact
}

export type Effect =
  | { do: 'push'; push: Push }
  /** `onRefused` is sent when the receiver rejects, so that the sender hears of it. */
  | {
      do: 'command'
      to: ActorCommand
      onRefused?: (refusal: { code: ErrorCode; detail: string }) => ActorCommand
    }
  | { do: 'openClaim'; orderId: string; vendorIds: string[]; deadlineMs: number }
  | { do: 'confirmClaim'; orderId: string; vendorId: string }
  | { do: 'closeClaim'; orderId: string; as: 'expired' | 'cancelled' }
