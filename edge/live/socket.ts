/**
 * `/ws/live`: every vehicle and every order on one socket. An administrator hears all pharmacies, a
 * pharmacy hears itself. The socket subscribes before it greets; its client then reads the lists over
 * HTTP, page by page, so no message has to hold a whole city.
 *
 * Rejected: one socket for each pharmacy. An account may have fifty, so a second tab saw nothing.
 */
import { sql } from 'kysely'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import { pharmacyStatuses, pharmacyStatusTable } from '../../protocol/pharmacies/statuses.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { MessageTable } from '../kernel/messages.ts'
import { refusals } from '../kernel/refusal.ts'
import type { Opened, Session } from '../kernel/session.ts'
import type { Entrance } from '../kernel/socket.ts'
import { liveLimits } from './limits.ts'

type LiveContext = Pick<Kernel, 'hub' | 'database' | 'after' | 'log' | 'nowMs'>

/** The statuses of pharmacies that have worked; those that wait have neither drivers nor orders. */
const known = pharmacyStatuses.filter(status => pharmacyStatusTable[status].approvedOnce)

/** What operators look at; the words of requests, names and phones are on other sockets. */
const told: ReadonlySet<string> = new Set(['locations', 'driver_status', 'status'])

export class LiveSockets {
  readonly #ctx: LiveContext
  readonly #seldom: Seldom
  /** The sockets of administrators, which hear of requests that no pharmacy has yet. */
  readonly #all = new Set<Session>()

  constructor(ctx: LiveContext) {
    this.#ctx = ctx
    this.#seldom = new Seldom((line, error) => ctx.log.warn({ err: error }, line), ctx.nowMs)
    ctx.hub.onPush('new_request', ({ body: { request_id, timestamp } }) =>
      this.#tell({ type: 'status', order_id: request_id, status: 'pending', at: timestamp }),
    )
    ctx.hub.onPush('request_closed', ({ request_id, message: { type } }) => {
      // The pharmacy that took it tells its own news.
      if (type === 'request_taken') return
      const status = type === 'request_expired' ? 'expired' : 'cancelled'
      const at = new Date(ctx.nowMs()).toISOString()
      this.#tell({ type: 'status', order_id: request_id, status, at })
    })
  }

  /**
   * Throws a Refusal for another role, for an account without its pharmacy, and for too many sockets
   * of the account.
   */
  async open(session: Session, entrance: Entrance): Promise<Opened> {
    const { hub } = this.#ctx
    const identity = await entrance.identify()
    const { role, pharmacyId, userId } = identity
    if (role !== 'vendor' && role !== 'admin')
      throw refusals.wrongRole('only pharmacies and admins connect here')
    if (role === 'vendor' && pharmacyId === null)
      throw refusals.noSuchRecord('this account has no pharmacy record')
    hub.admit(session, userId)
    session.expiresAtMs = identity.expiresAtMs
    let stop = (): void => undefined
    let hears = { pharmacies: 1, hears_all: true }
    if (role === 'admin') {
      this.#all.add(session)
      const looking = await this.#lookAtAll(session)
      hears = looking.hears
      stop = () => {
        looking.stop()
        this.#all.delete(session)
      }
    } else this.#hear(session, pharmacyId!)
    const table = MessageTable.of('live')
    return {
      handler: {
        onText: message => table.dispatch(session, message),
        onPush: message => {
          // Its words are for the terminal; here it is an order that has begun.
          if (message.type === 'new_order') {
            const { order_id, status, timestamp: at } = message
            session.push({ type: 'status', order_id, status, at })
          }
          return told.has(message.type)
        },
        onClose: stop,
      },
      greeting: [{ type: 'connection', message: 'Connected to the live channel', ...hears }],
    }
  }

  #hear(session: Session, pharmacyId: string): void {
    const { hub } = this.#ctx
    hub.watchFleet(session, pharmacyId)
    hub.subscribe(session, topics.fleet(pharmacyId))
    hub.subscribe(session, topics.pharmacy(pharmacyId))
  }

  /** Hears all pharmacies, and from time to time those that are new. */
  async #lookAtAll(session: Session): Promise<{
    hears: { pharmacies: number; hears_all: boolean }
    stop(): void
  }> {
    const { after, database } = this.#ctx
    const heard = new Set<string>()
    let hearsAll = true
    const look = async (): Promise<void> => {
      const { rows } = await sql<{ id: string }>`
        select id from vendors where status = any(${known})
        order by id desc limit ${liveLimits.pharmaciesMax + 1}`.execute(database.kysely)
      for (const { id } of rows) {
        if (heard.has(id)) continue
        if (heard.size >= liveLimits.pharmaciesMax) {
          hearsAll = false
          break
        }
        heard.add(id)
        this.#hear(session, id)
      }
    }
    let cancel = (): void => undefined
    let isOver = false
    const later = (): void => {
      cancel = after(liveLimits.lookMs, () => {
        void look()
          .catch((error: unknown) =>
            this.#seldom.say('look', 'new pharmacies could not be read for a live map', error),
          )
          .then(() => {
            if (!isOver) later()
          })
      })
    }
    await look().catch((error: unknown) => {
      this.#all.delete(session)
      throw error
    })
    later()
    return {
      hears: { pharmacies: heard.size, hears_all: hearsAll },
      stop() {
        isOver = true
        cancel()
      },
    }
  }

  #tell(message: SocketMessage): void {
    for (const session of this.#all) session.push(message)
  }
}
