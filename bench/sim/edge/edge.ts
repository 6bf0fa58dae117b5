/**
 * One edge of a simulation: the real command client, the real answers to requests, the real
 * idempotency, and the real hub with its terminals and sessions, over simulated ports. HTTP,
 * WebSocket and sign-in are not simulated: a client's call is a function call that may be lost on
 * either way.
 */
import { pino } from 'pino'
import { createCommandClient } from '../../../edge/kernel/commands.ts'
import { once, type FixedIds } from '../../../edge/idempotency/idempotency.ts'
import { Races } from '../../../edge/orders/races.ts'
import {
  respondToRequest,
  type PharmacyAnswer,
  type PharmacyOutcome,
} from '../../../edge/orders/respond.ts'
import { Vault } from '../../../edge/keys/vault.ts'
import type { Identity } from '../../../edge/kernel/identity.ts'
import type { CommandClient } from '../../../edge/kernel/kernel.ts'
import { followStatus } from '../../../edge/orders/socket.ts'
import { firstRows } from '../../../edge/sockets/first-rows.ts'
import { Hub } from '../../../edge/kernel/hub.ts'
import { Session } from '../../../edge/kernel/session.ts'
import { Terminals } from '../../../edge/requests/terminals.ts'
import type { Metrics } from '../../../edge/kernel/metrics.ts'
import type { SimDatabase } from '../../../engine/sim/database.ts'
import type { SimNode } from '../../../engine/sim/node.ts'
import type { Bus } from '../../../protocol/bus/bus.ts'
import type { Claims } from '../../../protocol/claims/claims.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { appointmentStatusTable } from '../../../protocol/appointments/statuses.ts'
import type { AppointmentView } from '../../../protocol/appointments/view.ts'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { topics } from '../../../protocol/dispatch/pushes.ts'
import { edgeDatabase, type Amend, type KeyRows } from './edge-database.ts'
import { TalkEdge } from './talk-edge.ts'

const log = pino({ level: 'silent' })
/** Ciphertext has random bytes, and a world must be the same for the same seed. */
const noKeys = { encryptionKey: null, previousEncryptionKey: null, encryptionKeyFile: null }
const counter = { inc() {}, dec() {} }
/** Metrics that nobody reads here. */
const metrics = new Proxy({}, { get: () => counter }) as Metrics

/** The kind of a socket, and the pharmacy, customer, driver or order of it; of `chat` its topic. */
export interface SocketKind {
  role: 'customer' | 'pharmacy' | 'driver' | 'tracking' | 'chat'
  id: string
}

/** A message as a client reads it: JSON with a type. No other field is assumed. */
export type Heard = { readonly type: string } & Readonly<Record<string, unknown>>

/** A connected client, which gets messages, and once the end. */
export interface Listener {
  heard(message: Heard): void
  closed(): void
}

export class SimEdge {
  readonly node: SimNode
  readonly bus: Bus
  readonly commands: CommandClient
  readonly #claims: Claims
  readonly #hub: Hub
  readonly #terminals: Terminals
  readonly #races: Races
  readonly #database: ReturnType<typeof edgeDatabase>
  readonly #simulated: SimDatabase
  #talk: TalkEdge | null = null
  /** Ends calls under way and sockets when the edge crashes. */
  readonly #broken = new Set<() => void>()

