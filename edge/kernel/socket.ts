/**
 * A socket is a row of data, like a route: its path, its role in the metrics and the audit trail,
 * and how it opens. `attachSockets` gives every row the same upgrade, bounds and end.
 */
import type { Identity } from './identity.ts'
import type { Opened, Session } from './session.ts'

export interface Handshake {
  token: string | null
  ticket: string | null
  /** The id or token in the path; '' for a path without one. */
  parameter: string
  /** Address of the client, for the audit trail. */
  address: string
  userAgent: string | null
  /** The origin by which the client reached this server; null when it named no host. */
  origin: string | null
  identity: Identity | null
}

/** The request of a client that connects, as the row's `open` sees it. */
export interface Entrance extends Readonly<Pick<Handshake, 'parameter' | 'address' | 'origin'>> {
  /**
   * The identity of the client. Throws a Refusal or CaduceusError when there is no valid
   * credential, and for a pharmacy or a driver who may not work. `carrying` also admits a driver
   * who still has an order to deliver.
   */
  identify(least?: 'full' | 'carrying'): Promise<Identity>
}

export interface SocketRow {
  /** Has `:name` for its one parameter. */
  path: string
  /** The path for which this row is another name. */
  alias?: string
  /** The role in the metrics and the audit trail. */
  role: string
  /** Kind of the target in the audit trail; by default the plural of the role. */
  targetKind?: string
  /**
   * Authenticates and reads the first state. It subscribes before it reads, so that no message is
   * missed in between. Throws to refuse.
   */
  open(session: Session, entrance: Entrance): Promise<Opened>
}
