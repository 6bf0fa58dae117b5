/**
 * What must follow a committed event, as data: returned by `react`, run by the runtime after the
 * append is durable. Commands are delivered at least once (the slot's cursor waits for them, and
 * command ids make repeats harmless); pushes and claims are soft, and healed by resynchronisation.
 */
import type { ErrorCode } from '../protocol/errors.ts'
import type { Push } from '../protocol/pushes.ts'
import type { DriverCommand } from './driver/commands.ts'
import type { OrderCommand } from './order/commands.ts'

export type ActorCommand =
  | { kind: 'order'; actorId: string; id: string; command: OrderCommand }
  | { kind: 'driver'; actorId: string; id: string; command: DriverCommand }

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
