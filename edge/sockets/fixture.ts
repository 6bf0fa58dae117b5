/**
 * An edge's sockets on a real port, for tests: real tokens, an embedded database in memory, a
 * memory bus that can be cut, and a command client that answers from a script.
 */
import {
  App,
  us_listen_socket_close,
  us_socket_local_port,
  type TemplatedApp,
  type WebSocket as ServerSocket,
} from '../kernel/uws.ts'
import { pino } from 'pino'
import { WebSocket, type ClientOptions } from 'ws'
import type { Database } from '../../migrations/database/open.ts'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { LocationPush } from '../../protocol/tracking/positions.ts'
import type { PushList } from '../../protocol/dispatch/pushes.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { endedStatuses } from '../../protocol/orders/statuses.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { createAuthenticator } from '../accounts/authenticate.ts'
import { tokensOf } from '../accounts/tokens.ts'
import type { Role } from '../kernel/identity.ts'
import { readConfig } from '../config.ts'
import { features, type EdgeParts } from '../features.ts'
import { composeParts } from '../kernel/compose.ts'
import type { CommandClient } from '../kernel/kernel.ts'
import { createMetrics } from '../kernel/metrics.ts'
import { attachSockets } from './attach.ts'
import { Hub } from '../kernel/hub.ts'

export const newId = (): string => uuidV7(Date.now(), Math.random)
/** A JSON message of a socket. */
export type Message = Record<string, unknown> & { type: string }

/** A bus whose connection can be cut: publishing fails, listeners are told, subscriptions stay. */
export interface CuttableBus extends Bus {
  cut(): void
  mend(): void
  /** Holds back the end of `flush` until the returned function is called. */
  holdFlush(): () => void
}

function cuttable(bus: Bus): CuttableBus {
  let up = true
  let held: Promise<void> = Promise.resolve()
  const listeners = new Set<(connected: boolean) => void>()
  const turn = (connected: boolean): void => {
    up = connected
    for (const listener of listeners) listener(connected)
  }
  return {
    publish: (subject, body) => up && bus.publish(subject, body),
    request: (subject, body, timeoutMs) => bus.request(subject, body, timeoutMs),
    subscribe: (filter, handler, options) => bus.subscribe(filter, handler, options),
    lossless: true,
    messageBytesMax: bus.messageBytesMax,
    losses: bus.losses,
    get connected() {
      return up && bus.connected
    },
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async flush() {
      await held
      if (!up) throw new Error('the connection was lost')
      await bus.flush()
    },
    close: () => bus.close(),
    holdFlush() {
      let letGo = (): void => undefined
      held = new Promise(resolve => {
        letGo = resolve
      })
      return letGo
    },
    cut: () => turn(false),
    mend: () => turn(true),
  }
}

/**
 * Counts the writes of an edge to its sockets: each `send`, or everything that one `cork` sends.
 * Both ends of a connection are in this process, and separate writes may be read together, so the
 * reader cannot count them.
 */
class Writes {
  /**
   * Writes to all sockets so far. The count is right only outside the handlers of messages, which
   * uWebSockets corks by itself.
   */
  count = 0

  countedIn(app: TemplatedApp): Pick<TemplatedApp, 'ws'> {
    return {
      ws: (pattern, behavior) =>
        app.ws(pattern, {
          ...behavior,
          open: ws => {
            this.#watch(ws)
            void behavior.open?.(ws)
          },
        }),
    }
  }

  #watch(ws: ServerSocket<unknown>): void {
    const [send, cork] = [ws.send.bind(ws), ws.cork.bind(ws)]
    let corked = false
    ws.send = (...message) => {
      if (!corked) this.count++
      return send(...message)
    }
    ws.cork = run => {
      this.count++
      corked = true
      cork(run)
      corked = false
      return ws
    }
  }
}

