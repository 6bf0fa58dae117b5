/**
 * Commands on the bus: one envelope, one schema per verb. Other services send them as requests on
 * `caduceus.v1.command.<actor>.<verb>` (msgpack or JSON); edges send them to the owner of the slot.
 * The engine validates every command with these schemas, whoever sent it.
 */
import Type, { type TSchema } from 'typebox'
import { limits } from '../kernel/limits.ts'
import { Principal, Uuid } from '../kernel/principal.ts'
import type { Problem } from '../kernel/errors.ts'
import type { OrderView } from '../orders/view.ts'
import type { DriverView } from '../drivers/view.ts'
import type { AppointmentView } from '../appointments/view.ts'
import { appointmentCommands } from './appointment-commands.ts'
import { driverCommands } from './driver-commands.ts'
import { orderCommands } from './order-commands.ts'

/**
 * A planned command, which travels beside envelopes on a slot's subject: a command between actors,
 * or one of these that was parked. Only engines know its content; an edge passes on what engines
 * have stored.
 */
export interface PlannedBody<Planned> {
  planned: Planned
  /** True when the answer must contain the actor's state, which makes it larger. */
  withState: boolean
}

/** The tables of commands, by the kind of actor. */
export const commandRows = {
  order: orderCommands,
  driver: driverCommands,
  appointment: appointmentCommands,
} as const

type Rows = Readonly<Record<string, { data: TSchema }>>
type Schemas<R extends Rows> = { readonly [Verb in keyof R]: R[Verb]['data'] }
const schemasOf = <R extends Rows>(rows: R): Schemas<R> =>
  Object.fromEntries(Object.entries(rows).map(([verb, { data }]) => [verb, data])) as Schemas<R>

export const commandSchemas = {
  order: schemasOf(orderCommands),
  driver: schemasOf(driverCommands),
  appointment: schemasOf(appointmentCommands),
} as const
export type OrderVerb = keyof typeof orderCommands
export type DriverVerb = keyof typeof driverCommands
export type AppointmentVerb = keyof typeof appointmentCommands
/**
 * Verbs that only edges may send. The edge keeps the profile of a driver, so a change from
 * elsewhere would not last.
 */
export const edgeVerbs: ReadonlySet<string> = new Set<DriverVerb>(['update'])
export type OrderCommandData = { [V in OrderVerb]: Type.Static<(typeof orderCommands)[V]['data']> }
export type DriverCommandData = {
  [V in DriverVerb]: Type.Static<(typeof driverCommands)[V]['data']>
}
export type AppointmentCommandData = {
  [V in AppointmentVerb]: Type.Static<(typeof appointmentCommands)[V]['data']>
}

/** A command on the bus. `id` is the command id: a repeat gets the same answer (invariant 3). */
export const CommandEnvelope = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: limits.idempotencyKeyCharactersMax }),
    // The name of a kind of actor. An engine refuses names that it does not know.
    actor: Type.String({ minLength: 1, maxLength: 40 }),
    actor_id: Uuid,
    verb: Type.String({ minLength: 1, maxLength: 40 }),
    by: Principal,
    service: Type.Optional(
      Type.String({
        description:
          'The service that sent it, by its account on the bus: it acts for its own pharmacies alone',
      }),
    ),
    data: Type.Unknown(),
  },
  { additionalProperties: false },
)
export type CommandEnvelope = Type.Static<typeof CommandEnvelope>

/**
 * A command of another service on `command.<actor>.<verb>`; the subject names actor and verb.
 * Without `by` the service acts in its own name. With `by` it acts for a customer, pharmacy or
 * driver, for whom it vouches.
 */
export const ServiceCommand = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: limits.serviceCommandIdCharactersMax,
      description: 'The command id: a repeat under the same id gets the same answer',
    }),
    actor_id: Uuid,
    by: Type.Optional(Principal),
    data: Type.Unknown(),
  },
  { additionalProperties: false },
)
export type ServiceCommand = Type.Static<typeof ServiceCommand>

/** Facts of an answer that the view does not contain, by verb. */
export interface CommandOutcome {
  /** Of `respond`: the result of the answer. */
  response?: 'won' | 'recorded'
  /** The offer to a driver that is open after the command, if there is one. */
  offer_id?: string
}
export type OrderReply =
  | { ok: true; order: OrderView; outcome: CommandOutcome }
  | { ok: false; problem: Problem }
export type DriverReply = { ok: true; driver: DriverView } | { ok: false; problem: Problem }
/** The appointment is null where the calendar does not remember it any more; its row has it. */
export type AppointmentReply =
  | { ok: true; appointment: AppointmentView | null }
  | { ok: false; problem: Problem }
