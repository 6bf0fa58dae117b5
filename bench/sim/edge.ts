/**
 * One edge of a simulation: the real command client, the real answers to broadcasts, the real
 * idempotency, the real hub with its terminals and sessions, over simulated ports. Not played are the
 * HTTP and WebSocket wire and sign-in: a client's call is a function call that may be lost either way.
 */
import { pino } from 'pino'
import { createCommandClient } from '../../edge/dispatch/commands.ts'
import { once, type FixedIds } from '../../edge/dispatch/idempotency.ts'
import { Races } from '../../edge/dispatch/races.ts'
import { respondToRequest, type PharmacyAnswer, type PharmacyOutcome } from '../../edge/dispatch/respond.ts'
import type { Identity } from '../../edge/accounts/identity.ts'
import type { CommandClient } from '../../edge/context.ts'
import { createHub, type Hub, type HubParts } from '../../edge/sockets/hub.ts'
import { Session } from '../../edge/sockets/session.ts'
import type { SimDatabase } from '../../engine/sim/database.ts'
import type { SimNode } from '../../engine/sim/node.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import type { Claims } from '../../protocol/claims/claims.ts'
import type { OrderView } from '../../protocol/rest/order.ts'
import type { SocketMessage } from '../../protocol/pushes.ts'
import { edgeDatabase, type KeyRows } from './edge-database.ts'

/** Nobody signs in here, and nobody is signed out. */
const endedAccess = { onEnded() {}, hasEnded: () => false } as unknown as HubParts['endedAccess']
const log = pino({ level: 'silent' })
const counter = { inc() {}, dec() {} }
/** The edge counts; nobody reads it here. */
const metrics = new Proxy({}, { get: () => counter }) as HubParts['metrics']

/** Whoever is connected: told of messages, and once of the end. */
export interface Listener { heard(message: SocketMessage): void; closed(): void }

export class SimEdge {
  readonly node: SimNode
  readonly bus: Bus
  readonly commands: CommandClient
  readonly #claims: Claims
  readonly #hub: Hub
  readonly #races: Races
  readonly #database: ReturnType<typeof edgeDatabase>
  /** Calls under way, and sockets: what breaks when it crashes. */
  readonly #broken = new Set<() => void>()

  constructor(node: SimNode, bus: Bus, claims: Claims, database: SimDatabase, keys: KeyRows) {
    this.node = node
    this.bus = bus
    this.#claims = claims
    this.#database = edgeDatabase(node, database, keys)
    const { nowMs, random, after } = node.env
    this.commands = createCommandClient({ bus, nowMs, random, after })
    this.#races = new Races(after)
    this.#hub = createHub({ edgeId: node.name, bus, races: this.#races, endedAccess, database: this.#database, metrics, log, nowMs, random, after })
    const crashed = node.onCrash
    node.onCrash = () => {
      crashed()
      for (const broken of this.#broken) broken()
    }
  }

  /** A call of a client, carried out if the edge lives so long; `broken` when it does not. */
  serve<T>(work: () => Promise<T>, settle: { done(value: T): void; failed(error: unknown): void; broken(): void }): void {
    if (!this.node.alive) return settle.broken()
    const broken = (): void => { this.#broken.delete(broken); settle.broken() }
    this.#broken.add(broken)
    this.node.enter(() => {
      work().then(
        value => { if (this.#broken.delete(broken)) settle.done(value) },
        error => { if (this.#broken.delete(broken)) settle.failed(error) })
    })
  }

  /** A POST with an idempotency key. */
  async post<T>(accountId: string, key: string, route: string, body: unknown, work: (ids: FixedIds) => Promise<T>): Promise<T> {
    const request = {
      log, identity: { userId: accountId } as Identity, headers: { 'idempotency-key': key }, params: {}, query: {}, body, parts: [],
    }
    const { nowMs, random } = this.node.env
    const answer = await once({ database: this.#database, nowMs, random }, request, route, async ids => ({ status: 200, body: await work(ids) }))
    return answer.body as T
  }

  respond(answer: PharmacyAnswer): Promise<PharmacyOutcome> {
    const { nowMs, after } = this.node.env
    return respondToRequest({ claims: this.#claims, commands: this.commands, races: this.#races, log, nowMs }, answer, { log }, ms => new Promise<void>(resolve => { after(ms, resolve) }))
  }

  /** Opens a socket on these topics; as a pharmacy's terminal if it says so. Returns the way to drop it without a word. */
  open(topics: readonly string[], terminalOf: string | null, listener: Listener, carry: (run: () => void) => void): () => void {
    let isOpen = true
    const end = (): void => {
      if (!isOpen) return
      isOpen = false
      this.#broken.delete(broken)
      this.#hub.remove(session)
      session.closed()
      listener.closed()
    }
    const broken = (): void => { isOpen = false; this.#broken.delete(broken); listener.closed() }
    const socket = {
      cork: (run: () => void) => run(), getBufferedAmount: () => 0, end,
      send: (text: string | Uint8Array) => {
        const message = JSON.parse(Buffer.from(text as string).toString()) as SocketMessage
        carry(() => { if (isOpen) listener.heard(message) })
        return 1
      },
    }
    const session: Session = new Session(terminalOf === null ? 'customer' : 'pharmacy', socket as never, { log, metrics, nowMs: this.node.env.nowMs, rateLimited: false, flushSoon: one => this.#hub.flushSoon(one), caughtUp: one => this.#hub.caughtUp(one) })
    this.#broken.add(broken)
    this.#hub.add(session)
    session.open({ onText() {}, onOpen: () => { if (terminalOf !== null) this.#hub.addTerminal(session, terminalOf) } }, [])
    for (const topic of topics) this.#hub.subscribe(session, topic)
    return end
  }
}

/** What a list of the read model shows. */
export function listed(database: SimDatabase, matches: (view: OrderView) => boolean): OrderView[] {
  const found: OrderView[] = []
  for (const { view } of database.store.orders.values()) if (matches(view)) found.push(view)
  return found
}
