/**
 * Sockets of drivers with a last delivery. Drivers whose membership ended, whose pharmacy was
 * suspended, or whose papers or pharmacy's papers are over, keep their socket while they have an
 * order. The engine's push closes the socket at the last hand-over of a driver whose membership
 * ended. A push can be lost, and after a suspension there is none. So each edge asks the database
 * about these few sockets from time to time.
 */
import type { Logger } from 'pino'
import { sql } from 'kysely'
import type { Database } from '../../migrations/database/open.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { approvalLimits } from './limits.ts'

interface LastParcelsDeps {
  database: Database
  log: Logger
  after(ms: number, run: () => void): () => void
}

/**
 * The sockets of one edge that stay open only for a delivery. `S` is a session of a driver; `close`
 * ends it.
 */
export class LastParcels<S> {
  readonly #deps: LastParcelsDeps
  readonly #close: (session: S) => void
  readonly #carriers = new Map<S, string>()
  #cancel = () => {}
  #stopped = false

  constructor(deps: LastParcelsDeps, close: (session: S) => void) {
    this.#deps = deps
    this.#close = close
    this.#next()
  }

  /** Notes that the session stays open only for the orders of its driver. */
  note(session: S, driverId: string): void {
    this.#carriers.set(session, driverId)
  }
  forget(session: S): void {
    this.#carriers.delete(session)
  }
  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  #next(): void {
    if (this.#stopped) return
    this.#cancel = this.#deps.after(limits.endedAccessLookMs, () => {
      this.#look()
        .catch((error: unknown) =>
          this.#deps.log.warn(
            { err: error },
            'drivers with a last parcel could not be looked for; looking again',
          ),
        )
        .finally(() => this.#next())
    })
  }

  async #look(): Promise<void> {
    const ids = [...new Set(this.#carriers.values())]
    for (let at = 0; at < ids.length; at += approvalLimits.carriersPerLook) {
      const asked = new Set(ids.slice(at, at + approvalLimits.carriersPerLook))
      const rows = await this.#deps.database.kysely
        .selectFrom('drivers')
        .leftJoin('vendors', 'vendors.id', 'drivers.vendor_id')
        .select([
          'drivers.id',
          'drivers.membership',
          'vendors.status',
          'drivers.papers_held',
          'vendors.papers_held as pharmacy_held',
          sql<boolean>`active_order_ids <> '{}'`.as('carries'),
        ])
        .where('drivers.id', 'in', [...asked])
        .execute()
      const found = new Map(rows.map(row => [row.id, row]))
      for (const [session, driverId] of this.#carriers) {
        const row = found.get(driverId)
        if (!asked.has(driverId) || row?.carries === true) continue
        this.#carriers.delete(session)
        // A driver who is a member again, or whose pharmacy works again, has an ordinary socket
        // now.
        const works =
          row?.membership === 'active' &&
          row.status === 'active' &&
          !row.papers_held &&
          row.pharmacy_held === false
        if (!works) this.#close(session)
      }
    }
  }
}
