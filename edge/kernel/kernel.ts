/**
 * The ports of the kernel: everything that each feature of an edge receives. `edge.ts` makes them
 * once and passes them down; no module of the edge uses a global. A service that one feature brings
 * for others (a messenger, a map) is not a port: a feature that needs it names it in the type of
 * its parts.
 */
import type { Logger } from 'pino'
import type { Database } from '../../migrations/database/open.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import type { Claims } from '../../protocol/claims/claims.ts'
import type { CommandEnvelope, DriverReply, OrderReply } from '../../protocol/dispatch/commands.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { PositionAnswer, PositionQuery } from '../../protocol/tracking/positions.ts'
import type { Metrics } from './metrics.ts'
import type { Hub } from './hub.ts'
import type { KernelConfig } from './config.ts'

/** The clock, random numbers and timers of an edge. */
export type Clock = Pick<Env, 'nowMs' | 'random' | 'after'>

export interface Kernel extends Clock {
  /** Id of this process. */
  readonly edgeId: string
  /** Version of the package. */
  readonly version: string
  readonly config: KernelConfig
  readonly log: Logger
  readonly database: Database
  readonly bus: Bus
  readonly claims: Claims
  readonly commands: CommandClient
  readonly hub: Hub
  readonly metrics: Metrics
}

/** Parts with the configuration of one feature or of several. */
export interface WithConfig<Settings> {
  readonly config: Settings
}

/** Parts with the metrics of one feature. */
export interface WithMetrics<Counters> {
  readonly metrics: Counters
}

/**
 * Sends commands to the owner of the actor; repeats `moved` and lost replies with the same command
 * id.
 */
export interface CommandClient {
  /**
   * Throws CaduceusError: the actor's rejection, or `unavailable` within limits.commandTimeoutMs.
   */
  order(envelope: Omit<CommandEnvelope, 'actor'>): Promise<Extract<OrderReply, { ok: true }>>
  driver(envelope: Omit<CommandEnvelope, 'actor'>): Promise<Extract<DriverReply, { ok: true }>>
  /** Sends a command to an actor of any kind. The answer has its view under the name of the kind. */
  send(envelope: CommandEnvelope): Promise<{ ok: true } & Readonly<Record<string, unknown>>>
  position(query: PositionQuery): Promise<PositionAnswer>
}