/** Starts the sockets of an edge; `script` answers commands. Call `stop` at the end. */
export async function startFixture(environment: NodeJS.ProcessEnv = {}) {
  const config = readConfig({ JWT_SECRET_KEY: 'x'.repeat(32), ...environment }, 'embedded')
  const database = await preparedDatabase()
  const bus = cuttable(memoryBus())
  const clock: { skewMs: number; stoppedAtMs: number | null } = { skewMs: 0, stoppedAtMs: null }
  const nowMs = (): number => (clock.stoppedAtMs ?? Date.now()) + clock.skewMs
  const refuse = async (): Promise<never> => {
    throw new Error('the test gave no answer for this command')
  }
  const script: CommandClient = {
    order: refuse,
    driver: refuse,
    send: refuse,
    position: async () => ({ position: null, distance_km: null, eta_minutes: null }),
  }
  const log = pino({ level: 'silent' })
  const metrics = createMetrics()
  const after = (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  }
  const hub = new Hub({ edgeId: 'edge-1', bus, metrics, log, nowMs, after: realEnv().after })
  const parts = composeParts(features, {
    edgeId: 'edge-1',
    version: '0',
    config,
    log,
    database,
    bus,
    metrics,
    nowMs,
    random: Math.random,
    after,
    hub,
    claims: memoryClaims(nowMs, after),
    commands: {
      order: (envelope: Parameters<CommandClient['order']>[0]) => script.order(envelope),
      driver: (envelope: Parameters<CommandClient['driver']>[0]) => script.driver(envelope),
      send: (envelope: Parameters<CommandClient['send']>[0]) => script.send(envelope),
      position: (query: Parameters<CommandClient['position']>[0]) => script.position(query),
    },
  }) as EdgeParts
  const ctx: EdgeParts = { ...parts, rates: null }
  const app = App()
  const writes = new Writes()
  attachSockets(
    writes.countedIn(app),
    features.flatMap(feature => feature.sockets?.(ctx) ?? []),
    { ...ctx, authenticator: createAuthenticator(ctx) },
  )
  const listening = await new Promise<{ socket: object; port: number }>((resolve, reject) => {
    app.listen('127.0.0.1', 0, socket => {
      if (socket) resolve({ socket, port: us_socket_local_port(socket) })
      else reject(new Error('no port'))
    })
  })
  const sockets = new Set<TestSocket>()
  const tokens = await tokensOf(config)

  return {
    ctx,
    hub,
    bus,
    database,
    clock,
    script,
    writes,
    port: listening.port,
    url: `ws://127.0.0.1:${listening.port}`,
    token: (
      role: Role,
      record: { userId?: string; name?: string; pharmacyId?: string; driverId?: string } = {},
    ) =>
      tokens.signAccess(
        {
          userId: record.userId ?? newId(),
          role,
          name: record.name ?? 'Ann',
          pharmacyId: record.pharmacyId ?? null,
          driverId: record.driverId ?? null,
        },
        nowMs(),
      ),
    connect(path: string, options: ClientOptions = {}, protocols: string[] = []): TestSocket {
      const socket = new TestSocket(`ws://127.0.0.1:${listening.port}${path}`, protocols, options)
      sockets.add(socket)
      return socket
    },
    push: (...pushes: PushList) => bus.publish(subjects.pushAll, encodeBody(pushes)),
    pushLocations: (push: Partial<LocationPush>) =>
      bus.publish(subjects.pushEdge('edge-1'), encodeBody({ orders: [], fleet: [], ...push })),
    /** The messages that are published on a subject from now on. */
    listen<T>(filter: string): T[] {
      const heard: T[] = []
      bus.subscribe(filter, message => heard.push(decodeBody(message.body) as T))
      return heard
    },
    async stop(): Promise<void> {
      for (const socket of sockets) socket.ws.terminate()
      hub.closeAll()
      ctx.endedAccess.close()
      ctx.standings.close()
      await ctx.audit.close()
      us_listen_socket_close(listening.socket as never)
      await bus.close()
      await database.close()
    },
  }
}

