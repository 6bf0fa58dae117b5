/**
 * A socket is a row of data, as a route is: where it is, whom it is for in the metrics and the audit
 * trail, and how it opens. `attachSockets` gives every row the same upgrade, bounds and end.
 */
import type { Identity } from './identity.ts'
import type { Opened, Session } from './session.ts'

export interface Handshake {
  token: string | null
  ticket: string | null
  /** The id or token in the path; '' where the path has none. */
  parameter: string
  /** For the audit trail: where it came from, and who it turned out to be. */
  address: string
  userAgent: string | null
  /** Where the client reached this server; null when it named no host. */
  origin: string | null
  identity: Identity | null
}

/** The request of a client that wants in, as the row's `open` sees it. */
export interface Entrance extends Readonly<Pick<Handshake, 'parameter' | 'address' | 'origin'>> {
  /**
   * Who it is. Throws a Refusal or CaduceusError when there is no valid credential, and for a pharmacy
   * or driver that may not work; `carrying` lets in a driver who still has a parcel.
   */
  identify(least?: 'full' | 'carrying'): Promise<Identity>
}

export interface SocketRow {
  /** With `:name` for the one parameter. */
  path: string
  /** The path this row is another name of. */
  alias?: string
  /** In the metrics and the audit trail. */
  role: string
  /** What the audit trail says it is about; the plural of the role where it is left out. */
  targetKind?: string
  /** Authenticates and reads the first state; subscribes before it reads, so that nothing falls between. Throws to refuse. */
  open(session: Session, entrance: Entrance): Promise<Opened>
}