  constructor(
    node: SimNode,
    bus: Bus,
    claims: Claims,
    database: SimDatabase,
    keys: KeyRows,
    amend: Amend = (_, rows) => rows,
  ) {
    this.node = node
    this.bus = bus
    this.#claims = claims
    this.#simulated = database
    this.#database = edgeDatabase(node, database, keys, amend)
    const { nowMs, random, after } = node.env
    this.commands = createCommandClient({ bus, nowMs, random, after })
    this.#races = new Races(after)
    this.#hub = new Hub({ edgeId: node.name, bus, metrics, log, nowMs, after })
    this.#terminals = new Terminals({
      hub: this.#hub,
      config: { jwtSecret: 'of the simulator' },
      bus,
      races: this.#races,
      database: this.#database,
      metrics,
      log,
      nowMs,
      random,
      after,
    })
    const crashed = node.onCrash
    node.onCrash = () => {
      crashed()
      for (const broken of this.#broken) broken()
    }
  }

  /** Made for the first one who talks: a world without such people stays as it is. */
  get talk(): TalkEdge {
    this.#talk ??= new TalkEdge({
      bus: this.bus,
      commands: this.commands,
      database: this.#database,
      hub: this.#hub,
      log,
      vault: new Vault({ database: this.#database, log, config: noKeys }),
      ...this.node.env,
    })
    return this.#talk
  }

  /** Runs a client's call if the edge lives long enough; `broken` otherwise. */
  serve<T>(
    work: () => Promise<T>,
    settle: { done(value: T): void; failed(error: unknown): void; broken(): void },
  ): void {
    if (!this.node.alive) return settle.broken()
    const broken = (): void => {
      this.#broken.delete(broken)
      settle.broken()
    }
    this.#broken.add(broken)
    this.node.enter(() => {
      work().then(
        value => {
          if (this.#broken.delete(broken)) settle.done(value)
        },
        error => {
          if (this.#broken.delete(broken)) settle.failed(error)
        },
      )
    })
  }

  /** A POST with an idempotency key. */
  async post<T>(
    accountId: string,
    key: string,
    route: string,
    body: unknown,
    work: (ids: FixedIds) => Promise<T>,
  ): Promise<T> {
    const request = {
      log,
      identity: { userId: accountId } as Identity,
      headers: { 'idempotency-key': key },
      params: {},
      query: {},
      body,
      parts: [],
    }
    const { nowMs, random } = this.node.env
    const answer = await once(
      { database: this.#database, nowMs, random, config: { jwtSecret: 'of the simulator' } },
      request,
      route,
      async ids => ({ status: 200, body: await work(ids) }),
      async id => this.#simulated.store.order(id)?.view ?? null,
    )
    return answer.body as T
  }

  respond(answer: Omit<PharmacyAnswer, 'person'>): Promise<PharmacyOutcome> {
    const { nowMs, after } = this.node.env
    return respondToRequest(
      {
        claims: this.#claims,
        commands: this.commands,
        races: this.#races,
        log,
        nowMs,
        orderMoney: { accepting: async () => {} },
      },
      { ...answer, person: answer.pharmacyId },
      { log },
      ms =>
        new Promise<void>(resolve => {
          after(ms, resolve)
        }),
    )
  }

  /** One order of the read model, as a page reads it. Rejects with `order_not_found`. */
  async order(orderId: string): Promise<OrderView> {
    const view = await this.#simulated.call(
      this.node,
      () => this.#simulated.store.order(orderId)?.view,
    )
    if (view === undefined) throw new CaduceusError('order_not_found', 'no such order')
    return view
  }

  /** An appointment as its row has it, with the version of its calendar; null when it has none. */
  visit(id: string): Promise<{ view: AppointmentView; version: number } | null> {
    return this.#simulated.call(this.node, () => {
      const row = this.#simulated.store.table('appointments').rows.get(id)
      return row === undefined
        ? null
        : { view: row['record'] as AppointmentView, version: Number(row['version']) }
    })
  }

  /** The appointments of a service that have not ended, or those of one of its customers. */
  visitsOf(serviceId: string, customerId?: string): Promise<AppointmentView[]> {
    return this.#simulated.call(this.node, () =>
      Array.from(
        this.#simulated.store.table('appointments').rows.values(),
        row => row['record'] as AppointmentView,
      ).filter(
        one =>
          one.service_id === serviceId &&
          (customerId === undefined || one.user_id === customerId) &&
          !appointmentStatusTable[one.status].ended,
      ),
    )
  }

  /** The greeting of a driver's socket, by the statements of the product. */
  async greetDriver(driverId: string): Promise<{
    duty: string | undefined
    membership: unknown
    offered: OrderView | null
    underWay: readonly OrderView[]
  }> {
    const rows = firstRows(this.#database)
    const [driver, offered, underWay = []] = await Promise.all([
      rows.driver(driverId),
      rows.lastOffered(driverId),
      rows.underWay(driverId),
    ])
    const offer = offered?.driver_search.offer
    const isOut =
      offered !== undefined && offer != null && Date.parse(offer.expires_at) > this.node.env.nowMs()
    return {
      duty: driver?.status,
      membership: (driver as { membership?: unknown } | undefined)?.membership,
      offered: isOut ? offered : null,
      underWay: underWay.map(({ order }) => order),
    }
  }

  /** Opens a socket. Returns a function that ends it for the edge and for the client. */
  open(kind: SocketKind, listener: Listener, carry: (run: () => void) => void): () => void {
    return this.#session(kind.role, listener, carry, session => this.#greet(session, kind)).end
  }

  /** Opens the socket of a person's conversations, on which the person may also say something. */
  openChat(
    identity: Identity,
    listener: Listener,
    carry: (run: () => void) => void,
  ): { end(): void; say(message: object): void } {
    const greet = async (session: Session): Promise<void> => {
      const { handler, greeting } = await this.talk.socket(session, identity)
      session.open(handler, greeting)
    }
    const { session, end } = this.#session('chat', listener, carry, greet)
    return {
      end,
      say: message =>
        carry(() =>
          this.node.enter(() => {
            if (!session.isClosing) session.receive(Buffer.from(JSON.stringify(message)), false)
          }),
        ),
    }
  }

  #session(
    role: string,
    listener: Listener,
    carry: (run: () => void) => void,
    greet: (session: Session) => Promise<void>,
  ): { session: Session; end(): void } {
    let isOpen = true
    const end = (): void => {
      if (!isOpen) return
      isOpen = false
      this.#broken.delete(broken)
      this.#hub.remove(session)
      session.closed()
      listener.closed()
    }
    const broken = (): void => {
      isOpen = false
      this.#broken.delete(broken)
      listener.closed()
    }
    const socket = {
      cork: (run: () => void) => run(),
      getBufferedAmount: () => 0,
      end,
      send: (text: string | Uint8Array) => {
        const message = JSON.parse(Buffer.from(text as string).toString()) as Heard
        carry(() => {
          if (isOpen) listener.heard(message)
        })
        return 1
      },
    }
    const session: Session = new Session(role, socket as never, {
      log,
      metrics,
      nowMs: this.node.env.nowMs,
      rateLimited: false,
      flushSoon: one => this.#hub.flushSoon(one),
    })
    this.#broken.add(broken)
    this.#hub.add(session)
    // A failed handshake ends the connection, and the client connects again.
    greet(session).catch(end)
    return { session, end }
  }

  /**
   * Opens the socket as the product does, without its permission check: it subscribes first and
   * reads afterwards.
   */
  async #greet(session: Session, { role, id }: SocketKind): Promise<void> {
    const hub = this.#hub
    switch (role) {
      case 'pharmacy':
        return session.open({ onText() {}, ...this.#terminals.handlerFor(session, id) }, [])
      case 'driver':
        hub.subscribe(session, topics.driver(id))
        return session.open({ onText() {} }, [])
      case 'chat':
        throw new Error('openChat opens this one')
      case 'tracking':
        hub.subscribe(session, topics.order(id))
        hub.watchOrder(session, id)
        return session.open({ onText() {} }, [])
      case 'customer':
        hub.subscribe(session, topics.customer(id))
        for (const orderId of (await firstRows(this.#database).openOrderIds(id)) ?? [])
          hub.watchOrder(session, orderId)
        session.open(
          {
            onText() {},
            onPush: message => {
              followStatus(hub, session, message)
              return true
            },
          },
          [],
        )
    }
  }
}

/** The orders that a list of the read model shows. */
export function listed(database: SimDatabase, matches: (view: OrderView) => boolean): OrderView[] {
  const found: OrderView[] = []
  for (const { view } of database.store.orders()) if (matches(view)) found.push(view)
  return found
}