/** A client that keeps its messages until the test asks for them. */
export class TestSocket {
  readonly ws: WebSocket
  readonly heard: (Message | Uint8Array)[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  readonly opened: Promise<void>
  #wake: (() => void)[] = []

  constructor(url: string, protocols: string[], options: ClientOptions) {
    this.ws = new WebSocket(url, protocols, options)
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve)
      this.ws.once('error', reject)
    })
    this.opened.catch(() => undefined)
    this.ws.on('error', () => undefined)
    this.closed = new Promise(resolve => {
      this.ws.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#stir()
      })
    })
    this.ws.on('message', (data: Buffer, isBinary) => {
      this.heard.push(isBinary ? new Uint8Array(data) : (JSON.parse(data.toString()) as Message))
      this.#stir()
    })
  }

  #stir(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Removes and returns the next message of a type, or of any type; rejects after a minute. */
  async next(type?: string): Promise<Message> {
    const deadline = Date.now() + 60_000
    for (;;) {
      const index = this.heard.findIndex(
        message =>
          !(message instanceof Uint8Array) && (type === undefined || message.type === type),
      )
      if (index >= 0) return this.heard.splice(index, 1)[0] as Message
      await this.#stirred(deadline, type ?? 'any')
    }
  }

  /** Removes and returns the next binary message; rejects after a minute. */
  async nextBinary(): Promise<Uint8Array> {
    const deadline = Date.now() + 60_000
    for (;;) {
      const index = this.heard.findIndex(message => message instanceof Uint8Array)
      if (index >= 0) return this.heard.splice(index, 1)[0] as Uint8Array
      await this.#stirred(deadline, 'binary')
    }
  }

  #stirred(deadline: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${what} message; heard ${JSON.stringify(this.heard)}`)),
        deadline - Date.now(),
      )
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Sends bytes and texts as they are, other values as JSON. */
  send(message: unknown): void {
    this.ws.send(
      message instanceof Uint8Array
        ? message
        : typeof message === 'string'
          ? message
          : JSON.stringify(message),
    )
  }
}

/** Resolves after a time. */
export const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

/** Inserts an active pharmacy. */
export async function addPharmacy(
  database: Database,
  record: { userId: string; pharmacyId: string; name?: string },
): Promise<void> {
  await database.kysely
    .insertInto('vendors')
    .values({
      id: record.pharmacyId,
      user_id: record.userId,
      business_name: record.name ?? 'City Pharmacy',
      email: 'a@example.org',
      phone: '1',
      address: null,
      latitude: 27.7172,
      longitude: 85.324,
      status: 'active',
    })
    .execute()
}

/** Inserts a driver; the status is `available` unless it is given. */
export async function addDriver(
  database: Database,
  record: { userId: string; pharmacyId: string; driverId: string; status?: string },
): Promise<void> {
  await database.pool.query(
    `insert into drivers (id, user_id, vendor_id, full_name, phone, vehicle_type, status) values ($1, $2, $3, 'Dee', '2', 'bike', $4)`,
    [record.driverId, record.userId, record.pharmacyId, record.status ?? 'available'],
  )
}

/** Inserts a row of the read model in the form that the journal writes. */
export async function addOrder(
  database: Database,
  view: Partial<OrderView> & { id: string; user_id: string },
): Promise<OrderView> {
  const now = new Date().toISOString()
  const full = {
    kind: 'broadcast',
    order_number: 'ORD-00000000',
    tracking_token: `t-${view.id}`,
    status: 'pending',
    vendor_id: null,
    driver_id: null,
    vendor_name: 'City Pharmacy',
    driver_name: null,
    assignment_id: null,
    pickup_latitude: 27.71,
    pickup_longitude: 85.32,
    pickup_address: 'Here',
    delivery_latitude: 27.7,
    delivery_longitude: 85.3,
    delivery_address: 'There',
    customer_name: 'Ann',
    customer_phone: '98',
    items: [],
    notes: null,
    driver_search: { state: 'idle', offers_made: 0, offer: null },
    estimated_distance_km: 2.5,
    delivery_fee: 3,
    currency: 'USD',
    created_at: now,
    updated_at: now,
    driver_assigned_at: null,
    version: 1,
    ...view,
  } as unknown as OrderView
  await database.pool.query(
    `insert into orders (id, kind, order_number, tracking_token, status, user_id, vendor_id, driver_id, offered_driver_id, created_at, updated_at, version, progress, ended_as)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1, $11, $12)`,
    [
      full.id,
      full.kind,
      full.order_number,
      full.tracking_token,
      full.status,
      full.user_id,
      full.vendor_id,
      full.driver_id,
      full.driver_search.offer?.driver_id ?? null,
      now,
      JSON.stringify(full),
      endedStatuses.includes(full.status) ? full.status : null,
    ],
  )
  return full
}
