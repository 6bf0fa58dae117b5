/**
 * What the parts of an edge share, made once by `edge.ts` and passed down: no module of the edge
 * reaches for a global.
 */
import type { Logger } from 'pino'
import type { Database } from '../migrations/database/open.ts'
import type { Bus } from '../protocol/bus/bus.ts'
import type { Claims } from '../protocol/claims/claims.ts'
import type { CommandEnvelope, DriverReply, OrderReply } from '../protocol/commands.ts'
import type { PositionAnswer, PositionQuery } from '../protocol/pushes.ts'
import type { EndedAccess } from './accounts/ended-access.ts'
import type { Standings } from './approval/standing.ts'
import type { AuditTrail } from './audit/audit-trail.ts'
import type { Config } from './config.ts'
import type { Messenger } from './integrations/messenger.ts'
import type { Maps } from './integrations/maps.ts'
import type { Storages } from './integrations/storage/storage.ts'
import type { Hub } from './sockets/hub.ts'
import type { Races } from './dispatch/races.ts'
import type { RateLimits } from './rate/rate-limits.ts'
import type { Metrics } from './metrics.ts'

export interface EdgeContext {
  readonly edgeId: string
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  readonly bus: Bus
  readonly claims: Claims
  readonly commands: CommandClient
  readonly hub: Hub
  readonly races: Races
  readonly audit: AuditTrail
  readonly endedAccess: EndedAccess
  readonly standings: Standings
  /** Null: without limits, as load tests run. */
  readonly rates: RateLimits | null
  readonly messenger: Messenger
  readonly metrics: Metrics
  readonly maps: Maps
  readonly storages: Storages
  nowMs(): number
  random(): number
}

/** Sends commands to the owner of the actor; retries `moved` and lost replies with the same command id. */
export interface CommandClient {
  /** Throws CaduceusError: the actor's rejection, or `unavailable` within limits.commandTimeoutMs. */
  order(envelope: Omit<CommandEnvelope, 'actor'>): Promise<Extract<OrderReply, { ok: true }>>
  driver(envelope: Omit<CommandEnvelope, 'actor'>): Promise<Extract<DriverReply, { ok: true }>>
  position(query: PositionQuery): Promise<PositionAnswer>
}
